#include <fmt/format.h>

#include <array>

#include "render/filter.h"
#include "render/when.h"

namespace retaind::render {
namespace {

enum class Form { date, brief, weekday, time, moment };

struct Language {
  std::string_view code;
  std::array<std::string_view, 5>
      forms;  ///< strftime with %1 month name, %2 short month name, %3 day name
  std::array<std::string_view, 12> months;
  std::array<std::string_view, 12> short_months;
  std::array<std::string_view, 7> days;  ///< Sunday first
};

constexpr std::array<std::string_view, 12> english_months = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 12> english_short = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> english_days = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

// The longest code that a locale begins with wins: en-GB before en.
constexpr Language languages[] = {
    {"en-GB",
     {"%-d %1 %Y", "%-d %2 %Y", "%3, %-d %1 %Y", "%H:%M", "%-d %1 %Y, %H:%M"},
     english_months,
     english_short,
     english_days},
    {"en",
     {"%1 %-d, %Y", "%2 %-d, %Y", "%3, %1 %-d, %Y", "%-I:%M %p", "%1 %-d, %Y, %-I:%M %p"},
     english_months,
     english_short,
     english_days},
    {"de",
     {"%-d. %1 %Y", "%d.%m.%Y", "%3, %-d. %1 %Y", "%H:%M", "%-d. %1 %Y, %H:%M Uhr"},
     {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
      "November", "Dezember"},
     {"Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.",
      "Dez."},
     {"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"}},
    {"ja",
     {"%Y年%-m月%-d日", "%Y/%m/%d", "%Y年%-m月%-d日(%3)", "%H:%M", "%Y年%-m月%-d日 %H:%M"},
     {},
     {},
     {"日", "月", "火", "水", "木", "金", "土"}},
    {"zh",
     {"%Y年%-m月%-d日", "%Y/%-m/%-d", "%Y年%-m月%-d日%3", "%H:%M", "%Y年%-m月%-d日 %H:%M"},
     {},
     {},
     {"星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"}},
};
// For every other language: what nobody misreads.
constexpr Language neutral = {
    "", {"%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d", "%H:%M", "%Y-%m-%d %H:%M"}, {}, {}, {}};

const Language& language_of(std::string_view locale) {
  for (const Language& one : languages) {
    if (locale.substr(0, one.code.size()) == one.code) return one;
  }
  return neutral;
}

std::optional<Form> form_of(std::string_view name) {
  static constexpr std::pair<std::string_view, Form> forms[] = {{"date", Form::date},
                                                                {"short", Form::brief},
                                                                {"weekday", Form::weekday},
                                                                {"time", Form::time},
                                                                {"datetime", Form::moment}};
  for (const auto& [word, form] : forms) {
    if (word == name) return form;
  }
  return std::nullopt;
}

// Names go in first, as strftime only knows the English ones.
std::string localized(const Language& language, Form form, Time time, const Zone& zone) {
  const LocalDate date = zone.date_of(time);
  const std::size_t month = static_cast<unsigned>(date.month()) - 1;
  const std::size_t day = std::chrono::weekday{std::chrono::local_days{date}}.c_encoding();
  std::string format;
  for (const std::string_view pattern{language.forms[static_cast<std::size_t>(form)]};
       const char c : pattern) {
    const bool directive = !format.empty() && format.back() == '%';
    if (directive && c >= '1' && c <= '3') {
      format.pop_back();
      format += c == '1'   ? language.months[month]
                : c == '2' ? language.short_months[month]
                           : language.days[day];
    } else {
      format += c;
    }
  }
  return strftime_text(time, zone, format);
}

Datum no_time(FilterScope& scope, const Datum& input) {
  return scope.fail(fmt::format("`{}` is no time; give an ISO date or a number",
                                input.string(scope.arena).substr(0, 40)));
}

// Shopify's: an strftime pattern, numbers are seconds. Without a pattern, or for what is no time,
// the value as it is.
Datum date(FilterScope& scope, const Datum& input, const Given& given) {
  if (input.is_missing() || given.at(0).is_missing()) return input;
  const std::string_view format = given.at(0).string(scope.arena);
  if (format.empty()) return input;
  const Zone zone = scope.is_strict ? zone_for(scope, {}) : Zone::utc();
  // To Shopify's, only digits are seconds.
  const bool signed_text = input.is(Datum::Kind::text) && input.text().starts_with('-');
  const auto time = signed_text && !scope.is_strict
                        ? std::nullopt
                        : read_time(scope, input, zone, std::chrono::seconds{1});
  if (!time) return scope.is_strict ? no_time(scope, input) : input;
  return Datum::of(scope.arena.keep(strftime_text(*time, zone, format)));
}

// `time | local_date: "short", zone: "Asia/Tokyo", locale: "ja"`; numbers are milliseconds.
Datum local_date(FilterScope& scope, const Datum& input, const Given& given) {
  if (input.is_missing()) return input;
  const Datum wanted = given.at(0);
  const auto form =
      wanted.is_missing() ? std::optional(Form::date) : form_of(wanted.string(scope.arena));
  if (!form)
    return scope.fail("the form is \"date\", \"short\", \"weekday\", \"time\" or \"datetime\"");
  const Zone zone = zone_for(scope, given.get("zone"));
  const auto time = read_time(scope, input, zone, Duration{1});
  if (!time) return no_time(scope, input);
  const Datum locale = given.get("locale");
  const Language& language =
      language_of(locale.is_missing() ? scope.site_locale : locale.string(scope.arena));
  return Datum::of(scope.arena.keep(localized(language, *form, *time, zone)));
}

constexpr Filter table[] = {
    {"date", 0, 1, "", false, date},
    {"local_date", 0, 1, "zone locale", true, local_date},
};

}  // namespace

std::span<const Filter> date_filters() { return table; }

}  // namespace retaind::render
