#include "replay/holdout.h"

#include <cmath>

namespace retaind::replay {
namespace {

constexpr double z_975 = 1.959963984540054;
constexpr double z_80 = 0.8416212335729143;

struct Bounds {
  double low, high;
};

/// Wilson's score interval.
Bounds wilson(const Arm& arm) {
  const auto n = static_cast<double>(arm.customers);
  if (n == 0) return {0, 1};
  const double z2 = z_975 * z_975;
  const double p = arm.rate();
  const double middle = p + z2 / (2 * n);
  const double wide = z_975 * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return {(middle - wide) / (1 + z2 / n), (middle + wide) / (1 + z2 / n)};
}

}  // namespace

Difference95 difference_of(const Arm& a, const Arm& b) {
  const Bounds of_a = wilson(a);
  const Bounds of_b = wilson(b);
  const double d = a.rate() - b.rate();
  return {d, d - std::hypot(a.rate() - of_a.low, of_b.high - b.rate()),
          d + std::hypot(of_a.high - a.rate(), b.rate() - of_b.low)};
}

double detectable(double rate, double first, double second) {
  if (first <= 0 || second <= 0) return 0;
  return (z_975 + z_80) * std::sqrt(rate * (1 - rate) * (1 / first + 1 / second));
}

}  // namespace retaind::replay
