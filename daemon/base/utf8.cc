#include <array>
#include <cstdint>
#include <cstring>

#include "base/text.h"
#include "base/unicode.h"

namespace retaind {
namespace {

unsigned byte(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

struct Sequence {
  std::size_t size = 1;  ///< of the sequence, or of its maximal subpart when invalid
  bool valid = false;
};

// Well-formed sequences by Unicode 15, table 3-7: only the second byte's range depends on the
// first.
Sequence sequence_at(std::string_view text, std::size_t at) {
  const unsigned lead = byte(text, at);
  if (lead < 0x80) return {1, true};
  if (lead < 0xC2 || lead > 0xF4) return {};
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  unsigned lowest = 0x80, highest = 0xBF;
  if (lead == 0xE0) lowest = 0xA0;
  if (lead == 0xED) highest = 0x9F;
  if (lead == 0xF0) lowest = 0x90;
  if (lead == 0xF4) highest = 0x8F;
  for (std::size_t i = 1; i < size; ++i) {
    if (at + i >= text.size()) return {i, false};
    const unsigned next = byte(text, at + i);
    if (next < lowest || next > highest) return {i, false};
    lowest = 0x80;
    highest = 0xBF;
  }
  return {size, true};
}

}  // namespace

std::size_t utf8_error(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    // Every mail's text passes here several times: 32 or eight ASCII bytes, or one of the many
    // three-byte characters without special bounds, at once.
    if (text.size() - at >= 32) {
      std::array<std::uint64_t, 4> words{};
      std::memcpy(words.data(), text.data() + at, sizeof words);
      if (((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080U) == 0) {
        at += sizeof words;
        continue;
      }
    }
    if (text.size() - at >= 8) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080U) == 0) {
        at += 8;
        continue;
      }
      const unsigned lead = byte(text, at);
      if (lead > 0xE0 && lead < 0xF0 && lead != 0xED) {
        if ((byte(text, at + 1) & 0xC0U) != 0x80 || (byte(text, at + 2) & 0xC0U) != 0x80) return at;
        at += 3;
        continue;
      }
    }
    const Sequence sequence = sequence_at(text, at);
    if (!sequence.valid) return at;
    at += sequence.size;
  }
  return at;
}

bool is_valid_utf8(std::string_view text) { return utf8_error(text) == text.size(); }

std::string to_valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const Sequence sequence = sequence_at(text, at);
    valid += sequence.valid ? text.substr(at, sequence.size) : std::string_view("\xEF\xBF\xBD");
    at += sequence.size;
  }
  return valid;
}

char32_t next_code_point(std::string_view text, std::size_t& at) {
  const Sequence sequence = sequence_at(text, at);
  const unsigned lead = byte(text, at);
  char32_t point = sequence.size == 1 ? lead : lead & (0xFFU >> (sequence.size + 1));
  for (std::size_t i = 1; i < sequence.size; ++i)
    point = (point << 6U) | (byte(text, at + i) & 0x3FU);
  at += sequence.size;
  return sequence.valid ? point : U'\uFFFD';
}

void append_utf8(std::string& out, char32_t code_point) {
  const auto add = [&out](char32_t bits) { out += static_cast<char>(bits); };
  if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) code_point = 0xFFFD;
  if (code_point < 0x80) return add(code_point);
  if (code_point < 0x800) {
    add(0xC0U | (code_point >> 6U));
  } else {
    if (code_point < 0x10000) {
      add(0xE0U | (code_point >> 12U));
    } else {
      add(0xF0U | (code_point >> 18U));
      add(0x80U | ((code_point >> 12U) & 0x3FU));
    }
    add(0x80U | ((code_point >> 6U) & 0x3FU));
  }
  add(0x80U | (code_point & 0x3FU));
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  std::size_t at = 0;
  while (at < text.size()) width += unicode::columns(next_code_point(text, at));
  return width;
}

}  // namespace retaind
