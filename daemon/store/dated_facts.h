#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "model/ledger.h"
#include "store/as_it_was.h"
#include "store/database.h"
#include "store/facts.h"

namespace retaind::store {

struct TicketStatus;

/// The facts of a store as a sequence in time, so that another store can live through them again:
/// each becomes visible at its own time. An order appears when it was placed and is completed when
/// it was completed; a ticket goes through its dated states, and what `history` tracks is what it
/// was. What has no past in the data (names, attributes) is used as last known.
class DatedFacts {
 public:
  struct Step {
    Time at;
    Subject subject = Subject::customer;
    enum class What : std::uint8_t { fact, ticket_status, consent, suppression } what = What::fact;
    std::int64_t row = 0;
  };

  explicit DatedFacts(Database& source) : source_(&source), as_it_was_(source) {}

  /// Every step up to `to`, in time order; those before `from` come at `from`.
  Result<std::vector<Step>> steps(Time from, Time to);
  /// The same of these customers alone.
  Result<std::vector<Step>> steps_of(const std::vector<std::int64_t>& customers, Time from,
                                     Time to);
  /// No more facts than this; costs nothing.
  std::size_t at_most();
  /// What came by `import --history` comes so again. A backtest leaves that out: had its rules been
  /// live, it would have been no history.
  void keep_history_until() { keeps_history_until_ = true; }
  /// Puts into `target` what the step's row was at the step's time.
  Result<void> apply(const Step& step, Facts& target);

 private:
  std::optional<Time> history_until_of(const Step& step);
  Result<void> apply_customer(const Step& step, Facts& target);
  Result<void> apply_order(const Step& step, Facts& target);
  Result<void> apply_subscription(const Step& step, Facts& target);
  Result<void> apply_ticket(const Step& step, Facts& target);
  std::vector<TicketStatus> said_of_status(const Step& step);
  Result<void> apply_feedback(const Step& step, Facts& target);
  Result<void> apply_event(const Step& step, Facts& target);
  Result<void> apply_consent(const Step& step, Facts& target);
  Result<void> apply_suppression(const Step& step, Facts& target);

  Database* source_;
  Time from_;  ///< of the steps
  AsItWas as_it_was_;
  bool keeps_history_until_ = false;
};

/// One line of what a ledger holds: a message, or an occurrence that ended before it had one.
struct OutcomeRow {
  std::string_view rule, step, subject, customer;
  int repeat = 0;
  Time due;
  std::optional<Time> at;  ///< hand-over, or when it ended
  MessageState state = MessageState::planned;
  Reason reason = Reason::none;
  int line = -1;             ///< of the rule, when a condition decided
  std::int64_t message = 0;  ///< 0: it has none
};

/// All of them, by (due, rule, subject, step, repeat).
template <class Visit>
void each_outcome(Database& database, Visit&& visit);
Statement& outcome_rows(Database& database);
OutcomeRow read_outcome(const Statement& row);

template <class Visit>
void each_outcome(Database& database, Visit&& visit) {
  Statement& rows = outcome_rows(database);
  while (rows.step()) visit(read_outcome(rows));
}

}  // namespace retaind::store
