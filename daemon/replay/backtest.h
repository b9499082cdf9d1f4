#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "delivery/core.h"
#include "store/dated_facts.h"

namespace retaind::replay {

struct BacktestOptions {
  Time from;
  Time to;
  /// How finely time passes for so many facts; zero, or empty: from instant to instant. Else the
  /// facts of a step become known together and what is due in it is decided at its end, as after an
  /// import: many facts a step cost much less.
  std::function<Duration(std::size_t facts)> step_for;
  /// Called now and then with the share done and the virtual date.
  std::function<void(double share, Time at)> progress;
};

/// Messages of a rule that found no place at first.
struct NoPlace {
  std::int64_t capped = 0;   ///< the recipient had as many as the cap allows
  std::int64_t limited = 0;  ///< the rule's day was full
  std::int64_t never = 0;    ///< of both, that never went
};

struct BacktestSummary {
  std::int64_t facts = 0;
  std::int64_t rows = 0;
  std::map<std::string, NoPlace, std::less<>> no_place;  ///< by rule
  /// How many rows by rule, step and reason.
  std::map<std::string, std::int64_t> counts;
};

/// Had these rules been live: lives through the dated facts of `source` in a fresh store, every
/// rule live from the first instant, every delivery successful. Nothing leaves, and `source` is
/// only read. `visit` gets every outcome at the end.
Result<BacktestSummary> backtest(store::Database& source, delivery::SiteFiles files,
                                 const BacktestOptions& options,
                                 const std::function<void(const store::OutcomeRow&)>& visit);

/// A field of a CSV line by RFC 4180.
std::string quoted(std::string_view text);

/// "rule,step,repeat,subject,customer,due,at,outcome,reason" and the line of a row; no line for a
/// message that is not due by `to`.
std::string_view outcome_header();
std::string outcome_line(const store::OutcomeRow& row);
bool is_reported(const store::OutcomeRow& row, Time to);

}  // namespace retaind::replay
