#include <fmt/format.h>

#include "app/command.h"
#include "app/status_report.h"

namespace retaind::app {

int run_status(const Words& words) {
  std::string site;
  std::int64_t days = 7;
  bool json = false;
  Options options(
      "status",
      "Does it send, what is held, what does each rule do next, and do the numbers add up.");
  options.site(site)
      .number("--days", "N", days, "local days to look back (7)")
      .flag("--json", json, "as JSON")
      .footer("Exit status 1 when the numbers do not add up.");
  if (const std::optional<int> status = options.parse(words)) return *status;
  if (days < 1 || days > 366) return misused("status", "--days is from 1 to 366");
  const Result<std::filesystem::path> directory = find_site(site);
  if (!directory) return failed(directory.error().message);
  Result<OpenSite> open = open_site(site, store::Database::Mode::read);
  if (!open) return failed(open.error().message);
  const Result<StatusReport> report =
      make_status(*open, *directory, static_cast<int>(days), SystemClock().now());
  if (!report) return failed(report.error().message);
  if (json) {
    fmt::print("{}\n", to_json(to_value(*report)));
  } else {
    fmt::print("{}", to_text(*report, open->site));
  }
  return report->even() ? exit_fine : exit_wrong;
}

}  // namespace retaind::app
