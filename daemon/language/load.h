#pragma once
#include <filesystem>
#include <memory>
#include <vector>

#include "language/diagnostic.h"

namespace retaind::language {

/// The text of a file; nullptr with a diagnostic when it cannot be read, is too large or is no
/// file.
std::shared_ptr<const Source> load_source(const std::filesystem::path& path,
                                          std::vector<Diagnostic>& out);

}  // namespace retaind::language
