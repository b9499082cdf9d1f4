#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/decide.h"
#include "engine/engine.h"
#include "engine/evaluate.h"

namespace retaind::engine {

/// A line of if, unless, stop-if or hold-while with what it says.
struct ExplainedLine {
  language::Line line;
  int number = -1;  ///< as Decision::line counts
  Truth truth = Truth::unknown;
  std::string values;  ///< "customer.orders_count = 3"
};

/// The condition with a Decision's number; nullptr: none.
const language::Condition* condition_at(const language::Rule& rule, int line);

/// What the ledger has of a message.
struct KnownMessage {
  Message message;
  std::string values;  ///< read by the decision that ended it; empty when the trace is gone
  std::optional<Time> digest_closes;  ///< of one that waits in a digest
};

/// One occurrence of a rule and why it goes, waits or does not.
struct Explained {
  std::string row;  ///< the site's own id of the row; empty for a schedule
  std::int64_t part = 0;
  std::optional<Time> anchor;
  Time due;
  bool in_facts = true;  ///< false: the ledger has it and the facts do not any more
  bool ended = false;    ///< of a state: over again
  bool counted = false;  ///< a pass came to the row and did not match it: the ledger has a count
  Engine::Admission admission = Engine::Admission::regular;

  std::optional<Firing> firing;  ///< of the ledger
  std::vector<KnownMessage> messages;
  bool over = false;  ///< nothing will happen any more: the ledger has how it ended

  // The rest is about the message that comes next; of an occurrence that is over, by the facts of
  // the time asked for, and decides nothing.
  const language::Step* step = nullptr;
  std::string variant;  ///< template, when the step has variants
  Time message_due;
  Situation situation;  ///< without the cells
  std::vector<Checked> checks;
  std::vector<ExplainedLine> lines;
  Decision decision;
  std::optional<Decision> when_due;  ///< before the due time: what the facts say for it
  std::optional<Time> changes_at;    ///< when time alone next changes verdict, reason or line
  std::string address;               ///< keyed; for who wants to ask more

  /// Of the digest that the next message waits in.
  [[nodiscard]] std::optional<Time> digest_closes() const;
};

/// Asks engine's own Situation and decide() about one rule and one customer. Reads only.
class Explainer {
 public:
  /// Rule and site outlive this object. `row` as the ledger has it; a rule that never ran has an id
  /// of 0.
  Explainer(store::Database& database, const Site& site, const language::Rule& rule,
            store::RuleRow row);

  struct Answer {
    std::vector<Explained> occurrences;  ///< by due
    std::size_t rows = 0;                ///< of the customer that the rule could count from
    std::size_t left_out = 0;            ///< older or later occurrences that are not in the list
  };
  /// The daemon's clock has jumped, and it sends nothing until then.
  void set_clock_hold(std::optional<Time> until) { clock_until_ = until; }
  /// What runs, the last `most` that ended and the next ones; by the facts of now as they are at
  /// `at`.
  Answer explain(std::int64_t customer, Time at, std::size_t most);

 private:
  /// The message that is asked about, of the ledger or as it would be planned.
  struct Subject {
    const language::Step* step = nullptr;
    std::int64_t row = 0;
    Firing firing;
    Message message;
    bool in_ledger = false;
  };
  struct Look {
    Situation situation;  ///< cells stand on the row read last
    Decision decision;
    Zone zone = Zone::utc();  ///< of the send window
    std::optional<Time> consent_until, marketing_paused_until;
    std::vector<Time> flags_turn;  ///< dates behind flags
  };
  struct Found {
    Explained explained;
    std::int64_t row = 0;
    std::optional<std::int64_t> customer;
  };
  std::vector<Found> gather(std::int64_t customer, Time at, std::size_t& rows);
  std::vector<Found> gather_slots(Time at);
  bool is_counted(const Found& found);
  std::vector<Occurrence> occurrences_of(std::int64_t row, Time since, Time at) const;
  Found make(const Occurrence& occurrence) const;
  void add_known(std::vector<Found>& found, std::int64_t row);
  void read_messages(Explained& explained);
  Subject subject_of(const Found& found, Time at) const;
  Look look(const Subject& subject, Checks& checks, Time at);
  void explain_one(Explained& explained, const Subject& subject, Time at);
  void read_lines(Explained& explained, const Look& look) const;
  std::optional<Time> next_answer(const Subject& subject, Time at);
  std::optional<Time> next_point(const Subject& subject, const Look& look, Time until);
  void points_of(Check check, const Subject& subject, const Look& look, Time until,
                 const std::function<void(Time)>& consider);

  store::Database* database_;
  const Site* site_;
  Running running_;
  store::Ledger ledger_;
  store::Messages messages_;
  Checks checks_;
  Engine engine_;
  std::optional<Time> clock_until_;
};

}  // namespace retaind::engine
