#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/value.h"
#include "base/zone.h"
#include "language/plan.h"
#include "model/site.h"
#include "replay/assumed.h"
#include "replay/backtest.h"
#include "replay/holdout.h"
#include "store/known_past.h"

namespace retaind::app {

/// Two rules that wrote to the same customers.
struct Overlap {
  std::string first, second;
  std::int64_t a_day = 0;   ///< customers who got both within 24 hours
  std::int64_t a_week = 0;  ///< within 7 days
};

/// What an experiment with a rule's holdout would have seen of the facts as they were.
struct HoldoutView {
  std::string rule;
  double share = 0;
  bool planned = true;  ///< the rule has none: what one of 10 % would have told
  replay::Arm written, held_out;
  std::int64_t left_out = 0;     ///< whose time was not over when the data ends
  std::int64_t really_sent = 0;  ///< messages of the rule that did leave in this time
  double detectable = 0;
};

struct RuleCounts {
  std::map<LocalDate, std::int64_t> sent;                 ///< by local day
  std::map<Reason, std::int64_t> not_sent, waiting;       ///< by reason
  std::int64_t all_sent = 0, customers = 0, assumed = 0;  ///< assumed: outcomes, of whatever kind
  std::map<std::string, std::int64_t> assumed_fields;
};

struct BacktestReport {
  Time from, to;
  Zone zone = Zone::utc();
  Duration step{0};
  int bought_within = 30;  ///< days
  std::string cap;         ///< "2 in 7 days"
  std::map<std::string, RuleCounts> rules;
  std::vector<Overlap> overlaps;  ///< most customers in a week first
  std::vector<HoldoutView> holdouts;
  replay::BacktestSummary summary;
};

/// Takes the outcomes one by one; keeps 24 bytes a mail and 16 a customer and rule, whatever the
/// number of outcomes.
class BacktestCounts {
 public:
  BacktestCounts(store::Database& source, const Site& site,
                 const std::vector<language::Rule>& rules, BacktestReport& report);
  /// What of the outcome rests on a field whose past is not known.
  std::string_view add(const store::OutcomeRow& row);
  void finish();

 private:
  struct Mail {
    std::uint64_t customer;
    Time at;
    std::uint32_t rule;
  };
  void add_person(std::size_t rule, const store::OutcomeRow& row);
  void find_overlaps();
  void judge_holdouts();

  BacktestReport* report_;
  const std::vector<language::Rule>* rules_;
  replay::Assumed assumed_;
  store::Purchases purchases_;
  std::optional<Time> known_until_;
  std::map<std::string, std::size_t, std::less<>> numbers_;
  std::vector<HoldoutView> views_;  ///< by number
  std::vector<Mail> mails_;
  std::unordered_set<std::uint64_t> people_;  ///< customer and rule
};

std::string to_text(const BacktestReport& report);
Value to_value(const BacktestReport& report);
/// Mails a day by rule, as an SVG of its own that a browser or a letter shows, light or dark.
std::string picture(const BacktestReport& report);

}  // namespace retaind::app
