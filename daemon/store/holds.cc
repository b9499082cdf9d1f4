#include "store/holds.h"

#include "store/ledger_cache.h"
#include "store/meta.h"

namespace retaind::store {
namespace {

constexpr std::string_view stamp_key = "hold_stamp";

}  // namespace

std::vector<HoldRow> Holds::in_force(Time now) {
  Statement& rows = database_->prepared(
      "SELECT id, scope, target, cause, until, because, author, at FROM hold"
      " WHERE released_at IS NULL AND (until IS NULL OR until > ?1) ORDER BY id");
  rows.bind(1, now);
  std::vector<HoldRow> holds;
  while (rows.step()) {
    holds.push_back({rows.integer(0), std::string(rows.text(1)), std::string(rows.text(2)),
                     std::string(rows.text(3)), rows.maybe_time(4), std::string(rows.text(5)),
                     std::string(rows.text(6)), rows.time(7)});
  }
  return holds;
}

std::int64_t Holds::add(const HoldRow& hold) {
  database_
      ->prepared(
          "INSERT INTO hold (scope, target, cause, until, because, author, at) VALUES (?1, ?2, ?3, "
          "?4, ?5, ?6, ?7)")
      .bind(1, hold.scope)
      .bind(2, hold.target)
      .bind(3, hold.cause)
      .bind(4, hold.until)
      .bind(5, hold.because)
      .bind(6, hold.author)
      .bind(7, hold.at)
      .run();
  const std::int64_t id = database_->last_insert_id();
  set_stamp();
  return id;
}

int Holds::release(std::string_view scope, std::string_view target, Time now) {
  set_stamp();
  return database_
      ->prepared(
          "UPDATE hold SET released_at = ?3 WHERE scope = ?1 AND target = ?2 AND released_at IS "
          "NULL AND (until IS NULL OR until > ?3)")
      .bind(1, scope)
      .bind(2, target)
      .bind(3, now)
      .run();
}

void Holds::release_cause(std::string_view cause, Time now) {
  set_stamp();
  database_->prepared("UPDATE hold SET released_at = ?2 WHERE cause = ?1 AND released_at IS NULL")
      .bind(1, cause)
      .bind(2, now)
      .run();
}

void Holds::rename_rule(std::string_view from, std::string_view to) {
  set_stamp();
  database_->prepared("UPDATE hold SET target = ?2 WHERE scope = 'rule' AND target = ?1")
      .bind(1, from)
      .bind(2, to)
      .run();
}

std::optional<Time> Holds::brake_released(std::string_view rule) {
  Statement& row = database_->prepared(
      "SELECT max(released_at) FROM hold WHERE scope = 'rule' AND target = ?1 AND cause = 'brake'");
  row.bind(1, rule);
  std::optional<Time> at;
  if (row.step()) at = row.maybe_time(0);
  row.reset();
  return at;
}

std::int64_t Holds::stamp() {
  LedgerCache& cache = database_->ledger_cache();
  if (cache.is_open() && cache.hold_stamp) return *cache.hold_stamp;
  const auto value = meta_value(*database_, stamp_key);
  const std::int64_t stamp = value ? std::stoll(*value) : 0;
  if (cache.is_open()) cache.hold_stamp = stamp;
  return stamp;
}

void Holds::set_stamp() {
  const std::int64_t next = stamp() + 1;
  database_->ledger_cache().hold_stamp.reset();
  set_meta_value(*database_, stamp_key, std::to_string(next));
}

}  // namespace retaind::store
