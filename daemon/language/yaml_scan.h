#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "language/report.h"

namespace retaind::language {

/// Looks at the raw text for what a YAML parser would let pass, and says so: bytes that are no
/// text, tabs, directives. False: the text is not worth parsing.
bool scan_text(Report& report);

/// End of the scalar that begins at `begin`; `closed` is false when its closing quote is missing.
/// `value` is its text as the parser understood it.
std::size_t end_of_scalar(std::string_view source, std::size_t begin, std::string_view value,
                          bool& closed);

/// For each byte of `value`, the byte of the source it came from, and one more for the end.
std::vector<std::size_t> map_scalar(std::string_view source, std::size_t begin,
                                    std::string_view value);

/// Whether the text at `at` is one of YAML's words for nothing (`~`, `null`), which stay text here.
std::size_t length_of_null_word(std::string_view source, std::size_t at);

}  // namespace retaind::language
