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

/// Every *.yaml of a directory, in name order, hidden ones and editors' own left aside; what looks
/// as if it were meant to be one of them, `what`, is a warning.
std::vector<std::filesystem::path> yaml_files(const std::filesystem::path& directory,
                                              std::string_view what, std::vector<Diagnostic>& out,
                                              std::error_code& error);

}  // namespace retaind::language
