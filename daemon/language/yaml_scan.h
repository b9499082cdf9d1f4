#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "language/report.h"

namespace retaind::language {

/// Looks at the raw text for what a YAML parser would let pass, and says so: bytes that are no
/// text, tabs, directives. False: the text is not worth parsing.
bool scan_text(Report& report);

/// End of the scalar without quotes that begins at `begin` and reads `value`.
std::size_t end_of_plain(std::string_view source, std::size_t begin, std::string_view value);

/// For each byte of `value`, the byte of the source it came from, and one more for the end.
std::vector<std::size_t> map_scalar(std::string_view source, std::size_t begin,
                                    std::string_view value);

bool is_blank(char c);

/// Length of YAML's word for nothing (`~`, `null`) at `at`, which stays text here; 0 without one.
std::size_t length_of_null_word(std::string_view source, std::size_t at);

}  // namespace retaind::language
