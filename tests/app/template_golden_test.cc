#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "app/new_site.h"
#include "base/file.h"
#include "language/codes.h"
#include "support/sanitized.h"

// Every mistake that a template can hold, with the whole text that its author sees. Each file of
// tests/data/templates stands in for the English `welcome` of a new site. After a change of wording
// `app_tests "[rewrite]"` writes the texts anew; reading the difference is the review.
namespace fs = std::filesystem;

namespace {

// All of them without sanitizers, which look for what a mistake touches: each third shows that.
constexpr std::size_t each = RETAIND_SANITIZED ? 3 : 1;

const fs::path directory = fs::path(RETAIND_SOURCE) / "tests/data/templates";

std::vector<fs::path> cases() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.path().extension() == ".liquid") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

std::string text_of(const fs::path& path) {
  auto text = retaind::read_file(path, 1 << 20);
  return text ? *text : std::string();
}

fs::path expected_path(const fs::path& path) {
  return path.parent_path() / (path.filename().string() + ".expected");
}

std::string shown(const NewSite& site, const fs::path& path) {
  site.put("templates/welcome.en.liquid", text_of(path));
  return site.said();
}

}  // namespace

TEST_CASE("each mistake of a template is shown with its line, a caret, and what to write") {
  const NewSite site;
  const std::vector<fs::path> paths = cases();
  for (std::size_t i = 0; i < paths.size(); i += each) {
    const fs::path& path = paths[i];
    INFO(path.filename().string());
    const std::string text = shown(site, path);
    CHECK(text == text_of(expected_path(path)));
    const std::string code = path.filename().string().substr(0, 4);
    if (code[0] == 'R') CHECK(text.find("[" + code + "]: ") != std::string::npos);
  }
}

TEST_CASE("a well-made mail with dark mode and buttons for Outlook has no finding") {
  CHECK(shown(NewSite(), directory / "well-made.liquid").empty());
}

TEST_CASE("the wrong example of a template is wrong in just that way, and the right one is right") {
  const std::string head =
      "---\nsubject: A letter\n---\n<!doctype html>\n<html lang=\"en\"><head><title>A "
      "letter</title></head>\n<body>\n";
  const std::string foot =
      "<p>{{ site.postal_address }} <a href=\"{{ unsubscribe.link }}\">Bye</a></p>\n"
      "</body></html>\n";
  const NewSite site;
  std::size_t number = 0;
  for (const auto& row : retaind::language::codes()) {
    if (!row.in_template || number++ % each != 0) continue;
    const auto said = [&](std::string_view lines) {
      const bool whole = lines.starts_with("---");
      site.put("templates/welcome.en.liquid",
               whole ? std::string(lines) : fmt::format("{}{}{}", head, lines, foot));
      return site.said();
    };
    const std::string code = "[" + retaind::language::name_of(row.code) + "]: ";
    INFO(code);
    CHECK(said(row.wrong).find(code) != std::string::npos);
    CHECK(said(row.right).empty());
  }
}

TEST_CASE("write the goldens of templates anew", "[.][rewrite]") {
  const NewSite site;
  for (const auto& path : cases())
    std::ofstream(expected_path(path), std::ios::binary) << shown(site, path);
}
