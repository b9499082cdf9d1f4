#include "store/messages.h"

namespace retaind::store {
namespace {

constexpr const char* message_columns =
    "id, firing, rule, customer, step, repeat, channel, draft, recipient, state, reason, line, "
    "due, late_from, next_at, priority,"
    " attempts, envelope, is_envelope, planned_at, handed_at, ended_at, code, reply";

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
  return m;
}

std::vector<std::int64_t> ids(Statement& rows) {
  std::vector<std::int64_t> found;
  while (rows.step()) found.push_back(rows.integer(0));
  return found;
}

std::optional<std::int64_t> one(Statement& row) {
  std::optional<std::int64_t> found;
  if (row.step()) found = row.maybe_integer(0);
  row.reset();
  return found;
}

}  // namespace

std::optional<std::int64_t> Messages::add(const Message& m) {
  const int added = database_
                        ->prepared(
                            "INSERT OR IGNORE INTO message (firing, rule, customer, step, repeat, "
                            "channel, draft, recipient, state,"
                            " reason, line, due, late_from, next_at, priority, envelope, "
                            "is_envelope, planned_at, ended_at)"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
                            "?15, ?16, ?17, ?18, ?19)")
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
                        .run();
  if (added == 0) return std::nullopt;
  return database_->last_insert_id();
}

std::optional<Message> Messages::find(std::int64_t id) {
  static const std::string sql =
      std::string("SELECT ") + message_columns + " FROM message WHERE id = ?1";
  Statement& row = database_->prepared(sql).bind(1, id);
  if (!row.step()) return std::nullopt;
  Message found = read_message(row);
  row.reset();
  return found;
}

void Messages::save(const Message& m) {
  database_
      ->prepared(
          "UPDATE message SET state = ?2, reason = ?3, line = ?4, due = ?5, late_from = ?6, "
          "next_at = ?7, attempts = ?8,"
          " envelope = ?9, handed_at = ?10, ended_at = ?11, code = ?12, reply = ?13, recipient = "
          "?14, customer = ?15 WHERE id = ?1")
      .bind(1, m.id)
      .bind(2, static_cast<int>(m.state))
      .bind(3, static_cast<int>(m.reason))
      .bind(4, m.line)
      .bind(5, m.due)
      .bind(6, m.late_from)
      .bind(7, m.next_at)
      .bind(8, m.attempts)
      .bind(9, m.envelope)
      .bind(10, m.handed_at)
      .bind(11, m.ended_at)
      .bind(12, m.code == 0 ? std::nullopt : std::optional<std::int64_t>(m.code))
      .bind_or_null(13, m.reply)
      .bind_or_null(14, m.recipient)
      .bind(15, m.customer)
      .run();
}

std::vector<std::int64_t> Messages::due(Channel channel, Time now, int limit) {
  Statement& rows = database_->prepared(
      "SELECT id FROM message WHERE channel = ?1 AND next_at <= ?2 ORDER BY next_at, priority "
      "DESC, due, id LIMIT ?3");
  return ids(rows.bind(1, static_cast<int>(channel)).bind(2, now).bind(3, limit));
}

std::optional<Time> Messages::next_check(Channel channel) {
  Statement& row = database_->prepared(
      "SELECT min(next_at) FROM message WHERE channel = ?1 AND next_at IS NOT NULL");
  const auto at = one(row.bind(1, static_cast<int>(channel)));
  if (!at) return std::nullopt;
  return from_ms(*at);
}

std::vector<std::int64_t> Messages::of_firing(std::int64_t firing) {
  return ids(
      database_->prepared("SELECT id FROM message WHERE firing = ?1 ORDER BY id").bind(1, firing));
}

bool Messages::firing_waits(std::int64_t firing, std::int64_t except) {
  Statement& row = database_->prepared(
      "SELECT 1 FROM message WHERE firing = ?1 AND id <> ?2 AND (state < 4 OR next_at IS NOT NULL) "
      "LIMIT 1");
  return one(row.bind(1, firing).bind(2, except)).has_value();
}

std::optional<Time> Messages::overtaken_at(std::int64_t firing, Time due) {
  const auto at =
      one(database_
              ->prepared("SELECT min(due) FROM message WHERE firing = ?1 AND due > ?2 AND "
                         "channel <> 0")
              .bind(1, firing)
              .bind(2, due));
  if (!at) return std::nullopt;
  return from_ms(*at);
}

bool Messages::on_its_way(std::int64_t firing) {
  return one(database_
                 ->prepared("SELECT 1 FROM message WHERE firing = ?1 AND state IN (2, 3) LIMIT 1")
                 .bind(1, firing))
      .has_value();
}

std::optional<std::int64_t> Messages::first_handed(std::int64_t firing) {
  return one(
      database_->prepared("SELECT min(id) FROM message WHERE firing = ?1 AND handed_at IS NOT NULL")
          .bind(1, firing));
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

void Messages::wake(std::int64_t id, Time at) {
  database_
      ->prepared(
          "UPDATE message SET next_at = ?2 WHERE id = ?1 AND next_at > ?2 AND state < 2 AND "
          "(attempts = 0 OR reason <> 0)")
      .bind(1, id)
      .bind(2, at)
      .run();
}

int Messages::wake_reason(Reason reason, std::optional<std::int64_t> rule, Time at) {
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
  return database_->prepared("UPDATE message SET next_at = ?2 WHERE rule = ?1 AND next_at > ?2")
      .bind(1, rule)
      .bind(2, at)
      .run();
}

void Messages::unpark(Channel channel, std::string_view recipient, Time at) {
  database_
      ->prepared(
          "UPDATE message SET next_at = ?4 WHERE id = (SELECT id FROM message WHERE channel = ?1 "
          "AND next_at = ?2 AND recipient = ?3 ORDER BY priority DESC, due, id LIMIT 1)")
      .bind(1, static_cast<int>(channel))
      .bind(2, parked)
      .bind(3, recipient)
      .bind(4, at)
      .run();
}

void Messages::unpark_all(Time at) {
  for (const Channel channel : {Channel::mail, Channel::webhook}) {
    database_->prepared("UPDATE message SET next_at = ?3 WHERE channel = ?1 AND next_at = ?2")
        .bind(1, static_cast<int>(channel))
        .bind(2, parked)
        .bind(3, at)
        .run();
  }
}

std::vector<std::int64_t> Messages::waiting_until(Time due, int limit) {
  return ids(database_
                 ->prepared("SELECT id FROM message WHERE next_at IS NOT NULL AND draft = 0 AND "
                            "due <= ?1 ORDER BY due, id LIMIT ?2")
                 .bind(1, due)
                 .bind(2, limit));
}

std::int64_t Messages::let_loose(std::int64_t rule, Time since, Time until) {
  return one(database_
                 ->prepared("SELECT count(*) FROM message WHERE rule = ?1 AND due <= ?3 AND draft "
                            "= 0 AND channel <> 0 AND is_envelope = 0 AND (state < 2 OR handed_at "
                            ">= ?2)")
                 .bind(1, rule)
                 .bind(2, since)
                 .bind(3, until))
      .value_or(0);
}

std::optional<std::int64_t> Messages::open_envelope(std::int64_t rule, std::string_view step,
                                                    std::string_view recipient) {
  Statement& row = database_->prepared(
      // One that was tried has its items frozen, and nothing joins it.
      "SELECT id FROM message WHERE rule = ?1 AND is_envelope = 1 AND state < 2 AND recipient = ?3 "
      "AND step = ?2 AND next_at IS NOT NULL AND handed_at IS NULL"
      " ORDER BY id DESC LIMIT 1");
  return one(row.bind(1, rule).bind(2, step).bind(3, recipient));
}

std::vector<std::int64_t> Messages::items_of(std::int64_t envelope) {
  return ids(database_->prepared("SELECT id FROM message WHERE envelope = ?1 ORDER BY due, id")
                 .bind(1, envelope));
}

void Messages::remove_envelope(std::int64_t id) {
  database_->prepared("DELETE FROM message WHERE id = ?1 AND is_envelope = 1 AND handed_at IS NULL")
      .bind(1, id)
      .run();
}

int Messages::counted_since(std::string_view recipient, Time after) {
  Statement& row = database_->prepared("SELECT count(*) FROM cap WHERE recipient = ?1 AND at > ?2");
  return static_cast<int>(one(row.bind(1, recipient).bind(2, after)).value_or(0));
}

std::optional<Time> Messages::nth_newest_count(std::string_view recipient, int n) {
  Statement& row = database_->prepared(
      "SELECT at FROM cap WHERE recipient = ?1 ORDER BY at DESC LIMIT 1 OFFSET ?2");
  const auto at = one(row.bind(1, recipient).bind(2, n - 1));
  if (!at) return std::nullopt;
  return from_ms(*at);
}

void Messages::add_count(std::string_view recipient, Time at, std::int64_t message) {
  database_->prepared("INSERT OR IGNORE INTO cap (recipient, at, message) VALUES (?1, ?2, ?3)")
      .bind(1, recipient)
      .bind(2, at)
      .bind(3, message)
      .run();
}

void Messages::drop_count(std::string_view recipient, std::int64_t message) {
  database_->prepared("DELETE FROM cap WHERE recipient = ?1 AND message = ?2")
      .bind(1, recipient)
      .bind(2, message)
      .run();
}

Messages::Day Messages::day(std::int64_t rule, int yyyymmdd) {
  Statement& row =
      database_->prepared("SELECT used, reserved FROM rule_day WHERE rule = ?1 AND day = ?2")
          .bind(1, rule)
          .bind(2, yyyymmdd);
  Day day;
  if (row.step()) day = {static_cast<int>(row.integer(0)), static_cast<int>(row.integer(1))};
  row.reset();
  return day;
}

void Messages::use_day(std::int64_t rule, int yyyymmdd, int by) {
  database_
      ->prepared(
          "INSERT INTO rule_day (rule, day, used) VALUES (?1, ?2, ?3) ON CONFLICT (rule, day) DO "
          "UPDATE SET used = used + excluded.used")
      .bind(1, rule)
      .bind(2, yyyymmdd)
      .bind(3, by)
      .run();
}

void Messages::reserve_day(std::int64_t rule, int yyyymmdd) {
  database_
      ->prepared(
          "INSERT INTO rule_day (rule, day, reserved) VALUES (?1, ?2, 1) ON CONFLICT (rule, day) "
          "DO UPDATE SET reserved = reserved + 1")
      .bind(1, rule)
      .bind(2, yyyymmdd)
      .run();
}

std::optional<std::pair<int, Messages::Day>> Messages::last_reserved(std::int64_t rule) {
  Statement& row = database_->prepared(
      "SELECT day, used, reserved FROM rule_day WHERE rule = ?1 AND reserved > 0 ORDER BY day DESC "
      "LIMIT 1");
  std::optional<std::pair<int, Day>> found;
  if (row.bind(1, rule).step()) {
    found = {static_cast<int>(row.integer(0)),
             {static_cast<int>(row.integer(1)), static_cast<int>(row.integer(2))}};
  }
  row.reset();
  return found;
}

void Messages::forget_reserved(std::int64_t rule, int from_yyyymmdd) {
  database_->prepared("UPDATE rule_day SET reserved = 0 WHERE rule = ?1 AND day >= ?2")
      .bind(1, rule)
      .bind(2, from_yyyymmdd)
      .run();
}

std::optional<CouponRow> Messages::coupon(std::int64_t message) {
  Statement& row = database_->prepared(
      "SELECT code, rule, customer, name, percent_off, amount_minor, currency, single_use, "
      "valid_until, minted_at FROM coupon WHERE message = ?1");
  if (!row.bind(1, message).step()) return std::nullopt;
  CouponRow c;
  c.code = row.text(0);
  c.message = message;
  c.rule = row.integer(1);
  c.customer = row.maybe_integer(2);
  c.name = row.text(3);
  c.percent_off = row.maybe_integer(4);
  c.amount_minor = row.maybe_integer(5);
  c.currency = row.text(6);
  c.single_use = row.integer(7) != 0;
  c.valid_until = row.maybe_time(8);
  c.minted_at = row.time(9);
  row.reset();
  return c;
}

void Messages::add_coupon(const CouponRow& c) {
  database_
      ->prepared(
          "INSERT INTO coupon (code, message, rule, customer, name, percent_off, amount_minor, "
          "currency, single_use, valid_until,"
          " minted_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")
      .bind(1, c.code)
      .bind(2, c.message)
      .bind(3, c.rule)
      .bind(4, c.customer)
      .bind(5, c.name)
      .bind(6, c.percent_off)
      .bind(7, c.amount_minor)
      .bind_or_null(8, c.currency)
      .bind(9, int{c.single_use})
      .bind(10, c.valid_until)
      .bind(11, c.minted_at)
      .run();
}

void Messages::extend_coupon(std::int64_t message, Time valid_until) {
  database_->prepared("UPDATE coupon SET valid_until = ?2 WHERE message = ?1")
      .bind(1, message)
      .bind(2, valid_until)
      .run();
}

std::optional<SurveyRow> Messages::survey(std::int64_t message) {
  Statement& row = database_->prepared(
      "SELECT token, rule, customer, kind, subject, row, minted_at FROM survey WHERE message = ?1");
  if (!row.bind(1, message).step()) return std::nullopt;
  SurveyRow s;
  s.token = row.text(0);
  s.message = message;
  s.rule = row.integer(1);
  s.customer = row.maybe_integer(2);
  s.kind = row.text(3);
  if (const auto subject = row.maybe_integer(4)) s.subject = static_cast<Subject>(*subject);
  s.row = row.maybe_integer(5);
  s.minted_at = row.time(6);
  row.reset();
  return s;
}

void Messages::add_survey(const SurveyRow& s) {
  database_
      ->prepared(
          "INSERT INTO survey (token, message, rule, customer, kind, subject, row, minted_at) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
      .bind(1, s.token)
      .bind(2, s.message)
      .bind(3, s.rule)
      .bind(4, s.customer)
      .bind(5, s.kind)
      .bind(6, s.subject ? std::optional<std::int64_t>(static_cast<int>(*s.subject)) : std::nullopt)
      .bind(7, s.row)
      .bind(8, s.minted_at)
      .run();
}

void Messages::void_minted(std::int64_t message, Time at) {
  database_->prepared("UPDATE coupon SET voided_at = ?2 WHERE message = ?1 AND voided_at IS NULL")
      .bind(1, message)
      .bind(2, at)
      .run();
  database_->prepared("UPDATE survey SET voided_at = ?2 WHERE message = ?1 AND voided_at IS NULL")
      .bind(1, message)
      .bind(2, at)
      .run();
}

void Messages::revive_minted(std::int64_t message) {
  database_->prepared("UPDATE coupon SET voided_at = NULL WHERE message = ?1")
      .bind(1, message)
      .run();
  database_->prepared("UPDATE survey SET voided_at = NULL WHERE message = ?1")
      .bind(1, message)
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

void Messages::save_body(std::int64_t message, Time at, std::string_view bytes) {
  database_
      ->prepared(
          "INSERT OR REPLACE INTO message_body (message, at, bytes) VALUES (?1, ?2, CAST(?3 AS "
          "BLOB))")
      .bind(1, message)
      .bind(2, at)
      .bind(3, bytes)
      .run();
}

std::optional<std::string> Messages::body(std::int64_t message) {
  Statement& row =
      database_->prepared("SELECT CAST(bytes AS TEXT) FROM message_body WHERE message = ?1")
          .bind(1, message);
  if (!row.step()) return std::nullopt;
  std::string bytes{row.text(0)};
  row.reset();
  return bytes;
}

}  // namespace retaind::store
