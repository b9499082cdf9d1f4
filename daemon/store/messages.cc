#include "store/messages.h"

#include <algorithm>

#include "store/ledger_cache.h"
#include "store/ledger_rows.h"

namespace retaind::store {
namespace {

std::vector<std::int64_t> ids(Statement& rows) {
  std::vector<std::int64_t> found;
  while (rows.step()) found.push_back(rows.integer(0));
  return found;
}

}  // namespace

std::optional<std::int64_t> Messages::add(const Message& m) {
  const std::optional<std::int64_t> id = insert(m);
  if (!id) return std::nullopt;
  LedgerCache& cache = database_->ledger_cache();
  cache.set_last_message(*id);
  if (m.firing) cache.count_message(*m.firing);
  if (m.state == MessageState::handed) cache.put(m);
  constexpr std::optional<Time> nowhere;
  cache.moved(m.channel, &nowhere, m.next_at);
  return id;
}

void Messages::write_behind(const Message& m) {
  database_->write_behind(Database::Behind::message,
                          {m.firing,
                           m.rule,
                           m.customer,
                           std::string_view(m.step),
                           m.repeat,
                           static_cast<int>(m.channel),
                           int{m.draft},
                           BehindValue::or_null(m.recipient),
                           static_cast<int>(m.state),
                           static_cast<int>(m.reason),
                           m.line,
                           m.due,
                           m.late_from,
                           m.next_at,
                           m.priority,
                           m.envelope,
                           int{m.is_envelope},
                           m.planned_at,
                           m.ended_at,
                           m.id,
                           m.attempts,
                           m.handed_at,
                           BehindValue::or_null(m.variant),
                           m.code == 0 ? std::nullopt : std::optional(m.code),
                           BehindValue::or_null(m.reply)},
                          m.id);
}

std::optional<std::int64_t> Messages::insert(const Message& m) {
  // Of a firing that is new in this transaction: there is no row like it.
  if (m.id != 0) {
    write_behind(m);
    return m.id;
  }
  // The table does not know the ids of what is kept aside.
  const bool numbered = database_->ledger_cache().ended.has_value();
  const int added = database_
                        ->prepared(
                            "INSERT OR IGNORE INTO message (firing, rule, customer, step, repeat, "
                            "channel, draft, recipient, state,"
                            " reason, line, due, late_from, next_at, priority, envelope, "
                            "is_envelope, planned_at, ended_at, id, attempts, handed_at, variant)"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
                            "?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)")
                        .bind(1, m.firing)
                        .bind(2, m.rule)
                        .bind(3, m.customer)
                        .bind(4, m.step)
                        .bind(5, m.repeat)
                        .bind(6, static_cast<int>(m.channel))
                        .bind(7, int{m.draft})
                        .bind_or_null(8, m.recipient)
                        .bind(9, static_cast<int>(m.state))
                        .bind(10, static_cast<int>(m.reason))
                        .bind(11, m.line)
                        .bind(12, m.due)
                        .bind(13, m.late_from)
                        .bind(14, m.next_at)
                        .bind(15, m.priority)
                        .bind(16, m.envelope)
                        .bind(17, int{m.is_envelope})
                        .bind(18, m.planned_at)
                        .bind(19, m.ended_at)
                        .bind(20, numbered ? std::optional(next_id()) : std::nullopt)
                        .bind(21, m.attempts)
                        .bind(22, m.handed_at)
                        .bind_or_null(23, m.variant)
                        .run();
  if (added == 0) return std::nullopt;
  return database_->last_insert_id();
}

std::int64_t Messages::next_id() {
  LedgerCache& cache = database_->ledger_cache();
  if (!cache.last_message()) {
    const auto last = database_->prepared("SELECT max(id) FROM message").single().value_or(0);
    cache.set_last_message(cache.ended ? std::max(last, cache.ended->last_message()) : last);
  }
  return *cache.last_message() + 1;
}

std::optional<Message> Messages::find(std::int64_t id) {
  if (const Message* known = database_->ledger_cache().message(id)) return *known;
  static const std::string sql = "SELECT " + message_columns() + " FROM message m WHERE id = ?1";
  Statement& row = database_->prepared(sql).bind(1, id);
  if (!row.step()) return std::nullopt;
  Message found = read_message(row);
  row.reset();
  return found;
}

void Messages::update(const Message& m, const Message* old) {
  // An index is written whenever one of its columns is named, changed or not.
  const bool moves = old == nullptr || old->due != m.due || old->late_from != m.late_from ||
                     old->envelope != m.envelope || old->customer != m.customer;
  const bool waits_anew = old == nullptr || old->next_at != m.next_at;
  const bool goes = moves || waits_anew || old->line != m.line || old->attempts != m.attempts ||
                    old->handed_at != m.handed_at || old->recipient != m.recipient;
  constexpr const char* outcome =
      "UPDATE message SET state = ?2, reason = ?3, ended_at = ?4, code = ?5, reply = ?6 "
      "WHERE id = ?1";
  constexpr const char* going =
      "UPDATE message SET state = ?2, reason = ?3, ended_at = ?4, code = ?5, reply = ?6, "
      "line = ?7, attempts = ?8, handed_at = ?9, recipient = ?10 WHERE id = ?1";
  constexpr const char* waiting =
      "UPDATE message SET state = ?2, reason = ?3, ended_at = ?4, code = ?5, reply = ?6, "
      "line = ?7, attempts = ?8, handed_at = ?9, recipient = ?10, next_at = ?11 WHERE id = ?1";
  constexpr const char* moving =
      "UPDATE message SET state = ?2, reason = ?3, ended_at = ?4, code = ?5, reply = ?6, "
      "line = ?7, attempts = ?8, handed_at = ?9, recipient = ?10, next_at = ?11, due = ?12, "
      "late_from = ?13, envelope = ?14, customer = ?15 WHERE id = ?1";
  Statement& update = database_->prepared(moves        ? moving
                                          : waits_anew ? waiting
                                          : goes       ? going
                                                       : outcome);
  update.bind(1, m.id)
      .bind(2, static_cast<int>(m.state))
      .bind(3, static_cast<int>(m.reason))
      .bind(4, m.ended_at)
      .bind(5, m.code == 0 ? std::nullopt : std::optional<std::int64_t>(m.code))
      .bind_or_null(6, m.reply);
  if (goes)
    update.bind(7, m.line).bind(8, m.attempts).bind(9, m.handed_at).bind_or_null(10, m.recipient);
  if (moves || waits_anew) update.bind(11, m.next_at);
  if (moves) update.bind(12, m.due).bind(13, m.late_from).bind(14, m.envelope).bind(15, m.customer);
  update.run();
}

void Messages::save(const Message& m) {
  LedgerCache& cache = database_->ledger_cache();
  const Message* old = cache.message(m.id);
  const bool waits_anew = old == nullptr || old->next_at != m.next_at;
  if (database_->waits(Database::Behind::message, m.id))
    write_behind(m);
  else
    update(m, old);
  if (waits_anew) cache.moved(m.channel, old == nullptr ? nullptr : &old->next_at, m.next_at);
  if (is_final(m.state) && !m.next_at)
    cache.put_away(m.id);
  else
    cache.put(m);
}

void Messages::set_variant(std::int64_t id, const std::string& variant) {
  database_->ledger_cache().drop_message(id);
  database_->prepared("UPDATE message SET variant = ?2 WHERE id = ?1")
      .bind(1, id)
      .bind_or_null(2, variant)
      .run();
}

std::vector<std::int64_t> Messages::fetch_due(Channel channel, Time now, int limit) {
  static const std::string sql =
      "SELECT " + message_columns() + ", (SELECT count(*) FROM message x WHERE x.firing = f.id), " +
      firing_columns() +
      " FROM message m LEFT JOIN firing f ON f.id = m.firing WHERE m.channel = ?1 AND m.next_at <= "
      "?2 ORDER BY m.next_at, m.priority DESC, m.due, m.id LIMIT ?3";
  LedgerCache& cache = database_->ledger_cache();
  if (const auto next = cache.next_check(channel); next && (!*next || **next > now)) return {};
  Statement& rows = database_->prepared(sql);
  rows.bind(1, static_cast<int>(channel)).bind(2, now).bind(3, limit);
  std::vector<std::int64_t> found;
  while (rows.step()) {
    const Message message = read_message(rows);
    found.push_back(message.id);
    cache.put(message);
    if (!message.firing || rows.is_null(message_column_count + 1)) continue;
    cache.put({read_firing(rows, message_column_count + 1),
               static_cast<int>(rows.integer(message_column_count)), false});
  }
  return found;
}

std::vector<std::int64_t> Messages::due(Channel channel, Time now, int limit) {
  Statement& rows = database_->prepared(
      "SELECT id FROM message WHERE channel = ?1 AND next_at <= ?2 ORDER BY next_at, priority "
      "DESC, due, id LIMIT ?3");
  return ids(rows.bind(1, static_cast<int>(channel)).bind(2, now).bind(3, limit));
}

std::vector<std::int64_t> Messages::due_behind(Channel channel, Time now, std::int64_t id,
                                               int limit) {
  return ids(database_
                 ->prepared("SELECT id FROM message WHERE channel = ?1 AND next_at <= ?2 AND id > "
                            "?3 ORDER BY id LIMIT ?4")
                 .bind(1, static_cast<int>(channel))
                 .bind(2, now)
                 .bind(3, id)
                 .bind(4, limit));
}

std::optional<Time> Messages::next_check(Channel channel) {
  LedgerCache& cache = database_->ledger_cache();
  if (const auto known = cache.next_check(channel)) return *known;
  Statement& row = database_->prepared(
      "SELECT min(next_at) FROM message WHERE channel = ?1 AND next_at IS NOT NULL");
  const auto at = row.bind(1, static_cast<int>(channel)).single();
  const auto next = at ? std::optional(from_ms(*at)) : std::nullopt;
  cache.set_next_check(channel, next);
  return next;
}

std::optional<Time> Messages::last_handed() {
  Statement& row = database_->prepared(
      "SELECT max(handed_at) FROM message WHERE draft = 0 AND state IN (3, 4, 5)");
  const auto at = row.single();
  if (!at) return std::nullopt;
  return from_ms(*at);
}

std::vector<std::int64_t> Messages::of_firing(std::int64_t firing) {
  return ids(
      database_->prepared("SELECT id FROM message WHERE firing = ?1 ORDER BY id").bind(1, firing));
}

bool Messages::firing_waits(std::int64_t firing, std::int64_t except) {
  if (database_->ledger_cache().has_one_message(firing)) return false;
  Statement& row = database_->prepared(
      "SELECT 1 FROM message WHERE firing = ?1 AND id <> ?2 AND (state < 4 OR next_at IS NOT NULL) "
      "LIMIT 1");
  return row.bind(1, firing).bind(2, except).single().has_value();
}

std::optional<Time> Messages::overtaken_at(std::int64_t firing, Time due) {
  // What is aside has no message in the table.
  if (firing < 0 || database_->ledger_cache().has_one_message(firing)) return std::nullopt;
  const auto at = database_
                      ->prepared(
                          "SELECT min(due) FROM message WHERE firing = ?1 AND due > ?2 AND "
                          "channel <> 0")
                      .bind(1, firing)
                      .bind(2, due)
                      .single();
  if (!at) return std::nullopt;
  return from_ms(*at);
}

bool Messages::on_its_way(std::int64_t firing) {
  return database_->prepared("SELECT 1 FROM message WHERE firing = ?1 AND state IN (2, 3) LIMIT 1")
      .bind(1, firing)
      .single()
      .has_value();
}

std::optional<std::int64_t> Messages::first_handed(std::int64_t firing) {
  return database_
      ->prepared(
          "SELECT min(id) FROM message WHERE firing = ?1 AND handed_at IS NOT NULL AND state NOT "
          "IN (6, 7)")
      .bind(1, firing)
      .single();
}

std::vector<std::int64_t> Messages::in_state(MessageState state) {
  // The partial index of claimed and handed rows is found only when the query names its condition.
  return ids(
      database_->prepared("SELECT id FROM message WHERE state = ?1 AND state IN (2, 3) ORDER BY id")
          .bind(1, static_cast<int>(state)));
}

std::vector<std::int64_t> Messages::waiting_of_customer(std::int64_t customer) {
  return ids(
      database_
          ->prepared(
              "SELECT id FROM message WHERE customer = ?1 AND next_at IS NOT NULL ORDER BY id")
          .bind(1, customer));
}

std::vector<std::int64_t> Messages::waiting_of_rule(std::int64_t rule, int limit,
                                                    std::int64_t after) {
  Statement& rows = database_->prepared(
      "SELECT id FROM message WHERE rule = ?1 AND state < 2 AND id > ?2 ORDER BY id LIMIT ?3");
  return ids(rows.bind(1, rule).bind(2, after).bind(3, limit));
}

std::vector<std::int64_t> Messages::lost_by(Time until, Time replaced_at, int limit) {
  return ids(
      database_
          ->prepared("SELECT id FROM message WHERE next_at IS NOT NULL AND draft = 0 AND (due "
                     "<= ?1 OR EXISTS (SELECT 1 FROM firing WHERE firing.id = message.firing "
                     "AND planned >= ?2 AND planned = message.due AND firing.due <= ?1)) "
                     "ORDER BY due, id LIMIT ?3")
          .bind(1, until)
          .bind(2, replaced_at)
          .bind(3, limit));
}

std::int64_t Messages::let_loose(std::int64_t rule, Time since, Time until) {
  return database_
      ->prepared(
          "SELECT count(*) FROM message WHERE rule = ?1 AND due <= ?3 AND draft "
          "= 0 AND channel <> 0 AND is_envelope = 0 AND (state < 2 OR handed_at "
          ">= ?2)")
      .bind(1, rule)
      .bind(2, since)
      .bind(3, until)
      .single()
      .value_or(0);
}

std::optional<std::int64_t> Messages::open_envelope(std::int64_t rule, std::string_view step,
                                                    std::string_view recipient) {
  Statement& row = database_->prepared(
      // One that was tried has its items frozen, and nothing joins it.
      "SELECT id FROM message WHERE rule = ?1 AND is_envelope = 1 AND state < 2 AND recipient = ?3 "
      "AND step = ?2 AND next_at IS NOT NULL AND handed_at IS NULL"
      " ORDER BY id DESC LIMIT 1");
  return row.bind(1, rule).bind(2, step).bind(3, recipient).single();
}

std::vector<std::int64_t> Messages::items_of(std::int64_t envelope) {
  return ids(database_->prepared("SELECT id FROM message WHERE envelope = ?1 ORDER BY due, id")
                 .bind(1, envelope));
}

void Messages::remove_envelope(std::int64_t id) {
  database_->ledger_cache().drop_message(id);
  database_->prepared("DELETE FROM message WHERE id = ?1 AND is_envelope = 1 AND handed_at IS NULL")
      .bind(1, id)
      .run();
}

void Messages::pause_marketing(std::int64_t customer, Time until) {
  database_
      ->prepared(
          "UPDATE customers SET marketing_paused_until = ?2 WHERE id = ?1 AND "
          "(marketing_paused_until IS NULL OR marketing_paused_until < ?2)")
      .bind(1, customer)
      .bind(2, until)
      .run();
}

}  // namespace retaind::store
