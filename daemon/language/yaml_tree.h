#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "language/yaml.h"

namespace retaind::language {

/// What the parser saw, with the byte where it begins.
struct YamlEvent {
  enum class Kind { scalar, nothing, list, list_end, map, map_end };
  Kind kind;
  std::size_t at = 0;
  std::string text;
};

/// Makes the tree out of the events and finds in the text what the parser lets pass: keys without a
/// colon or twice, open quotes, `<<`, stray commas. Empty when the rest cannot be read.
std::optional<YamlNode> build_tree(Report& report, const std::vector<YamlEvent>& events);

}  // namespace retaind::language
