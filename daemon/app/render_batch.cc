#include "app/render_batch.h"

#include <fmt/format.h>

#include "render/liquid.h"

namespace retaind::app {
namespace {

/// getline(3) would keep a line of any length. False at the end of the input; `too_long`: the line
/// was longer than the limit, and `line` holds its beginning.
bool next_line(std::FILE* in, std::string& line, bool& too_long) {
  line.clear();
  too_long = false;
  int c = std::getc(in);
  if (c == EOF) return false;
  for (; c != EOF && c != '\n'; c = std::getc(in)) {
    if (line.size() < longest_batch_line)
      line += static_cast<char>(c);
    else
      too_long = true;
  }
  return true;
}

/// The text member of that name; `wrong` says what is the matter with it.
std::string text_of(const Value& row, std::string_view name, std::string& wrong) {
  const Value* const found = row.find(name);
  if (found != nullptr && found->as_text() != nullptr) return *found->as_text();
  if (wrong.empty())
    wrong = found == nullptr ? fmt::format("`{}` is missing; write it as a text", name)
                             : fmt::format("`{}` is no text; put it in quotes", name);
  return {};
}

/// The object of that name, empty when there is none.
Value object_of(const Value& row, std::string_view name, std::string& wrong) {
  const Value* const found = row.find(name);
  if (found == nullptr || found->is_null()) return Value::Object{};
  if (found->as_object() != nullptr) return *found;
  if (wrong.empty()) wrong = fmt::format("`{}` is no object; write {{…}}", name);
  return Value::Object{};
}

std::map<std::string, std::string> partials_of(const Value& row, std::string& wrong) {
  std::map<std::string, std::string> partials;
  const Value templates = object_of(row, "templates", wrong);
  for (const auto& [name, text] : *templates.as_object()) {
    if (text.as_text() != nullptr)
      partials[name] = *text.as_text();
    else if (wrong.empty())
      wrong = fmt::format("`{}` in `templates` is no text; put it in quotes", name);
  }
  return partials;
}

struct Answer {
  std::string name;
  Result<std::string> made;
  bool readable = true;
};

Answer answer(const std::string& line, std::size_t number, bool conformance) {
  const std::string place = fmt::format("line {}", number);
  const auto faulty = [&](std::string name, const std::string& why) {
    return Answer{std::move(name), Error{ErrorKind::invalid, fmt::format("{}: {}", place, why)},
                  false};
  };
  const Result<Value> row = parse_json(line);
  if (!row) return faulty(place, row.error().message);
  if (row->as_object() == nullptr)
    return faulty(place, "this is no object; write {\"name\": …, \"template\": …}");
  std::string wrong;
  std::string name = row->find("name") == nullptr ? place : text_of(*row, "name", wrong);
  if (!wrong.empty()) name = place;
  std::string text = text_of(*row, "template", wrong);
  const Value data = object_of(*row, "data", wrong);
  const std::map<std::string, std::string> partials = partials_of(*row, wrong);
  if (!wrong.empty()) return faulty(std::move(name), wrong);
  const render::Liquid liquid(name, std::move(text),
                              conformance ? render::Mode::conformance : render::Mode::mail,
                              partials);
  Result<std::string> made = liquid.render(data, !conformance);
  return {std::move(name), std::move(made), true};
}

bool write(std::FILE* out, const Answer& answer) {
  Value row;
  row.set("name", answer.name);
  if (answer.made)
    row.set("result", *answer.made);
  else
    row.set("error", answer.made.error().message);
  const std::string text = to_json(row) + "\n";
  return std::fwrite(text.data(), 1, text.size(), out) == text.size() && std::fflush(out) == 0;
}

}  // namespace

bool render_batch(std::FILE* in, std::FILE* out, bool conformance) {
  bool fine = true;
  bool too_long = false;
  std::string line;
  for (std::size_t number = 1; next_line(in, line, too_long); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const Answer made =
        too_long ? Answer{fmt::format("line {}", number),
                          Error{ErrorKind::invalid,
                                fmt::format("line {}: longer than {} MB; shorten its values",
                                            number, longest_batch_line >> 20U)},
                          false}
                 : answer(line, number, conformance);
    fine = write(out, made) && made.readable && fine;
    if (std::ferror(out) != 0) return false;
  }
  return fine && std::ferror(in) == 0;
}

}  // namespace retaind::app
