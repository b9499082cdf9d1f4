#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "model/charset.h"

namespace retaind::render {

std::string_view charset_name(Charset charset);

/// ISO-2022-JP (RFC 1468) of valid UTF-8: ASCII and JIS X 0208, in ASCII again at the end of each
/// line and of all. Empty when a character has no place there (half-width kana, ①, 髙, emoji), one
/// that mail programs disagree about (¥, 〜), or is a control other than tab and line breaks.
std::optional<std::string> to_iso_2022_jp(std::string_view text);
/// Octets of to_iso_2022_jp(text).
std::size_t iso_2022_jp_length(std::string_view text);

/// Bytes in a charset, by any name that the system knows, as UTF-8; empty when they are not in it.
std::optional<std::string> to_utf8(std::string_view bytes, std::string_view charset);

}  // namespace retaind::render
