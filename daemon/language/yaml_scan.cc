#include "language/yaml_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "language/yaml.h"

namespace retaind::language {
namespace {

/// Length of the escape sequence (YAML 1.2, 5.7) at a backslash, and of what it stands for.
std::size_t escape_length(std::string_view source, std::size_t at, std::size_t& value_length) {
  value_length = 1;
  const char c = at + 1 < source.size() ? source[at + 1] : '\0';
  const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (digits == 0) {
    if (c == 'N' || c == '_') value_length = 2;
    if (c == 'L' || c == 'P') value_length = 3;
    return 2;
  }
  unsigned long point = 0;
  for (std::size_t i = 0; i < digits && at + 2 + i < source.size(); ++i) {
    const char d = source[at + 2 + i];
    const int digit = d <= '9' ? d - '0' : (d | 0x20) - 'a' + 10;
    point = point * 16 + static_cast<unsigned long>(digit & 15);
  }
  value_length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  return 2 + digits;
}

/// Walks a quoted or plain scalar along with its value. Line folding of plain ones (YAML 1.2, 6.5)
/// turns a line break and the white space around it into one space, or into the line breaks that
/// follow it.
class ScalarWalk {
 public:
  ScalarWalk(std::string_view source, std::size_t begin, std::string_view value)
      : source_(source), value_(value), at_(begin) {}

  std::vector<std::size_t> run() {
    offsets_.reserve(value_.size() + 1);
    quote_ =
        at_ < source_.size() && (source_[at_] == '"' || source_[at_] == '\'') ? source_[at_] : '\0';
    if (quote_ != '\0') ++at_;
    while (offsets_.size() < value_.size() && at_ < source_.size()) step();
    while (offsets_.size() <= value_.size()) offsets_.push_back(at_);
    return std::move(offsets_);
  }

 private:
  void step() {
    const char wanted = value_[offsets_.size()];
    if (quote_ == '"' && source_[at_] == '\\') {
      escape();
    } else if (quote_ == '\'' && source_[at_] == '\'') {
      offsets_.push_back(at_);
      at_ += 2;
    } else if (quote_ == '\0' && is_blank(source_[at_]) && break_ahead()) {
      fold();
    } else {
      offsets_.push_back(at_);
      if (source_[at_] == wanted || !is_blank(wanted)) ++at_;
    }
  }

  void escape() {
    std::size_t stands_for = 1;
    const std::size_t length = escape_length(source_, at_, stands_for);
    for (std::size_t i = 0; i < stands_for && offsets_.size() < value_.size(); ++i)
      offsets_.push_back(at_);
    at_ += length;
  }

  [[nodiscard]] bool break_ahead() const {
    std::size_t at = at_;
    while (at < source_.size() && (source_[at] == ' ' || source_[at] == '\t')) ++at;
    return at < source_.size() && (source_[at] == '\n' || source_[at] == '\r');
  }

  void fold() {
    const std::size_t start = at_;
    while (at_ < source_.size() && is_blank(source_[at_])) ++at_;
    while (offsets_.size() < value_.size() && is_blank(value_[offsets_.size()]))
      offsets_.push_back(start);
  }

  std::string_view source_;
  std::string_view value_;
  std::size_t at_;
  char quote_ = '\0';
  std::vector<std::size_t> offsets_;
};

std::size_t first_control(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    const bool line_end = c == '\n' || (c == '\r' && at + 1 < text.size() && text[at + 1] == '\n');
    if ((c < 0x20 && c != '\t' && !line_end) || c == 0x7f) return at;
  }
  return text.size();
}

bool scan_directive(Report& report) {
  const std::string_view text = report.text();
  std::size_t at = text.starts_with("\xef\xbb\xbf") ? 3 : 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trim(text.substr(at, end - at));
    if (!line.empty() && line[0] != '#') {
      if (text[at] != '%') return true;
      report.error(Code::yaml_feature, {at, at + line.size()},
                   fmt::format("`{}` is a YAML directive", line), "delete the line");
      return false;
    }
    at = end + 1;
  }
  return true;
}

}  // namespace

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool scan_text(Report& report) {
  const std::string_view text = report.text();
  if (text.size() > yaml_limits::bytes) {
    report.error(Code::file_too_large, {0, 1},
                 fmt::format("the file has {} bytes", grouped(static_cast<long long>(text.size()))),
                 fmt::format("at most {} are read: one rule a file",
                             grouped(static_cast<long long>(yaml_limits::bytes))));
    return false;
  }
  if (const std::size_t at = first_control(text); at < text.size()) {
    const int byte = static_cast<unsigned char>(text[at]);
    report.error(Code::not_text, {at, at + 1},
                 fmt::format("a control character (byte {:#04x}) stands here", byte),
                 byte == '\r' ? "end lines with LF or CRLF"
                              : "this is no text file, or it was damaged: delete the character");
    return false;
  }
  if (const std::size_t at = utf8_error(text); at < text.size()) {
    report.error(Code::not_utf8, {at, at + 1},
                 fmt::format("byte {:#04x} is not UTF-8", static_cast<unsigned char>(text[at])),
                 "save the file as UTF-8 in your editor");
    return false;
  }
  if (const std::size_t at = text.find('\t'); at != std::string_view::npos) {
    report.error(Code::tab, {at, at + 1}, "a tab stands here", "write spaces instead");
    return false;
  }
  return scan_directive(report);
}

std::size_t end_of_plain(std::string_view source, std::size_t begin, std::string_view value) {
  if (source.substr(begin).starts_with(value)) return begin + value.size();
  return map_scalar(source, begin, value).back();
}

std::vector<std::size_t> map_scalar(std::string_view source, std::size_t begin,
                                    std::string_view value) {
  return ScalarWalk(source, begin, value).run();
}

std::size_t length_of_null_word(std::string_view source, std::size_t at) {
  static constexpr std::array<std::string_view, 4> words{"~", "null", "Null", "NULL"};
  for (const auto word : words) {
    if (!source.substr(at).starts_with(word)) continue;
    const std::size_t end = at + word.size();
    if (end >= source.size() || is_blank(source[end]) ||
        std::string_view(",]}:#").find(source[end]) != std::string_view::npos)
      return word.size();
  }
  return 0;
}

}  // namespace retaind::language
