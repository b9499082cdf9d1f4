#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "store/database.h"

namespace retaind::store {

/// Small values of the store itself, by name.
std::optional<std::string> meta_value(Database& database, std::string_view name);
void set_meta_value(Database& database, std::string_view name, std::string_view value);

/// retaind.yaml as the running rules were taken over with; empty: nothing runs, or in a world that
/// no file describes.
std::string running_settings(Database& database);
/// Writes only what is new.
void keep_running_settings(Database& database, std::string_view text);

}  // namespace retaind::store
