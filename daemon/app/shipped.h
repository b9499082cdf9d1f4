#pragma once
#include <span>
#include <string_view>

namespace retaind::app {

/// A file that a new site begins with. Compiled in, so that the binary alone is enough.
struct ShippedFile {
  std::string_view path;  ///< in the site: "rules/welcome.yaml"
  std::string_view text;
};
std::span<const ShippedFile> shipped_files();

}  // namespace retaind::app
