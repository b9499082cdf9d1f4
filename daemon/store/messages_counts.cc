#include "store/messages.h"

// What is counted of messages: by recipient for the caps, by rule and day for the limits.
namespace retaind::store {
int Messages::counted_since(std::string_view recipient, Time after) {
  Statement& row = database_->prepared("SELECT count(*) FROM cap WHERE recipient = ?1 AND at > ?2");
  return static_cast<int>(row.bind(1, recipient).bind(2, after).single().value_or(0));
}

std::optional<Time> Messages::nth_newest_count(std::string_view recipient, int n) {
  Statement& row = database_->prepared(
      "SELECT at FROM cap WHERE recipient = ?1 ORDER BY at DESC LIMIT 1 OFFSET ?2");
  const auto at = row.bind(1, recipient).bind(2, n - 1).single();
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

}  // namespace retaind::store
