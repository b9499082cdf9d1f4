#pragma once
#include <span>
#include <string_view>

namespace retaind::app {

/// A file of a new site, or of an example that `retaind new` adds. Compiled in, so that the binary
/// alone is enough.
struct ShippedFile {
  std::string_view path;  ///< in the site: "rules/welcome.yaml"
  std::string_view text;
  bool on_request;  ///< by `retaind new` alone
};
std::span<const ShippedFile> shipped_files();

}  // namespace retaind::app
