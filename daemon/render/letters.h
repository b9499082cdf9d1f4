#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace retaind::render {

/// Bytes of the character at `at`; an invalid byte counts as one character.
std::size_t character_length(std::string_view text, std::size_t at);
std::size_t count_characters(std::string_view text);
/// Byte offset of character `n`, text.size() when there are fewer.
std::size_t character_offset(std::string_view text, std::size_t n);

/// Upper and lower case of the Latin, Greek, Cyrillic and full-width letters; other characters
/// stay.
std::string upper_case(std::string_view text);
std::string lower_case(std::string_view text);

/// Who it is, in the order of the name's own script: Anna Albers, 山田花子; either may be empty.
std::string full_name(std::string_view first, std::string_view last);

}  // namespace retaind::render
