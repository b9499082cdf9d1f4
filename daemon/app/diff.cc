#include <fmt/format.h>
#include <unistd.h>

#include "app/command.h"
#include "app/diff_report.h"

namespace retaind::app {

int run_diff(const Words& words) {
  std::string site;
  std::int64_t days = 7;
  std::int64_t most = 20;
  bool json = false;
  Options options(
      "diff",
      "What the files would change against the rules that run: rules, and messages that "
      "appear, vanish or move. Changes nothing.");
  options.site(site)
      .number("--days", "N", days, "how many days both are planned (7)")
      .number("--limit", "N", most, "lines of each list (20)")
      .flag("--json", json, "everything as JSON")
      .footer(
          "Rules, settings and vocabulary are compared with those that run; templates are taken as "
          "they are for both sides.");
  if (const std::optional<int> status = options.parse(words)) return *status;
  if (days < 1 || days > 366) return misused("diff", "--days is from 1 to 366");
  if (most < 0) return misused("diff", "--limit is 0 or more");
  const Result<std::filesystem::path> directory = find_site(site);
  if (!directory) return failed(directory.error().message);
  const bool watched = isatty(STDERR_FILENO) != 0;
  const Result<DiffReport> report =
      make_diff(*directory, static_cast<int>(days), SystemClock().now(), [&](Time at) {
        if (watched) fmt::print(stderr, "\r{}", to_iso(at).substr(0, 10));
      });
  if (watched) fmt::print(stderr, "\r{:12}\r", "");
  if (!report) return failed(report.error().message);
  if (json) {
    fmt::print("{}\n", to_json(to_value(*report)));
  } else {
    fmt::print("{}", to_text(*report, static_cast<std::size_t>(most)));
  }
  return exit_fine;
}

}  // namespace retaind::app
