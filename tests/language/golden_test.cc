#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <iomanip>
#include <set>

#include "language/codes.h"
#include "rule_text.h"

// Every mistake that a file can hold, with the whole text that its author sees. After a change of
// wording, `language_tests "[rewrite]"` writes the texts anew; reading the difference is the
// review.
//   NAME.yaml        a rule, checked as rules/NAME.yaml
//   NAME.bare.yaml   the same in a site that has only what it must have
//   NAME.site.yaml   a site's retaind.yaml
//   NAME.own.yaml    a rule in a site with a vocabulary of its own
//   NAME.vocabulary.yaml, NAME.bare-vocabulary.yaml  a site's vocabulary.yaml
//   NAME.story.yaml, NAME.own.story.yaml  a story, checked as tests/NAME.story.yaml
//   NAME/            a directory of rules

namespace lang = retaind::language;
using rule_text::Diagnostic;
namespace fs = std::filesystem;

namespace {

const fs::path directory = rule_text::data / "errors";

std::vector<fs::path> cases() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.is_directory() || entry.path().extension() == ".yaml") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
}

/// Tests run side by side, each in a process of its own.
fs::path own_directory() {
  return fs::temp_directory_path() / ("retaind-language-golden-" + std::to_string(::getpid()));
}

struct TemporaryDirectory {
  fs::path path = own_directory();
  TemporaryDirectory() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~TemporaryDirectory() { fs::remove_all(path); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
};

/// A retaind.yaml beside a vocabulary; `bare`: without a currency.
void write_settings(const fs::path& to, bool bare) {
  std::ofstream(to / "retaind.yaml")
      << "shop: Shop\ntime-zone: Europe/Berlin\nsender: {address: shop@example.com}\n"
      << (bare ? "" : "currency: EUR\n");
}

std::vector<Diagnostic> diagnose(const fs::path& path) {
  std::vector<Diagnostic> out;
  const std::string name = path.filename().string();
  if (fs::is_directory(path))
    return lang::check_rules(path, rule_text::site(), rule_text::templates()).diagnostics;
  if (name.ends_with(".site.yaml")) {
    const TemporaryDirectory copy;
    fs::copy_file(path, copy.path / "retaind.yaml");
    auto checked = lang::read_site(copy.path);
    return checked.diagnostics;
  }
  if (name.ends_with("vocabulary.yaml")) {
    const TemporaryDirectory copy;
    write_settings(copy.path, name.ends_with(".bare-vocabulary.yaml"));
    fs::copy_file(path, copy.path / "vocabulary.yaml");
    return lang::read_site(copy.path).diagnostics;
  }
  const bool own = name.find(".own.") != std::string::npos;
  const retaind::Site& site = own ? rule_text::own_site() : rule_text::site();
  if (name.ends_with(".story.yaml"))
    return rule_text::check_story(rule_text::read(path), "tests/" + name, site).diagnostics;
  auto source =
      std::make_shared<lang::Source>(lang::Source{"rules/" + name, rule_text::read(path)});
  const retaind::Site bare;
  lang::check_rule(source, name.ends_with(".bare.yaml") ? bare : site, rule_text::templates(), out);
  return out;
}

std::string shown(const fs::path& path) {
  std::string text = lang::to_text(diagnose(path), lang::Format::human, false);
  replace_all(text, own_directory().string() + "/", "");
  replace_all(text, directory.string() + "/", "");
  return text;
}

fs::path expected_path(const fs::path& path) {
  return path.parent_path() / (path.filename().string() + ".expected");
}

}  // namespace

TEST_CASE("each mistake is shown with its line, a caret, and what to write", "[language]") {
  for (const auto& path : cases()) {
    DYNAMIC_SECTION(path.filename().string()) {
      CHECK(shown(path) == rule_text::read(expected_path(path)));
    }
  }
}

TEST_CASE("a golden's file name is the code of its first diagnostic", "[language]") {
  for (const auto& path : cases()) {
    CAPTURE(path.filename().string());
    const auto diagnostics = diagnose(path);
    REQUIRE_FALSE(diagnostics.empty());
    CHECK(std::any_of(diagnostics.begin(), diagnostics.end(), [&](const Diagnostic& d) {
      return path.filename().string().starts_with(d.code + "-");
    }));
    // One mistake is told once or twice; these files hold several.
    if (path.filename().string().find("-keys") == std::string::npos) CHECK(diagnostics.size() <= 2);
  }
}

TEST_CASE("every code of the table has a golden", "[language]") {
  // Made by tests of their own: files that cannot be kept (no rights, too large, none), and what
  // only a whole site shows (tests/app/lint_test.cc).
  const std::set<std::string> elsewhere{"R001", "R002", "R056", "R068", "R079", "R080"};
  std::set<std::string> seen = elsewhere;
  // Those of templates: tests/app/template_golden_test.cc.
  for (const auto& entry :
       fs::directory_iterator(fs::path(RETAIND_SOURCE) / "tests/data/templates"))
    if (const std::string name = entry.path().filename().string(); name.starts_with('R'))
      seen.insert(name.substr(0, 4));
  for (const auto& path : cases()) seen.insert(path.filename().string().substr(0, 4));
  for (const auto& row : lang::codes()) CHECK(seen.count(lang::name_of(row.code)) == 1);
  for (const auto& code : seen) CHECK(lang::find_code(code) != nullptr);
}

TEST_CASE("a rule file that is too large is refused before it is parsed", "[language]") {
  const TemporaryDirectory copy;
  std::ofstream(copy.path / "large.yaml") << std::setfill('#') << std::setw(10'000'000) << '#';
  const auto checked = lang::check_rules(copy.path, rule_text::site(), rule_text::templates());
  std::string text = lang::to_text(checked.diagnostics, lang::Format::human, false);
  replace_all(text, copy.path.string(), "rules");
  CHECK(text ==
        "error[R002]: the file is too large\n"
        "  --> rules/large.yaml\n"
        "       at most 1,000,000 bytes are read: one rule a file\n");
}

TEST_CASE("what cannot be read as a rule file says so", "[language]") {
  const TemporaryDirectory copy;
  fs::create_directory(copy.path / "directory.yaml");
  fs::create_symlink(copy.path / "nowhere", copy.path / "vanished.yaml");
  const auto checked = lang::check_rules(copy.path, rule_text::site(), rule_text::templates());
  std::string text = lang::to_text(checked.diagnostics, lang::Format::human, false);
  replace_all(text, copy.path.string(), "rules");
  CHECK(text ==
        "error[R001]: this is no file\n"
        "  --> rules/directory.yaml\n"
        "       put a file here, or rename it\n"
        "error[R001]: cannot read `rules/vanished.yaml`: No such file or directory\n"
        "  --> rules/vanished.yaml\n"
        "       check the path, or create it\n");
}

TEST_CASE("a rule directory that is empty or missing is an error", "[language]") {
  const TemporaryDirectory copy;
  std::ofstream(copy.path / "notes.txt") << "not a rule";
  const auto empty = lang::check_rules(copy.path, rule_text::site(), rule_text::templates());
  const auto missing =
      lang::check_rules(copy.path / "missing", rule_text::site(), rule_text::templates());
  std::string text = lang::to_text(empty.diagnostics, lang::Format::human, false) +
                     lang::to_text(missing.diagnostics, lang::Format::human, false);
  replace_all(text, copy.path.string(), "rules");
  CHECK(text ==
        "error[R056]: no rule file is here\n"
        "  --> rules\n"
        "       write one, such as `thanks.yaml`, or name another directory\n"
        "error[R056]: the rule directory cannot be read: No such file or directory\n"
        "  --> rules/missing\n"
        "       check the path and its permissions\n");
  CHECK(empty.has_errors());
}

TEST_CASE("the wrong example of each code is wrong in just that way, and the right one is right",
          "[language]") {
  const std::string site = "shop: Shop\ntime-zone: Europe/Berlin\n";
  for (const auto& row : lang::codes()) {
    // Those of templates: tests/app/template_golden_test.cc.
    if (row.wrong.empty() || row.in_template) continue;
    CAPTURE(lang::name_of(row.code));
    const auto run = [&](std::string_view lines) {
      rule_text::Checked result;
      if (row.in_story) {
        result.diagnostics = rule_text::check_story(rule_text::completed_story(lines)).diagnostics;
        return result;
      }
      if (row.in_vocabulary) {
        const TemporaryDirectory copy;
        write_settings(copy.path, false);
        std::ofstream(copy.path / "vocabulary.yaml") << lines;
        result.diagnostics = lang::read_site(copy.path).diagnostics;
        return result;
      }
      if (!row.in_site) return rule_text::check(rule_text::completed(lines));
      const TemporaryDirectory copy;
      const bool sender = lines.starts_with("sender:");
      std::ofstream(copy.path / "retaind.yaml")
          << site << (sender ? "" : "sender: {address: shop@example.com}\n") << lines;
      result.diagnostics = lang::read_site(copy.path).diagnostics;
      return result;
    };
    const auto wrong = run(row.wrong);
    CHECK(wrong.has(lang::name_of(row.code)));
    CHECK(wrong.diagnostics.size() <= 2);
    const auto right = run(row.right);
    CHECK(right.text().empty());
  }
}

TEST_CASE("write the goldens anew", "[.][rewrite]") {
  for (const auto& path : cases())
    std::ofstream(expected_path(path), std::ios::binary) << shown(path);
}
