#pragma once
#include <string>
#include <string_view>

#include "base/text.h"

namespace retaind::test {

/// A text as a mail carries it: valid UTF-8, with LF as the only line break.
inline std::string plain_lines(std::string_view text) {
  std::string out;
  const std::string valid = to_valid_utf8(text);
  for (std::size_t i = 0; i < valid.size(); ++i) {
    if (valid[i] == '\r' && i + 1 < valid.size() && valid[i + 1] == '\n') continue;
    out += valid[i] == '\r' ? '\n' : valid[i];
  }
  return out;
}

}  // namespace retaind::test
