#include "language/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <unordered_map>

#include "base/text.h"
#include "language/yaml_scan.h"

namespace retaind::language {
namespace {

/// Thrown inside this file only: the mistake has been reported and the rest cannot be read.
struct Stop {};

struct Event {
  enum class Kind { scalar, nothing, list, list_end, map, map_end };
  Kind kind;
  std::size_t at = 0;
  std::string text;
};

/// Writes the parser's events down and refuses what rule files do not use. Positions are bytes of
/// the source: the parser counts bytes behind the byte order mark.
class Recorder final : public YAML::EventHandler {
 public:
  Recorder(Report& report, std::size_t base) : report_(report), base_(base) {}

  std::vector<Event> events;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    // The parser also calls what stands at the margin behind a list another document.
    const std::size_t at = offset(mark);
    const bool marked = report_.text().substr(0, at).find("\n---") != std::string_view::npos ||
                        report_.text().substr(0, at).find("\n...") != std::string_view::npos;
    if (marked)
      refuse(Code::several_documents, at, "a second document begins here",
             "one rule a file: put it into a file of its own");
    refuse(Code::yaml_syntax, at, "this line does not belong to what stands above it",
           "indent it like the lines it belongs to");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    add(Event::Kind::nothing, mark, {});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_alias(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    refuse_tag(mark, tag);
    add(Event::Kind::scalar, mark, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    enter(Event::Kind::list, mark);
  }
  void OnSequenceEnd() override { leave(Event::Kind::list_end); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    enter(Event::Kind::map, mark);
  }
  void OnMapEnd() override { leave(Event::Kind::map_end); }
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    refuse(Code::yaml_feature, offset(mark), fmt::format("`&{}` is a YAML anchor", name),
           "write the value itself; for text that begins with & use quotes");
  }

  [[nodiscard]] std::size_t offset(const YAML::Mark& mark) const {
    const std::size_t at = mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos);
    return std::min(at + base_, report_.text().size());
  }

 private:
  void add(Event::Kind kind, const YAML::Mark& mark, std::string text) {
    events.push_back({kind, offset(mark), std::move(text)});
  }
  void enter(Event::Kind kind, const YAML::Mark& mark) {
    if (++depth_ > yaml_limits::nesting)
      refuse(Code::nested_too_deep, offset(mark),
             fmt::format("more than {} levels of nesting", yaml_limits::nesting),
             "no key needs more than four");
    add(kind, mark, {});
  }
  void leave(Event::Kind kind) {
    --depth_;
    events.push_back({kind, 0, {}});
  }
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    const std::size_t at = offset(mark);
    const bool written = at < report_.text().size() && report_.text()[at] == '!';
    if (!written && (tag.empty() || tag == "?" || tag == "!")) return;
    refuse(Code::yaml_feature, at, "a value with `!` in front is a YAML tag",
           "delete the tag; for text that begins with ! use quotes");
  }
  [[noreturn]] void refuse_alias(const YAML::Mark& mark) {
    refuse(Code::yaml_feature, offset(mark), "a value with `*` in front is a YAML alias",
           "write the value itself; for text that begins with * use quotes");
  }
  [[noreturn]] void refuse(Code code, std::size_t at, std::string message, std::string remedy) {
    report_.error(code, {at, at + 1}, std::move(message), std::move(remedy));
    throw Stop{};
  }

  Report& report_;
  std::size_t base_;
  int documents_ = 0;
  int depth_ = 0;
};

/// Makes the tree out of the events and finds what the parser lets pass: keys without a colon or
/// twice, open quotes, `<<`.
class Builder {
 public:
  Builder(Report& report, const std::vector<Event>& events) : report_(report), events_(events) {}

  YamlNode document() {
    if (events_.empty()) return {};
    return node({0, 1});
  }

 private:
  YamlNode node(Range when_empty) {
    const Event& event = events_[next_++];
    switch (event.kind) {
      case Event::Kind::scalar: return scalar(event);
      case Event::Kind::nothing: return nothing(event, when_empty);
      case Event::Kind::list: return list(event);
      default: return map(event);
    }
  }

  YamlNode scalar(const Event& event) {
    YamlNode result;
    result.kind = YamlNode::Kind::scalar;
    result.text = event.text;
    const std::string_view text = report_.text();
    const char first = event.at < text.size() ? text[event.at] : '\0';
    result.quoted =
        std::string_view("\"'|>").find(first) != std::string_view::npos && first != '\0';
    bool closed = true;
    result.at = {event.at, end_of_scalar(text, event.at, event.text, closed)};
    if (!closed)
      refuse({event.at, event.at + 1}, fmt::format("a text opened with {} is never closed", first),
             fmt::format("close it with {}", first));
    return result;
  }

  /// The parser reads `~` and `null` as nothing, at the word's place. Nothing at all it reports at
  /// the place of what comes next, and then something else has the same place.
  YamlNode nothing(const Event& event, Range when_empty) {
    YamlNode result;
    const std::size_t length = length_of_null_word(report_.text(), event.at);
    bool shared = false;
    for (std::size_t i = next_; i < events_.size() && !shared; ++i) {
      if (events_[i].kind == Event::Kind::list_end || events_[i].kind == Event::Kind::map_end)
        continue;
      shared = events_[i].at == event.at;
      break;
    }
    if (length == 0 || shared) {
      result.at = when_empty;
      return result;
    }
    result.kind = YamlNode::Kind::scalar;
    result.at = {event.at, event.at + length};
    result.text = std::string(report_.text().substr(event.at, length));
    return result;
  }

  YamlNode list(const Event& event) {
    YamlNode result;
    result.kind = YamlNode::Kind::list;
    result.at = {event.at, event.at + 1};
    while (events_[next_].kind != Event::Kind::list_end) {
      result.children.push_back(node(dash_after(result)));
      result.at.end = std::max(result.at.end, result.children.back().at.end);
    }
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

  YamlNode map(const Event& event) {
    YamlNode result;
    result.kind = YamlNode::Kind::map;
    result.at = {event.at, event.at + 1};
    std::unordered_map<std::string, std::size_t> seen;
    while (events_[next_].kind != Event::Kind::map_end) {
      YamlNode::Key key = read_key();
      YamlNode value = node(key.at);
      result.at.end = std::max({result.at.end, key.at.end, value.at.end});
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
    ++next_;
    return result;
  }

  YamlNode::Key read_key() {
    const Event& event = events_[next_];
    if (event.kind == Event::Kind::list || event.kind == Event::Kind::map)
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
  const std::vector<Event>& events_;
  std::size_t next_ = 0;
};

struct Rewording {
  std::string_view theirs;  // beginning of the parser's words
  std::string_view message;
  std::string_view remedy;
};
constexpr std::array<Rewording, 14> rewordings{{
    {"illegal map value", "a `:` stands here that begins no value",
     "put text with `: ` in it into quotes, and indent keys of one level alike"},
    {"illegal map key", "a key stands where none can be", "put the text into quotes"},
    {"end of map not found", "this line fits neither the level above it nor the one below",
     "indent keys of one level alike, and write `key: value` with a space behind the `:`"},
    {"end of map flow not found", "a map in `{` is not closed", "close it with `}`"},
    {"end of sequence not found", "this line does not fit the list above it",
     "begin each entry with `- `, indented like the first"},
    {"end of sequence flow not found", "a list in `[` is not closed", "close it with `]`"},
    {"illegal flow end", "a closing bracket stands here that opens nowhere",
     "delete it, or put the text into quotes"},
    {"illegal block entry", "a `- ` stands where no list can begin",
     "put the list on the lines below its key"},
    {"unknown token", "no value begins with this character", "put the text into quotes"},
    {"illegal EOF in scalar", "a text in quotes is never closed", "close the quote"},
    {"illegal document indicator", "a text in quotes is never closed", "close the quote"},
    {"unknown escape character", "`\\` and this letter mean nothing in a text in double quotes",
     "write `\\\\` for a backslash, or use single quotes"},
    {"illegal character in scalar", "this character cannot stand in text without quotes",
     "put the text into quotes"},
    {"invalid unicode", "this escape is no character", "write the character itself"},
}};

void report_syntax(Report& report, std::size_t at, std::string_view theirs) {
  at = std::min(at, report.text().empty() ? 0 : report.text().size() - 1);
  for (const auto& row : rewordings) {
    if (!theirs.starts_with(row.theirs)) continue;
    report.error(Code::yaml_syntax, {at, at + 1}, std::string(row.message),
                 std::string(row.remedy));
    return;
  }
  report.error(Code::yaml_syntax, {at, at + 1}, "this cannot be read",
               "put text with special characters into quotes, and check the indentation");
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (keys[i].text == key) return &children[i];
  return nullptr;
}

std::string_view name_of(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::empty: return "nothing";
    case YamlNode::Kind::scalar: return "a single value";
    case YamlNode::Kind::map: return "keys with values";
    case YamlNode::Kind::list: return "a list";
  }
  return "";
}

std::optional<YamlNode> read_yaml(Report& report) {
  if (!scan_text(report)) return std::nullopt;
  const std::size_t base = report.text().starts_with("\xef\xbb\xbf") ? 3 : 0;
  Recorder recorder(report, base);
  try {
    std::istringstream stream{std::string(report.text().substr(base))};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(recorder)) {
    }
    return Builder(report, recorder.events).document();
  } catch (const Stop&) {
  } catch (const YAML::Exception& error) {
    report_syntax(report, recorder.offset(error.mark), error.msg);
  }
  return std::nullopt;
}

std::size_t offset_in_source(std::string_view source, const YamlNode& scalar, std::size_t index) {
  index = std::min(index, scalar.text.size());
  const std::size_t begin = scalar.at.begin + (scalar.quoted ? 1 : 0);
  if (begin <= source.size() && source.substr(begin).starts_with(scalar.text)) return begin + index;
  if (scalar.at.begin < source.size() &&
      (source[scalar.at.begin] == '|' || source[scalar.at.begin] == '>'))
    return scalar.at.begin;
  return map_scalar(source, scalar.at.begin, scalar.text)[index];
}

}  // namespace retaind::language
