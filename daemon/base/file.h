#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace retaind {

/// The whole file; refuses files over `limit` bytes. The error names the path and the remedy.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit);
/// Writes beside, flushes (fsync of file and directory) and renames: either the old or the new
/// file, never half. `mode`: who may read it; of customers' data only its own group.
Result<void> write_file_durably(const std::filesystem::path& path, std::string_view bytes,
                                unsigned mode = 0640);

}  // namespace retaind
