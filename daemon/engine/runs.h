#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/checks.h"
#include "engine/trigger.h"
#include "model/outbox.h"

namespace retaind::engine {

/// A rule that runs: its text, its row in the ledger, its trigger.
struct Running {
  const language::Rule* rule = nullptr;
  store::RuleRow row;
  std::int64_t trigger_id = 0;
  std::unique_ptr<Trigger> trigger;
  std::optional<Time> next;               ///< the earliest due that may not be in the ledger yet
  std::optional<Trigger::Cursor> cursor;  ///< a scan that was cut, through `scan_through`
  Time scan_through;
  std::uint64_t wakes[subject_count] = {};  ///< columns whose change wakes waiting messages
  std::int64_t brake_count = 0;  ///< messages planned within the first hour of this revision
  [[nodiscard]] bool draft() const { return rule->status == language::RuleStatus::draft; }
};

/// How a firing runs through its steps: which messages it plans, what comes after one has ended,
/// when it is over.
class Runs {
 public:
  Runs(store::Database& database, Checks& checks, const Site& site);

  /// Plans the first message and every `after:` step of a new firing. `first` is the decision at
  /// the due time.
  void begin(Running& running, Firing& firing, const Occurrence& occurrence, const Decision& first,
             Time now);

  /// The message has its final state, saved already: plans the repeat or the next step, ends the
  /// run where the reason says so, keeps or gives back the once-per place. `gone_at` is its
  /// hand-over (unknown: its claim), or when it ended.
  void advance(Running& running, const Firing& firing, const Message& message, Time gone_at,
               Time now);

  /// Ends what still waits for this reason and closes the firing.
  void end(Running& running, const Firing& firing, Reason reason, int line, Time now);

  /// Writes a message's final state for a reason that is no send.
  void skip(Message& message, Reason reason, int line, Time now);

  /// The step of a message; nullptr when the rule no longer has it.
  [[nodiscard]] static const language::Step* step_of(const language::Rule& rule,
                                                     std::string_view key);
  [[nodiscard]] std::optional<std::int64_t> scope_of(const language::Rule& rule, std::int64_t row,
                                                     std::optional<std::int64_t> customer) const;

 private:
  Message plan(const Running& running, const Firing& firing, const language::Step& step, Time due,
               Time now) const;
  void plan_next(Running& running, const Firing& firing, std::size_t after_index, Time base,
                 Time now);
  void settle(Running& running, const Firing& firing, Reason reason, int line);
  void count_for_brake(Running& running, const Message& message, Time now);

  store::Ledger ledger_;
  store::Messages messages_;
  Checks* checks_;
  const Site* site_;
};

/// After these no later step of the firing is of use.
bool ends_run(Reason reason);

}  // namespace retaind::engine
