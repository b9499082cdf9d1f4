#pragma once
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/decide.h"
#include "engine/trigger.h"
#include "model/outbox.h"
#include "model/site.h"
#include "store/holds.h"
#include "store/ledger.h"
#include "store/messages.h"

namespace retaind::engine {

/// Holds that apply now, kept in memory and read again when the store's stamp of them changes.
class ActiveHolds {
 public:
  /// True when something changed since the last call.
  bool refresh(store::Database& database, Time now);
  [[nodiscard]] const store::HoldRow* find(std::string_view rule,
                                           std::optional<std::int64_t> customer) const;
  [[nodiscard]] const std::vector<store::HoldRow>& all() const { return rows_; }
  /// Whether one of this cause and target is among them.
  [[nodiscard]] bool has(std::string_view cause, std::string_view target = {}) const;

 private:
  std::vector<store::HoldRow> rows_;
  std::map<std::string, std::size_t, std::less<>> by_rule_;
  std::map<std::int64_t, std::size_t> by_customer_;
  std::optional<std::size_t> everything_;
  std::int64_t stamp_ = -1;
  std::optional<Time> next_end_;
};

struct Running;

/// Gathers on one snapshot what decide() may look at. The same for the first look when a firing is
/// made, for every look before a send and for a retry.
class Checks {
 public:
  Checks(store::Database& database, const Site& site);

  struct Subject {
    const language::Rule* rule = nullptr;
    const store::RuleRow* row = nullptr;
    const language::Step* step = nullptr;
    Trigger* trigger = nullptr;
    const store::Candidate* candidate =
        nullptr;  ///< as the facts are now; nullptr when the row is gone
    Time due;
    Time late_from;
    std::optional<std::int64_t> scope;
    bool place_read = false;  ///< nothing has changed the place since the candidate was read
    std::optional<std::int64_t> firing;  ///< of a message that is looked at again
    std::optional<std::int64_t> message;
    std::optional<std::int64_t> customer;
    bool draft = false;
    bool ended = false;  ///< the episode is over
    std::optional<bool> held_out;
  };
  /// What is asked about a message of a firing; `candidate` is its row as the facts are now.
  static Subject subject_of(const Running& running, const language::Step& step,
                            const Firing& firing, const Message& message,
                            const store::Candidate* candidate);
  /// Caps, limits and the holdout are looked at only for a message: the first look, at an
  /// occurrence, leaves them to the claim.
  Situation situation(const Subject& subject, Time now);
  /// Sees each situation before it is decided on, and has no say in it. For stories, which tell
  /// which conditions a test never reached; nobody watches the daemon.
  using Watch = std::function<void(const Subject&, const Situation&)>;
  void set_watch(Watch watch) { watch_ = std::move(watch); }
  [[nodiscard]] bool is_watched() const { return watch_ != nullptr; }

  void refresh_holds(Time now) { holds_.refresh(*database_, now); }
  ActiveHolds& holds() { return holds_; }
  /// The clock jumped: nothing leaves until it is steady.
  void set_clock_hold(std::optional<Time> until) { clock_hold_ = until; }
  [[nodiscard]] std::optional<Time> clock_hold() const { return clock_hold_; }

  [[nodiscard]] bool in_holdout(const store::RuleRow& row, const language::Rule& rule,
                                std::string_view customer_key) const;
  /// Who a step's message goes to: a keyed address, a team, an endpoint; empty when there is no
  /// address.
  [[nodiscard]] std::string recipient(const language::Step& step,
                                      const store::Candidate* candidate) const;
  [[nodiscard]] std::optional<Time> late_at(const language::Rule& rule, Time late_from,
                                            const Zone& zone) const;
  [[nodiscard]] int day_of(Time time) const;

 private:
  Situation gather(const Subject& subject, Time now);
  void check_windows(const Subject& subject, const Zone& zone, Situation& situation) const;
  void check_holds(const Subject& subject, Situation& situation) const;
  void check_place(const Subject& subject, Situation& situation);
  void check_counts(const Subject& subject, Situation& situation);
  [[nodiscard]] std::optional<Time> next_free_day(const Subject& subject, Time now);
  [[nodiscard]] bool check_holdout(const Subject& subject) const;

  /// The stretch of the rule's send window in which `time` lies; nullptr: it never opens again. An
  /// unknown calendar is always open. Valid until the next call.
  [[nodiscard]] const Calendar::Opening* stretch_of(const language::Rule& rule, Time time,
                                                    const Zone& zone) const;
  /// What a calendar answered for a stretch of time: the rows of one tick ask for the same one.
  struct Opening {
    std::string calendar;
    Zone zone = Zone::utc();
    Calendar::Opening answer;
  };

  store::Database* database_;
  store::Ledger ledger_;
  store::Messages messages_;
  const Site* site_;
  ActiveHolds holds_;
  mutable std::array<Opening, 4> openings_;  ///< the one used last first
  std::optional<Time> clock_hold_;
  Watch watch_;
};

}  // namespace retaind::engine
