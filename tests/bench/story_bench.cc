// `retaind test` of 500 stories of 60 days: the shipped rules and templates, all of them live in
// each case, six facts, four messages and a restart. Processor time, since it never waits and other
// programs on the machine are only noise; there is nothing to set beside it. The rules and
// templates are those of a new site, made in a directory of its own.
#include <fmt/format.h>

#include <filesystem>

#include "app/site_init.h"
#include "app/site_load.h"
#include "bench/measure.h"
#include "replay/stories.h"

using namespace retaind;

namespace {

constexpr double limit_seconds = 10;

std::string story(long cases) {
  std::string text =
      "test: everything\nstarts: 2026-03-02 10:00\npeople:\n"
      "  anna: {email: anna@example.com, first_name: Anna, locale: en, consent: [marketing, "
      "feedback]}\n"
      "  bert: {email: bert@example.com, first_name: Bert, locale: ja, consent: [marketing, "
      "feedback]}\ncases:\n";
  for (long i = 0; i < cases; ++i) {
    text += fmt::format(
        "  - name: case {}\n    story:\n"
        "      - {{at: day 0, event: customer.created, customer: anna}}\n"
        "      - {{at: day 0 11:00, expect: [{{email: welcome, to: anna}}]}}\n"
        "      - {{at: day 0 12:00, event: ticket.opened, ticket: {{id: T1, customer: anna}}}}\n"
        "      - {{at: day 1, event: order.completed, order: {{id: 1, customer: anna, total: 49 "
        "EUR}}}}\n"
        "      - {{at: day 2, event: order.completed, order: {{id: 2, customer: bert, total: 99 "
        "EUR}}}}\n"
        "      - {{at: day 2 12:15, expect: [{{notify: support, about: T1}}]}}\n"
        "      - {{at: day 2 13:00, event: ticket.solved, ticket: T1}}\n"
        "      - {{at: day 6, daemon: crashes-and-restarts}}\n"
        "      - {{at: day 10, expect: [{{email: thanks, to: anna, says: Dear Anna}}, {{email: "
        "thanks, to: bert}}]}}\n"
        "      - {{at: day 20, event: feedback.received, feedback: {{order: 1, kind: nps, score: "
        "10}}}}\n"
        "      - {{at: day 60, expect: nothing}}\n",
        i);
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const long cases = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 500;
  const int rounds = static_cast<int>(bench::number_from("BENCH_ROUNDS", 5));
  const auto directory = std::filesystem::temp_directory_path() / "retaind-story-bench";
  std::filesystem::remove_all(directory);
  if (!app::make_site(directory)) return 2;
  app::LoadedSite loaded = app::load_site(directory);
  std::filesystem::remove_all(directory);
  if (loaded.errors() > 0) return 2;
  delivery::SiteFiles files{*loaded.site, loaded.rules.rules, loaded.templates, "a secret"};
  const language::TemplateNames names{files.templates.names()};

  std::vector<double> times;
  int failed = 0;
  for (int round = 0; round < rounds; ++round) {
    times.push_back(bench::cpu_seconds([&] {
      std::vector<language::Diagnostic> found;
      const auto source =
          std::make_shared<language::Source>(language::Source{"tests/bench.yaml", story(cases)});
      const auto read = language::check_story(source, {files.site, files.rules, names}, found);
      if (!read) {
        fmt::print("{}", language::to_text(found, language::Format::human, false));
        std::exit(2);
      }
      const SystemClock clock;
      const auto result = replay::run_stories({&*read, 1}, files, {}, clock);
      failed += result->failed();
    }));
  }
  const double time = bench::median(times);
  const bool fine = failed == 0 && time <= limit_seconds * static_cast<double>(cases) / 500;
  fmt::print(
      "{} stories of 60 days, {} rules: {:.2f} s ({:.2f}-{:.2f}), {:.2f} ms each, {} failed; {}, "
      "at most {:.1f} s: {}\n",
      cases, files.rules.size(), time, *std::min_element(times.begin(), times.end()),
      *std::max_element(times.begin(), times.end()), time * 1000 / static_cast<double>(cases),
      failed, fmt::format("{} KiB", bench::peak_kib()),
      limit_seconds * static_cast<double>(cases) / 500, fine ? "PASS" : "MISSED");
  return fine ? 0 : 1;
}
