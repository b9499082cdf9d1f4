#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "language/rule_parts.h"
#include "language/story_parts.h"

namespace retaind::language {
namespace {

constexpr std::array<std::string_view, 3> hold_scopes{"all", "rule", "customer"};

class LineReader {
 public:
  LineReader(StoryScope& scope, const YamlNode& node)
      : scope_(scope),
        report_(scope.report),
        map_(scope.report, node, Keys::story_line),
        node_(node) {
    line_.where = report_.where(node.at);
  }

  /// `running` is whether the daemon runs, and is kept up to date.
  std::optional<StoryLine> run(const std::optional<Time>& before, bool& running) {
    const YamlNode* at = map_.need("at", "write `at: day 7 10:00`");
    const auto time = at == nullptr ? std::nullopt : read_story_time(scope_, "at", *at);
    if (time) {
      line_.at = *time;
      check_order(*at, before);
    }
    scope_.now = line_.at = time.value_or(before.value_or(scope_.story.starts));
    const auto kind = find_kind();
    if (!kind) return std::nullopt;
    read(*kind);
    if (line_.kind == StoryLine::Kind::daemon) check_daemon(*map_.get("daemon"), running);
    return std::move(line_);
  }

 private:
  void check_order(const YamlNode& at, const std::optional<Time>& before) {
    const Time earliest = before.value_or(scope_.story.starts);
    if (line_.at >= earliest) return;
    report_.error(Code::time_goes_back, at.at,
                  before ? fmt::format("`{}` lies before the line above, {}", at.text,
                                       time_text(scope_.story, earliest))
                         : fmt::format("`{}` lies before the story starts, {}", at.text,
                                       to_local_text(earliest, scope_.story.zone)),
                  "put the lines into the order of their times");
  }

  /// The one key that says what the line does.
  std::optional<std::string_view> find_kind() {
    std::vector<const YamlNode::Key*> kinds;
    for (const YamlNode::Key& key : node_.keys) {
      const KeyRow* row = find_key(Keys::story_line, key.text);
      if (row != nullptr && row->with.empty() && key.text != "at") kinds.push_back(&key);
    }
    const auto event = std::find_if(kinds.begin(), kinds.end(),
                                    [](const auto* key) { return key->text == "event"; });
    if (event != kinds.end()) std::rotate(kinds.begin(), event, event + 1);
    if (kinds.empty()) {
      if (!map_.had_unknown_keys())
        report_.error(Code::line_kind, node_.at, "this line says nothing",
                      "write what happens, such as `event: order.completed`, or `expect: nothing`");
      return std::nullopt;
    }
    const std::string& kind = kinds[0]->text;
    for (const YamlNode::Key& key : node_.keys) {
      const KeyRow* row = find_key(Keys::story_line, key.text);
      if (row == nullptr || key.text == "at" || key.text == kind) continue;
      if (!row->with.empty() && goes_with(*row, kind)) continue;
      if (row->with.empty() && kind == "event" && kind_of_subject(key.text)) continue;
      if (!row->with.empty()) {
        report_.error(Code::misplaced_key, key.at,
                      fmt::format("`{}` does not go with `{}`", key.text, kind),
                      fmt::format("write it beside `{}:`, or delete it", row->with));
      } else {
        report_.error(Code::line_kind, key.at,
                      fmt::format("`{}` and `{}` are two things", kind, key.text),
                      "write one line for each, with the same `at:` if they happen together");
      }
      return std::nullopt;
    }
    return kinds[0]->text;
  }

  void read(std::string_view kind) {
    const YamlNode& value = *map_.get(kind);
    if (kind == "event") return read_event(value);
    if (const auto rows = kind_of_subject(kind)) {
      line_.kind = StoryLine::Kind::fact;
      line_.fact = read_fact(scope_, *rows, kind, value, nullptr);
    } else if (kind == "daemon") {
      line_.kind = StoryLine::Kind::daemon;
      line_.daemon =
          static_cast<DaemonDoes>(read_choice(report_, kind, value, words::daemon).value_or(0));
    } else if (kind == "server") {
      line_.kind = StoryLine::Kind::server;
      line_.server =
          static_cast<ServerDoes>(read_choice(report_, kind, value, words::server).value_or(0));
    } else if (kind == "hold" || kind == "release") {
      line_.kind = kind == "hold" ? StoryLine::Kind::hold : StoryLine::Kind::release;
      read_hold(kind, value);
    } else if (kind == "rules") {
      line_.kind = StoryLine::Kind::rules;
      read_rules(value);
    } else if (kind == "expect") {
      line_.kind = StoryLine::Kind::expect;
      read_expect(scope_, map_, value, line_);
    }
  }

  void read_event(const YamlNode& value) {
    line_.kind = StoryLine::Kind::fact;
    const auto name = read_word(report_, "event", value);
    if (!name) return;
    const EventKind* event = find_event(*name);
    if (event == nullptr) return read_own_event(value, *name);
    const std::string_view subject = retaind::name_of(event->subject);
    refuse_others(*name, subject);
    if (const YamlNode* attributes = map_.get("attributes"); attributes != nullptr)
      return report_.error(
          Code::misplaced_key, map_.key_at("attributes"),
          fmt::format("attributes of a shipped event are those of its {}", subject),
          fmt::format("write them inside `{}:`", subject));
    const YamlNode* about = map_.get(subject);
    if (about == nullptr)
      return report_.error(Code::missing_key, value.at,
                           fmt::format("`{}` needs the {} that it happens to", *name, subject),
                           fmt::format("write `{}: {}` behind it", subject,
                                       find_key(Keys::story_line, subject)->example));
    line_.fact = read_fact(scope_, *kind_of_subject(subject), subject, *about, event);
  }

  void read_own_event(const YamlNode& value, const std::string& name) {
    if (!may_be_own_event(report_, value, name, *scope_.context.site.vocabulary)) return;
    refuse_others(name, "customer");
    line_.fact = own_event(scope_, name, value.at, map_.get("customer"), map_.get("attributes"));
  }

  void refuse_others(std::string_view event, std::string_view subject) {
    for (const YamlNode::Key& key : node_.keys) {
      if (key.text == subject || !kind_of_subject(key.text)) continue;
      report_.error(
          Code::misplaced_key, key.at,
          fmt::format(
              "`{}` happens to {} {}, not to `{}`", event,
              std::string_view("aeiou").find(subject[0]) == std::string_view::npos ? "a" : "an",
              subject, key.text),
          fmt::format("write `{}:`, or a line of its own for `{}`", subject, key.text));
    }
  }

  void read_hold(std::string_view key, const YamlNode& value) {
    if (value.kind != YamlNode::Kind::map) {
      const auto word = read_text(report_, key, value);
      line_.hold.scope = "all";
      if (!word || *word == "all") return;
      report_.error(
          Code::bad_word, value.at, fmt::format("`{}` cannot be `{}`", key, *word),
          fmt::format("write `{0}: all`, `{0}: {{rule: …}}` or `{0}: {{customer: …}}`", key));
      return;
    }
    if (value.keys.size() != 1 || std::find(hold_scopes.begin() + 1, hold_scopes.end(),
                                            value.keys[0].text) == hold_scopes.end()) {
      report_.error(
          Code::wrong_kind, value.at, fmt::format("`{}` names one thing", key),
          fmt::format("write `{0}: all`, `{0}: {{rule: …}}` or `{0}: {{customer: …}}`", key));
      return;
    }
    line_.hold.scope = value.keys[0].text;
    const YamlNode& target = value.children[0];
    line_.hold.target = (line_.hold.scope == "rule" ? read_rule_name(scope_, target)
                                                    : read_person_name(scope_, "customer", target))
                            .value_or("");
  }

  void read_rules(const YamlNode& value) {
    if (!expect_map(report_, "rules", value, "win-back-90d: paused")) return;
    for (std::size_t i = 0; i < value.keys.size(); ++i) {
      const YamlNode::Key& key = value.keys[i];
      if (std::find(scope_.rules.begin(), scope_.rules.end(), key.text) == scope_.rules.end())
        report_.error(Code::unknown_rule, key.at, fmt::format("unknown rule `{}`", key.text),
                      suggestion(key.text, scope_.rules));
      if (const auto index = read_choice(report_, key.text, value.children[i], words::rule_becomes))
        line_.rules.emplace_back(key.text, static_cast<RuleBecomes>(*index));
    }
  }

  void check_daemon(const YamlNode& value, bool& running) {
    const bool starts = line_.daemon == DaemonDoes::starts;
    if (starts == running)
      report_.error(Code::daemon_state, value.at,
                    running ? "the daemon runs already" : "the daemon does not run",
                    running ? "it runs from the story's start; stop it first, with `daemon: stops`"
                            : "start it first, with `daemon: starts`");
    running = starts || line_.daemon == DaemonDoes::crashes_and_restarts ||
              (running && line_.daemon == DaemonDoes::reloads);
  }

  StoryScope& scope_;
  Report& report_;
  MapReader map_;
  const YamlNode& node_;
  StoryLine line_;
};

}  // namespace

StoryCase read_case(StoryScope& scope, const YamlNode& node) {
  StoryCase result;
  result.where = scope.report.where(node.at);
  MapReader map(scope.report, node, Keys::story_case);
  if (const YamlNode* name = map.need("name", "write `name:` and what the case shows"))
    result.name = read_text(scope.report, "name", *name).value_or("");
  const YamlNode* story = map.need("story", "write `story:` and below it lines behind dashes");
  if (story == nullptr) return result;
  if (story->kind != YamlNode::Kind::list || story->children.empty()) {
    scope.report.error(Code::wrong_kind, story->at,
                       fmt::format("`story` needs lines, and this is {}", name_of(story->kind)),
                       "write one behind each dash: `- {at: day 7, expect: nothing}`");
    return result;
  }
  scope.known.clear();
  scope.any_row = false;
  std::optional<Time> before;
  bool running = true;
  bool expects = false;
  const int errors = scope.report.errors();
  for (const YamlNode& entry : story->children) {
    if (entry.kind != YamlNode::Kind::map) {
      scope.report.error(Code::wrong_kind, entry.at,
                         fmt::format("a line of a story has keys with values, and this is {}",
                                     name_of(entry.kind)),
                         "write it in braces: `{at: day 7, expect: nothing}`");
      continue;
    }
    expects = expects || entry.find("expect") != nullptr;
    const int so_far = scope.report.errors();
    auto line = LineReader(scope, entry).run(before, running);
    scope.any_row = scope.any_row || scope.report.errors() > so_far;
    if (!line) continue;
    before = line->at;
    result.lines.push_back(*std::move(line));
  }
  if (!expects && scope.report.errors() == errors)
    scope.report.error(Code::no_cases, map.key_at("story"), "no line of this case expects anything",
                       "write a line with `expect:`; `expect: nothing` when nothing may go");
  return result;
}

}  // namespace retaind::language
