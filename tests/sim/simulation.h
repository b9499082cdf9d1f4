#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "watch.h"

namespace sim {

struct Result {
  std::vector<std::string> problems;  ///< empty: all invariants held
  Tally tally;
  std::uint64_t hash = 0;
  std::int64_t facts = 0, sends = 0, changes = 0, passes = 0, idle_passes = 0;
};

/// Sixty days of a shop and its daemon, wholly decided by the seed: random life, peers that defer,
/// refuse, hang up and stay away, crashes at named points, a failing store, a clock that jumps,
/// reloads, holds. Then three quiet weeks in which everything must come to its end.
Result simulate(std::uint64_t seed, bool verbose);

/// Every crash point, state, reason and rule that has to occur over all seeds.
const std::vector<std::string>& expected_crash_points();
std::vector<std::string> missing(const Tally& tally);

}  // namespace sim
