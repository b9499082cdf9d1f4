#pragma once
#include <map>
#include <string>
#include <vector>

#include "language/plan.h"
#include "model/site.h"
#include "store/overview.h"

namespace retaind::app {

/// The books of one local day of due times; draft rules have none.
struct BalanceDay {
  LocalDate day;
  std::int64_t occurrences = 0;  ///< due, counted afresh from the facts by the triggers alone
  std::int64_t fired = 0;        ///< of these with messages in the ledger
  std::map<Reason, std::int64_t> not_fired;  ///< by reason
  std::int64_t messages = 0;                 ///< planned
  std::map<std::pair<MessageState, Reason>, std::int64_t> waiting;
  std::map<std::pair<MessageState, Reason>, std::int64_t> ended;
  std::int64_t stranded = 0;  ///< neither final nor ever looked at again

  [[nodiscard]] std::int64_t in_ledger() const;
  [[nodiscard]] bool even() const { return occurrences == in_ledger() && stranded == 0; }
};

/// The last `days` local days up to now. Occurrences that the daemon has not looked at yet (due
/// after the rule's last look) are in neither side.
std::vector<BalanceDay> balance(store::Database& database, const Site& site,
                                const std::vector<language::Rule>& rules, int days, Time now);

}  // namespace retaind::app
