#include "transport/one_line.h"

#include <algorithm>

#include "base/text.h"

namespace retaind::transport {

std::string one_line(std::string_view text) {
  constexpr std::size_t max_shown = 500;
  // Twice the length is enough even if half of it is white space, and bounds the work.
  std::string line = to_valid_utf8(text.substr(0, 2 * max_shown));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  const auto both_blank = [](char a, char b) { return a == ' ' && b == ' '; };
  line.erase(std::unique(line.begin(), line.end(), both_blank), line.end());
  if (line.size() > max_shown) {
    std::size_t end = max_shown;
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) --end;
    line.resize(end);
  }
  return std::string(trim(line));
}

}  // namespace retaind::transport
