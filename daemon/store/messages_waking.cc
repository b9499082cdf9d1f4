#include "store/ledger_cache.h"
#include "store/messages.h"

// Messages whose next look comes earlier than was planned, and those parked behind another.
namespace retaind::store {
namespace {

std::vector<Messages::Asleep> read_asleep(Statement& rows) {
  std::vector<Messages::Asleep> found;
  while (rows.step()) found.push_back({rows.integer(0), rows.integer(1)});
  return found;
}

}  // namespace

std::vector<Messages::Asleep> Messages::asleep_of_row(Subject subject, std::int64_t row, Time at) {
  // CROSS JOIN: the firings of the row first, whatever SQLite makes of the time.
  auto found = read_asleep(
      database_
          ->prepared("SELECT m.id, m.rule FROM firing f CROSS JOIN message m ON m.firing = f.id "
                     "WHERE f.subject = ?1 AND f.row = ?2 AND f.open = 1 AND m.next_at > ?3")
          .bind(1, static_cast<int>(subject))
          .bind(2, row)
          .bind(3, at));
  if (subject != Subject::customer) return found;
  const auto others = asleep_of_customer(row, at);
  found.insert(found.end(), others.begin(), others.end());
  return found;
}

std::vector<Messages::Asleep> Messages::asleep_of_customer(std::int64_t customer, Time at) {
  return read_asleep(
      database_
          ->prepared("SELECT id, rule FROM message INDEXED BY message_customer WHERE customer = "
                     "?1 AND next_at > ?2")
          .bind(1, customer)
          .bind(2, at));
}

void Messages::wake(std::int64_t id, Time at) {
  database_->ledger_cache().drop_message(id);
  database_
      ->prepared(
          "UPDATE message SET next_at = ?2 WHERE id = ?1 AND next_at > ?2 AND state IN (0, 1, 5) "
          "AND "
          "(attempts = 0 OR reason <> 0)")
      .bind(1, id)
      .bind(2, at)
      .run();
}

int Messages::wake_reason(Reason reason, std::optional<std::int64_t> rule, Time at) {
  database_->ledger_cache().drop_messages();
  return database_
      ->prepared(
          "UPDATE message SET next_at = max(?3, due) WHERE next_at IS NOT NULL AND reason = ?1 AND "
          "(?2 IS NULL OR rule = ?2) AND next_at > ?3")
      .bind(1, static_cast<int>(reason))
      .bind(2, rule)
      .bind(3, at)
      .run();
}

int Messages::wake_rule(std::int64_t rule, Time at) {
  database_->ledger_cache().drop_messages();
  return database_->prepared("UPDATE message SET next_at = ?2 WHERE rule = ?1 AND next_at > ?2")
      .bind(1, rule)
      .bind(2, at)
      .run();
}

bool Messages::unpark(Channel channel, std::string_view recipient, Time at) {
  database_->ledger_cache().drop_messages();
  return database_
             ->prepared(
                 // `parked`, which as a parameter would hide its index. SQLite would take
                 // message_next, which is in order as well and has everybody's.
                 "UPDATE message SET next_at = ?3 WHERE id = (SELECT id FROM message INDEXED BY "
                 "message_parked WHERE channel = ?1 AND recipient = ?2 AND next_at = "
                 "253370851200000 ORDER BY priority DESC, due, id LIMIT 1)")
             .bind(1, static_cast<int>(channel))
             .bind(2, recipient)
             .bind(3, at)
             .run() > 0;
}

void Messages::unpark_all(Time at) {
  database_->ledger_cache().drop_messages();
  for (const Channel channel : {Channel::mail, Channel::webhook}) {
    database_->prepared("UPDATE message SET next_at = ?3 WHERE channel = ?1 AND next_at = ?2")
        .bind(1, static_cast<int>(channel))
        .bind(2, parked)
        .bind(3, at)
        .run();
  }
}

}  // namespace retaind::store
