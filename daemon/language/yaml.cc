#include "language/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "base/text.h"
#include "language/yaml_layout.h"
#include "language/yaml_scan.h"
#include "language/yaml_tree.h"

namespace retaind::language {
namespace {

using Event = YamlEvent;

/// Thrown inside this file only: the mistake has been reported and the rest cannot be read.
struct Stop {};

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
    const std::string_view before = report_.text().substr(0, at + 3);
    const bool marked = before.find("\n---") != std::string_view::npos ||
                        before.find("\n...") != std::string_view::npos;
    if (marked)
      refuse(Code::several_documents, at, "a second document begins here",
             "one rule a file: put it into a file of its own");
    if (const auto odd = odd_line(report_.text(), at)) {
      report_.error(Code::yaml_syntax, odd->at, odd->message, odd->remedy);
      throw Stop{};
    }
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

  /// The innermost `[` or `{` that is still open.
  [[nodiscard]] std::optional<std::size_t> open_bracket() const {
    if (open_.empty() || open_.back() >= report_.text().size()) return std::nullopt;
    const char c = report_.text()[open_.back()];
    return c == '[' || c == '{' ? std::optional(open_.back()) : std::nullopt;
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
    open_.push_back(offset(mark));
    if (open_.size() > yaml_limits::nesting)
      refuse(Code::nested_too_deep, offset(mark),
             fmt::format("more than {} levels of nesting", yaml_limits::nesting),
             "no key needs more than four");
    add(kind, mark, {});
  }
  void leave(Event::Kind kind) {
    open_.pop_back();
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
  std::vector<std::size_t> open_;  // where the containers begin that are not closed yet
};

struct Rewording {
  std::string_view theirs;  // beginning of the parser's words
  Code code;
  std::string_view message;
  std::string_view remedy;
};
constexpr std::array<Rewording, 15> rewordings{{
    {"illegal map value", Code::yaml_syntax, "a `:` stands here that begins no value",
     "put text with `: ` in it into quotes, and indent keys of one level alike"},
    {"illegal map key", Code::yaml_syntax, "a key stands where none can be",
     "put the text into quotes"},
    {"end of map not found", Code::yaml_syntax,
     "this line fits neither the level above it nor the one below",
     "indent keys of one level alike, and write `key: value` with a space behind the `:`"},
    {"end of map flow not found", Code::yaml_syntax, "a map in `{` is not closed",
     "close it with `}`"},
    {"end of sequence not found", Code::yaml_syntax, "this line does not fit the list above it",
     "begin each entry with `- `, indented like the first"},
    {"end of sequence flow not found", Code::yaml_syntax, "a list in `[` is not closed",
     "close it with `]`"},
    {"illegal flow end", Code::yaml_syntax, "a closing bracket stands here that opens nowhere",
     "delete it, or put the text into quotes"},
    {"illegal block entry", Code::yaml_syntax, "a `- ` stands where no list can begin",
     "put the list on the lines below its key"},
    {"unknown token", Code::yaml_syntax, "no value begins with this character",
     "put the text into quotes"},
    {"illegal EOF in scalar", Code::yaml_syntax, "a text in quotes is never closed",
     "close the quote"},
    {"illegal document indicator", Code::yaml_syntax, "a text in quotes is never closed",
     "close the quote"},
    {"unknown escape character", Code::yaml_syntax,
     "`\\` and this letter mean nothing in a text in double quotes",
     "write `\\\\` for a backslash, or use single quotes"},
    {"illegal character in scalar", Code::yaml_syntax,
     "this character cannot stand in text without quotes", "put the text into quotes"},
    {"the referenced anchor", Code::yaml_feature, "a value with `*` in front is a YAML alias",
     "write the value itself; for text that begins with * use quotes"},
    {"invalid unicode", Code::yaml_syntax, "this escape is no character",
     "write the character itself"},
}};

/// The line above, when it is a key without its colon: the parser then takes it and this line for
/// one key.
std::optional<Range> line_without_colon(std::string_view text, std::size_t at) {
  const std::size_t here = text.rfind('\n', at == 0 ? 0 : at - 1);
  if (here == std::string_view::npos || here == 0) return std::nullopt;
  const std::size_t newline = text.rfind('\n', here - 1);
  const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
  const std::string_view above = text.substr(start, here - start);
  const std::size_t word = above.find_first_not_of(' ');
  const std::size_t own = text.find_first_not_of(' ', here + 1) - here - 1;
  if (word == std::string_view::npos || word != own || above.find(':') != std::string_view::npos ||
      above[word] == '#')
    return std::nullopt;
  return Range{start + word, start + word + trim(above).size()};
}

void report_syntax(Report& report, std::size_t at, std::optional<std::size_t> bracket,
                   std::string_view theirs) {
  // Where a bracket is open the parser complains somewhere below it, about something else.
  const bool below =
      bracket && report.text().substr(*bracket, at - *bracket).find('\n') != std::string_view::npos;
  if (below && (theirs.starts_with("end of") || theirs.starts_with("illegal map value") ||
                theirs.starts_with("illegal block entry"))) {
    const bool list = report.text()[*bracket] == '[';
    report.error(Code::yaml_syntax, {*bracket, *bracket + 1},
                 fmt::format("{} is opened here and not closed", list ? "a list" : "a map"),
                 fmt::format("close it with `{}` in this line", list ? ']' : '}'));
    return;
  }
  at = std::min(at, report.text().empty() ? 0 : report.text().size() - 1);
  if (const auto above = line_without_colon(report.text(), at);
      above && theirs.starts_with("illegal map value")) {
    report.error(
        Code::yaml_syntax, *above, "this line is followed by no `:`",
        "write `key: value`; text that goes on in a second line is indented deeper than its key");
    return;
  }
  const bool of_lines = theirs.starts_with("illegal map value") ||
                        theirs == "end of map not found" || theirs == "end of sequence not found" ||
                        theirs.starts_with("illegal block entry");
  if (const auto odd = of_lines ? odd_line(report.text(), at) : std::nullopt)
    return report.error(Code::yaml_syntax, odd->at, odd->message, odd->remedy);
  for (const auto& row : rewordings) {
    if (!theirs.starts_with(row.theirs)) continue;
    report.error(row.code, {at, at + 1}, std::string(row.message), std::string(row.remedy));
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
    return build_tree(report, recorder.events);
  } catch (const Stop&) {
  } catch (const YAML::Exception& error) {
    report_syntax(report, recorder.offset(error.mark), recorder.open_bracket(), error.msg);
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
