// `retaind check` of 1,000 rule files: the shipped rules over and over, each with an id of its own,
// and their templates, composed and looked at as `check` does. Processor time, since it hardly
// waits; there is nothing to set beside it.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "app/site_init.h"
#include "app/site_load.h"
#include "base/file.h"
#include "bench/measure.h"

using namespace retaind;
namespace fs = std::filesystem;

namespace {

constexpr double limit_seconds = 1;
constexpr long limit_kib = 100L * 1024;

void multiply(const fs::path& rules, long files) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const auto& entry : fs::directory_iterator(rules))
    texts.emplace_back(entry.path().stem().string(), *read_file(entry.path(), 1 << 20));
  for (long i = static_cast<long>(texts.size()); i < files; ++i) {
    auto [name, text] = texts[static_cast<std::size_t>(i) % texts.size()];
    const std::string own = fmt::format("{}-{}", name, i);
    const std::string id = "rule: " + name;
    text.replace(text.find(id), id.size(), "rule: " + own);
    std::ofstream(rules / (own + ".yaml")) << text;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const long files = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 1000;
  const int rounds = static_cast<int>(bench::number_from("BENCH_ROUNDS", 5));
  const auto directory = fs::temp_directory_path() / "retaind-check-bench";
  fs::remove_all(directory);
  if (!app::make_site(directory)) return 2;
  multiply(directory / "rules", files);
  std::vector<double> times;
  int found = 0;
  for (int round = 0; round < rounds; ++round)
    times.push_back(bench::cpu_seconds([&] {
      const app::LoadedSite loaded = app::load_site(directory);
      found = loaded.errors() + loaded.warnings();
    }));
  fs::remove_all(directory);
  const double time = bench::median(times);
  const bool fine = found == 0 && time <= limit_seconds && bench::peak_kib() <= limit_kib;
  fmt::print(
      "check of {} rules: {:.2f} s ({:.2f}-{:.2f}), {} KiB, {} findings; at most {:.0f} s and "
      "{} KiB: {}\n",
      files, time, *std::min_element(times.begin(), times.end()),
      *std::max_element(times.begin(), times.end()), bench::peak_kib(), found, limit_seconds,
      limit_kib, fine ? "PASS" : "MISSED");
  return fine ? 0 : 1;
}
