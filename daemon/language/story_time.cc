#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/text.h"
#include "language/story_parts.h"

namespace retaind::language {
namespace {

using std::chrono::days;
using std::chrono::local_days;

/// A hundred years: a story ends before its reader does.
constexpr int most_days = 36'500;
constexpr std::string_view time_remedy = "write `day 7`, `day 7 10:00` or `2026-03-09 10:00`";

std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || text[0] == '-')
    return std::nullopt;
  return value;
}

/// "9:00", "10:00", "09:30:15".
std::optional<Duration> time_of_day(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  std::array<int, 3> numbers{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto number = whole_number(parts[i]);
    const bool digits = parts[i].size() == 2 || (i == 0 && parts[i].size() == 1);
    if (!number || !digits || *number >= (i == 0 ? 24 : 60)) return std::nullopt;
    numbers[i] = *number;
  }
  return std::chrono::hours(numbers[0]) + std::chrono::minutes(numbers[1]) +
         std::chrono::seconds(numbers[2]);
}

}  // namespace

std::optional<Time> read_story_time(StoryScope& scope, std::string_view key, const YamlNode& node) {
  const auto text = read_text(scope.report, key, node);
  if (!text) return std::nullopt;
  const Story& story = scope.story;
  const LocalTime begin = story.zone.to_local(story.starts);
  std::string_view rest = *text;
  if (rest.starts_with("day ")) {
    rest = trim(rest.substr(4));
    const std::size_t space = rest.find(' ');
    const auto number = whole_number(rest.substr(0, space));
    std::optional<Duration> of_day = begin - std::chrono::floor<days>(begin);
    if (space != std::string_view::npos) of_day = time_of_day(trim(rest.substr(space)));
    if (number && *number <= most_days && of_day)
      return story.zone.to_time(LocalTime{std::chrono::floor<days>(begin)} + days{*number} +
                                *of_day);
  } else if (const auto time = parse_time(rest, story.zone)) {
    return time;
  }
  scope.report.error(Code::bad_time, node.at, fmt::format("`{}` is no time of a story", *text),
                     std::string(time_remedy));
  return std::nullopt;
}

bool read_start(Report& report, const YamlNode& node, const Site& site, Story& story) {
  const auto text = read_text(report, "starts", node);
  if (!text) return false;
  story.zone = site.zone;
  std::string_view when = *text;
  // A zone is the last word that begins with a letter; "T" and "Z" stand inside a time.
  const std::size_t space = when.rfind(' ');
  if (space != std::string_view::npos && space + 1 < when.size()) {
    const char first = when[space + 1];
    if ((first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z')) {
      auto zone = Zone::find(when.substr(space + 1));
      if (!zone) {
        auto [message, remedy] =
            split_remedy(zone.error(), "write a name such as `Europe/Berlin`, or none");
        const std::size_t at = offset_in_source(report.text(), node, space + 1);
        report.error(Code::bad_time, {at, node.at.end}, std::move(message), std::move(remedy));
        return false;
      }
      story.zone = *zone;
      when = trim(when.substr(0, space));
    }
  }
  if (const auto time = parse_time(when, story.zone)) {
    story.starts = *time;
    return true;
  }
  report.error(Code::bad_time, node.at, fmt::format("`{}` is no time to start at", *text),
               "write `2026-03-02 10:00`, and behind it a zone when it is not the site's");
  return false;
}

int day_of(const Story& story, Time time) {
  const auto number = [&](Time t) { return local_days{story.zone.date_of(t)}; };
  return static_cast<int>((number(time) - number(story.starts)).count());
}

std::string time_text(const Story& story, Time time) {
  static constexpr std::array<std::string_view, 7> names{
      "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  const std::chrono::weekday weekday{local_days{story.zone.date_of(time)}};
  return fmt::format("day {}, {} {}", day_of(story, time), names[weekday.c_encoding()],
                     to_local_text(time, story.zone));
}

}  // namespace retaind::language
