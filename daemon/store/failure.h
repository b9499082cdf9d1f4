#pragma once
#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace retaind::store {

/// What an SQLite result code (extended or not) means for the person who runs retaind, with the
/// remedy. `detail` is SQLite's own message, `what` the statement or the step that failed.
Error failure(int code, const std::filesystem::path& file, std::string_view detail,
              std::string_view what);

}  // namespace retaind::store
