#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "app/site_load.h"
#include "base/value.h"
#include "replay/plan.h"

namespace retaind::app {

/// Rows that a pass of a schedule with `each:` looked at and that got no message for one reason.
struct UnmatchedRows {
  std::string rule;
  Time due;
  Reason reason = Reason::none;
  std::int64_t rows = 0;
};

/// The coming days by the files as they are.
struct PlanReport {
  replay::Plan plan;
  Site site;
  std::string rule;                      ///< only this one's; the others ran beside it
  std::vector<UnmatchedRows> unmatched;  ///< by rule, due and reason
};

/// Reads the site, lives the days in a shadow of its store. `rule` narrows what is shown, not what
/// runs: caps and once-per hang together over all.
Result<PlanReport> make_plan(const std::filesystem::path& directory, int days,
                             const std::string& rule, Time now,
                             const std::function<void(Time)>& progress);

/// Counts by day and rule, the reasons, the balance; then at most `most` lines of who gets what and
/// of who does not.
std::string to_text(const PlanReport& report, std::size_t most);
Value to_value(const PlanReport& report);
/// "day,rule,step,repeat,subject,customer,due,at,local,outcome,reason", and a line.
std::string_view plan_header();
std::string plan_line(const replay::PlannedRow& row);

}  // namespace retaind::app
