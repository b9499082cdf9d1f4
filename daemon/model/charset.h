#pragma once
#include <cstdint>

namespace retaind {

/// What the texts of a mail are written in. iso_2022_jp is asked for, not promised: a mail that it
/// cannot hold is UTF-8.
enum class Charset : std::uint8_t { utf_8, iso_2022_jp };

}  // namespace retaind
