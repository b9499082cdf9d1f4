#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/zone.h"

namespace retaind {

/// Weekly opening hours in wall time, e.g. "mon-fri 09:00-18:00". Windows may cross midnight; the
/// end is exclusive. Days off are whole local dates on which nothing opens (a window that began the
/// evening before still closes at its own end).
class Calendar {
 public:
  struct Window {
    unsigned weekday = 0;   ///< ISO, Monday = 1 … Sunday = 7: the day on which it opens
    int opens_minute = 0;   ///< 0 … 1439
    int closes_minute = 0;  ///< opens < closes <= opens + 1440
  };

  Calendar() = default;
  Calendar(std::string name, std::vector<Window> windows, std::vector<LocalDate> days_off);
  /// Reads one line: "09:00-20:00" (every day), "mon-fri 09:00-18:00", "sat,sun 22:00-06:00".
  static Result<std::vector<Window>> parse_line(std::string_view text);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool always_open() const { return windows_.empty(); }
  [[nodiscard]] bool open_at(Time time, const Zone& zone) const;
  /// First instant at or after `time` that is open; empty when nothing opens within two years.
  [[nodiscard]] std::optional<Time> opening(Time time, const Zone& zone) const;
  /// A stretch of open time with what is closed before it: for each time in [since, closes) the
  /// opening is the later of that time and `opens`.
  struct Opening {
    Time since, opens, closes;
    [[nodiscard]] bool holds_at(Time time) const { return since <= time && time < closes; }
  };
  /// opening() with how long it holds; not for a calendar that is always open.
  [[nodiscard]] std::optional<Opening> next_opening(Time time, const Zone& zone) const;
  /// First instant after `time` that is closed; `time` must be open; empty when it never closes.
  [[nodiscard]] std::optional<Time> closing(Time time, const Zone& zone) const;
  /// First instant at which `open` of open time has passed since `time`; `time` itself when `open`
  /// is zero or less. Empty when nothing opens within two years.
  [[nodiscard]] std::optional<Time> add_open(Time time, Duration open, const Zone& zone) const;
  /// Exactly the anchors a with add_open(a, open) in `due`: one range (the map is monotonic), empty
  /// while closed.
  [[nodiscard]] std::vector<TimeRange> inverse_open(TimeRange due, Duration open,
                                                    const Zone& zone) const;
  /// The same for whole days: only dates on which something opens count, from midnight to midnight
  /// in wall time, so the time of day stays. What lies on another date counts from the midnight
  /// behind it: a business day from Saturday ends as one from Friday's last instant does.
  [[nodiscard]] std::optional<Time> add_days(Time time, int days, const Zone& zone) const;
  /// Exactly the anchors a with add_days(a, days) in `due`: one range, for the map is monotonic.
  [[nodiscard]] std::vector<TimeRange> inverse_days(TimeRange due, int days,
                                                    const Zone& zone) const;
  /// These by a business span.
  [[nodiscard]] std::optional<Time> add(Time time, const Span& business, const Zone& zone) const;
  [[nodiscard]] std::vector<TimeRange> inverse(TimeRange due, const Span& business,
                                               const Zone& zone) const;
  /// What decides, as a text: two calendars of the same hours and days off are the same.
  [[nodiscard]] std::string canonical() const;
  /// The longest time that it stays closed in a week (days off left aside).
  [[nodiscard]] Duration longest_gap() const;

 private:
  /// What is open from the local date `first` to `last`, as instants: ascending, joined, half-open.
  /// Empty windows (in a DST gap) are left out.
  struct Stretch {
    Time opens, closes;
  };
  [[nodiscard]] std::vector<Stretch> stretches(std::chrono::local_days first,
                                               std::chrono::local_days last,
                                               const Zone& zone) const;
  [[nodiscard]] bool opens_on(std::chrono::local_days date) const;
  /// The n-th date after (before, when n is negative) on which something opens.
  [[nodiscard]] std::optional<std::chrono::local_days> open_date(std::chrono::local_days date,
                                                                 int n) const;
  [[nodiscard]] Time latest_by(Time end, int days, const Zone& zone) const;
  [[nodiscard]] Time latest_with(Time end, Duration open, const Zone& zone) const;

  std::string name_;
  std::vector<Window> windows_;      // sorted by (weekday, opens)
  std::vector<LocalDate> days_off_;  // sorted
};

}  // namespace retaind
