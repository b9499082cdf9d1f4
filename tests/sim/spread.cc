#include "spread.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace sim {
namespace {

constexpr std::uint64_t again = 25;  // every so many seeds one is run twice

/// A process tells its parent in lines: what it counted, and which seed it has begun.
using Counts = std::map<std::string, std::int64_t>;
constexpr std::array<std::pair<const char*, Counts Tally::*>, 5> tables{{
    {"state", &Tally::states},
    {"reason", &Tally::reasons},
    {"crash", &Tally::crash_points},
    {"fault", &Tally::faults},
    {"rule", &Tally::rules},
}};
constexpr std::array<std::pair<const char*, std::int64_t Result::*>, 5> totals{{
    {"facts", &Result::facts},
    {"sends", &Result::sends},
    {"changes", &Result::changes},
    {"passes", &Result::passes},
    {"idle", &Result::idle_passes},
}};

void add(Result& all, const Result& one) {
  all.tally.add(one.tally);
  for (const auto& [name, total] : totals) all.*total += one.*total;
}

bool runs_well(std::uint64_t seed, bool verbose, Result& all) {
  const Result one = simulate(seed, verbose);
  add(all, one);
  if (!one.problems.empty()) {
    std::string said =
        fmt::format("seed {0} fails; once more: sim_tests --seed {0} --seeds 1 --trace\n", seed);
    for (const auto& problem : one.problems) said += fmt::format("  {}\n", problem);
    fmt::print("{}", said);
    return false;
  }
  if (seed % again != 0 || simulate(seed, false).hash == one.hash) return true;
  fmt::print("seed {} does not do the same thing twice\n", seed);
  return false;
}

Sum run_share(const Options& options, std::uint64_t share, std::FILE* parent) {
  Sum sum;
  for (std::uint64_t i = share; i < options.seeds && sum.failed < options.failures;
       i += options.processes) {
    if (parent != nullptr) {
      fmt::print(parent, "begins {}\n", options.first + i);
      std::fflush(parent);
    }
    if (!runs_well(options.first + i, options.verbose, sum.all)) ++sum.failed;
    std::fflush(stdout);
  }
  return sum;
}

void tell(const Sum& sum, std::FILE* parent) {
  for (const auto& [name, table] : tables) {
    for (const auto& [what, count] : sum.all.tally.*table)
      fmt::print(parent, "{} {} {}\n", name, count, what);
  }
  for (const auto& [name, total] : totals) fmt::print(parent, "{} {}\n", name, sum.all.*total);
  fmt::print(parent, "failed {}\n", sum.failed);
}

/// The seed that was begun last.
std::int64_t hear(const std::string& told, Sum& sum) {
  std::int64_t seed = 0;
  std::istringstream lines(told);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name, what;
    std::int64_t count = 0;
    words >> name >> count >> std::ws;
    std::getline(words, what);
    for (const auto& [known, table] : tables) {
      if (name == known) (sum.all.tally.*table)[what] += count;
    }
    for (const auto& [known, total] : totals) {
      if (name == known) sum.all.*total += count;
    }
    if (name == "failed") sum.failed += static_cast<int>(count);
    if (name == "begins") seed = count;
  }
  return seed;
}

struct Child {
  pid_t process = -1;
  std::FILE* from = nullptr;
};

Child begin(const Options& options, std::uint64_t share) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  std::fflush(stdout);
  const pid_t process = ::fork();
  if (process < 0) std::abort();
  if (process == 0) {
    ::close(ends[0]);
    std::FILE* parent = ::fdopen(ends[1], "w");
    tell(run_share(options, share, parent), parent);
    std::fclose(parent);
    // And not _exit: a leak is to be found. NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    std::exit(0);
  }
  ::close(ends[1]);
  return {process, ::fdopen(ends[0], "r")};
}

std::string read_all(std::FILE* from) {
  std::string text;
  std::array<char, 4096> block{};
  while (const std::size_t got = std::fread(block.data(), 1, block.size(), from))
    text.append(block.data(), got);
  std::fclose(from);
  return text;
}

}  // namespace

Sum run_seeds(const Options& options) {
  if (options.processes < 2 || options.verbose) {
    Options alone = options;
    alone.processes = 1;
    return run_share(alone, 0, nullptr);
  }
  Sum sum;
  std::vector<Child> children;
  for (std::uint64_t share = 0; share < options.processes; ++share)
    children.push_back(begin(options, share));
  for (const Child& child : children) {
    const std::int64_t seed = hear(read_all(child.from), sum);
    int status = 0;
    if (::waitpid(child.process, &status, 0) == child.process && status == 0) continue;
    ++sum.failed;
    fmt::print("seed {}: the process ended with status {}\n", seed, status);
  }
  return sum;
}

}  // namespace sim
