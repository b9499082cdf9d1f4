#include "base/clock.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <string_view>

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

/// What the kernel says: seconds since boot, those that the machine slept included.
Duration uptime() {
  std::ifstream file("/proc/uptime");
  double seconds = -1;
  file >> seconds;
  return Duration{static_cast<std::int64_t>(seconds * 1000)};
}

/// In a process for which the machine has slept a day: boot time is a day further, and the
/// monotonic clock is not. 0: the clock shows it, 1: it does not, 2: the kernel allows no such
/// process here.
int elapsed_after_a_days_sleep() {
  if (::unshare(CLONE_NEWTIME) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWTIME) != 0) return 2;
  const int offsets = ::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
  constexpr std::string_view day = "boottime 86400 0\n";
  if (offsets < 0 || ::write(offsets, day.data(), day.size()) != static_cast<ssize_t>(day.size()))
    return 2;
  ::close(offsets);
  const Duration before = SystemClock{}.elapsed();
  const pid_t child = ::fork();  // the first process in the new name space
  if (child < 0) return 2;
  if (child == 0) {
    const Duration slept = SystemClock{}.elapsed() - before;
    ::_exit(slept >= Duration{86'400'000} && slept < Duration{86'460'000} ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

TEST_CASE("Time elapsed is time since boot, sleep included") {
  const Duration off = SystemClock{}.elapsed() - uptime();
  CHECK(off > Duration{-2000});
  CHECK(off < Duration{2000});
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(elapsed_after_a_days_sleep());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 2) {
    std::puts("skipped: no time name spaces for this user");
    return;
  }
  CHECK(status == 0);
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
