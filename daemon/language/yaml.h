#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "language/report.h"

namespace retaind::language {

/// What was written, and where. Scalars keep their text: `012`, `no` and `10:00` mean what they
/// say. Nothing is left in the tree that could mean two things: no duplicate keys, aliases, tags or
/// merge keys.
struct YamlNode {
  enum class Kind { empty, scalar, map, list };
  struct Key {
    std::string text;
    Range at;
  };

  Kind kind = Kind::empty;
  std::string text;                ///< of a scalar
  bool quoted = false;             ///< a scalar in quotes or a block (`|`, `>`)
  Range at;                        ///< a container's ends with its last child
  std::vector<Key> keys;           ///< of a map: keys[i] belongs to children[i]
  std::vector<YamlNode> children;  ///< of a map or a list

  [[nodiscard]] const YamlNode* find(std::string_view key) const;
};

/// "a list", for messages.
std::string_view name_of(YamlNode::Kind kind);

namespace yaml_limits {
inline constexpr std::size_t bytes = 1'000'000;  ///< a rule has one or two thousand
inline constexpr std::size_t nesting = 32;       ///< a rule needs four levels
}  // namespace yaml_limits

/// Reads the one document of a text; empty after an error that leaves nothing to go on with. A
/// duplicate key is reported and its first value kept, so that the rest is still checked.
std::optional<YamlNode> read_yaml(Report& report);

/// Byte of the source where character `index` (a byte) of a scalar's text stands: what a quote, an
/// escape or a folded line hides is counted.
std::size_t offset_in_source(std::string_view source, const YamlNode& scalar, std::size_t index);

}  // namespace retaind::language
