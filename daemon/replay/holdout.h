#pragma once
#include <cstdint>

namespace retaind::replay {

/// Customers of one arm, and how many of them did what is counted.
struct Arm {
  std::int64_t customers = 0;
  std::int64_t bought = 0;
  [[nodiscard]] double rate() const {
    return customers == 0 ? 0 : static_cast<double>(bought) / static_cast<double>(customers);
  }
};

/// Difference of two independent shares, with the interval of Newcombe's hybrid score (Statistics
/// in Medicine 17, 1998, method 10): it keeps its 95 % for small arms and shares near 0, too.
struct Difference95 {
  double difference = 0, low = 0, high = 0;
};
Difference95 difference_of(const Arm& a, const Arm& b);

/// The smallest real difference that arms of these sizes show in four of five experiments, at 5 %
/// two-sided, when `rate` is what both do without it. 0: an arm is empty.
double detectable(double rate, double first, double second);

}  // namespace retaind::replay
