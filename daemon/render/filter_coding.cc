#include "base/digest.h"
#include "base/text.h"
#include "render/filter.h"
#include "render/run.h"

namespace retaind::render {
namespace {

std::string_view text_of(FilterScope& scope, const Datum& datum) {
  return datum.string(scope.arena);
}

Datum safe(FilterScope& scope, std::string_view text) {
  return Datum::of(scope.arena.keep(text), scope.escapes);
}

Datum escape(FilterScope& scope, const Datum& input, const Given&) {
  if (input.is_missing() || input.safe()) return input;
  std::string out;
  append_escaped(out, text_of(scope, input));
  return safe(scope, out);
}

// The length of the entity that `text` begins with: &name; &#12; &#x1F; — 0 when it begins with
// none.
std::size_t entity_length(std::string_view text) {
  std::size_t i = 1;
  const bool number = i < text.size() && text[i] == '#';
  if (number) ++i;
  const std::size_t begin = i;
  const auto fits = [&](char c) {
    const bool digit = c >= '0' && c <= '9';
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return number ? digit || (letter && ((c | 0x20) <= 'f' || (c | 0x20) == 'x')) : digit || letter;
  };
  while (i < text.size() && fits(text[i])) ++i;
  return i > begin && i < text.size() && text[i] == ';' ? i + 1 : 0;
}

Datum escape_once(FilterScope& scope, const Datum& input, const Given&) {
  if (input.is_missing() || input.safe()) return input;
  std::string_view text = text_of(scope, input);
  std::string out;
  while (!text.empty()) {
    const std::size_t entity = text.front() == '&' ? entity_length(text) : 0;
    if (entity > 0)
      out += text.substr(0, entity);
    else
      append_escaped(out, text.substr(0, 1));
    text.remove_prefix(entity > 0 ? entity : 1);
  }
  return safe(scope, out);
}

Datum raw(FilterScope& scope, const Datum& input, const Given&) {
  return input.is(Datum::Kind::text) ? Datum::of(input.text(), scope.escapes)
                                     : safe(scope, text_of(scope, input));
}

Datum newline_to_br(FilterScope& scope, const Datum& input, const Given&) {
  std::string out;
  std::string_view text = text_of(scope, input);
  const bool escapes = scope.escapes && !input.safe();
  const auto add = [&](std::string_view part) {
    if (escapes)
      append_escaped(out, part);
    else
      out += part;
  };
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n')) {
    add(text.substr(0, at > 0 && text[at - 1] == '\r' ? at - 1 : at));
    out += "<br />\n";
    text.remove_prefix(at + 1);
  }
  add(text);
  // The breaks are meant as HTML, so the value was escaped here and not again when printed.
  return safe(scope, out);
}

void percent_encode(std::string& out, std::string_view text, bool plus_for_space) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else if (c == ' ' && plus_for_space) {
      out += '+';
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
}

Datum url_encode(FilterScope& scope, const Datum& input, const Given&) {
  if (input.is_missing()) return input;
  std::string out;
  percent_encode(out, text_of(scope, input), true);
  return Datum::of(scope.arena.keep(out));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

Datum url_decode(FilterScope& scope, const Datum& input, const Given&) {
  if (input.is_missing()) return input;
  const std::string_view text = text_of(scope, input);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  if (!is_valid_utf8(out)) return scope.fail("the decoded text is not valid UTF-8");
  return Datum::of(scope.arena.keep(out));
}

// `url | url_param: "name", value` adds a parameter in front of the fragment; without arguments a
// value is percent-encoded to stand in a URL (RFC 3986 2.3).
Datum url_param(FilterScope& scope, const Datum& input, const Given& given) {
  std::string out;
  if (given.size() == 0) {
    percent_encode(out, text_of(scope, input), false);
    return Datum::of(scope.arena.keep(out));
  }
  if (given.size() == 1)
    return scope.fail("write a name and a value, as in `url | url_param: \"ref\", order.id`");
  const std::string_view url = text_of(scope, input);
  const std::size_t fragment = std::min(url.find('#'), url.size());
  out = url.substr(0, fragment);
  const std::size_t query = out.find('?');
  if (query == std::string::npos)
    out += '?';
  else if (out.back() != '?' && out.back() != '&')
    out += '&';
  percent_encode(out, text_of(scope, given.at(0)), false);
  out += '=';
  percent_encode(out, text_of(scope, given.at(1)), false);
  out += url.substr(fragment);
  return Datum::of(scope.arena.keep(out));
}

Datum base64_encode(FilterScope& scope, const Datum& input, const Given&) {
  return Datum::of(scope.arena.keep(base64(text_of(scope, input))));
}

Datum base64_url_safe_encode(FilterScope& scope, const Datum& input, const Given&) {
  std::string out = base64(text_of(scope, input));
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return Datum::of(scope.arena.keep(out));
}

Datum decoded(FilterScope& scope, const std::string& text) {
  std::string bytes;
  if (!from_base64(text, bytes)) return scope.fail("the text is not base64");
  if (!is_valid_utf8(bytes)) return scope.fail("the decoded text is not valid UTF-8");
  return Datum::of(scope.arena.keep(bytes));
}

Datum base64_decode(FilterScope& scope, const Datum& input, const Given&) {
  return decoded(scope, std::string(text_of(scope, input)));
}

Datum base64_url_safe_decode(FilterScope& scope, const Datum& input, const Given&) {
  std::string text(text_of(scope, input));
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (text.size() % 4 != 0) text += '=';
  return decoded(scope, text);
}

constexpr Filter table[] = {
    {"base64_decode", 0, 0, "", false, base64_decode},
    {"base64_encode", 0, 0, "", false, base64_encode},
    {"base64_url_safe_decode", 0, 0, "", false, base64_url_safe_decode},
    {"base64_url_safe_encode", 0, 0, "", false, base64_url_safe_encode},
    {"escape", 0, 0, "", false, escape},
    {"escape_once", 0, 0, "", false, escape_once},
    {"newline_to_br", 0, 0, "", false, newline_to_br},
    {"raw", 0, 0, "", true, raw},
    {"url_decode", 0, 0, "", false, url_decode},
    {"url_encode", 0, 0, "", false, url_encode},
    {"url_param", 0, 2, "", true, url_param},
};

}  // namespace

std::span<const Filter> coding_filters() { return table; }

}  // namespace retaind::render
