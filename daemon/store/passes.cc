#include "store/passes.h"

#include <fmt/format.h>

namespace retaind::store {
namespace {

constexpr std::string_view pass_columns =
    "SELECT id, rule, draft, \"trigger\", subject, part, due, last_row, through_row, fired, ended "
    "FROM pass WHERE ";

PassRow read(const Statement& row) {
  PassRow pass;
  pass.id = row.integer(0);
  pass.rule = row.integer(1);
  pass.draft = row.integer(2) != 0;
  pass.trigger = row.integer(3);
  pass.subject = static_cast<Subject>(row.integer(4));
  pass.part = row.integer(5);
  pass.due = row.time(6);
  pass.last_row = row.integer(7);
  pass.through_row = row.integer(8);
  pass.fired = row.integer(9);
  pass.ended = row.maybe_time(10);
  return pass;
}

}  // namespace

std::optional<PassRow> Passes::open(std::int64_t rule, bool draft) {
  static const std::string sql =
      fmt::format("{}rule = ?1 AND draft = ?2 AND ended IS NULL", pass_columns);
  Statement& row = database_->prepared(sql).bind(1, rule).bind(2, int{draft});
  std::optional<PassRow> found;
  if (row.step()) found = read(row);
  row.reset();
  return found;
}

std::optional<std::int64_t> Passes::add(const PassRow& pass) {
  Statement& row = database_->prepared(
      "INSERT OR IGNORE INTO pass (rule, draft, \"trigger\", subject, part, due, last_row, "
      "through_row, fired, ended) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING id");
  row.bind(1, pass.rule)
      .bind(2, int{pass.draft})
      .bind(3, pass.trigger)
      .bind(4, static_cast<int>(pass.subject))
      .bind(5, pass.part)
      .bind(6, pass.due)
      .bind(7, pass.last_row)
      .bind(8, pass.through_row)
      .bind(9, pass.fired)
      .bind(10, pass.ended);
  std::optional<std::int64_t> id;
  while (row.step()) id = row.integer(0);
  return id;
}

void Passes::save(const PassRow& pass) {
  database_->prepared("UPDATE pass SET last_row = ?2, fired = ?3, ended = ?4 WHERE id = ?1")
      .bind(1, pass.id)
      .bind(2, pass.last_row)
      .bind(3, pass.fired)
      .bind(4, pass.ended)
      .run();
}

void Passes::count(std::int64_t pass, const PassCount& count) {
  if (count.rows == 0) return;
  database_
      ->prepared(
          "INSERT INTO pass_count (pass, reason, line, narrowed, rows) VALUES (?1, ?2, ?3, "
          "?4, ?5) ON CONFLICT DO UPDATE SET rows = rows + excluded.rows")
      .bind(1, pass)
      .bind(2, static_cast<int>(count.reason))
      .bind(3, count.line)
      .bind(4, int{count.narrowed})
      .bind(5, count.rows)
      .run();
}

std::vector<PassCount> Passes::counts(std::int64_t pass) {
  Statement& row =
      database_
          ->prepared(
              "SELECT reason, line, narrowed, rows FROM pass_count WHERE pass = ?1 ORDER BY "
              "reason, line, narrowed")
          .bind(1, pass);
  std::vector<PassCount> found;
  while (row.step())
    found.push_back({static_cast<Reason>(row.integer(0)), static_cast<int>(row.integer(1)),
                     row.integer(2) != 0, row.integer(3)});
  return found;
}

std::int64_t Passes::decided(const PassRow& pass) {
  return pass.fired + database_->prepared("SELECT sum(rows) FROM pass_count WHERE pass = ?1")
                          .bind(1, pass.id)
                          .single()
                          .value_or(0);
}

std::vector<PassRow> Passes::due(std::int64_t rule, bool draft, Time from, Time to) {
  static const std::string sql = fmt::format(
      "{}rule = ?1 AND draft = ?2 AND due >= ?3 AND due < ?4 ORDER BY due", pass_columns);
  Statement& row =
      database_->prepared(sql).bind(1, rule).bind(2, int{draft}).bind(3, from).bind(4, to);
  std::vector<PassRow> found;
  while (row.step()) found.push_back(read(row));
  return found;
}

std::int64_t Passes::rows_through(Subject subject, std::int64_t row) {
  // The `+` leaves the table itself alone: an index is a fraction of its pages.
  return database_
      ->prepared(fmt::format("SELECT count(*) FROM {} WHERE +id <= ?1", table_of(subject)))
      .bind(1, row)
      .single()
      .value_or(0);
}

}  // namespace retaind::store
