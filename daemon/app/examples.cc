#include "app/examples.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "app/site_init.h"
#include "app/site_load.h"
#include "base/file.h"
#include "base/text.h"

namespace retaind::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_file = 1'000'000;

/// "Thank the buyer" of "about: Thank the buyer"; without its comment.
std::string_view value_in(std::string_view line, std::string_view key) {
  line = trim(line);
  if (line.starts_with("- ")) line.remove_prefix(2);
  if (!line.starts_with(key) || line.substr(key.size(), 1) != ":") return {};
  return trim(line.substr(key.size() + 1, line.find(" #") - key.size() - 1));
}

const ShippedFile* shipped(std::string_view path) {
  for (const ShippedFile& file : shipped_files())
    if (file.path == path) return &file;
  return nullptr;
}

/// The layout, or a part that templates share. A site may have made it its own.
bool is_partial(const ShippedFile& file) { return file.path.starts_with("templates/_"); }

Example example_of(const ShippedFile& rule) {
  Example example;
  example.files.push_back(&rule);
  std::vector<std::string_view> templates;
  for (const std::string_view line : split(rule.text, '\n')) {
    if (const auto id = value_in(line, "rule"); !id.empty()) example.name = id;
    if (const auto about = value_in(line, "about"); !about.empty()) example.about = about;
    for (const std::string_view key : {"email", "template"})
      if (const auto name = value_in(line, key); !name.empty()) templates.push_back(name);
  }
  if (const ShippedFile* story = shipped(fmt::format("tests/{}.yaml", example.name)))
    example.files.push_back(story);
  for (const std::string_view name : templates)
    for (const ShippedFile& file : shipped_files())
      if (file.path.starts_with(fmt::format("templates/{}.", name))) example.files.push_back(&file);
  if (templates.empty()) return example;
  for (const ShippedFile& file : shipped_files())
    if (is_partial(file)) example.files.push_back(&file);
  return example;
}

/// What of the example stands in the way; empty: nothing.
std::vector<std::string> in_the_way(const Example& example, const fs::path& site) {
  std::vector<std::string> found;
  for (const ShippedFile* file : example.files) {
    const bool shared = file->path.starts_with("templates/");
    std::error_code error;
    if (is_partial(*file) || !fs::exists(site / file->path, error)) continue;
    const Result<std::string> text = read_file(site / file->path, longest_file);
    if (!shared || !text || *text != file->text) found.emplace_back(file->path);
  }
  if (!found.empty()) return found;
  for (const language::Rule& rule : load_site(site).rules.rules)
    if (rule.id == example.name) found.push_back(fmt::format("the rule `{}`", rule.id));
  return found;
}

}  // namespace

std::vector<Example> examples() {
  std::vector<Example> found;
  for (const ShippedFile& file : shipped_files())
    if (file.path.starts_with("rules/")) found.push_back(example_of(file));
  std::sort(found.begin(), found.end(),
            [](const Example& a, const Example& b) { return a.name < b.name; });
  return found;
}

Result<std::vector<std::string>> add_example(const Example& example, const fs::path& site) {
  if (const auto there = in_the_way(example, site); !there.empty())
    return Error{ErrorKind::conflict,
                 fmt::format("{} {} there already, and nothing was written; move {} away first",
                             join(there, ", "), there.size() == 1 ? "is" : "are",
                             there.size() == 1 ? "it" : "them")};
  std::vector<std::string> written;
  for (const ShippedFile* file : example.files) {
    std::error_code error;
    fs::create_directories((site / file->path).parent_path(), error);
    const Result<bool> fresh = write_new(site / file->path, file->text, 0644);
    if (!fresh) return fresh.error();
    if (*fresh) written.emplace_back(file->path);
  }
  return written;
}

}  // namespace retaind::app
