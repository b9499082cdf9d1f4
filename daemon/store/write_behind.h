#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace retaind::store {

class Database;

/// A value of a row that is written behind.
struct BehindValue {
  BehindValue(std::int64_t value) : kind(Kind::integer), integer(value) {}  // NOLINT(*-explicit-*)
  BehindValue(int value) : BehindValue(std::int64_t{value}) {}              // NOLINT(*-explicit-*)
  BehindValue(Time value) : BehindValue(to_ms(value)) {}                    // NOLINT(*-explicit-*)
  BehindValue(std::string_view value) : kind(Kind::text), text(value) {}    // NOLINT(*-explicit-*)
  template <class T>
  BehindValue(const std::optional<T>& value)  // NOLINT(*-explicit-*)
      : BehindValue(value ? BehindValue(*value) : BehindValue()) {}
  /// An empty text becomes NULL.
  static BehindValue or_null(std::string_view value) {
    return value.empty() ? BehindValue() : BehindValue(value);
  }

  enum class Kind : unsigned char { null, integer, text };
  Kind kind = Kind::null;
  std::int64_t integer = 0;
  std::string_view text;

 private:
  BehindValue() = default;
};

/// Rows of one table that wait to be written together: one INSERT of eight rows costs half of
/// eight of one. Database::write_behind() says when they are written.
class WriteBehind {
 public:
  /// `insert` up to VALUES, `row` as "(?, ?)"; both are literals.
  WriteBehind(std::string_view insert, std::string_view row);

  /// In the place of the row with this id that still waits, if there is one; 0: none is it. False
  /// when as many wait as are written at once.
  bool add(std::initializer_list<BehindValue> row, std::int64_t id);
  [[nodiscard]] bool has(std::int64_t id) const { return place_of(id) < rows_; }
  void write(Database& database);
  void forget();

 private:
  static constexpr std::size_t most_rows = 8;
  struct Kept {
    BehindValue::Kind kind;
    std::int64_t integer;  ///< of a text: where it begins
    std::size_t size;
  };
  void write(Database& database, const std::string& sql, const Kept*& value, std::size_t rows);
  [[nodiscard]] std::size_t place_of(std::int64_t id) const;

  std::array<std::string, 4> sql_;  ///< of 1, 2, 4 and 8 rows
  std::size_t columns_;
  std::size_t rows_ = 0;
  std::array<std::int64_t, most_rows> ids_{};
  std::vector<Kept> values_;
  std::string texts_;
};

}  // namespace retaind::store
