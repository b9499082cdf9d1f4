#pragma once
#include <map>
#include <optional>
#include <vector>

#include "model/fields.h"
#include "model/ledger.h"
#include "store/database.h"

namespace retaind::store {

/// A slot of a schedule with `each`: the pass over all rows. Who gets a message has a firing;
/// everybody else is counted here.
struct PassRow {
  std::int64_t id = 0;
  std::int64_t rule = 0;
  bool draft = false;
  std::int64_t trigger = 0;
  Subject subject = Subject::customer;
  std::int64_t part = 0;  ///< the slot, as Firing::part
  Time due;
  std::int64_t last_row = 0;     ///< rows up to here are decided
  std::int64_t through_row = 0;  ///< the newest when it began: later ones are the next slot's
  std::int64_t fired = 0;        ///< rows that came to a firing
  std::optional<Time> ended;
};

/// Why rows of a pass came to no firing.
struct PassCount {
  Reason reason = Reason::none;
  int line = -1;          ///< of the condition that decided
  bool narrowed = false;  ///< an index says that the line is not true, and nobody has read them
  std::int64_t rows = 0;
};

/// Every call belongs to the caller's transaction.
class Passes {
 public:
  explicit Passes(Database& database) : database_(&database) {}

  /// The pass of a rule that is under way.
  std::optional<PassRow> open(std::int64_t rule, bool draft);
  /// Its id; nullopt when the slot has had its pass.
  std::optional<std::int64_t> add(const PassRow& pass);
  /// Where it stands.
  void save(const PassRow& pass);
  void count(std::int64_t pass, const PassCount& count);
  std::vector<PassCount> counts(std::int64_t pass);
  /// How many rows are decided: with a firing or without.
  std::int64_t decided(const PassRow& pass);
  /// By due in [from, to).
  std::vector<PassRow> due(std::int64_t rule, bool draft, Time from, Time to);
  /// Rows of the subject up to an id, counted in the facts.
  std::int64_t rows_through(Subject subject, std::int64_t row);

 private:
  Database* database_;
};

}  // namespace retaind::store
