#include <algorithm>
#include <array>

#include "render/filter.h"
#include "render/letters.h"
#include "render/lexer.h"

namespace retaind::render {
namespace {

Datum kept(FilterScope& scope, std::string_view text) { return Datum::of(scope.arena.keep(text)); }

std::string_view text_of(FilterScope& scope, const Datum& datum) {
  return datum.string(scope.arena);
}

// Two texts in one piece of the arena.
Datum joined(FilterScope& scope, std::string_view left, std::string_view right) {
  if (!scope.arena.has_room(left.size() + right.size())) return {};
  char* const out = scope.arena.take<char>(left.size() + right.size() + 1);
  std::copy(left.begin(), left.end(), out);
  std::copy(right.begin(), right.end(), out + left.size());
  return Datum::of(std::string_view(out, left.size() + right.size()));
}

Datum append(FilterScope& scope, const Datum& input, const Given& given) {
  return joined(scope, text_of(scope, input), text_of(scope, given.at(0)));
}

Datum prepend(FilterScope& scope, const Datum& input, const Given& given) {
  return joined(scope, text_of(scope, given.at(0)), text_of(scope, input));
}

Datum upcase(FilterScope& scope, const Datum& input, const Given&) {
  return kept(scope, upper_case(text_of(scope, input)));
}
Datum downcase(FilterScope& scope, const Datum& input, const Given&) {
  return kept(scope, lower_case(text_of(scope, input)));
}

Datum capitalize(FilterScope& scope, const Datum& input, const Given&) {
  const std::string_view text = text_of(scope, input);
  const std::size_t first = character_offset(text, 1);
  return kept(scope, upper_case(text.substr(0, first)) + lower_case(text.substr(first)));
}

Datum lstrip(FilterScope& scope, const Datum& input, const Given&) {
  return Datum::of(strip_left(text_of(scope, input)));
}
Datum rstrip(FilterScope& scope, const Datum& input, const Given&) {
  return Datum::of(strip_right(text_of(scope, input)));
}
Datum strip_both(FilterScope& scope, const Datum& input, const Given&) {
  return Datum::of(strip(text_of(scope, input)));
}

Datum replace_all(FilterScope& scope, std::string_view text, std::string_view from,
                  std::string_view to) {
  std::string out;
  std::size_t begin = 0;
  if (from.empty()) {
    // Ruby finds the empty text between all characters.
    for (; begin < text.size(); begin += character_length(text, begin)) {
      out += to;
      out += text.substr(begin, character_length(text, begin));
      if (out.size() > Arena::limit) break;
    }
    out += to;
    return kept(scope, out);
  }
  for (std::size_t at = text.find(from); at != std::string_view::npos;
       at = text.find(from, begin)) {
    out.append(text, begin, at - begin);
    out += to;
    begin = at + from.size();
    if (!scope.arena.has_room(out.size())) return {};
  }
  if (begin == 0) return Datum::of(text);
  out.append(text, begin, text.size() - begin);
  return kept(scope, out);
}

Datum replace_one(FilterScope& scope, std::string_view text, std::size_t at, std::size_t length,
                  std::string_view to) {
  if (at == std::string_view::npos) return Datum::of(text);
  std::string out(text.substr(0, at));
  out += to;
  out += text.substr(at + length);
  return kept(scope, out);
}

Datum replace(FilterScope& scope, const Datum& input, const Given& given) {
  return replace_all(scope, text_of(scope, input), text_of(scope, given.at(0)),
                     text_of(scope, given.at(1)));
}

Datum replace_first(FilterScope& scope, const Datum& input, const Given& given) {
  const std::string_view text = text_of(scope, input);
  const std::string_view from = text_of(scope, given.at(0));
  return replace_one(scope, text, text.find(from), from.size(), text_of(scope, given.at(1)));
}

Datum replace_last(FilterScope& scope, const Datum& input, const Given& given) {
  const std::string_view text = text_of(scope, input);
  const std::string_view from = text_of(scope, given.at(0));
  return replace_one(scope, text, text.rfind(from), from.size(), text_of(scope, given.at(1)));
}

// remove, remove_first, remove_last: replacing by nothing, the argument for it being undefined.

std::string_view without_newlines_end(std::string_view text, std::size_t at) {
  return at > 0 && text[at - 1] == '\r' ? text.substr(0, at - 1) : text.substr(0, at);
}

Datum each_newline(FilterScope& scope, std::string_view text, std::string_view instead, bool safe) {
  std::string out;
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n')) {
    out += without_newlines_end(text, at);
    out += instead;
    text.remove_prefix(at + 1);
  }
  out += text;
  return Datum::of(scope.arena.keep(out), safe);
}

Datum strip_newlines(FilterScope& scope, const Datum& input, const Given&) {
  return each_newline(scope, text_of(scope, input), "", false);
}

Datum slice(FilterScope& scope, const Datum& input, const Given& given) {
  const auto offset = whole_number(given.at(0));
  const auto length =
      !given.at(1).truthy() ? std::optional<std::int64_t>(1) : whole_number(given.at(1));
  if (!offset || !length) return scope.fail("the start and the length are whole numbers");
  const bool is_list = input.is(Datum::Kind::array) || input.is(Datum::Kind::list);
  const std::string_view text = is_list ? std::string_view() : text_of(scope, input);
  const auto size = static_cast<std::int64_t>(is_list ? input.size() : count_characters(text));
  const std::int64_t begin = *offset < 0 ? size + *offset : *offset;
  const Datum nothing = is_list ? Datum::list(nullptr, 0) : Datum::of(std::string_view());
  if (begin < 0 || begin > size || *length < 0) return nothing;
  const std::int64_t end = std::min(size, *length > size - begin ? size : begin + *length);
  if (!is_list) {
    const std::size_t from = character_offset(text, static_cast<std::size_t>(begin));
    return Datum::of(text.substr(
        from, character_offset(text.substr(from), static_cast<std::size_t>(end - begin))));
  }
  Datum* const items = scope.arena.take<Datum>(static_cast<std::size_t>(end - begin));
  for (std::int64_t i = begin; i < end; ++i)
    items[i - begin] = input.item(static_cast<std::size_t>(i));
  return Datum::list(items, static_cast<std::size_t>(end - begin));
}

Datum truncate(FilterScope& scope, const Datum& input, const Given& given) {
  if (input.is_missing()) return input;
  const auto length =
      given.size() < 1 ? std::optional<std::int64_t>(50) : whole_number(given.at(0));
  if (!length) return scope.fail("the length is a whole number");
  const std::string_view text = text_of(scope, input);
  const std::string_view end = given.size() < 2 ? "..." : text_of(scope, given.at(1));
  if (static_cast<std::int64_t>(count_characters(text)) <= *length) return Datum::of(text);
  const std::int64_t room =
      std::max<std::int64_t>(*length - static_cast<std::int64_t>(count_characters(end)), 0);
  return joined(scope, text.substr(0, character_offset(text, static_cast<std::size_t>(room))), end);
}

Datum truncatewords(FilterScope& scope, const Datum& input, const Given& given) {
  const auto words = given.size() < 1 ? std::optional<std::int64_t>(15) : whole_number(given.at(0));
  if (input.is_missing()) return input;
  if (!words) return scope.fail("the number of words is a whole number");
  const std::string_view text = text_of(scope, input);
  const std::string_view end = given.size() < 2 ? "..." : text_of(scope, given.at(1));
  std::string out;
  std::string_view rest = strip_left(text);
  for (std::int64_t left = std::max<std::int64_t>(*words, 1); left > 0 && !rest.empty(); --left) {
    std::size_t n = 0;
    while (n < rest.size() && !is_space(rest[n])) ++n;
    if (!out.empty()) out += ' ';
    out += rest.substr(0, n);
    rest = strip_left(rest.substr(n));
  }
  return rest.empty() ? Datum::of(text) : joined(scope, out, end);
}

Datum split_text(FilterScope& scope, const Datum& input, const Given& given) {
  const std::string_view text = text_of(scope, input);
  const std::string_view separator = text_of(scope, given.at(0));
  std::vector<Datum> parts;
  const auto room = [&] { return scope.arena.has_room(parts.size() * sizeof(Datum)); };
  if (separator == " ") {
    for (std::string_view rest = strip_left(text); !rest.empty() && room();) {
      std::size_t n = 0;
      while (n < rest.size() && !is_space(rest[n])) ++n;
      parts.push_back(Datum::of(rest.substr(0, n)));
      rest = strip_left(rest.substr(n));
    }
  } else if (separator.empty()) {
    for (std::size_t at = 0; at < text.size() && room(); at += character_length(text, at)) {
      parts.push_back(Datum::of(text.substr(at, character_length(text, at))));
    }
  } else {
    std::size_t begin = 0;
    for (std::size_t at = text.find(separator); at != std::string_view::npos && room();
         at = text.find(separator, begin)) {
      parts.push_back(Datum::of(text.substr(begin, at - begin)));
      begin = at + separator.size();
    }
    parts.push_back(Datum::of(text.substr(begin)));
    while (!parts.empty() && parts.back().is_empty()) parts.pop_back();
  }
  if (!room()) return {};
  Datum* const items = scope.arena.take<Datum>(parts.size());
  std::copy(parts.begin(), parts.end(), items);
  return Datum::list(items, parts.size());
}

Datum strip_html(FilterScope& scope, const Datum& input, const Given&) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> blocks = {
      {{"<script", "</script>"}, {"<!--", "-->"}, {"<style", "</style>"}}};
  std::string_view text = text_of(scope, input);
  std::string out;
  std::array<bool, blocks.size()> never_ends{};  // said once, not searched for again
  while (!text.empty()) {
    const std::size_t open = std::min(text.find('<'), text.size());
    out += text.substr(0, open);
    text.remove_prefix(open);
    std::size_t stop = std::string_view::npos;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const auto& [begin, end] = blocks[i];
      if (never_ends[i] || text.substr(0, begin.size()) != begin) continue;
      stop = text.find(end, begin.size());
      never_ends[i] = stop == std::string_view::npos;
      if (!never_ends[i]) stop += end.size();
    }
    if (stop == std::string_view::npos) {
      stop = text.find('>');
      // A lone `<` is text.
      if (stop == std::string_view::npos) {
        out += text;
        break;
      }
      ++stop;
    }
    text.remove_prefix(stop);
  }
  return kept(scope, out);
}

constexpr Filter table[] = {
    {"append", 1, 1, "", false, append},
    {"capitalize", 0, 0, "", false, capitalize},
    {"downcase", 0, 0, "", false, downcase},
    {"lstrip", 0, 0, "", false, lstrip},
    {"prepend", 1, 1, "", false, prepend},
    {"remove", 1, 1, "", false, replace},
    {"remove_first", 1, 1, "", false, replace_first},
    {"remove_last", 1, 1, "", false, replace_last},
    {"replace", 1, 2, "", false, replace},
    {"replace_first", 1, 2, "", false, replace_first},
    {"replace_last", 1, 2, "", false, replace_last},
    {"rstrip", 0, 0, "", false, rstrip},
    {"slice", 1, 2, "", false, slice},
    {"split", 1, 1, "", false, split_text},
    {"strip", 0, 0, "", false, strip_both},
    {"strip_html", 0, 0, "", false, strip_html},
    {"strip_newlines", 0, 0, "", false, strip_newlines},
    {"truncate", 0, 2, "", false, truncate},
    {"truncatewords", 0, 2, "", false, truncatewords},
    {"upcase", 0, 0, "", false, upcase},
};

}  // namespace

std::span<const Filter> text_filters() { return table; }

}  // namespace retaind::render
