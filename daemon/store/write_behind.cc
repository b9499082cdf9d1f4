#include "store/write_behind.h"

#include <algorithm>

#include "store/connection.h"

namespace retaind::store {
namespace {

// By Database::Behind.
constexpr std::array<std::string_view, 3> waiting_tables = {"message", "decision", "message_body"};

/// SQLite calls it for each table that a statement reads or writes, while it is prepared.
int note_table(void* touched, int action, const char* table, const char* /*column*/,
               const char* /*schema*/, const char* /*trigger*/) {
  if (action != SQLITE_READ && action != SQLITE_INSERT && action != SQLITE_UPDATE &&
      action != SQLITE_DELETE)
    return SQLITE_OK;
  const auto found = std::find(waiting_tables.begin(), waiting_tables.end(), table);
  if (found != waiting_tables.end())
    *static_cast<unsigned*>(touched) |= 1U << (found - waiting_tables.begin());
  return SQLITE_OK;
}

}  // namespace

WriteBehind::WriteBehind(std::string_view insert, std::string_view row)
    : columns_(static_cast<std::size_t>(std::count(row.begin(), row.end(), '?'))) {
  for (std::size_t i = 0; i < sql_.size(); ++i) {
    sql_[i] = insert;
    for (std::size_t n = 0; n < std::size_t{1} << i; ++n) {
      sql_[i] += n == 0 ? " VALUES " : ", ";
      sql_[i] += row;
    }
  }
}

std::size_t WriteBehind::place_of(std::int64_t id) const {
  std::size_t place = id == 0 ? rows_ : 0;
  while (place < rows_ && ids_[place] != id) ++place;
  return place;
}

bool WriteBehind::add(std::initializer_list<BehindValue> row, std::int64_t id) {
  const std::size_t place = place_of(id);
  if (place == rows_) {
    ids_[rows_++] = id;
    values_.resize(rows_ * columns_);
  }
  Kept* kept = values_.data() + place * columns_;
  for (const BehindValue& value : row) {
    *kept = {value.kind, value.integer, value.text.size()};
    if (value.kind == BehindValue::Kind::text) {
      kept->integer = static_cast<std::int64_t>(texts_.size());
      texts_ += value.text;
    }
    ++kept;
  }
  return rows_ < most_rows;
}

void WriteBehind::write(Database& database) {
  const Kept* value = values_.data();
  for (std::size_t i = sql_.size(); i-- > 0;) {
    for (const std::size_t rows = std::size_t{1} << i; rows_ >= rows; rows_ -= rows)
      write(database, sql_[i], value, rows);
  }
  forget();
}

void WriteBehind::write(Database& database, const std::string& sql, const Kept*& value,
                        std::size_t rows) {
  Statement& statement = database.prepared(sql);
  const int last = static_cast<int>(rows * columns_);
  for (int index = 1; index <= last; ++index, ++value) {
    switch (value->kind) {
      case BehindValue::Kind::null: statement.bind_null(index); break;
      case BehindValue::Kind::integer: statement.bind(index, value->integer); break;
      case BehindValue::Kind::text:
        statement.bind(index, std::string_view(texts_).substr(
                                  static_cast<std::size_t>(value->integer), value->size));
        break;
    }
  }
  statement.run();
}

void WriteBehind::forget() {
  rows_ = 0;
  values_.clear();
  texts_.clear();
}

Database::Impl::Impl(std::filesystem::path path, const Options& opened_with,
                     SQLite::Database&& opened)
    : file(std::move(path)),
      options(opened_with),
      db(std::move(opened)),
      behind{WriteBehind("INSERT INTO message (firing, rule, customer, step, repeat, channel, "
                         "draft, recipient, state, reason, line, due, late_from, next_at, "
                         "priority, envelope, is_envelope, planned_at, ended_at, id, attempts, "
                         "handed_at, variant, code, reply)",
                         "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                         "?)"),
             WriteBehind("INSERT INTO decision (firing, message, at, reason, \"values\")",
                         "(?, ?, ?, ?, ?)"),
             WriteBehind("INSERT OR REPLACE INTO message_body (message, at, base, bytes)",
                         "(?, ?, ?, CAST(? AS BLOB))")} {
  sqlite3_set_authorizer(db.getHandle(), note_table, &touched);
}

bool Database::waits(Behind table, std::int64_t id) const {
  return impl_->behind[static_cast<std::size_t>(table)].has(id);
}

void Database::write_behind(Behind table, std::initializer_list<BehindValue> row, std::int64_t id) {
  const unsigned bit = 1U << static_cast<unsigned>(table);
  impl_->waiting |= bit;
  const bool room = impl_->behind[static_cast<std::size_t>(table)].add(row, id);
  if (!room || !impl_->begun) written(bit);
}

bool Database::written(unsigned tables) {
  tables &= impl_->waiting;
  if (tables == 0) return true;
  impl_->waiting &= ~tables;
  for (std::size_t i = 0; i < impl_->behind.size(); ++i)
    if ((tables >> i & 1U) != 0) impl_->behind[i].write(*this);
  return !is_void();
}

}  // namespace retaind::store
