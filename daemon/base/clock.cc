#include "base/clock.h"

#include <ctime>

namespace retaind {

Time SystemClock::now() const {
  return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

Duration SystemClock::elapsed() const {
  // steady_clock is CLOCK_MONOTONIC, which stands still while the machine sleeps; a laptop that
  // woke up would then look like a jump of the wall clock.
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::floor<Duration>(std::chrono::seconds{now.tv_sec} +
                                      std::chrono::nanoseconds{now.tv_nsec});
}

}  // namespace retaind
