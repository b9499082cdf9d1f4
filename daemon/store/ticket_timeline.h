#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/database.h"

namespace retaind::store {

/// What a source says about a ticket's status.
struct TicketWord {
  std::string status;         ///< empty: nothing
  std::optional<Time> as_of;  ///< of a dated row: the status holds from then on
  std::optional<Time> solved_at,
      closed_at;  ///< beside an unresolved status nothing is read in them

  /// Dates that contradict one another: nothing ends before it began, what is closed is solved, and
  /// the status itself is believed first.
  void straighten(std::optional<Time> opened_at);
};

bool is_resolved(std::string_view status);  // solved or closed

/// From when on a ticket had a status.
struct TicketStatus {
  Time from;
  std::string status;
};
/// All that is known of one, in order.
std::vector<TicketStatus> ticket_statuses(Database& database, std::int64_t ticket);

/// A ticket's status over time. Every change is a row of `history` (field `status`), and all that
/// rules read is computed from these rows, so that a change that arrives late, or a corrected time,
/// gives what it would have given in order:
/// - status, solved_at, closed_at: the end of the line, and the first solved and closed of its last
/// resolved stretch;
/// - unresolved_since: opened_at, or the change that reopened it; empty while solved or closed;
/// - an episode of `ticket.unresolved` for each unresolved stretch. A number once given stays with
/// its episode, also
///   when its times are corrected; an episode that turns up late gets the next free number.
///   Stretches without length are none.
/// A dated row that says since when the ticket has been solved or closed adds that time too, marked
/// as told by a later row: it counts where the next row after it knows the ticket as solved or
/// closed as well, so that no row's status is contradicted, in whatever order they come.
class TicketTimeline {
 public:
  TicketTimeline(Database& database, Time now, std::optional<Time> history_until)
      : database_(database), now_(now), history_until_(history_until) {}

  /// Whether the stored history says already what `word` says.
  bool agrees(std::int64_t ticket, const TicketWord& word);
  /// Adds what `word` says. For a new ticket, the base row is written already; `opened_before` is
  /// what opened_at was.
  void add(std::int64_t ticket, const TicketWord& word, bool is_new,
           std::optional<Time> opened_before);
  /// Brings the derived columns and the ended episodes up to date. Returns the columns that
  /// changed; `solved_at` is among them when an episode that is over did.
  std::uint64_t settle(std::int64_t ticket);

 private:
  using Entry = TicketStatus;
  struct Stretch {
    Time since;
    std::optional<Time> until;
    std::int64_t episode = 0;
  };
  struct State;
  State load(std::int64_t ticket);
  std::vector<Stretch> stored_stretches(std::int64_t ticket, const State& state);
  static std::vector<Stretch> walk(const std::vector<Entry>& entries, State& state);
  static void number(std::vector<Stretch>& stretches, const std::vector<Stretch>& stored,
                     State& state);
  void put_entry(std::int64_t ticket, Time from, std::string_view status);
  bool was_resolved_at(std::int64_t ticket, std::optional<Time> from);
  void move_opening(std::int64_t ticket, Time from, Time to);
  void put_where_none(std::int64_t ticket, Time from, const std::string& status);
  void put_told_later(std::int64_t ticket, const TicketWord& word);
  void put_unless_in_force(std::int64_t ticket, Time from, std::string_view status);
  void add_undated(std::int64_t ticket, const TicketWord& word, const State& state);
  void add_first(std::int64_t ticket, const TicketWord& word, std::optional<Time> opened_at);
  void save(std::int64_t ticket, const State& before, const State& after);
  bool settle_episodes(std::int64_t ticket, const State& state, const std::vector<Stretch>& now,
                       const std::vector<Stretch>& before);
  bool settle_unanswered(std::int64_t ticket, const State& state);

  Database& database_;
  Time now_;
  std::optional<Time> history_until_;
};

}  // namespace retaind::store
