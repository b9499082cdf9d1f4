#include "store/statement.h"

#include <sqlite3.h>

#include "store/database.h"

namespace retaind::store {

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(handle_, index, value);
  return *this;
}

Statement& Statement::bind(int index, double value) {
  sqlite3_bind_double(handle_, index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view value) {
  // A null data pointer would bind NULL where an empty text is meant.
  sqlite3_bind_text(handle_, index, value.data() == nullptr ? "" : value.data(),
                    static_cast<int>(value.size()), SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind(int index, std::optional<std::int64_t> value) {
  return value ? bind(index, *value) : bind_null(index);
}

Statement& Statement::bind(int index, std::optional<Time> value) {
  return value ? bind(index, *value) : bind_null(index);
}

Statement& Statement::bind_or_null(int index, std::string_view value) {
  return value.empty() ? bind_null(index) : bind(index, value);
}

Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(handle_, index);
  return *this;
}

bool Statement::step() {
  if (handle_ == nullptr || database_->is_void())
    return false;  // failed before: the Database knows
  if (touches_ != 0 && !database_->written(touches_)) return false;
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_->fail(code, sqlite3_sql(handle_));
  sqlite3_reset(handle_);
  return false;
}

int Statement::run() {
  if (handle_ == nullptr || database_->is_void() || !database_->written(touches_)) return 0;
  const int code = sqlite3_step(handle_);
  sqlite3* connection = sqlite3_db_handle(handle_);
  const int changed = sqlite3_changes(connection);
  if (code != SQLITE_DONE && code != SQLITE_ROW) database_->fail(code, sqlite3_sql(handle_));
  sqlite3_reset(handle_);
  return code == SQLITE_DONE ? changed : 0;
}

std::optional<std::int64_t> Statement::single() {
  std::optional<std::int64_t> found;
  if (step()) found = maybe_integer(0);
  reset();
  return found;
}

void Statement::reset() { sqlite3_reset(handle_); }

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

double Statement::real(int column) const { return sqlite3_column_double(handle_, column); }

std::string_view Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::optional<std::int64_t> Statement::maybe_integer(int column) const {
  // NULL reads as 0, so that only a 0 has to be asked.
  const std::int64_t value = integer(column);
  if (value == 0 && is_null(column)) return std::nullopt;
  return value;
}

std::optional<Time> Statement::maybe_time(int column) const {
  const auto value = maybe_integer(column);
  if (!value) return std::nullopt;
  return from_ms(*value);
}

std::optional<Time> Statement::rare_time(int column) const {
  if (is_null(column)) return std::nullopt;
  return time(column);
}

Cell Statement::cell(int column) const {
  switch (sqlite3_column_type(handle_, column)) {
    case SQLITE_INTEGER: return Cell::of(integer(column));
    case SQLITE_FLOAT: return Cell::of(real(column));
    case SQLITE_TEXT: return Cell::of(text(column));
    default: return {};
  }
}

}  // namespace retaind::store
