#include "language/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <system_error>

#include "base/text.h"
#include "language/load.h"
#include "language/rule_parts.h"
#include "language/story_parts.h"

namespace retaind::language {
namespace {

namespace fs = std::filesystem;

std::vector<std::string_view> rule_names(std::span<const Rule> rules) {
  std::vector<std::string_view> names;
  for (const Rule& rule : rules) names.push_back(rule.id);
  return names;
}

class StoryReader {
 public:
  StoryReader(Report& report, const YamlNode& root, const StoryContext& context)
      : report_(report),
        map_(report, root, Keys::story),
        scope_{report, context, story_, {}, rule_names(context.rules), false, false,
               false,  {},      {},     {}} {
    story_.file = report.source().path;
    story_.zone = context.site.zone;
  }

  std::optional<Story> run() {
    read_name();
    if (const YamlNode* node = map_.need("starts", "write `starts: 2026-03-02 10:00`"))
      started_ = read_start(report_, *node, scope_.context.site, story_);
    if (const YamlNode* node = map_.get("rules")) read_rules(*node);
    const YamlNode* people = map_.get("people");
    if (people != nullptr) read_people(*people);
    scope_.any_name =
        people == nullptr ? map_.had_unknown_keys() : people->kind != YamlNode::Kind::map;
    const YamlNode* cases =
        map_.need("cases", "write `cases:` and below it `- name:` and `story:`");
    // Without a start every time below would be reported once more.
    if (cases != nullptr && started_) read_cases(*cases);
    if (report_.failed()) return std::nullopt;
    return std::move(story_);
  }

 private:
  /// A story that is called like a rule is about that rule alone.
  void read_name() {
    const YamlNode* node = map_.need("test", "write `test:` and the rule that it tests");
    if (node == nullptr) return;
    const auto name = read_text(report_, "test", *node);
    if (!name) return;
    story_.name = *name;
    const auto& rules = scope_.rules;
    if (std::find(rules.begin(), rules.end(), *name) != rules.end()) {
      story_.rules = {*name};
    } else if (const auto near = nearest(*name, rules); near && map_.get("rules") == nullptr) {
      report_.error(Code::unknown_rule, node->at,
                    fmt::format("`{}` is nearly the name of a rule", *name),
                    fmt::format("did you mean `{}`? a story about several has another name, or "
                                "`rules:`",
                                *near));
    }
  }

  void read_rules(const YamlNode& node) {
    story_.rules.clear();
    if (node.kind == YamlNode::Kind::scalar && node.text == "all") return;
    for (const YamlNode* entry : one_or_more(node))
      if (const auto name = read_rule_name(scope_, *entry)) story_.rules.push_back(*name);
  }

  void read_people(const YamlNode& node) {
    if (!expect_map(report_, "people", node, "anna: {email: anna@example.com}")) return;
    scope_.people_read = true;
    std::map<std::string, std::string> names;
    scope_.now = story_.starts;
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      auto person = read_person(scope_, node.keys[i], node.children[i]);
      if (!person) continue;
      const auto [other, fresh] = names.emplace(person->fact.key, person->name);
      if (!fresh)
        report_.error(Code::duplicate_key, node.keys[i].at,
                      fmt::format("`{}` has the id of `{}`", person->name, other->second),
                      "give one of them another `id:`, or none");
      story_.people.push_back(*std::move(person));
    }
    // Also of those who have mistakes, so that their names are no mistakes as well.
    for (const YamlNode::Key& key : node.keys) scope_.people.push_back(key.text);
    scope_.people_read = false;
  }

  void read_cases(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::list || node.children.empty())
      return report_.error(Code::no_cases, node.at, "`cases` has no case",
                           "write `- name:` and below it `story:`");
    std::map<std::string, std::size_t> lines;
    for (const YamlNode& entry : node.children) {
      if (entry.kind != YamlNode::Kind::map) {
        report_.error(
            Code::wrong_kind, entry.at,
            fmt::format("a case has keys with values, and this is {}", name_of(entry.kind)),
            "write `name: she is thanked once`, and `story:` below it");
        continue;
      }
      StoryCase made = read_case(scope_, entry);
      const std::size_t line = report_.line_of(entry.at.begin);
      const auto [other, fresh] = lines.emplace(made.name, line);
      if (!fresh && !made.name.empty())
        report_.error(
            Code::case_twice, entry.find("name")->at,
            fmt::format("the case `{}` is there twice", made.name),
            fmt::format("the first is in line {}: give one of them another name", other->second));
      story_.cases.push_back(std::move(made));
    }
  }

  Report& report_;
  MapReader map_;
  Story story_;
  StoryScope scope_;
  bool started_ = false;
};

}  // namespace

std::optional<Story> check_story(std::shared_ptr<const Source> source, const StoryContext& context,
                                 std::vector<Diagnostic>& diagnostics) {
  Report report(std::move(source), diagnostics);
  const auto root = read_yaml(report);
  if (!root) return std::nullopt;
  if (root->kind == YamlNode::Kind::map) return StoryReader(report, *root, context).run();
  const bool nothing = root->kind == YamlNode::Kind::empty;
  report.error(
      nothing ? Code::no_cases : Code::wrong_kind, nothing ? Range{0, 1} : root->at,
      nothing ? std::string("the file has no cases")
              : fmt::format("a story is keys with values, and this is {}", name_of(root->kind)),
      nothing ? "begin with `test:` and a rule, or delete the file"
              : "begin with `test:` and the rule that it tests");
  return std::nullopt;
}

bool CheckedStories::has_errors() const {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::error; });
}

CheckedStories check_stories(std::span<const fs::path> files, const StoryContext& context) {
  CheckedStories result;
  for (const fs::path& path : files) {
    ++result.files;
    const auto source = load_source(path, result.diagnostics);
    if (!source) continue;
    const std::size_t from = result.diagnostics.size();
    if (auto story = check_story(source, context, result.diagnostics))
      result.stories.push_back(*std::move(story));
    sort_by_place(result.diagnostics, from);
  }
  return result;
}

CheckedStories check_stories(const fs::path& directory, const StoryContext& context) {
  std::error_code error;
  std::vector<Diagnostic> diagnostics;
  const std::vector<fs::path> files = yaml_files(directory, "stories", diagnostics, error);
  CheckedStories result = check_stories(std::span<const fs::path>(files), context);
  result.diagnostics.insert(result.diagnostics.begin(), diagnostics.begin(), diagnostics.end());
  if (!files.empty()) return result;
  Diagnostic none;
  none.code = name_of(Code::no_stories);
  none.where.source = std::make_shared<Source>(Source{directory.string(), {}});
  none.message = "no story is here";
  none.remedy = "write one, such as `thanks-and-feedback.yaml`; `retaind init` makes examples";
  if (error) {
    none.message = fmt::format("the directory of stories cannot be read: {}", error.message());
    none.remedy = "check the path and its permissions";
  }
  result.diagnostics.push_back(std::move(none));
  return result;
}

}  // namespace retaind::language
