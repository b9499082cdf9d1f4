#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "language/rule_parts.h"
#include "language/story_parts.h"

namespace retaind::language {
namespace {

class MessageReader {
 public:
  MessageReader(StoryScope& scope, const YamlNode& node)
      : scope_(scope),
        report_(scope.report),
        map_(scope.report, node, Keys::story_message),
        node_(node) {
    message_.where = report_.where(node.at);
  }

  StoryMessage run() {
    read_kind();
    if (const YamlNode* to = map_.get("to"))
      message_.to = read_person_name(scope_, "to", *to).value_or("");
    if (const YamlNode* rule = map_.get("rule"))
      message_.rule = read_rule_name(scope_, *rule).value_or("");
    if (const YamlNode* variant = map_.get("variant"))
      message_.variant = read_known(report_, Code::unknown_template, "template", *variant,
                                    views(scope_.context.templates.names))
                             .value_or("");
    if (const YamlNode* subject = map_.get("subject"))
      message_.subject = read_text(report_, "subject", *subject);
    texts("about", message_.about);
    check_about();
    texts("says", message_.says);
    texts("says-not", message_.says_not);
    return std::move(message_);
  }

 private:
  void read_kind() {
    const YamlNode::Key* found = nullptr;
    for (const YamlNode::Key& key : node_.keys) {
      const KeyRow* row = find_key(Keys::story_message, key.text);
      if (row == nullptr || !row->with.empty()) continue;
      if (found != nullptr)
        return report_.error(Code::line_kind, key.at,
                             fmt::format("`{}` and `{}` are two messages", found->text, key.text),
                             "write one behind each dash, or each in braces of its own");
      found = &key;
    }
    if (found == nullptr) {
      if (!map_.had_unknown_keys())
        report_.error(Code::missing_key, node_.at, "this does not say what must go",
                      "write `email:`, `notify:` or `webhook:`");
      return;
    }
    const YamlNode& value = *map_.get(found->text);
    for (const YamlNode::Key& key : node_.keys) {
      const KeyRow* row = find_key(Keys::story_message, key.text);
      if (row == nullptr || row->with.empty() || goes_with(*row, found->text)) continue;
      report_.error(Code::misplaced_key, key.at,
                    fmt::format("`{}` does not go with `{}`", key.text, found->text), "delete it");
    }
    if (found->text == "email") {
      message_.kind = StepKind::email;
      known(Code::unknown_template, "template", value, views(scope_.context.templates.names));
    } else if (found->text == "notify") {
      message_.kind = StepKind::notify;
      auto names = names_in(scope_.context.site.teams);
      names.push_back("assignee");
      known(Code::unknown_name, "team", value, names);
    } else {
      message_.kind = StepKind::webhook;
      known(Code::unknown_name, "webhook", value, names_in(scope_.context.site.endpoints));
    }
  }

  void known(Code code, std::string_view what, const YamlNode& value,
             const std::vector<std::string_view>& names) {
    message_.name = read_known(report_, code, what, value, names).value_or("");
  }

  void texts(std::string_view key, std::vector<std::string>& out) {
    const YamlNode* node = map_.get(key);
    if (node == nullptr) return;
    for (const YamlNode* entry : one_or_more(*node))
      if (auto text = read_text(report_, key, *entry)) out.push_back(*std::move(text));
  }

  /// Keys that the lines have spoken of, or people.
  void check_about() {
    const YamlNode* node = map_.get("about");
    if (node == nullptr || scope_.any_row) return;
    std::vector<std::string_view> names(scope_.people);
    for (const auto& [kind, keys] : scope_.known)
      names.insert(names.end(), keys.begin(), keys.end());
    for (const YamlNode* entry : one_or_more(*node)) {
      if (entry->text.empty() || std::find(names.begin(), names.end(), entry->text) != names.end())
        continue;
      report_.error(Code::unknown_row, entry->at,
                    fmt::format("the story has not spoken of `{}`", entry->text),
                    suggestion(entry->text, names));
    }
  }

  StoryScope& scope_;
  Report& report_;
  MapReader map_;
  const YamlNode& node_;
  StoryMessage message_;
};

void read_because(StoryScope& scope, const YamlNode& node, StoryLine& line) {
  const auto text = read_word(scope.report, "because", node);
  if (!text) return;
  line.because = find_reason(*text);
  if (line.because && *line.because != Reason::none && *line.because != Reason::sent) return;
  std::vector<std::string_view> names;
  for (const ReasonRow& row : reasons())
    if (row.reason != Reason::none && row.reason != Reason::sent) names.push_back(row.name);
  scope.report.error(Code::unknown_reason, node.at,
                     fmt::format("`{}` is no reason for which nothing goes", *text),
                     suggestion(*text, names, names.size()));
}

}  // namespace

void read_expect(StoryScope& scope, const MapReader& map, const YamlNode& node, StoryLine& line) {
  if (node.kind == YamlNode::Kind::scalar && !node.quoted && node.text == "nothing") {
    const YamlNode* because = map.get("because");
    if (because != nullptr) read_because(scope, *because, line);
    if (const YamlNode* rule = map.get("rule"))
      line.rule = read_rule_name(scope, *rule).value_or("");
    if (const YamlNode* to = map.get("to"))
      line.to = read_person_name(scope, "to", *to).value_or("");
    for (const std::string_view key : {"rule", "to"})
      if (because == nullptr && map.get(key) != nullptr)
        scope.report.error(Code::misplaced_key, map.key_at(key),
                           fmt::format("`{}` belongs to a reason, and there is none", key),
                           "write `because:` and the reason, or delete it");
    return;
  }
  for (const std::string_view key : {"because", "rule", "to"})
    if (map.get(key) != nullptr)
      scope.report.error(
          Code::misplaced_key, map.key_at(key),
          fmt::format("`{}` goes with `expect: nothing`", key),
          key == "because" ? "delete it" : "write it beside the message, in its braces");
  const bool empty = node.kind == YamlNode::Kind::list && node.children.empty();
  if (node.kind == YamlNode::Kind::scalar || node.kind == YamlNode::Kind::empty || empty) {
    scope.report.error(Code::wrong_kind, node.at,
                       node.kind == YamlNode::Kind::scalar
                           ? fmt::format("`expect` cannot be `{}`", node.text)
                           : std::string("`expect` does not say what must go"),
                       "write `expect: nothing`, or `expect: [{email: thanks, to: anna}]`");
    return;
  }
  for (const YamlNode* entry : one_or_more(node)) {
    if (!expect_map(scope.report, "expect", *entry, "{email: thanks, to: anna}")) continue;
    line.messages.push_back(MessageReader(scope, *entry).run());
  }
}

}  // namespace retaind::language
