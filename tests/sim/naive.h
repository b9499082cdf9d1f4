#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "language/plan.h"
#include "model/ledger.h"
#include "model/site.h"
#include "shop.h"

namespace sim {

enum class Truth { no, yes, unknown };

bool is_bulk(const retaind::language::Rule& rule);

/// One occurrence of a rule, by a walk over all rows of the shop.
struct NaiveOccurrence {
  std::int64_t row = 0;
  int customer = -1;
  std::optional<Time> anchor;
  Time due;
  std::optional<Time> history;
  std::optional<Time> until;  ///< of a state that is over
};

/// What operators have done, as the simulation did it.
struct Controls {
  bool hold_all = false;
  std::set<std::string> held_rules, held_customers;  ///< names, keys
  std::optional<Duration> clock_until;      ///< elapsed time from which it counts as steady
  std::map<std::string, Time> counts_from;  ///< of each rule
  std::map<std::string, Time> revised;      ///< when each rule was activated or edited last
  std::map<std::string, Time> brake_released;
  std::set<std::string> braked;  ///< rules that their brake holds
};

/// The rules over again, by brute force over the Shop and without an index, a feed or a ledger.
/// Zones and calendars of daemon/base are used: they have brute-force tests of their own.
class Naive {
 public:
  Naive(const Shop& shop, const retaind::Site& site, const Controls& controls)
      : shop_(&shop), site_(&site), controls_(&controls) {}

  void set_rules(std::vector<retaind::language::Rule> rules) { rules_ = std::move(rules); }
  [[nodiscard]] const std::vector<retaind::language::Rule>& rules() const { return rules_; }
  [[nodiscard]] const retaind::language::Rule* rule(const std::string& name) const;

  /// All that the facts hold, due or not, up to `through`.
  [[nodiscard]] std::vector<NaiveOccurrence> occurrences(const retaind::language::Rule& rule,
                                                         Time through) const;

  struct Look {
    const retaind::language::Rule* rule = nullptr;
    std::int64_t row = 0;
    int customer = -1;
    std::optional<Time> anchor;
    Time due, late_from, now;
    Duration elapsed{0};
    bool draft = false;
  };
  [[nodiscard]] bool no_address(const Look& look) const;
  [[nodiscard]] bool suppressed(const Look& look) const;
  [[nodiscard]] bool no_consent(const Look& look) const;
  [[nodiscard]] bool in_facts(const Look& look) const;  ///< the occurrence still exists
  [[nodiscard]] bool state_ended(const Look& look) const;
  [[nodiscard]] bool stopped(const Look& look) const;
  [[nodiscard]] bool late(const Look& look) const;
  [[nodiscard]] bool paused(const Look& look) const;
  [[nodiscard]] bool held(const Look& look) const;
  [[nodiscard]] bool braked(const Look& look) const;
  [[nodiscard]] bool clock_held(const Look& look) const;
  [[nodiscard]] bool window_closed(const Look& look) const;
  [[nodiscard]] bool hold_while(const Look& look) const;
  [[nodiscard]] Truth conditions(const Look& look) const;
  /// Every condition of the rule with its value, for people who read a problem.
  [[nodiscard]] std::string explain(const Look& look) const;
  [[nodiscard]] bool held_out(const Look& look) const;
  [[nodiscard]] const retaind::Zone& zone_of(const retaind::language::Rule& rule,
                                             int customer) const;

 private:
  [[nodiscard]] Truth truth(const retaind::language::Condition& condition, const Look& look) const;
  [[nodiscard]] bool is_open(const retaind::language::Rule& rule, Time time,
                             const retaind::Zone& zone) const;
  [[nodiscard]] Time date_due(const retaind::language::Rule& rule, LocalDate date,
                              const retaind::Zone& zone) const;
  void of_event(const retaind::language::Rule& rule, std::vector<NaiveOccurrence>& out) const;
  void of_state(const retaind::language::Rule& rule, std::vector<NaiveOccurrence>& out) const;
  void of_date(const retaind::language::Rule& rule, Time through,
               std::vector<NaiveOccurrence>& out) const;
  [[nodiscard]] std::vector<std::pair<Time, std::optional<Time>>> stretches(
      const retaind::language::Rule& rule, std::size_t index) const;
  [[nodiscard]] int index_of(retaind::Subject subject, std::int64_t row) const;

  const Shop* shop_;
  const retaind::Site* site_;
  const Controls* controls_;
  std::vector<retaind::language::Rule> rules_;
  mutable std::map<std::string, retaind::Zone> zones_;
};

}  // namespace sim
