#include "base/clock.h"

#include <sys/time.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace retaind {
namespace {

TEST_CASE("The system's clock is the wall clock and never goes back since boot") {
  const SystemClock clock;
  timeval now{};
  ::gettimeofday(&now, nullptr);
  const std::int64_t wall = std::int64_t{now.tv_sec} * 1000 + now.tv_usec / 1000;
  CHECK(std::abs(to_ms(clock.now()) - wall) < 2000);
  const Duration before = clock.elapsed();
  CHECK(before > Duration{0});
  ::usleep(20000);
  const Duration passed = clock.elapsed() - before;
  CHECK(passed >= Duration{19});
  CHECK(passed < Duration{5000});
}

TEST_CASE("A simulated clock moves only when told to") {
  SimClock clock(from_ms(1000));
  clock.advance_to(from_ms(4000));
  CHECK(clock.now() == from_ms(4000));
  CHECK(clock.elapsed() == Duration{3000});
  clock.advance_to(from_ms(2000));
  CHECK(clock.now() == from_ms(4000));
  clock.jump(Duration{-3500});
  CHECK(clock.now() == from_ms(500));
  CHECK(clock.elapsed() == Duration{3000});
}

}  // namespace
}  // namespace retaind
