#include "render/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "render/compare.h"
#include "render/lexer.h"

namespace retaind::render {
namespace {

constexpr int max_digits = 37;  // of an Int128 that any operation may grow

Number inexact(double value) {
  Number made;
  made.whole = false;
  made.exact = false;
  made.real = value;
  return made;
}

std::optional<Int128> power_of_ten(int n) {
  if (n > max_digits) return std::nullopt;
  Int128 power = 1;
  for (; n > 0; --n) power *= 10;
  return power;
}

bool scaled(const Number& number, int scale, Int128& mantissa) {
  const auto factor = power_of_ten(scale - number.scale);
  return factor && !__builtin_mul_overflow(number.mantissa, *factor, &mantissa);
}

// Both mantissas at the larger of the two scales.
bool aligned(const Number& left, const Number& right, Int128& a, Int128& b, int& scale) {
  if (!left.exact || !right.exact) return false;
  scale = std::max(left.scale, right.scale);
  return scaled(left, scale, a) && scaled(right, scale, b);
}

Int128 floor_divide(Int128 a, Int128 b) {
  const Int128 quotient = a / b;
  return a % b != 0 && ((a < 0) != (b < 0)) ? quotient - 1 : quotient;
}

std::optional<Number> decimal(std::string_view text) {
  Number made;
  made.whole = false;
  const bool negative = !text.empty() && text.front() == '-';
  bool point = false;
  std::size_t digits = 0;
  for (std::size_t i = negative ? 1 : 0; i < text.size(); ++i) {
    if (text[i] == '.' && !point && digits > 0 && i + 1 < text.size()) {
      point = true;
    } else if (text[i] >= '0' && text[i] <= '9' && ++digits <= max_digits) {
      made.mantissa = made.mantissa * 10 + (text[i] - '0');
      if (point) ++made.scale;
    } else {
      return std::nullopt;
    }
  }
  if (!point) return std::nullopt;
  if (negative) made.mantissa = -made.mantissa;
  return made;
}

std::string digits_of(Int128 value) {
  const bool negative = value < 0;
  std::string digits;
  do {
    const int digit = static_cast<int>(value % 10);
    digits += static_cast<char>('0' + (digit < 0 ? -digit : digit));
    value /= 10;
  } while (value != 0);
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace

Number Number::of(const Datum& datum) {
  Number made;
  if (datum.is(Datum::Kind::real)) {
    char text[400];  // the longest fixed double has 309 digits in front of the point
    const auto written =
        std::to_chars(text, text + sizeof text, datum.real(), std::chars_format::fixed);
    std::string shown(text, written.ptr);
    if (shown.find('.') == std::string::npos) shown += ".0";
    return decimal(shown).value_or(inexact(datum.real()));
  }
  if (datum.is(Datum::Kind::text)) {
    if (const auto number = decimal(strip(datum.text()))) return *number;
  }
  made.mantissa = leading_number(datum);
  return made;
}

Datum Number::datum() const {
  if (whole && exact && mantissa >= INT64_MIN && mantissa <= INT64_MAX)
    return Datum::of(static_cast<std::int64_t>(mantissa));
  return Datum::of(approximate());
}

double Number::approximate() const {
  if (!exact) return real;
  const std::string text = digits_of(mantissa) + "e-" + std::to_string(scale);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Number Number::negated() const {
  Number made = *this;
  made.mantissa = -made.mantissa;
  made.real = -made.real;
  return made;
}

Number operator+(const Number& left, const Number& right) {
  Number made;
  Int128 a = 0;
  Int128 b = 0;
  if (!aligned(left, right, a, b, made.scale) || __builtin_add_overflow(a, b, &made.mantissa)) {
    return inexact(left.approximate() + right.approximate());
  }
  made.whole = left.whole && right.whole;
  return made;
}

Number operator*(const Number& left, const Number& right) {
  Number made;
  if (!left.exact || !right.exact ||
      __builtin_mul_overflow(left.mantissa, right.mantissa, &made.mantissa) ||
      left.scale + right.scale > max_digits) {
    return inexact(left.approximate() * right.approximate());
  }
  made.scale = left.scale + right.scale;
  made.whole = left.whole && right.whole;
  return made;
}

Number divided(const Number& left, const Number& right) {
  if (!left.whole || !right.whole || !left.exact || !right.exact)
    return inexact(left.approximate() / right.approximate());
  Number made;
  made.mantissa = floor_divide(left.mantissa, right.mantissa);
  return made;
}

Number modulo(const Number& left, const Number& right) {
  Number made;
  Int128 a = 0;
  Int128 b = 0;
  if (!aligned(left, right, a, b, made.scale)) {
    const double divisor = right.approximate();
    return inexact(left.approximate() - divisor * std::floor(left.approximate() / divisor));
  }
  made.mantissa = a - floor_divide(a, b) * b;
  made.whole = left.whole && right.whole;
  return made;
}

bool less(const Number& left, const Number& right) {
  Int128 a = 0;
  Int128 b = 0;
  int scale = 0;
  return aligned(left, right, a, b, scale) ? a < b : left.approximate() < right.approximate();
}

Number rounded(const Number& number, int digits, Rounding rounding) {
  if (!number.exact) return number;
  if (digits >= number.scale) return number;
  const auto unit = power_of_ten(number.scale - digits);
  Number made;
  made.whole = digits <= 0;
  made.scale = std::max(digits, 0);
  if (!unit) return made;
  Int128 quotient = floor_divide(number.mantissa, *unit);
  const Int128 rest = number.mantissa - quotient * *unit;
  const bool negative = number.mantissa < 0;
  // Halves go away from zero.
  const bool half = negative ? rest > *unit / 2 : rest >= *unit / 2;
  if ((rounding == Rounding::up && rest > 0) || (rounding == Rounding::half_up && half)) ++quotient;
  made.mantissa = quotient;
  if (const auto back = power_of_ten(std::max(-digits, 0));
      !back || __builtin_mul_overflow(quotient, *back, &made.mantissa))
    return number;
  return made;
}

}  // namespace retaind::render
