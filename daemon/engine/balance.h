#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "language/plan.h"
#include "model/site.h"
#include "store/overview.h"

namespace retaind::engine {

/// The books of one local day of due times (design, section 6).
struct BalanceDay {
  LocalDate day;
  std::int64_t occurrences = 0;  ///< due, counted afresh from the facts by the triggers alone
  std::int64_t unseen = 0;       ///< due besides, which nobody has looked at yet
  std::int64_t fired = 0;        ///< of these with messages in the ledger
  std::map<Reason, std::int64_t> not_fired;  ///< by reason
  std::int64_t messages = 0;                 ///< planned
  std::map<std::pair<MessageState, Reason>, std::int64_t> waiting;
  std::map<std::pair<MessageState, Reason>, std::int64_t> ended;
  /// Messages whose state, reason and next check contradict each other, and firings that are open
  /// with nothing to wait for or closed with something: 0, or a mistake of this program.
  std::int64_t stranded = 0;

  [[nodiscard]] std::int64_t in_ledger() const;
  [[nodiscard]] std::int64_t accounted() const;  ///< messages, waiting and ended
  [[nodiscard]] bool even() const {
    return occurrences == in_ledger() && messages == accounted() && stranded == 0;
  }
};

/// The last `days` local days up to now, over all live and paused rules together; drafts have no
/// books. Occurrences due after the rule's last look that are not in the ledger are `unseen` and in
/// neither side; those due before the rule counts, which earlier revisions may have fired, nowhere.
std::vector<BalanceDay> balance(store::Database& database, const Site& site,
                                const std::vector<language::Rule>& rules, int days, Time now);

}  // namespace retaind::engine
