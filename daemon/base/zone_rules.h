#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/zone.h"

namespace retaind {

/// The offsets of one zone as a table, filled once and then only read, so that any thread may use
/// it.
struct ZoneRules {
  struct Segment {
    Time begin;       ///< the offset holds from here to the next segment's begin
    Duration offset;  ///< local minus UTC
    Time end = Time::max();
    /// From here to the end clocks show what they have not shown before: not in the hour that is
    /// shown a second time.
    Time fresh = Time::min();
  };
  std::string name;
  std::vector<Segment> segments;  ///< ascending; the first one holds since ever
  std::vector<LocalTime>
      reached;  ///< wall times below this have been shown by the end of segment i

  /// Of each stretch of 99 days since 1970 the segment that holds at its start: an engine asks for
  /// the offset several times a row.
  std::vector<std::uint16_t> starts;

  /// Index of the segment that holds at `time`.
  [[nodiscard]] std::size_t at(Time time) const;
  /// Index of the segment in which clocks first show `local` or more.
  [[nodiscard]] std::size_t showing(LocalTime local) const;
  /// Adds a segment; one that changes nothing is left out.
  void append(Time begin, Duration offset);
  /// Fills all but begins and offsets; call once after the last append.
  void finish();
};

/// The POSIX TZ string in the last line of a TZif file (RFC 8536 3.3): the rule after the last
/// listed change.
struct YearlyRule {
  struct Change {
    enum class Kind { month_week_day, julian, day_of_year } kind = Kind::month_week_day;
    int month = 0, week = 0, weekday = 0;  ///< week 5: the last; weekday 0: Sunday
    int day = 0;  ///< julian 1 … 365 without 29 February; day_of_year 0 … 365
    std::chrono::seconds time{7200};  ///< wall time before the change; may be negative or over 24 h
    [[nodiscard]] std::chrono::sys_seconds in(int year) const;
  };
  std::chrono::seconds standard{0}, summer{0};
  Change to_summer, to_standard;
};
/// Empty when the text has no summer time or is not such a rule.
std::optional<YearlyRule> parse_yearly_rule(std::string_view posix_tz);
/// Appends the changes of the rule that lie behind the last segment, until the end of `last_year`.
void extend(ZoneRules& rules, const YearlyRule& rule, int last_year);

/// False for what the tz database's directory holds besides zones for people ("right/…",
/// "Factory").
bool is_zone_name(std::string_view name);
/// The zone that was probably meant; empty when nothing is near.
std::string nearest_zone(std::string_view wanted);

}  // namespace retaind
