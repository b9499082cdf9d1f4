#pragma once
#include <chrono>
#include <cstdint>

namespace retaind {

using Duration = std::chrono::milliseconds;
/// An instant, UTC, to the millisecond.
using Time = std::chrono::time_point<std::chrono::system_clock, Duration>;

inline std::int64_t to_ms(Time time) { return time.time_since_epoch().count(); }
inline Time from_ms(std::int64_t ms) { return Time{Duration{ms}}; }

/// One of the three seams: the core asks this object and never the operating system.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall clock. May jump.
  [[nodiscard]] virtual Time now() const = 0;
  /// Time since boot, including suspend (CLOCK_BOOTTIME). Never goes back; compared with now() it
  /// shows a jump of the wall clock.
  [[nodiscard]] virtual Duration elapsed() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override;
  [[nodiscard]] Duration elapsed() const override;
};

/// A clock that moves only when told to.
class SimClock final : public Clock {
 public:
  explicit SimClock(Time start) : now_(start) {}
  [[nodiscard]] Time now() const override { return now_; }
  [[nodiscard]] Duration elapsed() const override { return elapsed_; }
  /// Both clocks move forward to `time`; earlier times are ignored.
  void advance_to(Time time) {
    if (time <= now_) return;
    elapsed_ += time - now_;
    now_ = time;
  }
  /// The wall clock alone jumps, as when an operator or NTP sets it.
  void jump(Duration by) { now_ += by; }

 private:
  Time now_;
  Duration elapsed_{0};
};

}  // namespace retaind
