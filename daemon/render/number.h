#pragma once
#include <cstdint>
#include <optional>

#include "render/datum.h"

namespace retaind::render {

__extension__ using Int128 = __int128;

/// A number as Liquid's filters count: whole, or a decimal (mantissa / 10^scale) so that 10.1 - 2.2
/// is 7.9. What no longer fits 128 bits goes on as a double.
struct Number {
  bool whole = true;
  bool exact = true;  ///< mantissa and scale hold it; otherwise `real`
  Int128 mantissa = 0;
  int scale = 0;
  double real = 0;

  /// Numbers, texts that are numbers or begin with digits; 0 for the rest, as Shopify reads them.
  static Number of(const Datum& datum);
  [[nodiscard]] Datum datum() const;
  [[nodiscard]] double approximate() const;
  [[nodiscard]] bool is_zero() const { return exact ? mantissa == 0 : real == 0; }
  [[nodiscard]] Number negated() const;
};

Number operator+(const Number& left, const Number& right);
Number operator*(const Number& left, const Number& right);
/// Whole numbers are divided downwards (-7 / 2 is -4). The divisor is not 0.
Number divided(const Number& left, const Number& right);
/// With the sign of the divisor.
Number modulo(const Number& left, const Number& right);
bool less(const Number& left, const Number& right);

enum class Rounding { half_up, up, down };
/// To `digits` behind the point; negative digits round tens, hundreds, …
Number rounded(const Number& number, int digits, Rounding rounding);

}  // namespace retaind::render
