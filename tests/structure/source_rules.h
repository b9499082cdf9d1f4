#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace retaind::test {

/// One broken rule of the house: "daemon/store/a.cc:3: …".
using Breaches = std::vector<std::string>;

/// The code alone: comments and the contents of literals become blanks; lines and columns stay.
std::string without_comments_and_literals(std::string_view source);

/// Everything that the rules say about one file of daemon/ or tests/; `path` is relative to the
/// project's root.
Breaches breaches_of(std::string_view path, std::string_view text);

/// The same for every file, and what shows only between files: a header that includes a library
/// serves nobody but .cc files of its own module. Keys are paths.
Breaches breaches_of(const std::map<std::string, std::string>& files);

}  // namespace retaind::test
