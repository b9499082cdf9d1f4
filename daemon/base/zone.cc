#include "base/zone.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "base/file.h"
#include "base/text.h"
#include "base/zone_rules.h"

namespace retaind {
namespace {

using std::chrono::days;

constexpr const char* tz_directory = "/usr/share/zoneinfo/";
constexpr int last_year = 2200;  // the table ends here: far beyond any due time
constexpr Duration tick{1};
constexpr std::size_t most_hints = 1000;
const Time earliest{std::chrono::sys_days{std::chrono::year{1} / 1 / 1}};
const Time latest{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31}};

const ZoneRules& rules_of(const void* zone) { return *static_cast<const ZoneRules*>(zone); }

/// The last line of the zone's TZif file.
std::string footer_of(std::string_view name) {
  const auto file = read_file(std::string(tz_directory) + std::string(name), 1U << 20U);
  if (!file || !file->ends_with('\n')) return {};
  const std::size_t start = file->rfind('\n', file->size() - 2);
  return start == std::string::npos ? std::string()
                                    : file->substr(start + 1, file->size() - start - 2);
}

ZoneRules load(const date::time_zone& zone) {
  ZoneRules rules;
  rules.name = zone.name();
  const Time end{std::chrono::sys_days{std::chrono::year{last_year + 1} / 1 / 1}};
  Time at{std::chrono::sys_days{std::chrono::year{1800} / 1 / 1}};
  while (at < end) {
    const date::sys_info info = zone.get_info(at);
    rules.append(at, info.offset);
    at = info.end;
  }
  if (const auto rule = parse_yearly_rule(footer_of(rules.name))) extend(rules, *rule, last_year);
  rules.finish();
  return rules;
}

const date::time_zone* zone_in_database(std::string_view name) {
  try {
    return is_zone_name(name) ? date::locate_zone(name) : nullptr;
  } catch (const std::exception&) {
    return nullptr;  // not in the database, or there is none: the caller's message says what to do
  }
}

/// Every zone that was ever asked for; entries are never changed or removed.
struct Registry {
  std::mutex mutex;
  std::map<std::string, ZoneRules, std::less<>> zones;
  /// A hint is a walk over all names, and one wrong name is asked for again and again: by every row
  /// that has it.
  std::map<std::string, std::string, std::less<>> hints;
};
Registry& registry() {
  static Registry instance;
  return instance;
}

struct LocalRange {
  LocalTime after, through;
};

LocalTime add_months(LocalTime local, int months) {
  const auto day = std::chrono::floor<days>(local);
  const std::chrono::year_month_day date{day};
  auto moved = date + std::chrono::months{months};
  if (!moved.ok()) moved = moved.year() / moved.month() / std::chrono::last;
  return LocalTime{std::chrono::local_days{moved}} + (local - day);
}

/// All local times l with add_months(l, months) in `due`. Within one month the map is a shift,
/// except that the days which the target month does not have all go to its last day.
std::vector<LocalRange> month_sources(LocalRange due, int months) {
  using namespace std::chrono;
  const auto month_of = [](LocalTime local) {
    const year_month_day date{floor<days>(local)};
    return date.year() / date.month();
  };
  std::vector<LocalRange> sources;
  const auto add = [&](local_days from, local_days until, local_days target) {
    const Duration shift = target - from;
    const LocalTime after = std::max(LocalTime{from} - tick, due.after - shift);
    const LocalTime through = std::min(LocalTime{until} - tick, due.through - shift);
    if (after >= through) return;
    if (!sources.empty() && sources.back().through == after)
      sources.back().through = through;
    else
      sources.push_back({after, through});
  };
  const year_month first = month_of(due.after), final_month = month_of(due.through);
  for (year_month target = first; target <= final_month; target += std::chrono::months{1}) {
    const year_month source = target - std::chrono::months{months};
    if (target > first && target < final_month) {
      // Months that lie in `due` as a whole have sources that lie in it as a whole.
      const year_month next = final_month - std::chrono::months{months};
      const LocalTime after = LocalTime{local_days{source / 1}} - tick;
      const LocalTime through = LocalTime{local_days{next / 1}} - tick;
      if (!sources.empty() && sources.back().through == after)
        sources.back().through = through;
      else
        sources.push_back({after, through});
      target = final_month - std::chrono::months{1};
      continue;
    }
    const unsigned have = static_cast<unsigned>((source / last).day());
    const unsigned fit = static_cast<unsigned>((target / last).day());
    const local_days from{source / 1}, to{target / 1};
    add(from, from + days{std::min(have, fit)}, to);
    for (unsigned day = fit; day < have; ++day) {
      add(from + days{day}, from + days{day + 1}, to + days{fit - 1});
    }
  }
  return sources;
}

/// The instants whose wall time lies in `wanted`: one range, more where clocks were put back.
void append_instants(const ZoneRules& rules, LocalRange wanted, std::vector<TimeRange>& out) {
  constexpr Duration widest = std::chrono::hours{26};  // more than any offset ever
  const Time from{wanted.after.time_since_epoch()}, until{wanted.through.time_since_epoch()};
  for (std::size_t i = rules.at(from - widest); i < rules.segments.size(); ++i) {
    const auto& segment = rules.segments[i];
    if (i > 0 && segment.begin > until + widest) break;
    Time after = from - segment.offset, through = until - segment.offset;
    if (i > 0) after = std::max(after, segment.begin - tick);
    if (i + 1 < rules.segments.size())
      through = std::min(through, rules.segments[i + 1].begin - tick);
    if (after < through) out.push_back({after, through});
  }
}

std::vector<TimeRange> in_order(std::vector<TimeRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const TimeRange& a, const TimeRange& b) { return a.after < b.after; });
  std::vector<TimeRange> joined;
  for (const TimeRange& range : ranges) {
    if (!joined.empty() && range.after <= joined.back().through) {
      joined.back().through = std::max(joined.back().through, range.through);
    } else {
      joined.push_back(range);
    }
  }
  return joined;
}

/// The highest wall time that clocks have shown up to and including `time`.
LocalTime highest_shown(const ZoneRules& rules, Time time) {
  const std::size_t i = rules.at(time);
  const LocalTime now{time.time_since_epoch() + rules.segments[i].offset};
  return i == 0 ? now : std::max(now, rules.reached[i - 1] - tick);
}

}  // namespace

Zone Zone::utc() {
  static const ZoneRules rules = [] {
    ZoneRules made{"UTC", {{earliest, Duration{0}}}, {}, {}};
    made.finish();
    return made;
  }();
  return Zone(&rules);
}

Result<Zone> Zone::find(std::string_view name) {
  if (name == "UTC") return utc();
  const std::lock_guard lock(registry().mutex);
  auto& zones = registry().zones;
  auto& hints = registry().hints;
  if (const auto known = zones.find(name); known != zones.end()) return Zone(&known->second);
  auto hint = hints.find(name);
  if (hint == hints.end()) {
    if (const date::time_zone* zone = zone_in_database(name))
      return Zone(&zones.emplace(name, load(*zone)).first->second);
    if (hints.size() >= most_hints) hints.clear();
    hint = hints.emplace(name, nearest_zone(name)).first;
  }
  const std::string& near = hint->second;
  return Error{
      ErrorKind::not_found,
      fmt::format("unknown time zone `{}`; {}", name,
                  near.empty() ? std::string("write a name of the tz database such as "
                                             "`Europe/Berlin` (all: `timedatectl list-timezones`)")
                               : fmt::format("did you mean `{}`?", near))};
}

std::string_view Zone::name() const { return rules_of(zone_).name; }

LocalTime Zone::to_local(Time time) const {
  const ZoneRules& rules = rules_of(zone_);
  time = std::clamp(time, earliest, latest);
  return LocalTime{time.time_since_epoch() + rules.segments[rules.at(time)].offset};
}

LocalDate Zone::date_of(Time time) const {
  return LocalDate{std::chrono::floor<days>(to_local(time))};
}

Time Zone::to_time(LocalTime local) const {
  // The first instant at which clocks show `local` or more: in a gap that is its end, and a doubled
  // time is met at its first occurrence.
  const ZoneRules& rules = rules_of(zone_);
  const std::size_t found = rules.showing(local);
  const auto& segment = rules.segments[found];
  const Time exact{local.time_since_epoch() - segment.offset};
  return found == 0 ? exact : std::max(exact, segment.begin);
}

LocalTime Zone::shown_by(Time time) const {
  return highest_shown(rules_of(zone_), std::clamp(time, earliest, latest));
}

Time Zone::start_of(LocalDate date) const {
  return to_time(LocalTime{std::chrono::local_days{date}});
}

namespace {

Time add_by_wall(const Zone& zone, Time time, const Span& span) {
  LocalTime local = zone.to_local(time);
  if (span.months != 0) local = add_months(local, span.months);
  return zone.to_time(local + days{span.days}) + span.elapsed;
}

}  // namespace

Time Zone::add(Time time, const Span& span) const {
  if (span.months == 0) {
    if (span.days == 0) return time + span.elapsed;
    // Nearly always both lie between the same two changes of the clocks, and a day has 24 hours.
    const ZoneRules& rules = rules_of(zone_);
    const Time from = std::clamp(time, earliest, latest);
    const Time shifted = from + days{span.days};
    const ZoneRules::Segment& here = rules.segments[rules.at(from)];
    if (shifted >= here.fresh && shifted < here.end) return shifted + span.elapsed;
  }
  return add_by_wall(*this, time, span);
}

std::vector<TimeRange> Zone::inverse(TimeRange due, const Span& span) const {
  due = {std::max(due.after, earliest) - span.elapsed,
         std::min(due.through, latest) - span.elapsed};
  if (due.empty()) return {};
  if (span.months == 0 && span.days == 0) return {due};
  const ZoneRules& rules = rules_of(zone_);
  // to_time(l) is at most t exactly when clocks have shown l by t.
  const LocalRange wanted{highest_shown(rules, due.after) - days{span.days},
                          highest_shown(rules, due.through) - days{span.days}};
  if (wanted.after >= wanted.through) return {};
  std::vector<TimeRange> anchors;
  if (span.months == 0) {
    append_instants(rules, wanted, anchors);
  } else {
    for (const LocalRange& part : month_sources(wanted, span.months))
      append_instants(rules, part, anchors);
  }
  return in_order(std::move(anchors));
}

std::string tzdata_version() {
  const auto file = read_file(std::string(tz_directory) + "tzdata.zi", 4U << 20U);
  constexpr std::string_view mark = "# version ";
  if (!file || !file->starts_with(mark)) return "unknown";
  return std::string(
      trim(std::string_view(*file).substr(mark.size(), file->find('\n') - mark.size())));
}

}  // namespace retaind
