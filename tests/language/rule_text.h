#pragma once
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "language/check.h"

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

inline const Site& site() {
  static const Site result = [] {
    auto checked = retaind::language::read_site(data / "site");
    if (!checked.site)
      throw std::runtime_error(
          retaind::language::to_text(checked.diagnostics, retaind::language::Format::human, false));
    return *checked.site;
  }();
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

}  // namespace rule_text
