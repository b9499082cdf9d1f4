#pragma once
// What every benchmark needs: a clock, medians over rounds that run in turn, and one line a result.
// Absolute times differ by half between minutes on a shared machine, so every figure is a ratio of
// two things measured in the same round.
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace bench {

inline double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Processor time: for work that never waits, where other programs on the machine are only noise.
inline double cpu_seconds(const std::function<void()>& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double start = now();
  work();
  return now() - start;
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

struct Pair {
  std::vector<double> ours, theirs;
  [[nodiscard]] std::vector<double> ratios() const {
    std::vector<double> r;
    for (std::size_t i = 0; i < ours.size(); ++i) r.push_back(ours[i] / theirs[i]);
    return r;
  }
};

/// Both in turn, `rounds` times after one round that does not count.
inline Pair in_turn(int rounds, const std::function<double()>& ours,
                    const std::function<double()>& theirs) {
  Pair pair;
  for (int i = 0; i <= rounds; ++i) {
    const double a = ours();
    const double b = theirs();
    if (i == 0) continue;
    pair.ours.push_back(a);
    pair.theirs.push_back(b);
  }
  return pair;
}

/// Says whether the median ratio is within its limit.
inline bool report(const char* name, const Pair& pair, const char* unit, double scale,
                   double limit) {
  auto ratios = pair.ratios();
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  const double r = median(ratios);
  std::printf("%-44s %10.3f %-4s against %10.3f %-4s  ratio %.2f (%.2f-%.2f), at most %.2f: %s\n",
              name, median(pair.ours) * scale, unit, median(pair.theirs) * scale, unit, r, *low,
              *high, limit, r <= limit ? "PASS" : "MISSED");
  return r <= limit;
}

inline long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

inline long number_from(const char* name, long fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtol(text, nullptr, 10);
}

}  // namespace bench
