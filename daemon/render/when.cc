#include "render/when.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "render/letters.h"
#include "render/lexer.h"

namespace retaind::render {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<std::string_view, 12> month_names = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> day_names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

// What people write beside ISO dates.
constexpr std::string_view patterns[] = {"%B %d, %Y",
                                         "%b %d, %Y",
                                         "%d %B %Y",
                                         "%d %b %Y",
                                         "%B %d, %Y %H:%M",
                                         "%m/%d/%Y",
                                         "%a, %d %b %Y %H:%M:%S %z",
                                         "%a %b %d %H:%M:%S %Y",
                                         "%Y/%m/%d",
                                         "%Y-%m-%d %H:%M:%S %z"};

/// A time taken apart once.
struct Parts {
  std::chrono::year_month_day date;
  unsigned weekday;  // Sunday = 0
  int day_of_year;   // 1 …
  int hour, minute, second, millisecond;
  std::int64_t epoch_seconds;
  int offset_minutes;
  std::string_view zone;
};

Parts parts_of(Time time, const Zone& zone) {
  const LocalTime local = zone.to_local(time);
  const auto day = std::chrono::floor<days>(local);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss<Duration> clock{local - day};
  const auto first = std::chrono::local_days{date.year() / 1 / 1};
  const auto offset =
      std::chrono::floor<minutes>(local.time_since_epoch() - time.time_since_epoch());
  return {date,
          std::chrono::weekday{day}.c_encoding(),
          static_cast<int>((day - first).count()) + 1,
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count()),
          static_cast<int>(clock.subseconds().count()),
          std::chrono::floor<seconds>(time.time_since_epoch()).count(),
          static_cast<int>(offset.count()),
          zone.name()};
}

int iso_weekday(const Parts& parts) {
  return parts.weekday == 0 ? 7 : static_cast<int>(parts.weekday);
}

// ISO 8601 week and its year.
std::pair<int, int> iso_week(const Parts& parts) {
  const int year = static_cast<int>(parts.date.year());
  const auto weeks_of = [](int y) {
    const auto p = [](int z) { return (z + z / 4 - z / 100 + z / 400) % 7; };
    return p(y) == 4 || p(y - 1) == 3 ? 53 : 52;
  };
  const int week = (parts.day_of_year - iso_weekday(parts) + 10) / 7;
  if (week < 1) return {weeks_of(year - 1), year - 1};
  if (week > weeks_of(year)) return {1, year + 1};
  return {week, year};
}

struct Directive {
  char pad = '0';      // '0', '_' or '-'
  bool upper = false;  // ^
  bool swap = false;   // #
  int colons = 0;      // %:z
  int width = -1;
};

std::string number(std::int64_t value, int width, const Directive& directive, char pad = '0') {
  if (directive.pad == '-') return fmt::format("{}", value);
  const char with = directive.pad == '_' ? ' ' : directive.pad == '!' ? pad : directive.pad;
  const int wide = directive.width >= 0 ? directive.width : width;
  std::string text = fmt::format("{}", value < 0 ? -value : value);
  while (static_cast<int>(text.size()) < wide) text.insert(text.begin(), with);
  return value < 0 ? "-" + text : text;
}

std::string offset_text(const Parts& parts, const Directive& directive) {
  const int offset = parts.offset_minutes < 0 ? -parts.offset_minutes : parts.offset_minutes;
  return fmt::format("{}{:02}{}{:02}{}", parts.offset_minutes < 0 ? '-' : '+', offset / 60,
                     directive.colons > 0 ? ":" : "", offset % 60,
                     directive.colons > 1 ? ":00" : "");
}

std::optional<std::string> expand(char letter, const Parts& p, const Directive& d);

std::string composed(std::string_view format, const Parts& parts) {
  std::string out;
  const Directive plain{'!', false, false, 0, -1};
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%')
      out += *expand(format[++i], parts, plain);
    else
      out += format[i];
  }
  return out;
}

std::optional<std::string> expand_name(char letter, const Parts& p) {
  const std::string_view day = day_names[p.weekday];
  const std::string_view month = month_names[static_cast<unsigned>(p.date.month()) - 1];
  switch (letter) {
    case 'a': return std::string(day.substr(0, 3));
    case 'A': return std::string(day);
    case 'b':
    case 'h': return std::string(month.substr(0, 3));
    case 'B': return std::string(month);
    case 'p': return p.hour < 12 ? "AM" : "PM";
    case 'P': return p.hour < 12 ? "am" : "pm";
    case 'Z': return std::string(p.zone);
    case 'c': return composed("%a %b %e %H:%M:%S %Y", p);
    case 'D':
    case 'x': return composed("%m/%d/%y", p);
    case 'F': return composed("%Y-%m-%d", p);
    case 'T':
    case 'X': return composed("%H:%M:%S", p);
    case 'R': return composed("%H:%M", p);
    case 'r': return composed("%I:%M:%S %p", p);
    case 'v': return upper_case(composed("%e-%b-%Y", p));
    case 'n': return "\n";
    case 't': return "\t";
    case '%': return "%";
    default: return std::nullopt;
  }
}

std::optional<std::string> expand(char letter, const Parts& p, const Directive& d) {
  const int year = static_cast<int>(p.date.year());
  const int twelve = p.hour % 12 == 0 ? 12 : p.hour % 12;
  switch (letter) {
    case 'Y': return number(year, 4, d);
    case 'C': return number(year / 100, 2, d);
    case 'y': return number(year % 100, 2, d);
    case 'm': return number(static_cast<unsigned>(p.date.month()), 2, d);
    case 'd': return number(static_cast<unsigned>(p.date.day()), 2, d);
    case 'e': return number(static_cast<unsigned>(p.date.day()), 2, d, ' ');
    case 'j': return number(p.day_of_year, 3, d);
    case 'H': return number(p.hour, 2, d);
    case 'k': return number(p.hour, 2, d, ' ');
    case 'I': return number(twelve, 2, d);
    case 'l': return number(twelve, 2, d, ' ');
    case 'M': return number(p.minute, 2, d);
    case 'S': return number(p.second, 2, d);
    case 'L': return fmt::format("{:03}", p.millisecond);
    case 'N':
      return fmt::format("{:03}000000", p.millisecond)
          .substr(0, static_cast<std::size_t>(d.width > 0 && d.width < 9 ? d.width : 9));
    case 's': return fmt::format("{}", p.epoch_seconds);
    case 'u': return number(iso_weekday(p), 1, d);
    case 'w': return number(p.weekday, 1, d);
    case 'U': return number((p.day_of_year + 6 - static_cast<int>(p.weekday)) / 7, 2, d);
    case 'W': return number((p.day_of_year + 7 - iso_weekday(p)) / 7, 2, d);
    case 'V': return number(iso_week(p).first, 2, d);
    case 'G': return number(iso_week(p).second, 4, d);
    case 'g': return number(iso_week(p).second % 100, 2, d);
    case 'z': return offset_text(p, d);
    default: return expand_name(letter, p);
  }
}

}  // namespace

Zone zone_for(const FilterScope& scope, const Datum& wanted) {
  const Value* const customer = scope.root.find("customer");
  const Value* const candidates[] = {customer == nullptr ? nullptr : customer->find("timezone"),
                                     scope.root.find("timezone")};
  if (wanted.is(Datum::Kind::text)) {
    if (auto zone = Zone::find(wanted.text())) return *zone;
  }
  for (const Value* const candidate : candidates) {
    if (candidate == nullptr || candidate->as_text() == nullptr) continue;
    if (auto zone = Zone::find(*candidate->as_text())) return *zone;
  }
  return Zone::utc();
}

std::optional<Time> read_time(const FilterScope& scope, const Datum& input, const Zone& zone,
                              Duration unit) {
  if (input.is(Datum::Kind::integer)) {
    std::int64_t ms = 0;
    if (__builtin_mul_overflow(input.integer(), unit.count(), &ms) || ms > 253402300799999 ||
        ms < -62135596800000)
      return std::nullopt;
    return from_ms(ms);
  }
  if (!input.is(Datum::Kind::text)) return std::nullopt;
  const std::string_view text = strip(input.text());
  if (text == "now" || text == "today") {
    const Value* const now = scope.root.find("now");
    return now == nullptr ? std::nullopt : read_time(scope, Datum::of(*now), zone, Duration{1});
  }
  if (const auto whole = whole_number(input))
    return read_time(scope, Datum::of(*whole), zone, unit);
  if (const auto time = parse_time(text, zone)) return time;
  for (const std::string_view pattern : patterns) {
    if (const auto time = parse_time_as(text, pattern, zone)) return time;
  }
  return std::nullopt;
}

std::string strftime_text(Time time, const Zone& zone, std::string_view format) {
  const Parts parts = parts_of(time, zone);
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    const std::size_t begin = i++;
    Directive directive{'!', false, false, 0, -1};
    for (; i < format.size(); ++i) {
      const char c = format[i];
      if (c == '-' || c == '_' || (c == '0' && directive.width < 0))
        directive.pad = c;
      else if (c == '^')
        directive.upper = true;
      else if (c == '#')
        directive.swap = true;
      else if (c == ':')
        ++directive.colons;
      else if (c >= '0' && c <= '9' && directive.width < 100)
        directive.width = (directive.width < 0 ? 0 : directive.width * 10) + (c - '0');
      else
        break;
    }
    auto text = i < format.size() ? expand(format[i], parts, directive) : std::nullopt;
    if (!text) {
      out += format.substr(begin, i + 1 - begin);
      continue;
    }
    const bool lowers = directive.swap && (format[i] == 'p');
    if (directive.upper || (directive.swap && !lowers)) *text = upper_case(*text);
    if (lowers) *text = lower_case(*text);
    // Numbers are as wide as they shall be already.
    const char with = directive.pad == '0' ? '0' : ' ';
    if (directive.width > 0 && directive.pad != '-' && format[i] != 'N' && format[i] != 'L')
      for (auto n = count_characters(*text); n < static_cast<std::size_t>(directive.width); ++n)
        out += with;
    out += *text;
  }
  return out;
}

}  // namespace retaind::render
