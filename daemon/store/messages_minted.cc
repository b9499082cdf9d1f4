#include "store/messages.h"

// Coupons and survey links, minted with a message.
namespace retaind::store {

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

}  // namespace retaind::store
