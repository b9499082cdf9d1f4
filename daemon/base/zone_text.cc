#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/zone.h"

namespace retaind {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<std::string_view, 12> month_names{
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> weekday_names{"Sun", "Mon", "Tue", "Wed",
                                                        "Thu", "Fri", "Sat"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Reads from the front; every method returns empty (or false) when the text does not fit.
struct Scanner {
  std::string_view rest;

  bool take(char wanted) {
    if (!rest.starts_with(wanted)) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool take_any(std::string_view wanted) {
    return std::any_of(wanted.begin(), wanted.end(), [this](char c) { return take(c); });
  }
  std::optional<int> number(std::size_t least, std::size_t most) {
    int value = 0;
    std::size_t used = 0;
    while (used < most && used < rest.size() && is_digit(rest[used]))
      value = value * 10 + (rest[used++] - '0');
    if (used < least) return std::nullopt;
    rest.remove_prefix(used);
    return value;
  }
  /// One to nine digits after the point; what is finer than a millisecond is cut off.
  std::optional<Duration> fraction() {
    int value = 0;
    std::size_t used = 0;
    for (; used < rest.size() && is_digit(rest[used]); ++used) {
      if (used < 3) value = value * 10 + (rest[used] - '0');
    }
    if (used == 0 || used > 9) return std::nullopt;
    for (std::size_t i = used; i < 3; ++i) value *= 10;
    rest.remove_prefix(used);
    return Duration{value};
  }
  /// "Z", "+01:00" or "+0100": local minus UTC.
  std::optional<minutes> offset() {
    if (take_any("Zz")) return minutes{0};
    const bool west = take('-');
    if (!west && !take('+')) return std::nullopt;
    const auto hour = number(2, 2);
    take(':');
    const auto minute = number(2, 2);
    if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
    const minutes value = hours{*hour} + minutes{*minute};
    return west ? -value : value;
  }
  std::optional<LocalDate> date() {
    const auto year = number(4, 4);
    if (!year || !take('-')) return std::nullopt;
    const auto month = number(2, 2);
    if (!month || !take('-')) return std::nullopt;
    const auto day = number(2, 2);
    if (!day) return std::nullopt;
    const LocalDate date{std::chrono::year{*year},
                         std::chrono::month{static_cast<unsigned>(*month)},
                         std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    return date;
  }
  /// "09:30", "09:30:00", "09:30:00.250"; second 60 (a leap second, RFC 3339 5.6) is the next
  /// minute.
  std::optional<Duration> time_of_day() {
    const auto hour = number(2, 2);
    if (!hour || !take(':')) return std::nullopt;
    const auto minute = number(2, 2);
    if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
    Duration time = hours{*hour} + minutes{*minute};
    if (!take(':')) return time;
    const auto second = number(2, 2);
    if (!second || *second > 60) return std::nullopt;
    time += seconds{*second};
    if (!take('.')) return time;
    const auto part = fraction();
    if (!part) return std::nullopt;
    return time + *part;
  }
};

Time at_offset(LocalTime local, minutes offset) { return Time{local.time_since_epoch() - offset}; }
LocalTime midnight(LocalDate date) { return LocalTime{std::chrono::local_days{date}}; }

struct Clockface {
  LocalDate date;
  int hour, minute, second, millisecond;
  explicit Clockface(LocalTime local)
      : date(std::chrono::floor<days>(local)), hour(0), minute(0), second(0), millisecond(0) {
    const std::chrono::hh_mm_ss time{local - std::chrono::floor<days>(local)};
    hour = static_cast<int>(time.hours().count());
    minute = static_cast<int>(time.minutes().count());
    second = static_cast<int>(time.seconds().count());
    millisecond = static_cast<int>(time.subseconds().count());
  }
};

std::string seconds_text(const Clockface& face, bool always) {
  std::string text;
  if (always || face.second != 0 || face.millisecond != 0)
    text = fmt::format(":{:02}", face.second);
  if (face.millisecond != 0) text += fmt::format(".{:03}", face.millisecond);
  return text;
}

/// What a pattern has yielded so far.
struct Parts {
  std::optional<int> year, month, day;
  int hour = 0, minute = 0, second = 0;
  Duration fraction{0};
  std::optional<bool> afternoon;
  bool twelve_hours = false;
  std::optional<minutes> offset;
};

std::optional<int> month_by_name(Scanner& in) {
  std::size_t letters = 0;
  while (letters < in.rest.size() && is_letter(in.rest[letters])) ++letters;
  const std::string word = lower_ascii(in.rest.substr(0, letters));
  for (std::size_t i = 0; i < month_names.size(); ++i) {
    const std::string name = lower_ascii(month_names[i]);
    if (word != name && word != name.substr(0, 3)) continue;
    in.rest.remove_prefix(letters);
    return static_cast<int>(i) + 1;
  }
  return std::nullopt;
}

/// Reads a number into `target`, refusing values over `highest`.
bool read_number(Scanner& in, std::size_t most, int lowest, int highest, int& target) {
  const auto value = in.number(1, most);
  if (!value || *value < lowest || *value > highest) return false;
  target = *value;
  return true;
}

bool read_half_of_day(Scanner& in, Parts& parts) {
  const bool pm = in.take_any("pP");
  if (!pm && !in.take_any("aA")) return false;
  parts.afternoon = pm;
  return in.take_any("mM");
}

bool read_directive(char directive, Scanner& in, Parts& parts) {
  const auto store = [&](std::size_t most, int lowest, int highest, std::optional<int>& target) {
    return read_number(in, most, lowest, highest, target.emplace(0));
  };
  switch (directive) {
    case 'Y': return store(4, 1, 9999, parts.year);
    case 'y':
      if (!store(2, 0, 99, parts.year)) return false;
      *parts.year += *parts.year < 69 ? 2000 : 1900;  // POSIX strptime
      return true;
    case 'm': return store(2, 1, 12, parts.month);
    case 'b': return (parts.month = month_by_name(in)).has_value();
    case 'e': in.take(' '); [[fallthrough]];
    case 'd': return store(2, 1, 31, parts.day);
    case 'H': return read_number(in, 2, 0, 23, parts.hour);
    case 'I': parts.twelve_hours = true; return read_number(in, 2, 1, 12, parts.hour);
    case 'M': return read_number(in, 2, 0, 59, parts.minute);
    case 'S': return read_number(in, 2, 0, 60, parts.second);
    case 'f': {
      const auto part = in.fraction();
      parts.fraction = part.value_or(Duration{0});
      return part.has_value();
    }
    case 'p': return read_half_of_day(in, parts);
    case 'z': return (parts.offset = in.offset()).has_value();
    case 'Z': {
      const std::size_t before = in.rest.size();
      while (!in.rest.empty() && is_letter(in.rest.front())) in.rest.remove_prefix(1);
      return in.rest.size() < before;
    }
    case '%': return in.take('%');
    default: return false;
  }
}

std::string unit(long long count, std::string_view name) {
  return fmt::format("{} {}{}", count, name, count == 1 || count == -1 ? "" : "s");
}

}  // namespace

std::string to_string(const Span& span) {
  std::vector<std::string> parts;
  if (span.months != 0) parts.push_back(unit(span.months, "month"));
  const std::string_view open = span.business ? "business " : "";
  if (span.days != 0) parts.push_back(unit(span.days, fmt::format("{}day", open)));
  Duration left = span.elapsed;
  const auto take = [&](Duration size, std::string_view name) {
    if (left / size == 0) return;
    parts.push_back(unit(left / size, fmt::format("{}{}", open, name)));
    left %= size;
  };
  take(hours{1}, "hour");
  take(minutes{1}, "minute");
  take(seconds{1}, "second");
  take(Duration{1}, "millisecond");
  return parts.empty() ? "0 seconds" : join(parts, " ");
}

std::optional<LocalDate> parse_date(std::string_view text) {
  Scanner in{text};
  const auto date = in.date();
  return in.rest.empty() ? date : std::nullopt;
}

std::string to_string(LocalDate date) {
  const int year = static_cast<int>(date.year());
  if (year >= 0 && year <= 9999) {
    std::string text = "0000-00-00";
    const auto put = [&](std::size_t at, unsigned number) {
      text[at] = static_cast<char>('0' + number / 10 % 10);
      text[at + 1] = static_cast<char>('0' + number % 10);
    };
    put(0, static_cast<unsigned>(year) / 100);
    put(2, static_cast<unsigned>(year));
    put(5, static_cast<unsigned>(date.month()));
    put(8, static_cast<unsigned>(date.day()));
    return text;
  }
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string to_iso(Time time) {
  const Clockface face(Zone::utc().to_local(time));
  const int year = static_cast<int>(face.date.year());
  if (year >= 0 && year <= 9999) {
    // Several times in every mail.
    std::string text = "0000-00-00T00:00:00Z";
    const auto put = [&](std::size_t at, unsigned number) {
      text[at] = static_cast<char>('0' + number / 10 % 10);
      text[at + 1] = static_cast<char>('0' + number % 10);
    };
    put(0, static_cast<unsigned>(year) / 100);
    put(2, static_cast<unsigned>(year));
    put(5, static_cast<unsigned>(face.date.month()));
    put(8, static_cast<unsigned>(face.date.day()));
    put(11, static_cast<unsigned>(face.hour));
    put(14, static_cast<unsigned>(face.minute));
    put(17, static_cast<unsigned>(face.second));
    if (face.millisecond != 0) {
      text.replace(19, 1, ".000Z");
      put(21, static_cast<unsigned>(face.millisecond));
      text[20] = static_cast<char>('0' + face.millisecond / 100);
    }
    return text;
  }
  return fmt::format("{}T{:02}:{:02}{}Z", to_string(face.date), face.hour, face.minute,
                     seconds_text(face, true));
}

std::string to_local_text(Time time, const Zone& zone) {
  const Clockface face(zone.to_local(time));
  std::string text = to_string(face.date);
  for (const auto& [mark, number] : {std::pair{' ', face.hour}, std::pair{':', face.minute}}) {
    text += mark;
    text += static_cast<char>('0' + number / 10);
    text += static_cast<char>('0' + number % 10);
  }
  return text + seconds_text(face, false);
}

std::optional<Time> parse_time(std::string_view text, const Zone& zone) {
  Scanner in{text};
  const auto date = in.date();
  if (!date) return std::nullopt;
  if (in.rest.empty()) return zone.start_of(*date);
  if (!in.take_any("Tt ")) return std::nullopt;
  const auto time = in.time_of_day();
  if (!time) return std::nullopt;
  const LocalTime local = midnight(*date) + *time;
  if (in.rest.empty()) return zone.to_time(local);
  const auto offset = in.offset();
  if (!offset || !in.rest.empty()) return std::nullopt;
  return at_offset(local, *offset);
}

std::string to_rfc5322(Time time, const Zone& zone) {
  const LocalTime local = zone.to_local(time);
  const Clockface face(local);
  const auto offset =
      std::chrono::floor<minutes>(local.time_since_epoch() - time.time_since_epoch());
  const auto size = std::chrono::abs(offset).count();
  const std::chrono::weekday weekday{std::chrono::local_days{face.date}};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} {}{:02}{:02}",
                     weekday_names[weekday.c_encoding()], static_cast<unsigned>(face.date.day()),
                     month_names[static_cast<unsigned>(face.date.month()) - 1].substr(0, 3),
                     static_cast<int>(face.date.year()), face.hour, face.minute, face.second,
                     offset.count() < 0 ? '-' : '+', size / 60, size % 60);
}

std::optional<Time> parse_time_as(std::string_view text, std::string_view pattern,
                                  const Zone& zone) {
  Scanner in{text};
  Parts parts;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == ' ') {
      while (in.take(' ')) {
      }
    } else if (pattern[i] != '%') {
      if (!in.take(pattern[i])) return std::nullopt;
    } else if (++i == pattern.size() || !read_directive(pattern[i], in, parts)) {
      return std::nullopt;
    }
  }
  if (!in.rest.empty() || !parts.year || !parts.month || !parts.day) return std::nullopt;
  if (parts.twelve_hours != parts.afternoon.has_value()) return std::nullopt;
  if (parts.twelve_hours) parts.hour = parts.hour % 12 + (*parts.afternoon ? 12 : 0);
  const LocalDate date{std::chrono::year{*parts.year},
                       std::chrono::month{static_cast<unsigned>(*parts.month)},
                       std::chrono::day{static_cast<unsigned>(*parts.day)}};
  if (!date.ok()) return std::nullopt;
  const LocalTime local = midnight(date) + hours{parts.hour} + minutes{parts.minute} +
                          seconds{parts.second} + parts.fraction;
  return parts.offset ? at_offset(local, *parts.offset) : zone.to_time(local);
}

}  // namespace retaind
