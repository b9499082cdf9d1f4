#include "language/schema.h"

#include <fmt/format.h>

#include "app/command.h"
#include "app/editor_files.h"
#include "base/text.h"

namespace retaind::app {
namespace {

int write_all(const std::filesystem::path& site) {
  const auto written = write_editor_files(site);
  if (!written) return failed(written.error().message);
  for (const std::string& path : written->written) fmt::print("{}\n", (site / path).string());
  for (const EditorFile& file : written->left_alone)
    fmt::print("{} is yours and was left alone; what belongs into it:\n{}",
               (site / file.path).string(), file.text);
  return exit_fine;
}

}  // namespace

int run_schema(const Words& words) {
  std::string kind = "rule";
  std::string site;
  bool write = false;
  Options options("schema",
                  "Prints the JSON Schema of rules, from the tables that the checker reads.");
  options
      .positional("KIND", kind,
                  "rule (unless given), story, site (retaind.yaml), vocabulary or mapping", false)
      .flag("--write", write, "all of them into the site's .schema/, and what VS Code needs")
      .site(site)
      .footer(
          "Editors complete keys, events, templates and calendars with it and show what each "
          "means. "
          "`retaind init` has written it; write it again for new templates, teams and calendars.");
  if (const std::optional<int> status = options.parse(words)) return *status;
  const auto of = language::find_schema(kind);
  if (!of) {
    const std::vector<std::string_view> kinds = {"rule", "site", "story", "vocabulary", "mapping"};
    const auto near = nearest(kind, kinds);
    return misused("schema",
                   fmt::format("`{}` is not one of rule, story, site, vocabulary, mapping{}", kind,
                               near ? fmt::format("; did you mean `{}`?", *near) : std::string()));
  }
  const Result<std::filesystem::path> directory = find_site(site);
  if (!directory && (write || !site.empty())) return failed(directory.error().message);
  if (write) return write_all(*directory);
  // Without a site there is the vocabulary that is shipped.
  const language::EditorNames names =
      directory ? names_of(load_site(*directory)) : language::editor_names(nullptr, {}, {});
  fmt::print("{}\n", to_json(language::json_schema(*of, names)));
  return exit_fine;
}

}  // namespace retaind::app
