// A shop and its daemon live through crashes, faults and jumps of the clock, and every invariant
// holds.
#include <fmt/format.h>
#include <getopt.h>
#include <sqlite3.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "spread.h"

sim::Options& sim::options() {
  static Options options;
  return options;
}

namespace {

constexpr const char* usage =
    "usage: sim_tests [--seed FIRST] [--seeds COUNT] [--processes COUNT] [--failures COUNT] "
    "[--trace]\n"
    "  --seed FIRST       first seed of the simulation\n"
    "  --seeds COUNT      how many\n"
    "  --processes COUNT  to share the seeds among\n"
    "  --failures COUNT   failed seeds after which a process stops\n"
    "  --trace            print what happens\n";

template <class Number>
bool read(Number& number) {
  const char* end = optarg + std::strlen(optarg);
  const auto [stop, error] = std::from_chars(optarg, end, number);
  return error == std::errc() && stop == end;
}

bool read_options(int argc, char** argv, sim::Options& options) {
  const std::array<option, 6> known{{{"seed", required_argument, nullptr, 'f'},
                                     {"seeds", required_argument, nullptr, 's'},
                                     {"processes", required_argument, nullptr, 'p'},
                                     {"failures", required_argument, nullptr, 'n'},
                                     {"trace", no_argument, nullptr, 't'},
                                     {nullptr, 0, nullptr, 0}}};
  for (;;) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing else runs yet.
    switch (getopt_long(argc, argv, "", known.data(), nullptr)) {
      case -1: return optind == argc;
      case 'f':
        if (!read(options.first)) return false;
        break;
      case 's':
        if (!read(options.seeds)) return false;
        break;
      case 'p':
        if (!read(options.processes) || options.processes == 0) return false;
        break;
      case 'n':
        if (!read(options.failures)) return false;
        break;
      case 't': options.verbose = true; break;
      default: return false;
    }
  }
}

void print(const char* title, const std::map<std::string, std::int64_t>& counts) {
  fmt::print("{}:\n", title);
  for (const auto& [name, count] : counts) fmt::print("  {:>10}  {}\n", count, name);
}

}  // namespace

int main(int argc, char** argv) {
  sim::Options& options = sim::options();
  if (!read_options(argc, argv, options)) {
    fmt::print(stderr, "{}", usage);
    return 2;
  }
  // One thread and no account of memory: a tenth less time in SQLite.
  sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  // A thousand shops have a lot to say; the problems go to standard output.
  if (!options.verbose && std::freopen("/dev/null", "w", stderr) == nullptr) return 1;

  const sim::Sum sum = sim::run_seeds(options);
  const sim::Result& all = sum.all;
  print("states", all.tally.states);
  print("reasons", all.tally.reasons);
  print("crash points", all.tally.crash_points);
  print("faults", all.tally.faults);
  print("messages by rule", all.tally.rules);
  fmt::print("{} seeds: {} facts, {} hand-overs, {} changes, {} passes, {} of them for nothing\n",
             options.seeds, all.facts, all.sends, all.changes, all.passes, all.idle_passes);
  bool well = sum.failed == 0 && sum.all.passes > 0;
  if (options.seeds >= sim::enough_seeds) {
    for (const std::string& name : sim::missing(all.tally)) {
      fmt::print("never occurred: {}\n", name);
      well = false;
    }
  }
  if (!well) fmt::print("FAILED: {} of {} seeds\n", sum.failed, options.seeds);
  return well ? 0 : 1;
}
