#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "app/command.h"
#include "app/editor_files.h"
#include "app/examples.h"
#include "base/text.h"

namespace retaind::app {
namespace {

/// By its id, or by a beginning that no other has: "win-back".
const Example* find_example(const std::vector<Example>& all, std::string_view name) {
  const Example* found = nullptr;
  for (const Example& example : all) {
    if (example.name == name) return &example;
    if (!example.name.starts_with(name)) continue;
    if (found != nullptr) return nullptr;
    found = &example;
  }
  return found;
}

}  // namespace

int run_new(const Words& words) {
  std::string name, site;
  Options options("new",
                  "Adds a tested example to a site: a rule with its story and templates. Without a "
                  "name: which there are. Never overwrites.");
  options.positional("NAME", name, "such as win-back", false).site(site);
  if (const std::optional<int> status = options.parse(words)) return *status;

  const std::vector<Example> all = examples();
  if (name.empty()) {
    for (const Example& example : all) fmt::print("{:<24} {}\n", example.name, example.about);
    return exit_fine;
  }
  const Example* example = find_example(all, name);
  if (example == nullptr) {
    std::vector<std::string_view> names;
    for (const Example& each : all) names.push_back(each.name);
    const auto near = nearest(name, names);
    return misused("new", fmt::format("there is no example `{}`{}", name,
                                      near ? fmt::format("; did you mean `{}`?", *near)
                                           : std::string("; `retaind new` lists all")));
  }
  const Result<std::filesystem::path> directory = find_site(site);
  if (!directory) return failed(directory.error().message);
  const auto written = add_example(*example, *directory);
  if (!written) return failed(written.error().message);
  for (const std::string& path : *written) fmt::print("{}\n", path);
  std::error_code error;
  if (std::filesystem::exists(*directory / ".schema", error))
    if (const auto schemas = write_editor_files(*directory); !schemas)
      return failed(schemas.error().message);
  fmt::print(
      "next: read the rule, then `retaind check`, `retaind test` and `retaind diff`; nothing goes "
      "before "
      "`retaind reload`\n");
  return exit_fine;
}

}  // namespace retaind::app
