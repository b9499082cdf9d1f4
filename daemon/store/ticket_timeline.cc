#include "store/ticket_timeline.h"

#include <algorithm>

#include "store/change_feed.h"
#include "store/columns.h"

namespace retaind::store {
namespace {
constexpr int ticket_subject = static_cast<int>(Subject::ticket);
constexpr std::string_view unresolved = "ticket.unresolved";
/// Before a status in `history`: told by a later row.
constexpr char told_later = '~';

std::vector<TicketStatus> rows_of(Database& database, std::int64_t ticket) {
  Statement& rows = database.prepared(
      "SELECT valid_from, value FROM history WHERE subject = ?1 AND row = ?2 AND field = 'status' "
      "ORDER BY valid_from");
  rows.bind(1, ticket_subject).bind(2, ticket);
  std::vector<TicketStatus> all;
  while (rows.step()) all.push_back({rows.time(0), std::string(rows.text(1))});
  return all;
}
}  // namespace

bool is_resolved(std::string_view status) { return status == "solved" || status == "closed"; }

std::vector<TicketStatus> ticket_statuses(Database& database, std::int64_t ticket) {
  std::vector<TicketStatus> all = rows_of(database, ticket);
  bool resolved_next = false;
  for (auto entry = all.rbegin(); entry != all.rend(); ++entry) {
    if (!entry->status.starts_with(told_later))
      resolved_next = is_resolved(entry->status);
    else if (resolved_next)
      entry->status.erase(0, 1);
  }
  std::erase_if(all, [](const auto& entry) { return entry.status.starts_with(told_later); });
  return all;
}

void TicketWord::straighten(std::optional<Time> opened_at) {
  if (status == "solved") {
    if (!solved_at) solved_at = closed_at;
    closed_at.reset();
  }
  if (solved_at && closed_at) solved_at = std::min(solved_at, closed_at);
  if (!opened_at) return;
  if (solved_at) solved_at = std::max(solved_at, opened_at);
  if (closed_at) closed_at = std::max(closed_at, opened_at);
}

struct TicketTimeline::State {
  std::string status;
  std::optional<Time> opened_at, first_response_at, solved_at, closed_at, unresolved_since,
      history_until;
  std::int64_t episode = 0, reopens = 0;
  std::optional<Time> first_solved;  ///< end of the first unresolved stretch; not stored
};

TicketTimeline::State TicketTimeline::load(std::int64_t ticket) {
  Statement& row = database_.prepared(
      "SELECT status, opened_at, first_response_at, solved_at, closed_at, unresolved_since, "
      "history_until, "
      "unresolved_episode, reopens FROM tickets WHERE id = ?1");
  State state;
  if (row.bind(1, ticket).step()) {
    state = {std::string(row.text(0)), row.maybe_time(1), row.maybe_time(2), row.maybe_time(3),
             row.maybe_time(4),        row.maybe_time(5), row.maybe_time(6), row.integer(7),
             row.integer(8),           std::nullopt};
  }
  row.reset();
  return state;
}

void TicketTimeline::put_entry(std::int64_t ticket, Time from, std::string_view status) {
  database_
      .prepared(
          "INSERT INTO history (subject, row, field, valid_from, value) VALUES (?1, ?2, 'status', "
          "?3, ?4) "
          "ON CONFLICT (subject, row, field, valid_from) DO UPDATE SET value = excluded.value")
      .bind(1, ticket_subject)
      .bind(2, ticket)
      .bind(3, from)
      .bind(4, status)
      .run();
}

void TicketTimeline::put_where_none(std::int64_t ticket, Time from, const std::string& status) {
  database_
      .prepared(
          "INSERT INTO history (subject, row, field, valid_from, value) VALUES (?1, ?2, 'status', "
          "?3, ?4) ON CONFLICT DO NOTHING")
      .bind(1, ticket_subject)
      .bind(2, ticket)
      .bind(3, from)
      .bind(4, status)
      .run();
}

void TicketTimeline::put_told_later(std::int64_t ticket, const TicketWord& word) {
  if (!is_resolved(word.status)) return;
  // Closed first: what was both at once is closed.
  const std::pair<std::optional<Time>, std::string_view> told[] = {{word.closed_at, "closed"},
                                                                   {word.solved_at, "solved"}};
  for (const auto& [from, status] : told) {
    if (from && *from < *word.as_of)
      put_where_none(ticket, *from, told_later + std::string(status));
  }
}

void TicketTimeline::put_unless_in_force(std::int64_t ticket, Time from, std::string_view status) {
  Statement& row = database_.prepared(
      "SELECT value FROM history WHERE subject = ?1 AND row = ?2 AND field = 'status' AND "
      "valid_from <= ?3 "
      "ORDER BY valid_from DESC LIMIT 1");
  const bool in_force =
      row.bind(1, ticket_subject).bind(2, ticket).bind(3, from).step() && row.text(0) == status;
  row.reset();
  if (!in_force) put_entry(ticket, from, status);
}

/// Whether the ticket was solved or closed at that very time, perhaps before it was reopened.
bool TicketTimeline::was_resolved_at(std::int64_t ticket, std::optional<Time> from) {
  Statement& row = database_.prepared(
      "SELECT 1 FROM history WHERE subject = ?1 AND row = ?2 AND field = 'status' AND "
      "valid_from = ?3 AND value IN ('solved', 'closed', '~solved', '~closed')");
  const bool was = row.bind(1, ticket_subject).bind(2, ticket).bind(3, from).step();
  row.reset();
  return was;
}

/// The entry that stands for the opening moves with it, unless another one holds there.
void TicketTimeline::move_opening(std::int64_t ticket, Time from, Time to) {
  for (const std::string_view sql :
       {"DELETE FROM history WHERE subject = ?1 AND row = ?2 AND field = 'status' AND valid_from "
        "= ?4 AND EXISTS (SELECT 1 FROM history WHERE subject = ?1 AND row = ?2 AND field = "
        "'status' AND (valid_from = ?3 OR (valid_from > ?4 AND valid_from < ?3)))",
        "UPDATE history SET valid_from = ?3 WHERE subject = ?1 AND row = ?2 AND field = 'status' "
        "AND valid_from = ?4"}) {
    Statement& statement = database_.prepared(sql);
    statement.bind(1, ticket_subject).bind(2, ticket).bind(3, to).bind(4, from).run();
  }
}

bool TicketTimeline::agrees(std::int64_t ticket, const TicketWord& word) {
  if (word.status.empty()) return true;
  const State state = load(ticket);
  if (!word.as_of) {
    const bool resolved = is_resolved(word.status);
    const auto known = [&](std::optional<Time> said, std::optional<Time> kept) {
      return !said || said == kept || was_resolved_at(ticket, said);
    };
    return word.status == state.status && (!resolved || (known(word.solved_at, state.solved_at) &&
                                                         known(word.closed_at, state.closed_at)));
  }
  // A row that repeats the status before it counts too: a change between the two may still arrive.
  const auto all = rows_of(database_, ticket);
  const auto has = [&](Time from, auto&& fits) {
    return std::any_of(all.begin(), all.end(), [&](const Entry& entry) {
      return entry.from == from && fits(entry.status);
    });
  };
  const auto is_known = [&](std::optional<Time> told) {
    return !told || *told >= *word.as_of || has(*told, [](const auto&) { return true; });
  };
  return has(*word.as_of, [&](const auto& status) { return status == word.status; }) &&
         (!is_resolved(word.status) || (is_known(word.solved_at) && is_known(word.closed_at)));
}

void TicketTimeline::add(std::int64_t ticket, const TicketWord& word, bool is_new,
                         std::optional<Time> opened_before) {
  const State state = load(ticket);
  if (!is_new && opened_before && state.opened_at && opened_before != state.opened_at) {
    move_opening(ticket, *opened_before, *state.opened_at);
  }
  if (is_new) {
    add_first(ticket, word, state.opened_at);
  } else if (word.as_of && !word.status.empty()) {
    put_entry(ticket, *word.as_of, word.status);
    put_told_later(ticket, word);
  } else if (!word.status.empty()) {
    add_undated(ticket, word, state);
  }
}

/// Until the first thing that is known about it a ticket is new.
void TicketTimeline::add_first(std::int64_t ticket, const TicketWord& word,
                               std::optional<Time> opened_at) {
  const std::string_view status =
      word.status.empty() ? std::string_view("new") : std::string_view(word.status);
  if (word.as_of) {
    const bool began_before = opened_at && *opened_at < *word.as_of;
    if (!began_before || !word.status.empty()) put_entry(ticket, *word.as_of, status);
    put_told_later(ticket, word);
    if (began_before) put_where_none(ticket, *opened_at, "new");
    return;
  }
  if (!is_resolved(status)) {
    put_entry(ticket, opened_at.value_or(now_), status);
    return;
  }
  if (opened_at) put_entry(ticket, *opened_at, "new");
  add_undated(ticket, word, State{});
}

void TicketTimeline::add_undated(std::int64_t ticket, const TicketWord& word, const State& state) {
  const auto moved = [&](std::optional<Time> from, std::optional<Time> to) {
    if (!from || !to || from == to || was_resolved_at(ticket, to)) return;
    database_
        .prepared(
            "DELETE FROM history WHERE subject = ?1 AND row = ?2 AND field = 'status' AND "
            "valid_from = ?3 "
            "AND value IN ('solved', 'closed', '~solved', '~closed')")
        .bind(1, ticket_subject)
        .bind(2, ticket)
        .bind(3, *from)
        .run();
  };
  if (!is_resolved(word.status)) {
    // A solved_at beside an open status is from before the reopening; when that was, nobody says.
    put_unless_in_force(ticket, now_, word.status);
    return;
  }
  moved(state.solved_at, word.solved_at);
  moved(state.closed_at, word.closed_at);
  const bool closed = word.status == "closed";
  if (word.solved_at)
    put_entry(ticket, *word.solved_at, closed && !word.closed_at ? "closed" : "solved");
  if (word.closed_at) put_entry(ticket, *word.closed_at, "closed");
  // Whatever its dates, the word itself holds now: an export may repeat the date of the first
  // solution after a reopening.
  put_unless_in_force(ticket, now_, word.status);
}

std::vector<TicketTimeline::Stretch> TicketTimeline::walk(const std::vector<Entry>& entries,
                                                          State& state) {
  state.solved_at = state.closed_at = state.unresolved_since = state.first_solved = std::nullopt;
  state.reopens = 0;
  std::vector<Stretch> stretches;
  if (entries.empty()) return stretches;
  const Time opened = state.opened_at.value_or(entries.front().from);
  bool active = true;
  Time since = opened;
  for (const Entry& entry : entries) {
    const Time when = std::max(entry.from, opened);
    state.status = entry.status;
    if (is_resolved(entry.status)) {
      if (active) {
        if (when > since) stretches.push_back({since, when, 0});
        if (!state.first_solved) state.first_solved = when;
        state.solved_at = when;
        active = false;
      }
      if (entry.status == "closed" && !state.closed_at) state.closed_at = when;
    } else if (!active) {
      active = true;
      // What happened before the opening is no reopening.
      if (when > opened) ++state.reopens;
      since = when;
      state.solved_at = state.closed_at = std::nullopt;
    }
  }
  if (active) {
    stretches.push_back({since, std::nullopt, 0});
    state.unresolved_since = since;
  }
  return stretches;
}

std::vector<TicketTimeline::Stretch> TicketTimeline::stored_stretches(std::int64_t ticket,
                                                                      const State& state) {
  Statement& rows = database_.prepared(
      "SELECT since, until, episode FROM ended_episode WHERE state = 'ticket.unresolved' AND row = "
      "?1 "
      "ORDER BY episode");
  rows.bind(1, ticket);
  std::vector<Stretch> stored;
  while (rows.step()) stored.push_back({rows.time(0), rows.time(1), rows.integer(2)});
  if (state.unresolved_since)
    stored.push_back({*state.unresolved_since, std::nullopt, state.episode});
  return stored;
}

void TicketTimeline::number(std::vector<Stretch>& stretches, const std::vector<Stretch>& stored,
                            State& state) {
  std::int64_t highest = state.episode;
  std::vector<const Stretch*> left;
  for (const Stretch& old : stored) {
    highest = std::max(highest, old.episode);
    const auto same = std::find_if(stretches.begin(), stretches.end(), [&](const Stretch& stretch) {
      return stretch.episode == 0 && stretch.since == old.since;
    });
    if (same != stretches.end())
      same->episode = old.episode;
    else
      left.push_back(&old);
  }
  // A stretch with another beginning in the same place is the old one, corrected.
  auto old = left.begin();
  for (Stretch& stretch : stretches) {
    if (stretch.episode == 0 && old != left.end()) stretch.episode = (*old++)->episode;
    if (stretch.episode == 0) stretch.episode = ++highest;
  }
  if (!stretches.empty() && !stretches.back().until)
    state.episode = stretches.back().episode;
  else
    state.episode = std::max(state.episode, highest);
}

std::uint64_t TicketTimeline::settle(std::int64_t ticket) {
  const State before = load(ticket);
  const auto stored = stored_stretches(ticket, before);
  State after = before;
  auto stretches = walk(ticket_statuses(database_, ticket), after);
  number(stretches, stored, after);
  const bool episodes = settle_episodes(ticket, after, stretches, stored);
  const bool unanswered = settle_unanswered(ticket, after);

  std::uint64_t changed = 0;
  const auto differs = [&](std::string_view column, bool different) {
    if (different) changed |= column_mask(Subject::ticket, column);
  };
  differs("status", before.status != after.status);
  differs("solved_at", before.solved_at != after.solved_at);
  differs("closed_at", before.closed_at != after.closed_at);
  differs("unresolved_since", before.unresolved_since != after.unresolved_since);
  differs("unresolved_episode", before.episode != after.episode);
  differs("reopens", before.reopens != after.reopens);
  if (changed != 0) save(ticket, before, after);
  if (episodes || unanswered) changed |= column_mask(Subject::ticket, "solved_at");
  return changed;
}

void TicketTimeline::save(std::int64_t ticket, const State& before, const State& after) {
  database_
      .prepared(
          "UPDATE tickets SET status = ?2, solved_at = ?3, closed_at = ?4, unresolved_episode = "
          "?5, "
          "reopens = ?6 WHERE id = ?1")
      .bind(1, ticket)
      .bind(2, after.status)
      .bind(3, after.solved_at)
      .bind(4, after.closed_at)
      .bind(5, after.episode)
      .bind(6, after.reopens)
      .run();
  if (before.unresolved_since == after.unresolved_since) return;  // leaves its index alone
  database_.prepared("UPDATE tickets SET unresolved_since = ?2 WHERE id = ?1")
      .bind(1, ticket)
      .bind(2, after.unresolved_since)
      .run();
}

bool TicketTimeline::settle_episodes(std::int64_t ticket, const State& state,
                                     const std::vector<Stretch>& now,
                                     const std::vector<Stretch>& before) {
  bool changed = false;
  for (const Stretch& old : before) {
    if (!old.until) continue;
    const bool kept = std::any_of(now.begin(), now.end(), [&](const Stretch& stretch) {
      return stretch.episode == old.episode && stretch.until;
    });
    if (!kept) changed |= forget_ended(database_, unresolved, ticket, old.episode);
  }
  for (const Stretch& stretch : now) {
    if (!stretch.until) continue;
    const bool known = std::any_of(before.begin(), before.end(), [&](const Stretch& old) {
      return old.episode == stretch.episode && old.since == stretch.since &&
             old.until == stretch.until;
    });
    if (!known) {
      changed |=
          note_ended(database_, {unresolved, ticket, stretch.episode, stretch.since, *stretch.until,
                                 history_until_ ? history_until_ : state.history_until});
    }
  }
  return changed;
}

/// `ticket.unanswered` lasts from the opening to the first answer or the first solution, and has
/// one episode.
bool TicketTimeline::settle_unanswered(std::int64_t ticket, const State& state) {
  const bool active = !state.first_response_at && !is_resolved(state.status);
  std::optional<Time> until = state.first_response_at;
  if (!until || (state.first_solved && *state.first_solved < *until)) {
    until = state.first_solved ? state.first_solved : until;
  }
  if (!active && state.opened_at && until && *until > *state.opened_at) {
    return note_ended(database_, {"ticket.unanswered", ticket, 1, *state.opened_at, *until,
                                  history_until_ ? history_until_ : state.history_until});
  }
  return forget_ended(database_, "ticket.unanswered", ticket, 1);
}

}  // namespace retaind::store
