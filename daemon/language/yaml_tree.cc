#include "language/yaml_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "language/yaml_scan.h"

namespace retaind::language {
namespace {

/// Thrown inside this file only: the mistake has been reported and the rest cannot be read.
struct Stop {};

class Builder {
 public:
  Builder(Report& report, const std::vector<YamlEvent>& events)
      : report_(report), events_(events) {}

  YamlNode document() {
    if (events_.empty()) return {};
    YamlNode whole = node({0, 1});
    check_gap(report_.text().size());
    return whole;
  }

 private:
  YamlNode node(Range when_empty) {
    const YamlEvent& event = events_[next_++];
    switch (event.kind) {
      case YamlEvent::Kind::scalar: return scalar(event);
      case YamlEvent::Kind::nothing: return nothing(event, when_empty);
      case YamlEvent::Kind::list: return list(event);
      default: return map(event);
    }
  }

  YamlNode scalar(const YamlEvent& event) {
    check_gap(event.at);
    YamlNode result;
    result.kind = YamlNode::Kind::scalar;
    result.text = event.text;
    const std::string_view text = report_.text();
    const char first = event.at < text.size() ? text[event.at] : '\0';
    result.quoted =
        std::string_view("\"'|>").find(first) != std::string_view::npos && first != '\0';
    result.at.begin = event.at;
    covered_ = event.at;
    result.at.end = end_of(result, first);
    covered_ = std::max(covered_, result.at.end);
    return result;
  }

  std::size_t end_of(const YamlNode& scalar, char first) {
    const std::string_view text = report_.text();
    const std::size_t begin = scalar.at.begin;
    const auto control = std::find_if(scalar.text.begin(), scalar.text.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
    });
    if (control != scalar.text.end())
      refuse({begin, begin + 1}, "this text has a control character in it",
             "delete the escape that stands for it");
    if (first == '"' || first == '\'') return end_of_quoted(begin);
    if (first == '|' || first == '>') return end_of_block_header(begin);
    if (scalar.text == "-")
      refuse({begin, begin + 1}, "a dash stands alone",
             "write a value behind it, or '-' in quotes");
    return end_of_plain(text, begin, scalar.text);
  }

  /// Quoted text ends in its line: one that goes on is nearly always one that was not closed.
  std::size_t end_of_quoted(std::size_t begin) {
    const std::string_view text = report_.text();
    const char quote = text[begin];
    std::size_t at = begin + 1;
    for (; at < text.size() && text[at] != '\n'; ++at) {
      if (quote == '"' && text[at] == '\\') {
        if (at + 1 < text.size() && text[at + 1] == '\'')
          refuse({at, at + 2}, "`\\'` means nothing in a text in double quotes",
                 "write `'` without a backslash");
        ++at;
      } else if (text[at] == quote) {
        if (quote == '"' || at + 1 >= text.size() || text[at + 1] != quote) break;
        ++at;
      }
    }
    if (at >= text.size() || text[at] != quote)
      refuse({begin, begin + 1},
             fmt::format("a text opened with {} is not closed in its line", quote),
             fmt::format("close it with {}", quote));
    refuse_glued_comment(at + 1);
    return at + 1;
  }

  /// Of `|` and `>` only the plain forms: what counts white space at the end of lines, where nobody
  /// sees it, is refused.
  std::size_t end_of_block_header(std::size_t begin) {
    const std::string_view text = report_.text();
    std::size_t at = begin + 1;
    if (at < text.size() && text[at] == '-') ++at;
    if (at < text.size() && text[at] != ' ' && text[at] != '\n' && text[at] != '\r')
      refuse({begin, at + 1}, "this kind of text block is not read",
             "write `|` alone, or one line in quotes");
    covered_ = end_of_block(text.find('\n', at));
    return begin + 1;
  }

  /// The block goes on as long as lines are indented like its first.
  std::size_t end_of_block(std::size_t newline) {
    const std::string_view text = report_.text();
    std::size_t indent = 0;
    while (newline != std::string_view::npos && newline + 1 < text.size()) {
      const std::size_t line = newline + 1;
      const std::size_t word = std::min(text.find_first_not_of(' ', line), text.size());
      const bool blank = word == text.size() || text[word] == '\n' || text[word] == '\r';
      if (blank && word > line)
        refuse({line, word}, "this line has nothing but spaces", "delete them");
      if (!blank && indent == 0) indent = word - line;
      if (!blank && word - line < std::max<std::size_t>(indent, 1)) return line;
      newline = text.find('\n', word);
    }
    return text.size();
  }

  /// Between two values only punctuation and comments may stand. Anything else the parser has left
  /// out in silence.
  void check_gap(std::size_t until) {
    const std::string_view text = report_.text();
    for (std::size_t at = covered_ == 0 && text.starts_with("\xef\xbb\xbf") ? 3 : covered_;
         at < until; ++at) {
      if (text[at] == '#') {
        at = text.find('\n', at);
        if (at == std::string_view::npos) return;
      } else if (std::string_view(" \r\n:-,[]{}?.").find(text[at]) == std::string_view::npos) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        refuse({at, end}, "this line is not understood", "write `key: value`");
      }
    }
  }

  void refuse_glued_comment(std::size_t at) {
    if (at < report_.text().size() && report_.text()[at] == '#')
      refuse({at, at + 1}, "a comment begins without a space in front", "write ` #`");
  }

  /// Skips to the next thing inside brackets; lines inside must be indented.
  std::size_t skip(std::size_t at) {
    const std::string_view text = report_.text();
    while (at < text.size()) {
      if (text[at] == '#') {
        refuse_glued_comment_at(at);
        at = std::min(text.find('\n', at), text.size());
      } else if (text[at] == '\n' && at + 1 < text.size() && !is_blank(text[at + 1])) {
        refuse({at + 1, at + 2}, "a line inside brackets begins at the margin",
               "indent it, or close the bracket above");
      } else if (is_blank(text[at])) {
        ++at;
      } else {
        break;
      }
    }
    return at;
  }

  void refuse_glued_comment_at(std::size_t at) {
    if (at > 0 && !is_blank(report_.text()[at - 1])) refuse_glued_comment(at);
  }

  /// Behind an element in brackets: a comma before the next one, or the bracket that closes.
  std::size_t behind(std::size_t at, std::size_t count, char close, bool more) {
    const std::string_view text = report_.text();
    at = skip(at);
    const bool comma = count > 0 && at < text.size() && text[at] == ',';
    if (comma) at = skip(at + 1);
    const char here = at < text.size() ? text[at] : '\0';
    if (more ? (count > 0 && !comma) || here == ',' : here != close)
      refuse({at, at + 1},
             here == ',' ? "nothing stands between two commas"
                         : "this does not fit between the brackets",
             fmt::format("write values with one comma between them and `{}` at the end", close));
    if (!more) refuse_glued_comment(at + 1);
    return more ? at : at + 1;
  }

  [[nodiscard]] bool in_brackets(const YamlEvent& event, char open) const {
    return event.at < report_.text().size() && report_.text()[event.at] == open;
  }

  /// The parser reads `~` and `null` as nothing, at the word's place. Nothing at all it reports at
  /// the place of what comes next, and then something else has the same place.
  YamlNode nothing(const YamlEvent& event, Range when_empty) {
    YamlNode result;
    const std::size_t length = length_of_null_word(report_.text(), event.at);
    bool shared = false;
    for (std::size_t i = next_; i < events_.size() && !shared; ++i) {
      if (events_[i].kind == YamlEvent::Kind::list_end ||
          events_[i].kind == YamlEvent::Kind::map_end)
        continue;
      shared = events_[i].at == event.at;
      break;
    }
    if (length == 0 || shared) {
      result.at = when_empty;
      return result;
    }
    result.kind = YamlNode::Kind::scalar;
    check_gap(event.at);
    covered_ = event.at + length;
    result.at = {event.at, covered_};
    result.text = std::string(report_.text().substr(event.at, length));
    return result;
  }

  YamlNode list(const YamlEvent& event) {
    YamlNode result;
    result.kind = YamlNode::Kind::list;
    result.at = {event.at, event.at + 1};
    const bool flow = in_brackets(event, '[');
    while (events_[next_].kind != YamlEvent::Kind::list_end) {
      if (flow) behind(result.at.end, result.children.size(), ']', true);
      result.children.push_back(node(flow ? result.at : dash_after(result)));
      const YamlNode& child = result.children.back();
      if (flow && child.kind == YamlNode::Kind::empty)
        refuse({result.at.end, result.at.end + 1}, "nothing stands between two commas",
               "delete one of them");
      result.at.end = std::max(result.at.end, child.at.end);
    }
    if (flow) result.at.end = behind(result.at.end, result.children.size(), ']', false);
    ++next_;
    return result;
  }

  /// Where the next `-` of a list stands: the place of an entry with nothing in it.
  [[nodiscard]] Range dash_after(const YamlNode& list) const {
    if (list.children.empty()) return {list.at.begin, list.at.begin + 1};
    const std::string_view text = report_.text();
    std::size_t at = text.find('\n', list.children.back().at.end);
    while (at != std::string_view::npos) {
      const std::size_t word = text.find_first_not_of(" \r\n", at);
      if (word == std::string_view::npos) break;
      if (text[word] == '-') return {word, word + 1};
      at = text.find('\n', word);
    }
    return {list.at.begin, list.at.begin + 1};
  }

  YamlNode map(const YamlEvent& event) {
    YamlNode result;
    result.kind = YamlNode::Kind::map;
    result.at = {event.at, event.at + 1};
    const bool flow = in_brackets(event, '{');
    std::unordered_map<std::string, std::size_t> seen;
    for (std::size_t count = 0; events_[next_].kind != YamlEvent::Kind::map_end; ++count) {
      if (flow) behind(result.at.end, count, '}', true);
      YamlNode::Key key = read_key();
      YamlNode value = node(key.at);
      const bool empty = value.kind == YamlNode::Kind::empty;
      result.at.end =
          std::max({result.at.end, flow && empty ? colon_ + 1 : key.at.end, value.at.end});
      const auto [before, fresh] = seen.emplace(key.text, key.at.begin);
      if (!fresh) {
        report_.error(Code::duplicate_key, key.at, fmt::format("`{}` stands here twice", key.text),
                      fmt::format("the first is in line {}: keep one of them",
                                  report_.line_of(before->second)));
        continue;
      }
      result.keys.push_back(std::move(key));
      result.children.push_back(std::move(value));
    }
    if (flow) result.at.end = behind(result.at.end, seen.size(), '}', false);
    ++next_;
    return result;
  }

  YamlNode::Key read_key() {
    const YamlEvent& event = events_[next_];
    if (event.kind == YamlEvent::Kind::list || event.kind == YamlEvent::Kind::map)
      refuse({event.at, event.at + 1}, "a list or a map stands where a key must be",
             "write `key: value`; for text that begins with [ or { use quotes");
    const YamlNode node = this->node({event.at, event.at + 1});
    if (node.kind == YamlNode::Kind::empty)
      refuse(node.at, "the key before the `:` is missing", "write `key: value`");
    if (node.text == "<<")
      report_.error(Code::yaml_feature, node.at, "`<<` is a YAML merge key",
                    "write the keys themselves");
    const std::string_view text = report_.text();
    const std::size_t colon = text.find_first_not_of(' ', node.at.end);
    if (colon == std::string_view::npos || text[colon] != ':')
      refuse(
          node.at, fmt::format("`{}` is followed by no `:`", first_line(node.text)),
          "write `key: value`; text that goes on in a second line is indented deeper than its key");
    colon_ = colon;
    return {node.text, node.at};
  }

  static std::string_view first_line(std::string_view text) {
    return text.substr(0, text.find('\n'));
  }

  [[noreturn]] void refuse(Range at, std::string message, std::string remedy) {
    report_.error(Code::yaml_syntax, at, std::move(message), std::move(remedy));
    throw Stop{};
  }

  Report& report_;
  const std::vector<YamlEvent>& events_;
  std::size_t next_ = 0;
  std::size_t covered_ = 0;  // end of the value that was read last
  std::size_t colon_ = 0;    // behind the key that was read last
};

}  // namespace

std::optional<YamlNode> build_tree(Report& report, const std::vector<YamlEvent>& events) {
  try {
    return Builder(report, events).document();
  } catch (const Stop&) {
    return std::nullopt;
  }
}

}  // namespace retaind::language
