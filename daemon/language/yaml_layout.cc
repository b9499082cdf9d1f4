#include "language/yaml_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "language/keys.h"

namespace retaind::language {
namespace {

/// What people mostly indent by, and the shipped files always.
constexpr std::size_t step = 2;
/// Lines of text above a complaint that are looked at for a key without its colon.
constexpr std::size_t most_lines = 20;

struct Line {
  std::size_t begin = 0;  ///< of the first character that is no blank
  std::size_t indent = 0;
  std::string_view text;  ///< without blanks around it and without a comment
  bool dash = false;

  [[nodiscard]] bool opens() const { return text.ends_with(':'); }
  [[nodiscard]] bool has_key() const {
    return opens() || text.find(": ") != std::string_view::npos;
  }
  /// Where keys beside the first one stand.
  [[nodiscard]] std::size_t column() const { return indent + (dash ? step : 0); }
  [[nodiscard]] std::string_view first_word() const {
    const std::string_view words = dash ? trim(text.substr(1)) : text;
    return words.substr(0, words.find(' '));
  }
};

/// The lines with content, to the one that holds `at`.
std::vector<Line> lines_to(std::string_view text, std::size_t at) {
  std::vector<Line> lines;
  for (std::size_t begin = 0; begin <= at && begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view content = text.substr(begin, end - begin);
    const std::size_t indent = std::min(content.find_first_not_of(' '), content.size());
    if (const std::size_t comment = content.find(" #"); comment != std::string_view::npos)
      content = content.substr(0, comment);
    content = trim(content);
    if (!content.empty() && content.front() != '#')
      lines.push_back({begin + indent, indent, content, content.starts_with("- ")});
    begin = end + 1;
  }
  return lines;
}

bool is_key(std::string_view word) {
  const auto all = keys();
  return std::any_of(all.begin(), all.end(), [&](const KeyRow& row) { return row.name == word; });
}

/// Whether a file of any kind has the key at its margin.
bool is_root_key(std::string_view word) {
  while (word.ends_with(':')) word.remove_suffix(1);
  return find_key(Keys::rule, word) != nullptr || find_key(Keys::site, word) != nullptr ||
         find_key(Keys::story, word) != nullptr || find_key(Keys::mapping, word) != nullptr ||
         find_key(Keys::vocabulary, word) != nullptr;
}

OddLine odd(const Line& line, std::string message, std::string remedy) {
  return {{line.begin, line.begin + line.text.size()}, std::move(message), std::move(remedy)};
}

std::optional<OddLine> without_colon(const std::vector<Line>& lines) {
  for (std::size_t i = lines.size() - 1; i-- > 0 && lines.size() - i <= most_lines;) {
    const Line& line = lines[i];
    if (line.has_key()) return std::nullopt;
    const std::string_view word = line.first_word();
    if (is_key(word))
      return odd(line, fmt::format("`{}` is followed by no `:`", word),
                 fmt::format("write `{}: …`", word));
  }
  return std::nullopt;
}

/// The last bracket of a line that is not closed in it; brackets in quotes are text.
std::optional<std::size_t> open_bracket(std::string_view line) {
  std::vector<std::size_t> open;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || (c == '\'' && (i == 0 || line[i - 1] == ' '))) {
      quote = c;
    } else if (c == '{' || c == '[') {
      open.push_back(i);
    } else if ((c == '}' || c == ']') && !open.empty()) {
      open.pop_back();
    }
  }
  return open.empty() ? std::nullopt : std::optional(open.front());
}

/// A bracket above that is still open where a new entry of a list begins.
std::optional<OddLine> unclosed(const std::vector<Line>& lines) {
  if (!lines.back().dash) return std::nullopt;
  for (std::size_t i = lines.size() - 1; i-- > 0 && lines.size() - i <= most_lines;) {
    const auto bracket = open_bracket(lines[i].text);
    if (!bracket) continue;
    const std::size_t at = lines[i].begin + *bracket;
    const bool list = lines[i].text[*bracket] == '[';
    return OddLine{{at, at + 1},
                   fmt::format("{} is opened here and not closed", list ? "a list" : "a map"),
                   fmt::format("close it with `{}` in this line", list ? ']' : '}')};
  }
  return std::nullopt;
}

std::optional<OddLine> indented_wrongly(const std::vector<Line>& lines) {
  const Line& here = lines.back();
  const Line& line = lines[lines.size() - 2];
  const auto blame = [&](std::size_t column) {
    return odd(line, "this line is not indented like its neighbours",
               fmt::format("begin it in column {}", column + 1));
  };
  if (lines.size() == 2)
    return line.indent > 0 && here.indent == 0 ? std::optional(blame(0)) : std::nullopt;
  const Line& above = lines[lines.size() - 3];
  const std::size_t level = above.opens() ? above.column() + step : above.column();
  if (line.indent == level) return std::nullopt;
  // A key of a step at the margin has fallen out of its step.
  if (line.indent == 0 && line.has_key() && !is_root_key(line.first_word()) && here.indent > 0)
    return blame(level);
  if (here.dash && !line.dash) return std::nullopt;
  // Back at a level that lines above have: that is how a list or a map ends.
  const bool goes_back = std::any_of(lines.begin(), lines.end() - 2, [&](const Line& other) {
    return other.column() == line.indent || other.indent == line.indent;
  });
  if (line.indent < level && goes_back && !above.opens()) return std::nullopt;
  if (here.indent == level + (line.dash && !here.dash ? step : 0)) return blame(level);
  // What belongs under the key above stands beside it, and the line below it does not.
  if (above.opens() && line.indent <= above.indent && here.indent > line.indent)
    return blame(level);
  return std::nullopt;
}

/// Whether an entry of a list went on in the entry below it, which is indented deeper.
std::optional<OddLine> swallowed_entry(const std::vector<Line>& lines) {
  if (lines.size() < 2) return std::nullopt;
  const Line& here = lines.back();
  const Line& line = lines[lines.size() - 2];
  if (!here.dash || !line.dash || here.indent <= line.indent) return std::nullopt;
  const bool usual = lines.size() > 2 && line.indent == lines[lines.size() - 3].column() + step;
  return odd(usual ? here : line, "this entry is not indented like its neighbour",
             fmt::format("begin it in column {}", (usual ? line : here).indent + 1));
}

}  // namespace

std::optional<OddLine> odd_entry(std::string_view text, Range entry) {
  const std::size_t newline = text.find('\n', entry.begin);
  if (newline == std::string_view::npos || newline >= entry.end) return std::nullopt;
  const std::size_t second = text.find_first_not_of(" \n", newline);
  return second == std::string_view::npos ? std::nullopt : swallowed_entry(lines_to(text, second));
}

std::optional<OddLine> odd_line(std::string_view text, std::size_t at) {
  const std::vector<Line> lines = lines_to(text, at);
  if (lines.size() < 2) return std::nullopt;
  if (auto found = unclosed(lines)) return found;
  if (auto found = without_colon(lines)) return found;
  return indented_wrongly(lines);
}

}  // namespace retaind::language
