#pragma once
#include <cstdio>
#include <optional>
#include <string>

namespace retaind::test {

/// Everything that a shell command prints; empty when it cannot be run or fails.
inline std::optional<std::string> output_of(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string text;
  char block[65536];
  for (std::size_t got = 0; (got = std::fread(block, 1, sizeof block, pipe)) > 0;)
    text.append(block, got);
  if (::pclose(pipe) != 0) return std::nullopt;
  return text;
}

}  // namespace retaind::test
