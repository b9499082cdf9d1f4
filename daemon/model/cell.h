#pragma once
#include <cstdint>
#include <string_view>

#include "base/money.h"

namespace retaind {

/// Static types of the rule language; the checker settles them, so evaluation only switches.
enum class Type : std::uint8_t {
  boolean,
  number,
  percent,
  money,
  text,
  enumeration,
  time,
  date,
  duration
};

/// One value read from the store for a condition. Null is "unknown" in the three-valued logic.
/// Text points into memory of whoever read it and lives until the next row is read. A null with a
/// text is a value that does not fit its declared type: unknown, but not empty.
struct Cell {
  enum class Kind : std::uint8_t { null, integer, real, text };
  Kind kind = Kind::null;
  Currency currency;  ///< of a money value; empty otherwise
  std::int64_t integer =
      0;  ///< booleans 0/1; times in ms since 1970; durations in ms; money in minor units
  double real = 0;
  std::string_view text;  ///< text, enum words, dates as YYYY-MM-DD

  static Cell of(std::int64_t value) { return {Kind::integer, {}, value, 0, {}}; }
  static Cell of(double value) { return {Kind::real, {}, 0, value, {}}; }
  static Cell of(std::string_view value) { return {Kind::text, {}, 0, 0, value}; }
  static Cell unfit(std::string_view value) { return {Kind::null, {}, 0, 0, value}; }
  [[nodiscard]] bool is_null() const { return kind == Kind::null; }
  [[nodiscard]] bool is_unfit() const { return is_null() && !text.empty(); }
};

}  // namespace retaind
