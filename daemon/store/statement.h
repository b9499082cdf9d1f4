#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/cell.h"

struct sqlite3_stmt;

namespace retaind::store {

/// A prepared statement of a Database, which caches it and outlives it. Reading a value is a plain
/// call into SQLite: SQLiteCpp's Column copies a shared_ptr a value, which doubles the cost of
/// reading a row.
///
/// Failures do not come back from each call: step() returns false and the Database remembers the
/// first error of the transaction, which commit() then reports. So a chain of statements reads
/// straight and nothing half-done is committed.
class Statement {
 public:
  /// `touches`: a bit for each Behind table that it reads or writes.
  Statement(sqlite3_stmt* handle, class Database& database, unsigned touches)
      : handle_(handle), database_(&database), touches_(touches) {}

  /// Parameters are numbered from 1. Text is bound without a copy and must live until the next
  /// reset.
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, int value) { return bind(index, std::int64_t{value}); }
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view value);
  Statement& bind(int index, const char* value) { return bind(index, std::string_view(value)); }
  Statement& bind(int index, const std::string& value) {
    return bind(index, std::string_view(value));
  }
  Statement& bind(int index, Time value) { return bind(index, to_ms(value)); }
  Statement& bind(int index, std::optional<std::int64_t> value);
  Statement& bind(int index, std::optional<Time> value);
  /// An empty text becomes NULL.
  Statement& bind_or_null(int index, std::string_view value);
  Statement& bind_null(int index);

  /// Moves to the next row; false at the end or after an error. At the end the statement is reset.
  bool step();
  /// For statements without rows: step and reset. The number of changed rows.
  int run();
  void reset();
  /// For one number at most: the first column of the first row, and reset. Empty: no row, or NULL.
  std::optional<std::int64_t> single();

  // Columns count from 0. Text lives until the next step or reset.
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::optional<std::int64_t> maybe_integer(int column) const;
  [[nodiscard]] Time time(int column) const { return from_ms(integer(column)); }
  [[nodiscard]] std::optional<Time> maybe_time(int column) const;
  /// The same, with one call less where most rows have NULL.
  [[nodiscard]] std::optional<Time> rare_time(int column) const;
  [[nodiscard]] Cell cell(int column) const;

 private:
  sqlite3_stmt* handle_;
  Database* database_;
  unsigned touches_;
};

}  // namespace retaind::store
