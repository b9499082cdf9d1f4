#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "store/database.h"

namespace retaind::store {

/// Small values of the store itself, by name.
std::optional<std::string> meta_value(Database& database, std::string_view name);
void set_meta_value(Database& database, std::string_view name, std::string_view value);

}  // namespace retaind::store
