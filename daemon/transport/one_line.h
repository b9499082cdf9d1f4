#pragma once
#include <string>
#include <string_view>

namespace retaind::transport {

/// A peer's words for the ledger and for people: one line of valid UTF-8 without control
/// characters, at most 500 bytes.
std::string one_line(std::string_view text);

}  // namespace retaind::transport
