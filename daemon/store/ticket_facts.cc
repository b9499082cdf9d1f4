#include "store/change_feed.h"
#include "store/facts.h"
#include "store/ticket_timeline.h"

namespace retaind::store {
namespace {

constexpr std::uint64_t mask(std::string_view column) {
  return column_mask(Subject::ticket, column);
}

std::optional<Time> take_time(Row& row, std::string_view column) {
  std::optional<Time> time;
  if (row.has(column) && !row.cell(column).is_null()) time = from_ms(row.cell(column).integer);
  row.drop(column);
  return time;
}

}  // namespace

/// Compares all but the status, which is compared with its history: takes that out of the row.
Facts::Found Facts::compare_ticket(Row& row, TicketWord& word) {
  if (row.has("status")) word.status = row.cell("status").text;
  row.drop("status");
  word.solved_at = take_time(row, "solved_at");
  word.closed_at = take_time(row, "closed_at");
  if (row.has("as_of") && !row.cell("as_of").is_null())
    word.as_of = from_ms(row.cell("as_of").integer);
  else
    row.drop("as_of");
  const auto opened = static_cast<std::size_t>(column_index(Subject::ticket, "opened_at"));
  Found found = compare(row);
  std::optional<Time> opened_at;
  if (row.has("opened_at") && !row.cells[opened].is_null())
    opened_at = from_ms(row.cells[opened].integer);
  else if (found.id != 0)
    opened_at = found.stored->maybe_time(static_cast<int>(opened) + 1);
  word.straighten(opened_at);
  const int as_of = column_index(Subject::ticket, "as_of") + 1;
  if (found.id != 0 && word.as_of && found.stored->maybe_time(as_of) > word.as_of) {
    found.changed = 0;  // an older row only completes the history
  }
  return found;
}

Written Facts::preview_ticket(Row row) {
  TicketWord word;
  const Found found = compare_ticket(row, word);
  release(found);
  if (found.id == 0) return {Change::inserted, 0, all_columns(Subject::ticket)};
  const bool same =
      found.changed == 0 && TicketTimeline(database_, now_, history_until_).agrees(found.id, word);
  return {same ? Change::unchanged : Change::updated, found.id, found.changed};
}

Written Facts::put_ticket(Row row) {
  TicketWord word;
  const Found found = compare_ticket(row, word);
  TicketTimeline timeline(database_, now_, history_until_);
  const bool is_new = found.id == 0;
  if (!is_new && found.changed == 0 && timeline.agrees(found.id, word)) {
    release(found);
    return {Change::unchanged, found.id, 0};
  }
  const int customer_column = column_index(Subject::ticket, "customer") + 1;
  const int status_column = column_index(Subject::ticket, "status") + 1;
  const std::int64_t customer_before = is_new ? 0 : found.stored->integer(customer_column);
  const bool open_before = !is_new && !is_resolved(found.stored->text(status_column));
  const auto opened_before =
      is_new ? std::nullopt
             : found.stored->maybe_time(column_index(Subject::ticket, "opened_at") + 1);

  Written written{is_new ? Change::inserted : Change::updated, found.id,
                  is_new ? all_columns(Subject::ticket) : found.changed};
  if (is_new) {
    written.row = insert(row);
  } else if (found.changed != 0) {
    keep_history(row, found);
    update(row, found.id, found.changed);
  }
  const bool moved =
      (found.changed & (mask("customer") | mask("opened_at") | mask("first_response_at"))) != 0;
  release(found);

  timeline.add(written.row, word, is_new, opened_before);
  if (is_new || moved || !word.status.empty()) written.columns |= timeline.settle(written.row);

  Statement& after = database_.prepared("SELECT customer, status FROM tickets WHERE id = ?1");
  after.bind(1, written.row).step();
  const std::int64_t customer_after = after.integer(0);
  const bool open_after = !is_resolved(after.text(1));
  after.reset();
  if (customer_before == customer_after) {
    roll_ups_.open_tickets(customer_after,
                           static_cast<int>(open_after) - static_cast<int>(open_before));
  } else {
    roll_ups_.open_tickets(customer_before, open_before ? -1 : 0);
    roll_ups_.open_tickets(customer_after, open_after ? 1 : 0);
  }
  // When a row was last spoken of is no fact about the ticket.
  if ((written.columns & ~mask("as_of")) != 0) {
    note_change(database_, Subject::ticket, written.row, written.columns, now_);
  }
  return written;
}

}  // namespace retaind::store
