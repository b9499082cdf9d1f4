#include <fmt/format.h>

#include <algorithm>

#include "base/calendar.h"

// Business days, and what both kinds of business time share. calendar.cc has the hours.
namespace retaind {

using std::chrono::local_days;

namespace {

constexpr std::chrono::days two_years{731};
constexpr Duration tick{1};

}  // namespace

bool Calendar::opens_on(local_days date) const {
  if (always_open()) return true;
  if (std::binary_search(days_off_.begin(), days_off_.end(), LocalDate{date})) return false;
  const unsigned weekday = std::chrono::weekday{date}.iso_encoding();
  return std::any_of(windows_.begin(), windows_.end(),
                     [&](const Window& window) { return window.weekday == weekday; });
}

std::optional<local_days> Calendar::open_date(local_days date, int n) const {
  const std::chrono::days step{n < 0 ? -1 : 1};
  local_days last_open = date;
  for (int left = std::abs(n); left > 0;) {
    date += step;
    if (date - last_open > two_years || last_open - date > two_years) return std::nullopt;
    if (!opens_on(date)) continue;
    last_open = date;
    --left;
  }
  return date;
}

std::optional<Time> Calendar::add_days(Time time, int days, const Zone& zone) const {
  if (days <= 0) return time;
  // What clocks have shown, not what they show: where they are set back this stands still, and so
  // the map never goes back.
  const LocalTime local = zone.shown_by(time);
  const auto date = std::chrono::floor<std::chrono::days>(local);
  const auto target = open_date(date, days);
  if (!target) return std::nullopt;
  const Duration into = opens_on(date) ? local - date : Duration{std::chrono::days{1}};
  return zone.to_time(*target + into);
}

/// The last instant a with add_days(a, days) at most `end`.
Time Calendar::latest_by(Time end, int days, const Zone& zone) const {
  // A wall time is reached by `end` exactly when clocks have shown it by then.
  const LocalTime local = zone.shown_by(end);
  const auto date = std::chrono::floor<std::chrono::days>(local);
  const auto last = opens_on(date) ? std::optional(date) : open_date(date, -1);
  const auto source = last ? open_date(*last, -days) : std::nullopt;
  if (!source) return end - two_years;
  if (*last == date) return zone.to_time(*source + (local - date) + tick) - tick;
  // The whole of that date has become due, and the closed ones behind it.
  const auto behind = open_date(*source, 1);
  return zone.to_time(LocalTime{behind.value_or(date)}) - tick;
}

std::vector<TimeRange> Calendar::inverse_days(TimeRange due, int days, const Zone& zone) const {
  if (due.empty()) return {};
  if (days <= 0) return {due};
  const TimeRange anchors{latest_by(due.after, days, zone), latest_by(due.through, days, zone)};
  if (anchors.empty()) return {};
  return {anchors};
}

std::optional<Time> Calendar::add(Time time, const Span& business, const Zone& zone) const {
  return business.days != 0 ? add_days(time, business.days, zone)
                            : add_open(time, business.elapsed, zone);
}

std::vector<TimeRange> Calendar::inverse(TimeRange due, const Span& business,
                                         const Zone& zone) const {
  return business.days != 0 ? inverse_days(due, business.days, zone)
                            : inverse_open(due, business.elapsed, zone);
}

std::string Calendar::canonical() const {
  std::string text;
  for (const Window& window : windows_)
    text += fmt::format("{} {}-{};", window.weekday, window.opens_minute, window.closes_minute);
  for (const LocalDate& date : days_off_) text += to_string(date) + ";";
  return text;
}

}  // namespace retaind
