#include "app/story_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/xml_text.h"
#include "base/text.h"
#include "replay/story_ledger.h"

namespace retaind::app {
namespace {

using replay::CaseResult;
using replay::StoriesResult;
using replay::StoryFailure;
using replay::StoryResult;

double seconds(Duration took) { return static_cast<double>(took.count()) / 1000; }

std::string indented(std::string_view text, std::string_view by) {
  std::string out;
  for (const std::string_view line : split(text, '\n'))
    out += line.empty() ? "\n" : fmt::format("{}{}\n", by, line);
  return out;
}

std::string body(const StoryFailure& failure) {
  std::string text = failure.when;
  for (const std::string& found : failure.found) text += "\n\n" + found;
  return text;
}

/// The first line of what is wrong, for lists.
std::string headline(const StoryFailure& failure) {
  const std::string_view first =
      failure.found.empty() ? std::string_view() : split(failure.found.front(), '\n').front();
  std::string text;
  for (const char c : first)
    if (c != ' ' || !text.ends_with(' ')) text += c;
  return fmt::format("{}: {}", failure.when, text);
}

/// TAP 14 gives `#` and `\` a meaning behind the dash.
std::string tap_name(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '#' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::size_t line_of(const language::Where& where) {
  return where.source ? language::line_and_column(*where.source, where.begin).first : 0;
}

}  // namespace

std::string stories_as_text(const StoriesResult& result, bool colour) {
  const std::string_view red = colour ? "\033[1;31m" : "";
  const std::string_view green = colour ? "\033[32m" : "";
  const std::string_view plain = colour ? "\033[0m" : "";
  std::size_t width = 0;
  for (const StoryResult& story : result.stories)
    width = std::max(width, display_width(story.file));
  std::string out;
  for (const StoryResult& story : result.stories) {
    const auto cases = static_cast<long long>(story.cases.size());
    const std::string padding(width - display_width(story.file) + 2, ' ');
    out += story.failed() == 0 ? fmt::format("{}{}{}, {}passed{}\n", story.file, padding,
                                             counted(cases, "case"), green, plain)
                               : fmt::format("{}{}{}, {}{} failed{}\n", story.file, padding,
                                             counted(cases, "case"), red, story.failed(), plain);
  }
  for (const StoryResult& story : result.stories) {
    for (const CaseResult& one : story.cases) {
      if (!one.failure) continue;
      out += fmt::format("\n{}FAILED{}  {}\n        --> {}\n", red, plain, one.name,
                         replay::place_text(one.failure->where));
      out += indented(body(*one.failure), "        ");
    }
  }
  const int failed = result.failed();
  out += fmt::format("{}{} in {}: {} passed, {} failed, in {:.2f} s\n", failed > 0 ? "\n" : "",
                     counted(result.cases(), "case"),
                     counted(static_cast<long long>(result.stories.size()), "file"),
                     result.cases() - failed, failed, seconds(result.took));
  return out;
}

std::string stories_as_tap(const StoriesResult& result) {
  std::string out = fmt::format("TAP version 13\n1..{}\n", result.cases());
  int number = 0;
  for (const StoryResult& story : result.stories) {
    for (const CaseResult& one : story.cases) {
      out += fmt::format("{}ok {} - {}\n", one.failure ? "not " : "", ++number,
                         tap_name(fmt::format("{}: {}", story.name, one.name)));
      if (!one.failure) continue;
      const std::string text = body(*one.failure);
      out += fmt::format("  ---\n  at: \"{}\"\n  message: |\n",
                         replay::place_text(one.failure->where));
      for (const std::string_view line : split(text, '\n'))
        if (!line.empty()) out += fmt::format("    {}\n", line);
      out += "  ...\n";
    }
  }
  return out;
}

std::string stories_as_junit(const StoriesResult& result) {
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{:.3f}\">\n",
      result.cases(), result.failed(), seconds(result.took));
  for (const StoryResult& story : result.stories) {
    Duration took{0};
    for (const CaseResult& one : story.cases) took += one.took;
    out += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\" "
        "time=\"{:.3f}\" file=\"{}\">\n",
        xml_text(story.name), story.cases.size(), story.failed(), seconds(took),
        xml_text(story.file));
    for (const CaseResult& one : story.cases) {
      out += fmt::format(
          "    <testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.3f}\"",
          xml_text(one.name), xml_text(story.name), xml_text(story.file), line_of(one.where),
          seconds(one.took));
      if (!one.failure) {
        out += "/>\n";
        continue;
      }
      out += fmt::format(
          ">\n      <failure type=\"expectation\" message=\"{}\">{}</failure>\n    </testcase>\n",
          xml_text(headline(*one.failure)),
          xml_text(replay::place_text(one.failure->where) + "\n" + body(*one.failure)));
    }
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

std::string coverage_as_text(const replay::Coverage& coverage) {
  const auto gaps = coverage.gaps();
  std::string out = fmt::format(
      "coverage: {} of {} were both true and false, {}\n", coverage.tried(),
      counted(coverage.conditions(), "condition"),
      gaps.empty() ? "nothing is untried" : counted(static_cast<long long>(gaps.size()), "gap"));
  for (const replay::Coverage::Gap& gap : gaps)
    out += fmt::format("  {}: {}\n", replay::place_text(gap.where), gap.what);
  return out;
}

}  // namespace retaind::app
