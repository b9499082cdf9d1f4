#include "render/front_matter.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "render/lexer.h"

namespace retaind::render {
namespace {

/// Walks over lines, keeping offsets.
class Lines {
 public:
  Lines(std::string_view text, std::size_t at) : text_(text), at_(at) {}
  bool next(Extent& line) {
    if (at_ >= text_.size()) return false;
    const std::size_t newline = std::min(text_.find('\n', at_), text_.size());
    line = {at_, newline};
    while (line.end > line.begin && is_space(text_[line.end - 1])) --line.end;
    at_ = std::min(newline + 1, text_.size());
    return true;
  }
  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  std::string_view text_;
  std::size_t at_;
};

bool is_text_line(std::string_view line) {
  return line.size() > 6 && line.substr(0, 3) == "---" && line.substr(line.size() - 3) == "---" &&
         strip(line.substr(3, line.size() - 6)) == "text";
}

/// The first of these quotes that is no Liquid's.
std::size_t find_quote(std::string_view text, char quote) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool output = text.substr(at, 2) == "{{";
    if (output || text.substr(at, 2) == "{%")
      at = std::min(text.find(output ? "}}" : "%}", at), text.size() - 1);
    else if (text[at] == quote)
      return at;
  }
  return std::string_view::npos;
}

// YAML's habit of quoting; the quotes are no part of the value, unless the first is closed before
// the end: `"Hello" and "bye"`.
Extent without_quotes(std::string_view text, Extent value) {
  if (value.end - value.begin < 2) return value;
  const char quote = text[value.begin];
  if ((quote != '"' && quote != '\'') || text[value.end - 1] != quote) return value;
  const std::string_view inside = text.substr(value.begin + 1, value.end - value.begin - 2);
  const std::size_t next = find_quote(inside, quote);
  const bool opens = next == 0 || (next < inside.size() && is_space(inside[next - 1]));
  if (next != std::string_view::npos && !opens) return value;
  return {value.begin + 1, value.end - 1};
}

void read_entry(const Source& source, Extent line, FrontMatter& front, Faults& faults) {
  const std::string_view text = source.text;
  const std::string_view whole = line.in(source);
  const std::size_t colon = whole.find(':');
  const std::string_view key = strip(whole.substr(0, std::min(colon, whole.size())));
  const auto found = std::find(front_keys.begin(), front_keys.end(), key);
  if (colon == std::string_view::npos) {
    faults.push_back({&source, line.begin, whole.size(),
                      "a line of the front matter is `key: value`; write the value behind its key, "
                      "and `---` behind the last"});
    return;
  }
  if (found == front_keys.end()) {
    const auto near = nearest(key, front_keys);
    faults.push_back(
        {&source, line.begin, key.size(),
         fmt::format("unknown front matter key `{}`; {}", key,
                     near ? fmt::format("did you mean `{}`?", *near)
                          : "there are subject, preheader, from, reply-to, format and layout")});
    return;
  }
  Extent value{line.begin + colon + 1, line.end};
  while (value.begin < value.end && is_space(text[value.begin])) ++value.begin;
  auto& slot = front.values[static_cast<std::size_t>(found - front_keys.begin())];
  if (slot)
    faults.push_back(
        {&source, line.begin, key.size(), fmt::format("`{}` is written twice; remove one", key)});
  slot = without_quotes(text, value);
}

void check_values(const Source& source, const FrontMatter& front, Faults& faults) {
  const auto& subject = front.value(FrontKey::subject);
  if (!subject || subject->begin == subject->end) {
    faults.push_back({&source, subject ? subject->begin : 0, 3,
                      "a mail needs a subject; write `subject: …` in the front matter"});
  }
  const auto& format = front.value(FrontKey::format);
  if (format && format->in(source) != "html" && format->in(source) != "text") {
    faults.push_back(
        {&source, format->begin, format->end - format->begin, "the format is `html` or `text`"});
  }
  if (format && format->in(source) == "text" && (front.text || front.value(FrontKey::layout))) {
    faults.push_back({&source, format->begin, 4,
                      "with `format: text` the body is the text; a layout or a `--- text ---` part "
                      "has no place"});
  }
}

/// Whether `line` has become the `---` that begins front matter.
bool first_line(const Source& source, Lines& lines, Extent& line) {
  return lines.next(line) && line.in(source) == "---";
}

/// Editors on Windows put a byte order mark in front.
Lines lines_of(const Source& source) {
  return {source.text, std::string_view(source.text).starts_with("\xEF\xBB\xBF") ? 3U : 0U};
}

}  // namespace

bool begins_with_front_matter(const Source& source) {
  Lines lines = lines_of(source);
  Extent line;
  return first_line(source, lines, line);
}

FrontMatter read_front_matter(const Source& source, Faults& faults) {
  const std::string_view text = source.text;
  FrontMatter front;
  Lines lines = lines_of(source);
  Extent line;
  if (!first_line(source, lines, line)) {
    faults.push_back(
        {&source, 0, 3,
         "a template begins with front matter: a line `---`, `subject: …`, a line `---`"});
    front.body = {0, text.size()};
    return front;
  }
  bool closed = false;
  while (!closed && lines.next(line)) {
    const std::string_view whole = line.in(source);
    if (whole == "---")
      closed = true;
    else if (!whole.empty() && whole.front() != '#')
      read_entry(source, line, front, faults);
  }
  if (!closed)
    faults.push_back(
        {&source, 0, 3, "the front matter is never closed; write a line `---` behind it"});
  front.body = {lines.at(), text.size()};
  while (closed && lines.next(line)) {
    if (!is_text_line(line.in(source))) continue;
    front.body.end = line.begin;
    front.text = Extent{lines.at(), text.size()};
    break;
  }
  if (closed) check_values(source, front, faults);
  return front;
}

}  // namespace retaind::render
