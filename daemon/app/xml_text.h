#pragma once
#include <string>
#include <string_view>

namespace retaind::app {

/// A text between tags, or in quotes as an attribute. XML 1.0 2.2 has no place for most control
/// characters, not even as references: they are left out.
std::string xml_text(std::string_view text);

}  // namespace retaind::app
