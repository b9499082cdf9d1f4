#include <fmt/format.h>
#include <unistd.h>

#include "app/command.h"
#include "app/environment.h"
#include "app/site_files.h"
#include "app/site_load.h"

namespace retaind::app {

int run_check(const Words& words) {
  std::string site;
  std::string format = "human";
  bool strict = false;
  Options options(
      "check",
      "Reads retaind.yaml, all rules and all templates and reports every mistake at once.");
  options.site(site)
      .choice("--format", {"human", "json", "github"}, format, "how to write the findings")
      .flag("--strict", strict, "exit with 3 when there are warnings");
  if (const std::optional<int> status = options.parse(words)) return *status;
  const Result<std::filesystem::path> directory = find_site(site);
  if (!directory) return failed(directory.error().message);

  const LoadedSite loaded = load_site(*directory);
  const language::Format form = format == "json"     ? language::Format::json
                                : format == "github" ? language::Format::github
                                                     : language::Format::human;
  fmt::print("{}", findings(loaded, form, wants_colour(STDOUT_FILENO)));
  // Whoever edits rules may not see the secrets, so these say only what `run` will miss here.
  const std::vector<std::string> missing =
      loaded.site ? obstacles(*loaded.site) : std::vector<std::string>();
  for (const std::string& file : missing)
    fmt::print(stderr, "warning: `retaind run` will not start here: {}\n", file);
  if (form == language::Format::human) {
    fmt::print("{}{}\n", summary(loaded),
               loaded.errors() > 0 ? " · nothing was changed, the running rules stay" : "");
  }
  if (loaded.errors() > 0) return exit_wrong;
  return strict && (loaded.warnings() > 0 || !missing.empty()) ? exit_warnings : exit_fine;
}

}  // namespace retaind::app
