#pragma once
#include <optional>
#include <string_view>

namespace retaind {

/// The code that a misspelt one may have meant; empty when none is near.
std::optional<std::string_view> nearest_currency(std::string_view word);

}  // namespace retaind
