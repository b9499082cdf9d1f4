#include "base/calendar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace retaind {
namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::minutes;

constexpr int day_minutes = 1440;
constexpr days two_years{731};
constexpr Time nobody_waited{std::chrono::sys_days{std::chrono::year{1900} / 1 / 1}};
constexpr days century{36525};  // nobody waits longer, and a search has an end
constexpr days chunk{14};       // days that a search looks at in one go
constexpr std::array<std::string_view, 7> names{"monday", "tuesday",  "wednesday", "thursday",
                                                "friday", "saturday", "sunday"};
constexpr std::string_view example = "write hours such as `09:00-18:00` or `mon-fri 09:00-18:00`";

Error bad(std::string_view text, std::string_view what) {
  return {ErrorKind::invalid, fmt::format("`{}`: {}; {}", text, what, example)};
}

/// ISO weekday 1 … 7 by its name or first three letters; 0 for anything else.
unsigned weekday_of(std::string_view word) {
  const std::string lower = lower_ascii(trim(word));
  for (unsigned i = 0; i < names.size(); ++i) {
    if (lower == names[i] || lower == names[i].substr(0, 3)) return i + 1;
  }
  return 0;
}

/// "09:00" or "9:00", up to "24:00"; -1 for anything else.
int minute_of(std::string_view text) {
  text = trim(text);
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon > 2 || text.size() != colon + 3) return -1;
  const auto digit = [&](std::size_t at) {
    return text[at] >= '0' && text[at] <= '9' ? text[at] - '0' : 100;
  };
  int hour = digit(0);
  if (colon == 2) hour = hour * 10 + digit(1);
  const int minute = digit(colon + 1) * 10 + digit(colon + 2);
  if (hour > 24 || minute > 59 || (hour == 24 && minute != 0)) return -1;
  return hour * 60 + minute;
}

/// "mon-fri,sun" as a set of weekdays; index 1 … 7.
Result<std::array<bool, 8>> weekdays_of(std::string_view text) {
  std::array<bool, 8> set{};
  for (const std::string_view item : split(text, ',')) {
    const std::size_t dash = item.find('-');
    const unsigned first = weekday_of(item.substr(0, dash));
    const unsigned last =
        dash == std::string_view::npos ? first : weekday_of(item.substr(dash + 1));
    if (first == 0 || last == 0) return bad(text, "days are mon tue wed thu fri sat sun");
    for (unsigned day = first;; day = day % 7 + 1) {
      set[day] = true;
      if (day == last) break;
    }
  }
  return set;
}

}  // namespace

Calendar::Calendar(std::string name, std::vector<Window> windows, std::vector<LocalDate> days_off)
    : name_(std::move(name)), windows_(std::move(windows)), days_off_(std::move(days_off)) {
  std::sort(windows_.begin(), windows_.end(), [](const Window& a, const Window& b) {
    return std::pair(a.weekday, a.opens_minute) < std::pair(b.weekday, b.opens_minute);
  });
  std::sort(days_off_.begin(), days_off_.end());
}

Result<std::vector<Calendar::Window>> Calendar::parse_line(std::string_view text) {
  const std::string_view line = trim(text);
  const std::size_t first_digit = line.find_first_of("0123456789");
  if (first_digit == std::string_view::npos) return bad(line, "has no hours");
  const std::string_view hours = line.substr(first_digit);
  const std::string_view day_words = trim(line.substr(0, first_digit));
  const std::size_t dash = hours.find('-');
  if (dash == std::string_view::npos) return bad(line, "has no closing time");
  const int opens = minute_of(hours.substr(0, dash));
  int closes = minute_of(hours.substr(dash + 1));
  if (opens < 0 || opens == day_minutes || closes < 0) {
    return bad(line, "times run from 00:00 to 24:00, with a colon");
  }
  if (opens == closes)
    return bad(line, "opens and closes at the same time (all day is `00:00-24:00`)");
  if (closes < opens) closes += day_minutes;
  auto weekdays = weekdays_of(day_words.empty() ? "mon-sun" : day_words);
  if (!weekdays)
    return bad(line, "days are mon tue wed thu fri sat sun, as in `mon-fri` or `sat,sun`");
  std::vector<Window> windows;
  for (unsigned day = 1; day <= 7; ++day) {
    if ((*weekdays)[day]) windows.push_back({day, opens, closes});
  }
  return windows;
}

std::vector<Calendar::Stretch> Calendar::stretches(local_days first, local_days last,
                                                   const Zone& zone) const {
  std::vector<Stretch> found;
  for (local_days day = first; day <= last; day += days{1}) {
    if (std::binary_search(days_off_.begin(), days_off_.end(), LocalDate{day})) continue;
    const unsigned weekday = std::chrono::weekday{day}.iso_encoding();
    for (const Window& window : windows_) {
      if (window.weekday != weekday) continue;
      const Time opens = zone.to_time(day + minutes{window.opens_minute});
      const Time closes = zone.to_time(day + minutes{window.closes_minute});
      if (opens < closes) found.push_back({opens, closes});
    }
  }
  // Windows may overlap, also into the next day; opening times ascend because to_time() is
  // monotonic.
  std::vector<Stretch> joined;
  for (const Stretch& stretch : found) {
    if (!joined.empty() && stretch.opens <= joined.back().closes) {
      joined.back().closes = std::max(joined.back().closes, stretch.closes);
    } else {
      joined.push_back(stretch);
    }
  }
  return joined;
}

bool Calendar::open_at(Time time, const Zone& zone) const {
  if (always_open()) return true;
  // A window is at most a day long; one more day covers dates that a zone has skipped.
  const local_days today{zone.date_of(time)};
  const auto near = stretches(today - days{2}, today, zone);
  return std::any_of(near.begin(), near.end(),
                     [time](const Stretch& s) { return s.opens <= time && time < s.closes; });
}

std::optional<Time> Calendar::opening(Time time, const Zone& zone) const {
  if (always_open()) return time;
  const auto next = next_opening(time, zone);
  if (!next) return std::nullopt;
  return std::max(next->opens, time);
}

std::optional<Calendar::Opening> Calendar::next_opening(Time time, const Zone& zone) const {
  const local_days today{zone.date_of(time)};
  Time since = time;  // nothing closes between here and the answer
  for (local_days from = today - days{2}; from <= today + two_years; from += chunk) {
    for (const Stretch& stretch : stretches(from, from + chunk - days{1}, zone)) {
      if (stretch.closes > time) return Opening{since, stretch.opens, stretch.closes};
      since = stretch.closes;
    }
  }
  return std::nullopt;
}

std::optional<Time> Calendar::closing(Time time, const Zone& zone) const {
  if (always_open()) return std::nullopt;
  const local_days today{zone.date_of(time)};
  Time open_until = time;
  for (local_days from = today - days{2}; from <= today + two_years; from += chunk) {
    for (const Stretch& stretch : stretches(from, from + chunk - days{1}, zone)) {
      if (stretch.opens > open_until) return open_until;
      open_until = std::max(open_until, stretch.closes);
    }
  }
  return std::nullopt;
}

std::optional<Time> Calendar::add_open(Time time, Duration open, const Zone& zone) const {
  if (open <= Duration::zero()) return time;
  if (always_open()) return time + open;
  const local_days today{zone.date_of(time)};
  Time counted = time;  // open time is counted up to here
  local_days last_open = today;
  for (local_days from = today - days{2}; from <= std::min(last_open, today + century) + two_years;
       from += chunk) {
    for (const Stretch& stretch : stretches(from, from + chunk - days{1}, zone)) {
      const Time begin = std::max(stretch.opens, counted);
      if (stretch.closes <= begin) continue;
      if (stretch.closes - begin >= open) return begin + open;
      open -= stretch.closes - begin;
      counted = stretch.closes;
      last_open = from;
    }
  }
  return std::nullopt;
}

/// The last instant a with at least `open` of open time in [a, end); far in the past when there is
/// none.
Time Calendar::latest_with(Time end, Duration open, const Zone& zone) const {
  const local_days today{zone.date_of(end)};
  Time counted = end;
  local_days last_open = today;
  for (local_days until = today + days{1};
       until >= std::max(last_open, today - century) - two_years; until -= chunk) {
    auto near = stretches(until - chunk + days{1}, until, zone);
    std::reverse(near.begin(), near.end());
    for (const Stretch& stretch : near) {
      const Time close = std::min(stretch.closes, counted);
      if (close <= stretch.opens) continue;
      if (close - stretch.opens >= open) return close - open;
      open -= close - stretch.opens;
      counted = stretch.opens;
      last_open = until;
    }
  }
  return nobody_waited;
}

std::vector<TimeRange> Calendar::inverse_open(TimeRange due, Duration open,
                                              const Zone& zone) const {
  if (due.empty()) return {};
  if (open <= Duration::zero()) return {due};
  if (always_open()) return {{due.after - open, due.through - open}};
  const TimeRange anchors{latest_with(due.after, open, zone), latest_with(due.through, open, zone)};
  if (anchors.empty()) return {};
  return {anchors};
}

Duration Calendar::longest_gap() const {
  if (always_open()) return Duration::zero();
  constexpr int week = 7 * day_minutes;
  int longest = 0;
  const auto start = [](const Window& w) {
    return static_cast<int>(w.weekday - 1) * day_minutes + w.opens_minute;
  };
  // Twice around the week, so that a window that began on Sunday evening covers Monday morning.
  int open_until = start(windows_.front());
  for (int round = 0; round < 2; ++round) {
    for (const Window& window : windows_) {
      const int opens = start(window) + round * week;
      longest = std::max(longest, opens - open_until);
      open_until = std::max(open_until, opens + window.closes_minute - window.opens_minute);
    }
  }
  return minutes{longest};
}

}  // namespace retaind
