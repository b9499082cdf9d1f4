#include "transport/back_off.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/zone.h"

namespace retaind::transport {

bool BackOff::fail(std::string why, const Clock& clock) {
  if (failures_ == 0) since_ = clock.now();
  why_ = std::move(why);
  if (left(clock).count() > 0) return false;
  constexpr int doublings = 9;  // 2^9 s is over the longest pause
  constexpr Duration longest = std::chrono::minutes{5};
  const Duration pause = std::chrono::seconds{1LL << std::min(failures_, doublings)};
  until_ = clock.elapsed() + std::min(pause, longest);
  ++failures_;
  return true;
}

void BackOff::succeed() {
  failures_ = 0;
  why_.clear();
}

Duration BackOff::left(const Clock& clock) const {
  return failures_ == 0 ? Duration{0} : std::max(until_ - clock.elapsed(), Duration{0});
}

std::string BackOff::describe(const Clock& clock) const {
  if (failures_ == 0) return {};
  const long long seconds = (left(clock).count() + 999) / 1000;
  const std::string next = seconds == 0 ? "to be tried again with the next message"
                                        : fmt::format("next try in {} s", seconds);
  return fmt::format("{} (since {}, {})", why_, to_iso(since_), next);
}

}  // namespace retaind::transport
