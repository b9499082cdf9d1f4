#pragma once
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "store/row.h"

namespace retaind::store {

/// Two clocks that tell the same time differ by no more than this.
inline constexpr Duration clocks_differ = std::chrono::minutes(5);

/// A date that says that something has happened may not lie after now: it would count at once, or
/// keep what holds now from counting. Such dates come of a wrong zone or a wrong clock. What can be
/// announced (a delivery, the end of a subscription) may.
Result<void> check_happened(std::string_view column, Time at, Time now);
Result<void> check_happened(const Row& row, Time now);

}  // namespace retaind::store
