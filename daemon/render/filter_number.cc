#include <algorithm>

#include "render/filter.h"
#include "render/number.h"

namespace retaind::render {
namespace {

Datum abs(FilterScope&, const Datum& input, const Given&) {
  const Number number = Number::of(input);
  return (less(number, Number()) ? number.negated() : number).datum();
}

Datum at_least(FilterScope&, const Datum& input, const Given& given) {
  const Number number = Number::of(input);
  const Number bound = Number::of(given.at(0));
  return (less(number, bound) ? bound : number).datum();
}

Datum at_most(FilterScope&, const Datum& input, const Given& given) {
  const Number number = Number::of(input);
  const Number bound = Number::of(given.at(0));
  return (less(bound, number) ? bound : number).datum();
}

Datum whole(const Datum& input, Rounding rounding) {
  Number number = Number::of(input);
  if (!number.exact) return Datum::of(leading_number(Datum::of(number.real)));
  number = rounded(number, 0, rounding);
  number.whole = true;
  return number.datum();
}

Datum ceil(FilterScope&, const Datum& input, const Given&) { return whole(input, Rounding::up); }
Datum floor(FilterScope&, const Datum& input, const Given&) { return whole(input, Rounding::down); }

Datum round(FilterScope&, const Datum& input, const Given& given) {
  const Number number = Number::of(input);
  const double wanted = given.size() == 0 ? 0 : Number::of(given.at(0)).approximate();
  const int digits = static_cast<int>(std::clamp(wanted, -30.0, 30.0));
  return rounded(number, digits, Rounding::half_up).datum();
}

Datum plus(FilterScope&, const Datum& input, const Given& given) {
  return (Number::of(input) + Number::of(given.at(0))).datum();
}
Datum minus(FilterScope&, const Datum& input, const Given& given) {
  return (Number::of(input) + Number::of(given.at(0)).negated()).datum();
}
Datum times(FilterScope&, const Datum& input, const Given& given) {
  return (Number::of(input) * Number::of(given.at(0))).datum();
}

Datum divided_by(FilterScope& scope, const Datum& input, const Given& given) {
  const Number divisor = Number::of(given.at(0));
  const Number dividend = Number::of(input);
  // A mail that shows "Infinity" is worse than none.
  if (divisor.is_zero() && !scope.is_strict && !(dividend.whole && divisor.whole))
    return Datum::of(dividend.approximate() / 0.0);
  if (divisor.is_zero()) return scope.fail("divided by 0");
  return divided(dividend, divisor).datum();
}

Datum modulo_by(FilterScope& scope, const Datum& input, const Given& given) {
  const Number divisor = Number::of(given.at(0));
  if (divisor.is_zero()) return scope.fail("divided by 0");
  return modulo(Number::of(input), divisor).datum();
}

constexpr Filter table[] = {
    {"abs", 0, 0, "", false, abs},
    {"at_least", 1, 1, "", false, at_least},
    {"at_most", 1, 1, "", false, at_most},
    {"ceil", 0, 0, "", false, ceil},
    {"divided_by", 1, 1, "", false, divided_by},
    {"floor", 0, 0, "", false, floor},
    {"minus", 1, 1, "", false, minus},
    {"modulo", 1, 1, "", false, modulo_by},
    {"plus", 1, 1, "", false, plus},
    {"round", 0, 1, "", false, round},
    {"times", 1, 1, "", false, times},
};

}  // namespace

std::span<const Filter> number_filters() { return table; }

}  // namespace retaind::render
