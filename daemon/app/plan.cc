#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "app/command.h"
#include "app/plan_report.h"

namespace retaind::app {
namespace {

Result<void> write_list(const PlanReport& report, const std::string& csv) {
  std::error_code error;
  std::ofstream file;
  if (csv != "-") {
    if (std::filesystem::exists(csv, error)) {
      return Error{ErrorKind::conflict,
                   fmt::format("{} exists and is not overwritten; name a new file", csv)};
    }
    file.open(csv, std::ios::binary);
  }
  std::ostream& out = csv == "-" ? std::cout : file;
  out << plan_header() << '\n';
  for (const replay::PlannedRow& row : report.plan.rows) out << plan_line(row) << '\n';
  if (out.flush()) return {};
  return Error{ErrorKind::unavailable,
               fmt::format("cannot write {}; name a file in a directory of yours", csv)};
}

}  // namespace

int run_plan(const Words& words) {
  std::string site;
  std::string rule;
  std::string csv;
  std::int64_t days = 7;
  std::int64_t most = 20;
  bool json = false;
  Options options(
      "plan",
      "Who gets what in the coming days, and who does not and why, by the files as they "
      "are. Sends and stores nothing.");
  options.site(site)
      .number("--days", "N", days, "how many days (7)")
      .value("--rule", "RULE", rule, "shows only this rule; the others run beside it")
      .number("--limit", "N", most, "lines of each list (20)")
      .value("--csv", "FILE", csv, "writes every line; - for standard output")
      .flag("--json", json, "everything as JSON")
      .footer(
          "The sender's own engine lives the days on a virtual clock in a shadow of the store, "
          "with "
          "mail servers that accept everything. Facts that come meanwhile are not in it.");
  if (const std::optional<int> status = options.parse(words)) return *status;
  if (days < 1 || days > 366) return misused("plan", "--days is from 1 to 366");
  if (most < 0) return misused("plan", "--limit is 0 or more");
  if (json && csv == "-")
    return misused("plan", "--json and --csv - are one output; leave one out");
  const Result<std::filesystem::path> directory = find_site(site);
  if (!directory) return failed(directory.error().message);
  const bool watched = isatty(STDERR_FILENO) != 0;
  const Result<PlanReport> report =
      make_plan(*directory, static_cast<int>(days), rule, SystemClock().now(), [&](Time at) {
        if (watched) fmt::print(stderr, "\r{}", to_iso(at).substr(0, 10));
      });
  if (watched) fmt::print(stderr, "\r{:12}\r", "");
  if (!report) return failed(report.error().message);
  if (!csv.empty()) {
    if (Result<void> written = write_list(*report, csv); !written)
      return failed(written.error().message);
  }
  if (json) {
    fmt::print("{}\n", to_json(to_value(*report)));
  } else if (csv != "-") {
    fmt::print("{}", to_text(*report, static_cast<std::size_t>(most)));
  }
  return report->plan.even() ? exit_fine : exit_wrong;
}

}  // namespace retaind::app
