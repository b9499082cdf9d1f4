#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "spread.h"

namespace {

void print(const char* title, const std::map<std::string, std::int64_t>& counts) {
  fmt::print("{}:\n", title);
  for (const auto& [name, count] : counts) fmt::print("  {:>10}  {}\n", count, name);
}

}  // namespace

TEST_CASE("a shop and its daemon live through crashes, faults and jumps and every invariant holds",
          "[sim]") {
  const sim::Options& options = sim::options();
  const sim::Sum sum = sim::run_seeds(options);
  const sim::Result& all = sum.all;
  print("states", all.tally.states);
  print("reasons", all.tally.reasons);
  print("crash points", all.tally.crash_points);
  print("faults", all.tally.faults);
  print("messages by rule", all.tally.rules);
  fmt::print("{} seeds: {} facts, {} hand-overs, {} changes, {} passes, {} of them for nothing\n",
             options.seeds, all.facts, all.sends, all.changes, all.passes, all.idle_passes);
  CHECK(sum.failed == 0);
  if (options.seeds < sim::enough_seeds) return;
  for (const std::string& name : sim::missing(all.tally)) {
    fmt::print("never occurred: {}\n", name);
    CHECK(name.empty());
  }
}
