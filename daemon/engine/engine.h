#pragma once
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/result.h"
#include "engine/checks.h"
#include "engine/runs.h"
#include "engine/sender.h"
#include "language/plan.h"
#include "model/site.h"

namespace retaind::engine {

/// Turns facts into firings and planned messages. Passive: every call belongs to the caller's write
/// transaction and does what is due at `now`; next_due() says when there is more. Its cost follows
/// what became due and what changed.
class Engine {
 public:
  Engine(store::Database& database, Checks& checks, const Site& site);

  /// Takes over a checked set of rules: new ones are activated, edited ones get a new revision,
  /// missing ones are removed, paused and resumed ones noted (semantics 1-4). Within the caller's
  /// transaction.
  void adopt(std::vector<language::Rule> rules, Time now);

  /// At most about `limit` occurrences; of a rule that alone has something due no more than
  /// `sender` has an appetite for. True when more is due right now that is not held back for that.
  bool run_due(Time now, int limit = 1000, Sender* sender = nullptr);
  /// Decides what ends at once and is due by `until`, each at its own time, so that next_due() has
  /// only the times at which more happens: for a store that keeps_ended_aside() and whose facts do
  /// not change until then. After run_due() has found nothing more due. Whoever watches the checks
  /// sees every decision at its time, and nothing is decided ahead.
  void look_ahead(Time now, Time until);
  /// Leaves aside what is held back.
  [[nodiscard]] std::optional<Time> next_due() const;
  /// Whether more of this channel is due than the sender can use.
  [[nodiscard]] bool holds_back(Channel channel) const;
  /// Whether facts have changed that run_due() has not looked at.
  bool is_behind();

  /// The rule of a ledger row; nullptr when it no longer runs.
  Running* find(std::int64_t rule);
  [[nodiscard]] std::vector<std::unique_ptr<Running>>& running() { return running_; }
  Runs& runs() { return runs_; }
  /// What the last transaction learned in memory is void: it was rolled back.
  void forget(Time now);

  /// Whether the rule takes an occurrence, and whether as backlog.
  enum class Admission : std::uint8_t { none, regular, backlog };
  [[nodiscard]] Admission admission(const Running& running, const Occurrence& occurrence) const;

 private:
  void adopt_one(const language::Rule& rule, store::RuleRow* known, Time now);
  void take_over(Running& running, const store::RuleRow& known, Time now);
  void start_counting(store::RuleRow& row, const language::Rule& rule, Time now);
  void replan_all(Running& running, Time now);
  void count_for_brake(Running& running, Time now);
  bool read_feed(Time now, int limit);
  void handle(const store::FeedRow& change, Time now);
  void look_at_row(Running& running, std::int64_t row, Time now);
  void keep_vocabulary();
  std::vector<Occurrence> occurrences_of(Running& running, std::int64_t row, Time since, Time now);
  void look_at_known(Running& running, const Firing& firing,
                     const std::vector<Occurrence>& occurrences, Time since, Time now);
  void wake(const store::FeedRow& change, Time now);
  void consider(Running& running, const Occurrence& occurrence, Time now, Sender* sender = nullptr);
  Situation situation_of(Running& running, const Firing& firing, const Occurrence& occurrence,
                         Time now);
  bool place_as_read(Running& running, const Firing& firing, const Occurrence& occurrence);
  bool move(Running& running, Firing firing, const Occurrence& occurrence, Time now);
  bool scan(Running& running, Time now, int limit, Sender* sender);
  bool scan_newer(Running& running, Time now, int limit, Sender* sender);
  bool go_on(Running& running, Scan& scan, Time now, int limit, Sender* sender);
  void look_ahead(Running& running, Time now, Time until);
  bool scan_ahead(Running& running, Time now, Sender* sender);
  bool ends_ahead(Running& running, const Occurrence& occurrence, Time now);
  [[nodiscard]] bool stands(const Running& running, const Situation& situation,
                            const Decision& decision, Time now) const;
  std::optional<Time> next_after(Running& running, Time time);
  bool walk(Running& running, Time now, int limit, Sender* sender);
  void begin_pass(Running& running, const std::vector<ScheduleSlot>& slots, Time now);
  void end_pass(store::PassRow& pass, const store::PassCount& rest, Time now);
  void drop_passes(std::int64_t rule, Time now);
  void miss_slots(Running& running, const std::vector<ScheduleSlot>& slots, Time now);
  static store::PassRow pass_of(const Running& running, const ScheduleSlot& slot);
  [[nodiscard]] std::optional<TimeRange> narrowed(const Running& running, Time now) const;
  void look_up(Running& running, Time now);
  void pass_slice(Running& running, Time now, int limit, Sender* sender);
  void consider_in_pass(Running& running, const Occurrence& occurrence, Time now, Sender* sender);
  Firing firing_of(const Running& running, const Occurrence& occurrence) const;
  bool begin(Running& running, Firing& firing, const Occurrence& occurrence, const Decision* first,
             Time now, Sender* sender);
  void set_next(Running& running, std::optional<Time> next);
  void set_wakes(Running& running);
  static void set_wakes_of_others(Running& running, const language::Aggregate& aggregate);

  store::Database* database_;
  store::Ledger ledger_;
  store::Messages messages_;
  store::Passes passes_;
  Checks* checks_;
  const Site* site_;
  Runs runs_;
  std::vector<language::Rule> rules_;
  std::vector<std::unique_ptr<Running>> running_;
  /// By time, then by the rule's id: an order by address would differ from run to run.
  struct Earlier {
    bool operator()(const std::pair<Time, Running*>& a, const std::pair<Time, Running*>& b) const {
      return a.first != b.first ? a.first < b.first : a.second->row.id < b.second->row.id;
    }
  };
  std::set<std::pair<Time, Running*>, Earlier> heads_;  ///< one next candidate a rule
  std::vector<const Running*> held_back_;
  std::optional<Time> ahead_through_;
  bool pauses_ = false;  ///< a rule has a step that pauses advertising
  std::int64_t feed_seen_ = 0;
  bool feed_known_ = false;
};

/// What is due up to then is none of a rule's that is activated at that time.
Time counts_from(const language::Rule& rule, const Zone& site, Time activated);

/// How many occurrences due by `through` the facts hold: the rule leaves them out as backlog.
std::int64_t count_left_out(Trigger& trigger, Time through, Time now);

}  // namespace retaind::engine
