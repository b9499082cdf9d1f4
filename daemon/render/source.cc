#include "render/source.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace retaind::render {
namespace {

// Longer lines (minified HTML) are cut to a window around the mistake.
constexpr std::size_t excerpt_width = 100;

std::size_t line_begin(std::string_view text, std::size_t at) {
  const std::size_t newline = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

bool inside_character(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

std::string printable(std::string_view text) {
  std::string out = to_valid_utf8(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return out;
}

std::string excerpt(const Fault& fault) {
  const std::string_view text = fault.source->text;
  const std::size_t at = std::min(fault.at, text.size());
  std::size_t begin = line_begin(text, at);
  std::size_t end = std::min(text.find('\n', at), text.size());
  if (at - begin > excerpt_width / 2) begin = at - excerpt_width / 2;
  end = std::min(end, begin + excerpt_width);
  while (begin < at && inside_character(text, begin)) ++begin;
  while (end > at && inside_character(text, end)) --end;
  const std::string before = printable(text.substr(begin, at - begin));
  const std::size_t marked =
      std::clamp<std::size_t>(fault.length, 1, std::max<std::size_t>(end - at, 1));
  const std::size_t carets =
      std::max<std::size_t>(display_width(printable(text.substr(at, marked))), 1);
  const Place place = place_of(*fault.source, at);
  return fmt::format("  --> {}:{}:{}\n{:>5} | {}{}\n      | {}{}", fault.source->path, place.line,
                     place.column, place.line, before, printable(text.substr(at, end - at)),
                     std::string(display_width(before), ' '), std::string(carets, '^'));
}

}  // namespace

Place place_of(const Source& source, std::size_t at) {
  const std::string_view text = source.text;
  at = std::min(at, text.size());
  const std::size_t begin = line_begin(text, at);
  Place place;
  place.line = 1 + static_cast<std::size_t>(std::count(
                       text.begin(), text.begin() + static_cast<std::ptrdiff_t>(begin), '\n'));
  for (std::size_t i = begin; i < at; ++i) place.column += inside_character(text, i) ? 0U : 1U;
  return place;
}

std::string with_excerpt(const Fault& fault) { return fault.message + "\n" + excerpt(fault); }

std::string located(const Fault& fault) {
  const Place place = place_of(*fault.source, fault.at);
  return fmt::format("{}:{}:{}: {}", fault.source->path, place.line, place.column,
                     with_excerpt(fault));
}

}  // namespace retaind::render
