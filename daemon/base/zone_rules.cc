#include "base/zone_rules.h"

#include <algorithm>

namespace retaind {
namespace {

using std::chrono::seconds;

constexpr int stretch_bits = 33;  // of milliseconds: 99 days

/// Reads a POSIX TZ string from the front.
struct Reader {
  std::string_view rest;
  bool failed = false;

  bool take(char wanted) {
    if (rest.empty() || rest.front() != wanted) return false;
    rest.remove_prefix(1);
    return true;
  }
  int number() {
    int value = 0;
    std::size_t used = 0;
    while (used < rest.size() && used < 4 && rest[used] >= '0' && rest[used] <= '9') {
      value = value * 10 + (rest[used++] - '0');
    }
    failed = failed || used == 0;
    rest.remove_prefix(used);
    return value;
  }
  /// [+-]hh[:mm[:ss]]
  seconds time() {
    const bool negative = take('-');
    if (!negative) take('+');
    seconds value{number() * 3600};
    if (take(':')) value += seconds{number() * 60};
    if (take(':')) value += seconds{number()};
    return negative ? -value : value;
  }
  void abbreviation() {
    std::size_t used = 0;
    if (take('<')) {
      used = rest.find('>');
      failed = failed || used == std::string_view::npos;
      rest.remove_prefix(failed ? 0 : used + 1);
      return;
    }
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    while (used < rest.size() && is_letter(rest[used])) ++used;
    failed = failed || used < 3;
    rest.remove_prefix(used);
  }
  YearlyRule::Change change() {
    YearlyRule::Change change;
    if (take('M')) {
      change.month = number();
      failed = failed || !take('.');
      change.week = number();
      failed = failed || !take('.');
      change.weekday = number();
      failed = failed || change.month < 1 || change.month > 12 || change.week < 1 ||
               change.week > 5 || change.weekday > 6;
    } else {
      change.kind =
          take('J') ? YearlyRule::Change::Kind::julian : YearlyRule::Change::Kind::day_of_year;
      change.day = number();
    }
    if (take('/')) change.time = time();
    return change;
  }
};

}  // namespace

std::size_t ZoneRules::at(Time time) const {
  const std::int64_t ms = time.time_since_epoch().count();
  if (ms < 0) {
    const auto next =
        std::upper_bound(segments.begin() + 1, segments.end(), time,
                         [](Time t, const Segment& segment) { return t < segment.begin; });
    return static_cast<std::size_t>(next - segments.begin()) - 1;
  }
  std::size_t i = starts[std::min(static_cast<std::size_t>(ms >> stretch_bits), starts.size() - 1)];
  while (segments[i].end <= time && i + 1 < segments.size()) ++i;
  return i;
}

std::size_t ZoneRules::showing(LocalTime local) const {
  // Every segment that has ended by `from` has shown less than `local`: no offset is that large.
  const Time from{local.time_since_epoch() - std::chrono::hours{26}};
  std::size_t i = at(from);
  while (i + 1 < segments.size() && reached[i] <= local) ++i;
  return i;
}

void ZoneRules::append(Time begin, Duration offset) {
  if (segments.size() > 1 && segments.back().begin == begin) segments.pop_back();
  if (!segments.empty() && segments.back().offset == offset) return;
  segments.push_back({begin, offset});
}

void ZoneRules::finish() {
  reached.clear();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    Segment& segment = segments[i];
    LocalTime end = LocalTime::max();
    if (i + 1 < segments.size()) {
      segment.end = segments[i + 1].begin;
      end = LocalTime{segment.end.time_since_epoch() + segment.offset};
    }
    if (i > 0)
      segment.fresh =
          std::max(segment.begin, Time{reached.back().time_since_epoch() - segment.offset});
    reached.push_back(i == 0 ? end : std::max(reached.back(), end));
  }
  starts.clear();
  std::size_t i = 0;
  for (Time start{Duration{0}}; start <= segments.back().begin;
       start += Duration{std::int64_t{1} << stretch_bits}) {
    while (i + 1 < segments.size() && segments[i + 1].begin <= start) ++i;
    starts.push_back(static_cast<std::uint16_t>(i));
  }
  if (starts.empty()) starts.push_back(static_cast<std::uint16_t>(i));
}

std::chrono::sys_seconds YearlyRule::Change::in(int year) const {
  using namespace std::chrono;
  const std::chrono::year y{year};
  sys_days date = y / January / 1;
  switch (kind) {
    case Kind::julian: date += days{day - 1 + (y.is_leap() && day >= 60 ? 1 : 0)}; break;
    case Kind::day_of_year: date += days{day}; break;
    case Kind::month_week_day: {
      const auto name = std::chrono::weekday{static_cast<unsigned>(weekday)};
      const auto m = y / std::chrono::month{static_cast<unsigned>(month)};
      date = week == 5 ? sys_days{m / name[last]} : sys_days{m / name[static_cast<unsigned>(week)]};
      break;
    }
  }
  return date + time;
}

std::optional<YearlyRule> parse_yearly_rule(std::string_view posix_tz) {
  Reader in{posix_tz};
  YearlyRule rule;
  in.abbreviation();
  rule.standard = -in.time();  // POSIX counts west of Greenwich as positive
  if (in.failed || in.rest.empty()) return std::nullopt;
  in.abbreviation();
  rule.summer = rule.standard + std::chrono::hours{1};
  if (!in.rest.empty() && in.rest.front() != ',') rule.summer = -in.time();
  if (!in.take(',')) return std::nullopt;
  rule.to_summer = in.change();
  if (!in.take(',')) return std::nullopt;
  rule.to_standard = in.change();
  if (in.failed || !in.rest.empty()) return std::nullopt;
  return rule;
}

void extend(ZoneRules& rules, const YearlyRule& rule, int last_year) {
  const Time known = rules.segments.back().begin;
  const int first_year =
      rules.segments.size() < 2
          ? 1970
          : static_cast<int>(
                std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(known)}.year());
  for (int year = first_year; year <= last_year; ++year) {
    ZoneRules::Segment changes[] = {{rule.to_summer.in(year)-rule.standard, rule.summer},
                                    {rule.to_standard.in(year)-rule.summer, rule.standard}};
    if (changes[1].begin < changes[0].begin) std::swap(changes[0], changes[1]);
    for (const auto& change : changes) {
      if (change.begin > known) rules.append(change.begin, change.offset);
    }
  }
}

}  // namespace retaind
