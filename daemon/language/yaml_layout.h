#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "language/report.h"

namespace retaind::language {

/// A line that is out of place.
struct OddLine {
  Range at;
  std::string message;
  std::string remedy;
};

/// A parser complains where it cannot go on, which is mostly the line below the mistake. The line
/// that its author has to change, when the lines around `at` show which one it is.
std::optional<OddLine> odd_line(std::string_view text, std::size_t at);

/// The same for an entry of a list that YAML takes for one with the entry below it.
std::optional<OddLine> odd_entry(std::string_view text, Range entry);

}  // namespace retaind::language
