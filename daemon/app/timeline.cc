#include <fmt/format.h>

#include "app/command.h"
#include "app/store_access.h"
#include "app/timeline_report.h"

namespace retaind::app {

int run_timeline(const Words& words) {
  std::string site;
  std::string customer;
  std::int64_t days = 90;
  bool json = false;
  Options options("timeline",
                  "Everything that happened to one customer, and what is planned, over all rules. "
                  "Reads only.");
  options.positional("CUSTOMER", customer, "your own id of the customer, an alias or the address")
      .site(site)
      .number("--days", "N", days, "days back and days ahead (90)")
      .flag("--json", json, "as JSON");
  if (const std::optional<int> status = options.parse(words)) return *status;
  if (days < 1 || days > 36'500) return misused("timeline", "--days is from 1 to 36500");
  const Result<std::filesystem::path> directory = find_site(site);
  if (!directory) return failed(directory.error().message);
  Result<OpenSite> open = open_site(site, store::Database::Mode::read);
  if (!open) return failed(open.error().message);
  const Result<Timeline> timeline = make_timeline(open->database, open->site, *directory, customer,
                                                  static_cast<int>(days), SystemClock().now());
  if (!timeline) return failed(timeline.error().message);
  if (json) {
    fmt::print("{}\n", to_json(to_value(*timeline)));
  } else {
    fmt::print("{}", to_text(*timeline));
  }
  return exit_fine;
}

}  // namespace retaind::app
