#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace retaind::render {

/// What a code point does at the border of a grapheme (Unicode 14, UAX 29 table 2; emoji apart).
enum class GraphemeKind : std::uint8_t {
  other,
  control,
  extend,
  joiner,
  regional,
  prepend,
  spacing,
  l,
  v,
  t,
  lv,
  lvt,
  pictograph
};
GraphemeKind grapheme_kind(char32_t code_point);

/// Bytes up to the end of the n-th extended grapheme cluster, which is what readers take for a
/// character: a letter with its accents, a family emoji, a flag. text.size() when there are fewer.
/// The text is valid UTF-8.
std::size_t grapheme_offset(std::string_view text, std::size_t n);
std::size_t count_graphemes(std::string_view text);

}  // namespace retaind::render
