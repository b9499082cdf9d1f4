#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/checks.h"
#include "engine/pass.h"
#include "engine/trigger.h"
#include "model/outbox.h"
#include "store/people.h"

namespace retaind::engine {

/// Looks through what is due in a range; it may be cut and go on later.
struct Scan {
  TimeRange due;
  Trigger::Cursor cursor;
  bool found = false;        ///< anything so far
  std::optional<Time> seen;  ///< the last anchor
  /// Whether it has gone by an occurrence that has changed.
  [[nodiscard]] bool passed(const Occurrence& occurrence, Time found_at) const {
    return found_at > due.after && found_at <= due.through &&
           (occurrence.ended || !seen || occurrence.anchor <= seen);
  }
};

/// A rule that runs: its text, its row in the ledger, its trigger.
struct Running {
  const language::Rule* rule = nullptr;
  store::RuleRow row;
  std::int64_t trigger_id = 0;
  std::unique_ptr<Trigger> trigger;
  std::optional<Time> next;     ///< the earliest due that may not be in the ledger yet
  std::optional<Scan> scan;     ///< that was cut
  std::optional<Scan> newer;    ///< of what is due behind the end of `scan`, which goes before it
  Time newer_from;              ///< up to there it has been looked through
  std::int64_t news_after = 0;  ///< the rule was new then, so that older changes tell it nothing
  std::optional<Pass> pass;     ///< of a rule with `each:`
  bool held_back = false;       ///< more is due than the sender can use now
  std::optional<Time> ahead_through;  ///< what ends at once by then is in the ledger already …
  struct Stop {
    Time at;
    std::unique_ptr<store::Candidate> row;  ///< as it is then, when it was kept
  };
  std::vector<Stop> ahead_stops;  ///< … and at these times there is more to do; the next last
  std::unordered_set<std::int64_t> places;  ///< once-per places that this slice has looked at
  std::uint64_t wakes[subject_count] = {};  ///< columns whose change wakes waiting messages
  std::uint64_t wakes_others[subject_count] = {};  ///< the same, of all rows of one customer
  std::int64_t brake_count = 0;  ///< messages that would go within the first hour of this revision
  bool may_brake = true;         ///< planning on may find more than the brake allows
  [[nodiscard]] bool draft() const { return rule->status == language::RuleStatus::draft; }
  [[nodiscard]] Time brake_ends() const { return row.revised_at + std::chrono::hours{1}; }
};

/// How a firing runs through its steps: which messages it plans, what comes after one has ended,
/// when it is over.
class Runs {
 public:
  Runs(store::Database& database, const Site& site);

  /// Sender::take(): whether a message has gone its own way, so that it is not to be planned.
  using Take = std::function<bool(const language::Step& step, Message& message, bool at_once)>;
  struct Begun {
    /// The decision at the due time about first_step(); nullptr when that is still to come.
    const Decision* first = nullptr;
    const Take* take = nullptr;    ///< asked about the only message of a firing, when it is to go
    bool arrives_at_once = false;  ///< what is taken has arrived
    bool is_new = false;           ///< it is known that the occurrence has no firing
    std::optional<store::EndedFirings::Keys> keys;  ///< when they are known
  };
  /// Plans the first message and every `after:` step of a new firing. False, and nothing done, when
  /// the occurrence has a firing already.
  bool begin(Running& running, Firing& firing, const Begun& begun, Time now);
  /// The step that is due with the firing itself; nullptr when all have an `after:`.
  [[nodiscard]] static const language::Step* first_step(const language::Rule& rule);
  [[nodiscard]] static Channel channel_of(const language::Step& step);

  /// The anchor has moved or the rule was edited: what still waits gets its due time anew from the
  /// firing, is looked at again, and `after:` steps that the rule has gained are planned unless
  /// their time is past.
  void replan(Running& running, const Firing& firing, Time now);

  /// The message has its final state, saved already: plans the repeat or the next step, ends the
  /// run where the reason says so, keeps or gives back the once-per place. `gone_at` is its
  /// hand-over (unknown: its claim), or when it ended.
  void advance(Running& running, const Firing& firing, const Message& message, Time gone_at,
               Time now);
  /// The same for a firing whose rule is gone: nothing follows.
  void conclude(const Firing& firing, const Message& message, Time gone_at);
  /// An edit has dropped the step of a message that waited; the run goes on behind it.
  void drop_step(Running& running, const Firing& firing, Message& message, Time now);

  /// Ends what still waits for this reason and closes the firing.
  void end(const Firing& firing, Reason reason, int line, Time now);
  /// Writes a message's final state for a reason that is no send. One that may have arrived
  /// stays `unknown`.
  void skip(Message& message, Reason reason, int line, Time now);
  /// Something has left or may have: the once-per place is this firing's for good.
  void keep_place(const Firing& firing, Time at);

  /// The step of a message; nullptr when the rule no longer has it.
  [[nodiscard]] static const language::Step* step_of(const language::Rule& rule,
                                                     std::string_view key);
  /// The once-per place of an occurrence; empty when the rule has no `once-per`.
  [[nodiscard]] static std::optional<std::int64_t> scope_of(const language::Rule& rule,
                                                            std::int64_t row,
                                                            std::optional<std::int64_t> customer);

 private:
  Message plan(const Running& running, const Firing& firing, const language::Step& step, Time due,
               Time now);
  void keep_variant(const language::Step& step, Message& message);
  std::optional<Message> add(Running& running, Message message);
  bool begin_anew(Running& running, Firing& firing, const Begun& begun, Time now);
  bool begin_at_once(Running& running, Firing& firing, const Begun& begun, Time now);
  void plan_all(Running& running, const Firing& firing, const Begun& begun, Time now);
  static void count_for_brake(Running& running, const Message& message);
  void plan_next(Running& running, const Firing& firing, std::size_t from_index, Time base,
                 Time now);
  [[nodiscard]] Time after_due(const language::Rule& rule, const Firing& firing,
                               const language::Step& step) const;
  [[nodiscard]] std::optional<Time> due_anew(const Firing& firing, const language::Step& step,
                                             const Message& message,
                                             const std::vector<Message>& all,
                                             const language::Rule& rule) const;
  std::vector<Message> messages_of(const Firing& firing);
  /// `kept`: something of it has left, so its place is not given back.
  void settle(const Firing& firing, Reason reason, int line, bool kept = false);

  store::Ledger ledger_;
  store::Messages messages_;
  store::People people_;
  const Site* site_;
};

/// After these no later step of the firing is of use.
bool ends_run(Reason reason);
/// Whether this decision about the first message leaves nothing to plan: the firing is over.
bool ends_at_once(const language::Rule& rule, const Decision& first);

}  // namespace retaind::engine
