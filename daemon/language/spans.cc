#include "language/spans.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/text.h"

namespace retaind::language {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct Unit {
  std::string_view one;
  std::string_view many;
  std::string_view abbreviation;
  int months = 0;
  int days = 0;
  Duration elapsed{0};
};
constexpr std::array<Unit, 7> units{{
    {"second", "seconds", "s", 0, 0, seconds(1)},
    {"minute", "minutes", "min", 0, 0, minutes(1)},
    {"hour", "hours", "h", 0, 0, hours(1)},
    {"day", "days", "d", 0, 1, Duration{0}},
    {"week", "weeks", "w", 0, 7, Duration{0}},
    {"month", "months", "mo", 1, 0, Duration{0}},
    {"year", "years", "y", 12, 0, Duration{0}},
}};

/// Longer than any customer stays; keeps every sum of times far from the end of the calendar.
constexpr int most_years = 100;

const Unit* find_unit(std::string_view word) {
  for (const auto& unit : units)
    if (word == unit.one || word == unit.many) return &unit;
  return nullptr;
}

/// What someone may have meant by a word that is no unit.
std::string_view guess_unit(std::string_view number, std::string_view word) {
  const auto name = [&](const Unit& unit) { return number == "1" ? unit.one : unit.many; };
  const std::string lower = lower_ascii(word);
  std::array<std::string_view, units.size()> names{};
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (lower == units[i].abbreviation || lower == units[i].one || lower == units[i].many)
      return name(units[i]);
    names[i] = name(units[i]);
  }
  return nearest(lower, names).value_or("");
}

/// "buisness", "working" or "work".
bool means_business(std::string_view word) {
  static constexpr std::array<std::string_view, 3> names{"business", "working", "workday"};
  const std::string lower = lower_ascii(word);
  return lower == "work" || nearest(lower, names).has_value();
}

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::nullopt_t refuse(Fault& fault, Code code, std::string message, std::string remedy) {
  fault = {code, std::move(message), std::move(remedy)};
  return std::nullopt;
}

/// The longest that is a duration, in this unit.
std::int64_t most_of(const Unit& unit) {
  const Duration year = hours(24 * 365);
  const Duration one = unit.elapsed + hours(24) * (unit.days + 30 * unit.months);
  return std::min<std::int64_t>(most_years * (year / one), std::numeric_limits<int>::max());
}

std::optional<Span> multiply(const Unit& unit, std::string_view number, Fault& fault) {
  int count = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), count);
  if (error != std::errc{} || end != number.data() + number.size() || count > most_of(unit))
    return refuse(fault, Code::bad_duration, fmt::format("`{} {}` is too long", number, unit.many),
                  fmt::format("write at most {} years", most_years));
  return Span{count * unit.months, count * unit.days, count * unit.elapsed, false};
}

/// No weeks and months: they are of dates, open or not.
bool counts_open_time(const Unit& unit) { return unit.months == 0 && unit.days <= 1; }

/// Whole numbers up to `most`, with zeros in front.
std::string up_to(std::int64_t most) {
  const std::string digits = std::to_string(most);
  std::string pattern = "0*(?:" + digits;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::size_t behind = digits.size() - i - 1;
    if (digits[i] == '0') continue;
    pattern += fmt::format("|{}[0-{}]", digits.substr(0, i), static_cast<char>(digits[i] - 1));
    if (behind > 0) pattern += fmt::format("[0-9]{{{}}}", behind);
  }
  if (digits.size() > 1) pattern += fmt::format("|[0-9]{{1,{}}}", digits.size() - 1);
  return pattern + ")";
}

}  // namespace

std::string span_pattern(bool business) {
  std::string pattern;
  for (const auto& unit : units)
    if (!business || counts_open_time(unit))
      pattern += fmt::format("{}{} +{}{}s?", pattern.empty() ? "" : "|", up_to(most_of(unit)),
                             business ? "business +" : "", unit.one);
  return "(?:" + pattern + ")";
}

std::string written(const Span& span) {
  if (span.elapsed % hours(1) == Duration::zero()) return to_string(span);
  const bool whole = span.elapsed % minutes(1) == Duration::zero();
  const auto many = whole ? span.elapsed / minutes(1) : span.elapsed / seconds(1);
  return fmt::format("{} {}{}{}", many, span.business ? "business " : "",
                     whole ? "minute" : "second", many == 1 ? "" : "s");
}

std::string in_all_time(const Span& span) {
  Span elapsed = span;
  elapsed.business = false;
  return written(elapsed);
}

bool is_unit(std::string_view word) { return find_unit(word) != nullptr; }

std::optional<Span> read_span(std::string_view number, std::string_view unit, Fault& fault) {
  const std::string whole = fmt::format("{} {}", number, unit);
  if (unit.empty())
    return refuse(fault, Code::no_unit, fmt::format("`{}` has no unit", number),
                  fmt::format("{0} what? write `{0} days` or `{0} hours`", number));
  if (unit == "business")
    return refuse(fault, Code::no_unit, fmt::format("`{} business` has no unit", number),
                  fmt::format("{0} what? write `{0} hours` or `{0} days`", number));
  const std::size_t space = unit.find(' ');
  const std::string_view kind = unit.substr(0, space);
  const bool business = kind == "business" && space != std::string_view::npos;
  if (business) unit = trim(unit.substr(space));
  if (!business && space != std::string_view::npos && means_business(kind))
    if (const std::string_view guess = guess_unit(number, trim(unit.substr(space))); !guess.empty())
      return refuse(fault, Code::bad_duration, fmt::format("`{}` is no unit of time", unit),
                    fmt::format("did you mean `{} business {}`?", number, guess));
  const Unit* found = find_unit(unit);
  if (business && found != nullptr && !counts_open_time(*found))
    return refuse(fault, Code::bad_duration, "business time is counted in minutes, hours or days",
                  "write days: a week of opening days is `5 business days`");
  if (found == nullptr) {
    const std::string_view guess = guess_unit(number, unit);
    return refuse(fault, Code::bad_duration, fmt::format("`{}` is no unit of time", unit),
                  guess.empty() ? "write minutes, hours, days, weeks, months or years"
                                : fmt::format("did you mean `{} {}{}`?", number,
                                              business ? "business " : "", guess));
  }
  if (number.starts_with('-'))
    return refuse(
        fault, Code::bad_duration, fmt::format("`{}` is before zero", whole),
        fmt::format("write `{}`; in a trigger `before:` counts backwards", whole.substr(1)));
  if (!all_digits(number))
    return refuse(fault, Code::bad_duration, fmt::format("`{}` is no whole number", number),
                  "write a whole number of a smaller unit, such as `36 hours`");
  auto span = multiply(*found, number, fault);
  if (span) span->business = business;
  return span;
}

std::optional<Span> read_span(std::string_view text, Fault& fault) {
  text = trim(text);
  const std::size_t end = std::min(text.find_first_not_of("0123456789.,-+"), text.size());
  const std::string_view number = text.substr(0, end);
  const std::string_view rest = trim(text.substr(end));
  if (number.empty())
    return refuse(fault, Code::bad_duration, fmt::format("`{}` is no duration", text),
                  "write a number and a unit, such as `7 days` or `48 hours`");
  if (!rest.empty() && end < text.size() && text[end] != ' ') {
    const std::string_view guess = guess_unit(number, rest);
    return refuse(fault, Code::bad_duration, fmt::format("`{}` is no duration", text),
                  fmt::format("write `{} {}`", number, guess.empty() ? "days" : guess));
  }
  return read_span(number, rest, fault);
}

Duration at_least(const Span& span) {
  return span.elapsed + hours(24) * (span.days + 28 * span.months);
}

}  // namespace retaind::language
