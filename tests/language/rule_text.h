#pragma once
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "language/check.h"
#include "language/story.h"

/// What the tests of this module share: a site, its templates, and short ways to a checked rule.
namespace rule_text {

namespace fs = std::filesystem;
using retaind::Site;
using retaind::language::Diagnostic;
using retaind::language::Rule;
using retaind::language::Source;
using retaind::language::TemplateNames;

inline const fs::path data = fs::path(RETAIND_SOURCE) / "tests/data/language";

inline std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline Site read_whole_site(const fs::path& directory) {
  auto checked = retaind::language::read_site(directory);
  if (!checked.site)
    throw std::runtime_error(
        retaind::language::to_text(checked.diagnostics, retaind::language::Format::human, false));
  return *checked.site;
}

inline const Site& site() {
  static const Site result = read_whole_site(data / "site");
  return result;
}

/// The same with a vocabulary.yaml.
inline const Site& own_site() {
  static const Site result = read_whole_site(data / "own-site");
  return result;
}

inline const TemplateNames& templates() {
  static const TemplateNames result{{"birthday", "renewal", "thanks", "ticket-escalation",
                                     "ticket-reminder", "welcome", "win-back"}};
  return result;
}

/// The result of checking one text as rules/rule.yaml.
struct Checked {
  std::optional<Rule> rule;
  std::vector<Diagnostic> diagnostics;

  [[nodiscard]] std::string text() const {
    return retaind::language::to_text(diagnostics, retaind::language::Format::human, false);
  }
  [[nodiscard]] bool has(std::string_view code) const {
    for (const auto& diagnostic : diagnostics)
      if (diagnostic.code == code) return true;
    return false;
  }
};

inline Checked check(std::string text, const Site& of = site()) {
  Checked result;
  auto source = std::make_shared<Source>(Source{"rules/rule.yaml", std::move(text)});
  result.rule = retaind::language::check_rule(source, of, templates(), result.diagnostics);
  return result;
}

/// Lines of a rule, with whatever keys are missing to make it a whole one.
inline std::string completed(std::string_view lines) {
  std::string text;
  const auto missing = [&](std::string_view key) {
    const std::string start = std::string(key) + ":";
    return !lines.starts_with(start) && lines.find("\n" + start) == std::string_view::npos;
  };
  if (missing("rule")) text += "rule: example\n";
  if (missing("purpose")) text += "purpose: transactional\n";
  if (missing("when")) text += "when:\n  event: order.completed\n";
  if (missing("then")) text += "then:\n  - email: thanks\n";
  return text + std::string(lines);
}

/// The rules that stories of these tests may name.
inline const std::vector<Rule>& story_rules() {
  static const std::vector<Rule> result{*check(completed("rule: thanks\n")).rule,
                                        *check(completed("rule: win-back\n")).rule};
  return result;
}

struct CheckedStory {
  std::optional<retaind::language::Story> story;
  std::vector<Diagnostic> diagnostics;

  [[nodiscard]] std::string text() const {
    return retaind::language::to_text(diagnostics, retaind::language::Format::human, false);
  }
};

inline CheckedStory check_story(std::string text, const std::string& path = "tests/story.yaml",
                                const Site& of = site()) {
  CheckedStory result;
  auto source = std::make_shared<Source>(Source{path, std::move(text)});
  result.story =
      retaind::language::check_story(source, {of, story_rules(), templates()}, result.diagnostics);
  return result;
}

/// Lines of a case, with the rest of a story around them.
inline std::string completed_story(std::string_view lines) {
  std::string text =
      "test: everyone\nstarts: 2026-03-02 10:00\npeople:\n  anna: {email: anna@example.com}\n"
      "cases:\n  - name: a case\n    story:\n";
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    text += "      " + std::string(lines.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  // A case without `expect:` is a mistake of its own, unless it is the one that is shown.
  const bool shown = lines.find('\n') + 1 == lines.size() &&
                     lines.find("customer: anna}}\n") != std::string_view::npos;
  if (lines.find("expect:") == std::string_view::npos && !shown)
    text += "      - {at: day 90, expect: nothing}\n";
  return text;
}

}  // namespace rule_text
