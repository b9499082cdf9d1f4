#include "store/ledger_rows.h"

namespace retaind::store {

std::string firing_columns() {
  return "f.id, f.rule, f.draft, f.\"trigger\", f.subject, f.row, f.part, f.customer, f.anchor, "
         "f.due, f.planned, f.open, f.reason, f.line, f.scope, f.held_out, f.withdrawn";
}

Firing read_firing(const Statement& row, int at) {
  Firing f;
  f.id = row.integer(at + 0);
  f.rule = row.integer(at + 1);
  f.draft = row.integer(at + 2) != 0;
  f.trigger = row.integer(at + 3);
  f.subject = static_cast<Subject>(row.integer(at + 4));
  f.row = row.integer(at + 5);
  f.part = row.integer(at + 6);
  f.customer = row.maybe_integer(at + 7);
  f.anchor = row.maybe_time(at + 8);
  f.due = row.time(at + 9);
  f.planned = row.time(at + 10);
  f.open = row.integer(at + 11) != 0;
  f.reason = static_cast<Reason>(row.integer(at + 12));
  f.line = static_cast<int>(row.integer(at + 13));
  f.scope = row.maybe_integer(at + 14);
  if (const auto held_out = row.maybe_integer(at + 15)) f.held_out = *held_out != 0;
  f.withdrawn = row.integer(at + 16) != 0;
  return f;
}

std::string message_columns() {
  return "m.id, m.firing, m.rule, m.customer, m.step, m.repeat, m.channel, m.draft, m.recipient, "
         "m.state, m.reason, m.line, m.due, m.late_from, m.next_at, m.priority, m.attempts, "
         "m.envelope, m.is_envelope, m.planned_at, m.handed_at, m.ended_at, m.code, m.reply, "
         "m.variant";
}

Message read_message(const Statement& row) {
  Message m;
  m.id = row.integer(0);
  m.firing = row.maybe_integer(1);
  m.rule = row.integer(2);
  m.customer = row.maybe_integer(3);
  m.step = row.text(4);
  m.repeat = static_cast<int>(row.integer(5));
  m.channel = static_cast<Channel>(row.integer(6));
  m.draft = row.integer(7) != 0;
  m.recipient = row.text(8);
  m.state = static_cast<MessageState>(row.integer(9));
  m.reason = static_cast<Reason>(row.integer(10));
  m.line = static_cast<int>(row.integer(11));
  m.due = row.time(12);
  m.late_from = row.time(13);
  m.next_at = row.maybe_time(14);
  m.priority = static_cast<int>(row.integer(15));
  m.attempts = static_cast<int>(row.integer(16));
  m.envelope = row.maybe_integer(17);
  m.is_envelope = row.integer(18) != 0;
  m.planned_at = row.time(19);
  m.handed_at = row.maybe_time(20);
  m.ended_at = row.maybe_time(21);
  m.code = static_cast<int>(row.integer(22));
  m.reply = row.text(23);
  m.variant = row.text(24);
  return m;
}

std::string subject_key() {
  return "CASE f.subject WHEN 0 THEN (SELECT key FROM customers WHERE id = f.row) WHEN 1 THEN "
         "(SELECT key FROM orders WHERE id = f.row) WHEN 2 THEN (SELECT key FROM items WHERE id = "
         "f.row) WHEN 3 THEN (SELECT key FROM subscriptions WHERE id = f.row) WHEN 4 THEN (SELECT "
         "key FROM tickets WHERE id = f.row) WHEN 5 THEN (SELECT key FROM feedback WHERE id = "
         "f.row) WHEN 6 THEN (SELECT key FROM events WHERE id = f.row) ELSE '' END";
}

}  // namespace retaind::store
