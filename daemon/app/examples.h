#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "app/shipped.h"
#include "base/result.h"

namespace retaind::app {

/// A rule that is shipped with its story and the templates that it names.
struct Example {
  std::string_view name;   ///< the rule's id
  std::string_view about;  ///< as the rule says it
  std::vector<const ShippedFile*> files;
};
std::vector<Example> examples();

/// Writes the files of an example into a site. Nothing is written when one of its files, or a rule
/// with its id, is there and says something else; a template that is there and is the same stays,
/// and so do the site's own layout and partials.
/// The paths that were written.
Result<std::vector<std::string>> add_example(const Example& example,
                                             const std::filesystem::path& site);

}  // namespace retaind::app
