#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "options.h"
#include "simulation.h"

namespace {

void print(const char* title, const std::map<std::string, std::int64_t>& counts) {
  fmt::print("{}:\n", title);
  for (const auto& [name, count] : counts) fmt::print("  {:>10}  {}\n", count, name);
}

}  // namespace

TEST_CASE("a shop and its daemon live through crashes, faults and jumps and every invariant holds",
          "[sim]") {
  const sim::Options& options = sim::options();
  sim::Result all;
  int failed = 0;
  for (std::uint64_t seed = options.first; seed < options.first + options.seeds && failed < 5;
       ++seed) {
    const sim::Result one = sim::simulate(seed, options.verbose);
    all.tally.add(one.tally);
    all.facts += one.facts;
    all.sends += one.sends;
    all.changes += one.changes;
    all.passes += one.passes;
    all.idle_passes += one.idle_passes;
    if (!one.problems.empty()) {
      ++failed;
      fmt::print("seed {} fails; once more: sim_tests --seed {} --seeds 1 --trace\n", seed, seed);
      for (const auto& problem : one.problems) fmt::print("  {}\n", problem);
    }
    if (seed % 10 == 0 && sim::simulate(seed, false).hash != one.hash) {
      ++failed;
      fmt::print("seed {} does not do the same thing twice\n", seed);
    }
  }
  print("states", all.tally.states);
  print("reasons", all.tally.reasons);
  print("crash points", all.tally.crash_points);
  print("faults", all.tally.faults);
  print("messages by rule", all.tally.rules);
  fmt::print("{} seeds: {} facts, {} hand-overs, {} changes, {} passes, {} of them for nothing\n",
             options.seeds, all.facts, all.sends, all.changes, all.passes, all.idle_passes);
  CHECK(failed == 0);
  if (options.seeds < sim::enough_seeds) return;
  for (const std::string& name : sim::missing(all.tally)) {
    UNSCOPED_INFO("never occurred: " << name);
    CHECK(name.empty());
  }
}
