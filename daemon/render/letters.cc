#include "render/letters.h"

#include <algorithm>

#include "base/text.h"

namespace retaind::render {
namespace {

bool continues(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

bool in(char32_t c, char32_t low, char32_t high) { return c >= low && c <= high; }

// Blocks in which upper and lower case alternate, the upper one first.
bool alternates_even(char32_t c) {
  return in(c, 0x100, 0x12F) || in(c, 0x132, 0x137) || in(c, 0x14A, 0x177) || in(c, 0x1DE, 0x1EF) ||
         in(c, 0x1F8, 0x21F) || in(c, 0x222, 0x233) || in(c, 0x3D8, 0x3EF) || in(c, 0x460, 0x481) ||
         in(c, 0x48A, 0x4BF) || in(c, 0x4D0, 0x52F) || in(c, 0x1E00, 0x1E95) ||
         in(c, 0x1EA0, 0x1EFF);
}
bool alternates_odd(char32_t c) {
  return in(c, 0x139, 0x148) || in(c, 0x179, 0x17E) || in(c, 0x1CD, 0x1DC) || in(c, 0x4C1, 0x4CE);
}

char32_t lower(char32_t c) {
  if (in(c, 'A', 'Z') || (in(c, 0xC0, 0xDE) && c != 0xD7) || in(c, 0x410, 0x42F) ||
      in(c, 0xFF21, 0xFF3A))
    return c + 0x20;
  if (in(c, 0x391, 0x3AB) && c != 0x3A2) return c + 0x20;
  if (in(c, 0x400, 0x40F)) return c + 0x50;
  if (c == 0x178) return 0xFF;
  if (in(c, 0x388, 0x38A)) return c + 37;
  if (c == 0x386) return 0x3AC;
  if (alternates_even(c)) return c | 1U;
  if (alternates_odd(c) && (c & 1U) == 1) return c + 1;
  return c;
}

char32_t upper(char32_t c) {
  if (in(c, 'a', 'z') || (in(c, 0xE0, 0xFE) && c != 0xF7) || in(c, 0x430, 0x44F) ||
      in(c, 0xFF41, 0xFF5A))
    return c - 0x20;
  if (c == 0x3C2) return 0x3A3;
  if (in(c, 0x3B1, 0x3CB)) return c - 0x20;
  if (in(c, 0x450, 0x45F)) return c - 0x50;
  if (c == 0xFF) return 0x178;
  if (c == 0xB5) return 0x39C;
  if (in(c, 0x3AD, 0x3AF)) return c - 37;
  if (c == 0x3AC) return 0x386;
  if (alternates_even(c)) return c & ~char32_t{1};
  if (alternates_odd(c) && (c & 1U) == 0) return c - 1;
  return c;
}

template <class Change>
std::string changed(std::string_view text, Change change) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text, at);
    if (length == 1) {
      const auto byte = static_cast<unsigned char>(text[at]);
      out += byte < 0x80 ? static_cast<char>(change(char32_t{byte})) : text[at];
    } else {
      std::size_t inside = 0;
      append_utf8(out, change(next_code_point(text.substr(at, length), inside)));
    }
    at += length;
  }
  return out;
}

}  // namespace

std::size_t character_length(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead >= 0xF0 && lead < 0xF5   ? 4
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                                                           : 1;
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text, at + i)) return 1;
  }
  return length == 1 || is_valid_utf8(text.substr(at, length)) ? length : 1;
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += character_length(text, at)) ++count;
  return count;
}

std::size_t character_offset(std::string_view text, std::size_t n) {
  std::size_t at = 0;
  for (; n > 0 && at < text.size(); --n) at += character_length(text, at);
  return std::min(at, text.size());
}

std::string upper_case(std::string_view text) {
  std::string out = changed(text, upper);
  // The one letter whose capital is two.
  for (std::size_t at = out.find("ß"); at != std::string::npos; at = out.find("ß", at))
    out.replace(at, 2, "SS");
  return out;
}

std::string lower_case(std::string_view text) { return changed(text, lower); }

namespace {

bool is_katakana(char32_t c) { return in(c, 0x30A0, 0x30FF) || in(c, 0xFF66, 0xFF9F); }

/// Chinese, Japanese or Korean.
bool is_family_first(char32_t c) {
  return in(c, 0x3005, 0x3007) || in(c, 0x3041, 0x309F) || is_katakana(c) ||
         in(c, 0x3400, 0x4DBF) || in(c, 0x4E00, 0x9FFF) || in(c, 0xAC00, 0xD7A3) ||
         in(c, 0xF900, 0xFAFF) || in(c, 0x20000, 0x3FFFF);
}

char32_t first_letter(std::string_view text) {
  std::size_t at = 0;
  return text.empty() ? U'\0' : next_code_point(text, at);
}

}  // namespace

std::string full_name(std::string_view first, std::string_view last) {
  first = trim(first);
  last = trim(last);
  if (first.empty() || last.empty()) return std::string(first.empty() ? last : first);
  const char32_t given = first_letter(first);
  const char32_t family = first_letter(last);
  if (!is_family_first(given) || !is_family_first(family))
    return std::string(first) + ' ' + std::string(last);
  // Foreign names in katakana would run into each other.
  const bool apart = is_katakana(given) && is_katakana(family);
  return std::string(last) + (apart ? " " : "") + std::string(first);
}

}  // namespace retaind::render
