#pragma once
#include <cstdint>

namespace sim {

/// From so many seeds on everything that can occur has to occur.
inline constexpr std::uint64_t enough_seeds = 200;

struct Options {
  std::uint64_t first = 1;
  std::uint64_t seeds = 40;
  std::uint64_t processes = 1;
  int failures = 5;  ///< seeds; then a process stops
  bool verbose = false;
};
Options& options();

}  // namespace sim
