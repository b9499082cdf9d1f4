#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace retaind {

/// Wall time without a zone.
using LocalTime = std::chrono::time_point<std::chrono::local_t, Duration>;
using LocalDate = std::chrono::year_month_day;

/// A length of time as people write it. Months and days keep the local wall time; `elapsed` (hours,
/// minutes, seconds) is elapsed time. `business` counts open time of a calendar, or with `days` the
/// dates on which it opens; it has one of the two and no months.
struct Span {
  int months = 0;
  int days = 0;
  Duration elapsed{0};
  bool business = false;

  [[nodiscard]] bool is_zero() const { return months == 0 && days == 0 && elapsed.count() == 0; }
  [[nodiscard]] Span negated() const { return {-months, -days, -elapsed, business}; }
  bool operator==(const Span&) const = default;
};

/// "7 days", "48 hours", "1 month", "16 business hours"; the largest units that are exact.
std::string to_string(const Span& span);

/// Times in (after, through].
struct TimeRange {
  Time after;
  Time through;
  [[nodiscard]] bool empty() const { return through <= after; }
  bool operator==(const TimeRange&) const = default;
};

/// A time zone of the system's tz database; cheap to copy. Offsets after 2037 follow the last known
/// rule of the database.
class Zone {
 public:
  static Zone utc();
  /// Only names of the tz database ("Europe/Berlin", "UTC"); "JST" or "GMT+9" are not_found, with
  /// the nearest names in the message. Aliases ("US/Eastern") resolve and keep their name.
  static Result<Zone> find(std::string_view name);

  [[nodiscard]] std::string_view name() const;
  [[nodiscard]] LocalTime to_local(Time time) const;
  [[nodiscard]] LocalDate date_of(Time time) const;

  /// The instant of a wall time. A time in a DST gap is the gap's end; a doubled time is its first
  /// occurrence. (RFC 5545 3.3.5 shifts by the length of the gap instead; the gap's end keeps this
  /// map monotonic, which makes inverse() below an interval.)
  [[nodiscard]] Time to_time(LocalTime local) const;

  /// The highest wall time that clocks have shown by `time`: what to_time() turns back. For every
  /// local time l, to_time(l) <= time exactly when l <= shown_by(time).
  [[nodiscard]] LocalTime shown_by(Time time) const;

  /// Start of a local day: its first existing instant.
  [[nodiscard]] Time start_of(LocalDate date) const;

  /// time + span by the rules of Span: months first (clamped to the month's last day), then days,
  /// then elapsed. `span` must not be a business span.
  [[nodiscard]] Time add(Time time, const Span& span) const;

  /// Exactly the anchors a with add(a, span) in `due`, as disjoint ascending ranges: one range, two
  /// or more around a DST change or a month's end.
  [[nodiscard]] std::vector<TimeRange> inverse(TimeRange due, const Span& span) const;

  bool operator==(const Zone& other) const { return zone_ == other.zone_; }

 private:
  explicit Zone(const void* zone) : zone_(zone) {}
  const void* zone_;
};

/// First line of the system's tzdata version file, or "unknown".
std::string tzdata_version();

/// "2026-03-02" strictly, a real date.
std::optional<LocalDate> parse_date(std::string_view text);
std::string to_string(LocalDate date);
/// "2026-03-02T09:30:00.250Z" (milliseconds only when not zero).
std::string to_iso(Time time);
/// "2026-03-02 09:30" in the zone; seconds only when not zero.
std::string to_local_text(Time time, const Zone& zone);
/// RFC 3339, or "2026-03-02 [09:30[:00[.250]]]" as wall time in `zone`; empty when it is neither.
std::optional<Time> parse_time(std::string_view text, const Zone& zone);
/// RFC 5322 3.3 date-time with numeric offset: "Mon, 02 Mar 2026 10:00:00 +0100".
std::string to_rfc5322(Time time, const Zone& zone);
/// Wall time by a strptime-like pattern of %Y %m %d %e %H %I %M %S %f %p %y %b %z %Z(ignored) %%;
/// numbers need no leading zero. Must consume all of `text`. With %z the zone argument is ignored.
std::optional<Time> parse_time_as(std::string_view text, std::string_view pattern,
                                  const Zone& zone);

}  // namespace retaind
