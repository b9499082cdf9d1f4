#pragma once
#include <cstddef>

namespace retaind::unicode {

/// Columns of one code point on a terminal: 0, 1 or 2.
std::size_t columns(char32_t code_point);
/// Simple case folding (Unicode CaseFolding.txt, status C and S): "Ä" to "ä", final "ς" to "σ".
char32_t folded(char32_t code_point);
/// White space and invisible characters that no address may hold.
bool is_invisible(char32_t code_point);

}  // namespace retaind::unicode
