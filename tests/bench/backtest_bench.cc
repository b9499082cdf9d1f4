// What a backtest of a year costs: every order, refund, ticket and answer of the year under twenty
// rules, in processor time of all threads, and how much memory that takes.
#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include "app/examples.h"
#include "app/site_files.h"
#include "app/site_init.h"
#include "base/rng.h"
#include "bench/measure.h"
#include "bench/open_store.h"
#include "replay/backtest.h"
#include "store/database.h"

using namespace retaind;
namespace fs = std::filesystem;

namespace {

const Time start = from_ms(1'735'689'600'000);  // 2025-01-01
constexpr std::int64_t day = 86'400'000;
constexpr std::int64_t year = 365 * day;

/// Customers from the two years before, four orders each; every answer, ticket and consent dated.
void fill(store::Database& database, std::int64_t orders) {
  Rng rng{7};
  const auto below = [&](std::int64_t n) {
    return static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(n)));
  };
  const std::int64_t customers = orders / 4;
  (void)database.begin();
  auto& customer = database.prepared(
      "INSERT INTO customers (id, key, email, email_key, first_name, currency, created_at, "
      "birthday) VALUES (?1, ?2, ?3, ?3, 'Kim', 'EUR', ?4, ?5)");
  auto& consent = database.prepared(
      "INSERT INTO consent (customer, purpose, granted, at) VALUES (?1, ?2, 1, ?3)");
  for (std::int64_t i = 1; i <= customers; ++i) {
    const std::string key = fmt::format("c{}", i);
    const std::string email = key + "@example.test";
    const std::int64_t created = to_ms(start) - below(2 * year) + year;
    customer.bind(1, i).bind(2, key).bind(3, email).bind(4, created);
    customer.bind(5, fmt::format("1980-{:02}-{:02}", 1 + below(12), 1 + below(28))).run();
    for (const char* purpose : {"marketing", "feedback"}) {
      if (below(10) < 7) consent.bind(1, i).bind(2, purpose).bind(3, created).run();
    }
  }
  auto& order = database.prepared(
      "INSERT INTO orders (id, key, customer, number, status, total_minor, currency, placed_at, "
      "paid_at, completed_at, refunded_at) VALUES (?1, ?2, ?3, ?2, ?4, ?5, 'EUR', ?6, ?7, ?8, "
      "?9)");
  auto& ticket = database.prepared(
      "INSERT INTO tickets (id, key, customer, number, status, opened_at, solved_at, as_of) VALUES "
      "(?1, ?2, ?3, ?2, 'solved', ?4, ?5, ?5)");
  auto& word = database.prepared(
      "INSERT INTO history (subject, row, field, valid_from, value) VALUES (4, ?1, 'status', ?2, "
      "?3)");
  auto& answer = database.prepared(
      "INSERT INTO feedback (id, key, customer, \"order\", kind, score, received_at) VALUES (?1, "
      "?2, ?3, ?1, 'nps', ?4, ?5)");
  for (std::int64_t i = 1; i <= orders; ++i) {
    const std::int64_t owner = 1 + below(customers);
    const std::int64_t placed = to_ms(start) + below(year);
    const std::int64_t completed = placed + day + below(4 * day);
    const bool refunded = below(30) == 0;
    const std::string number = fmt::format("o{}", i);
    order.bind(1, i).bind(2, number).bind(3, owner);
    order.bind(4, refunded ? "refunded" : "completed").bind(5, 500 + below(20'000));
    order.bind(6, placed).bind(7, placed + 600'000).bind(8, completed);
    refunded ? order.bind(9, completed + below(20 * day)) : order.bind_null(9);
    order.run();
    if (below(30) == 0) {
      const std::int64_t opened = completed + below(5 * day);
      const std::int64_t solved = opened + below(5 * day);
      const std::string key = fmt::format("t{}", i);
      ticket.bind(1, i).bind(2, key).bind(3, owner).bind(4, opened).bind(5, solved).run();
      word.bind(1, i).bind(2, opened).bind(3, "open").run();
      word.bind(2, solved).bind(3, "solved").run();
    }
    if (below(10) == 0) {
      const std::string key = fmt::format("f{}", i);
      answer.bind(1, i).bind(2, key).bind(3, owner);
      answer.bind(4, below(11)).bind(5, completed + 8 * day).run();
    }
  }
  (void)database.commit();
  (void)database.execute("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)");
}

/// The shipped rules and examples, and ten more of what shops do.
void add_rules(const fs::path& site) {
  for (const app::Example& example : app::examples()) (void)app::add_example(example, site);
  const std::pair<const char*, const char*> more[] = {
      {"big-order", "event: order.completed\n  after: 3 days\nif:\n  - order.total >= 150 EUR\n"},
      {"small-order", "event: order.refunded\n  after: 9 days\nif:\n  - order.total < 10 EUR\n"},
      {"third-order",
       "event: order.placed\n  after: 2 hours\nif:\n  - customer.orders_count = 3\n"},
      {"half-a-year",
       "event: customer.created\n  after: 180 days\nif:\n  - customer.orders_count >= 8\n"},
      {"refunded", "event: order.refunded\n  after: 2 days\n"},
      {"happy", "event: feedback.received\n  after: 1 day\nif:\n  - feedback.score >= 9\n"},
      {"unhappy", "event: feedback.received\n  after: 3 days\nif:\n  - feedback.score <= 3\n"},
      {"a-year", "event: customer.created\n  after: 365 days\n"},
      {"silent-180d", "customer: inactive\n  for: 180 days\nif:\n  - customer.orders_count >= 1\n"},
      {"slow-ticket", "ticket: unresolved\n  for: 96 hours\n"}};
  for (const auto& [id, when] : more) {
    std::ofstream(site / "rules" / fmt::format("{}.yaml", id))
        << "rule: " << id << "\npurpose: marketing\nstatus: live\nwhen:\n  " << when
        << "unless:\n  - customer.open_tickets > 1\nthen:\n  - email: welcome\nonce-per: customer\n"
        << "send-window: daytime\n";
  }
}

}  // namespace

int main() {
  const std::int64_t orders = bench::number_from("BENCH_ORDERS", 1'000'000);
  const fs::path site =
      fs::temp_directory_path() / ("retaind-backtest-bench-" + std::to_string(::getpid()));
  if (const auto made = app::make_site(site); !made) return 1;
  add_rules(site);
  {
    store::Database database = bench::open_store(site / "facts.db", store::Database::Mode::create);
    fill(database, orders);
  }
  auto files = app::take_files(app::load_site(site));
  if (!files) {
    std::fprintf(stderr, "%s\n", files.error().message.c_str());
    return 1;
  }
  std::error_code ignored;
  const auto rules = files->rules.size();
  std::printf("%lld orders, %zu rules, store of %ju MB\n", static_cast<long long>(orders), rules,
              fs::file_size(site / "facts.db", ignored) >> 20U);
  const long before = bench::peak_kib();
  store::Database source = bench::open_store(site / "facts.db", store::Database::Mode::read);
  replay::BacktestOptions options;
  options.from = start;
  options.to = start + std::chrono::milliseconds(year);
  options.step_for = [](std::size_t) {
    return Duration{std::chrono::minutes(bench::number_from("BENCH_MINUTES", 15))};
  };
  std::int64_t sent = 0;
  const std::clock_t began = std::clock();
  Result<replay::BacktestSummary> summary = Error{};
  const double took = bench::seconds([&] {
    summary = replay::backtest(source, *std::move(files), options, [&](const auto& row) {
      sent += row.state == MessageState::sent ? 1 : 0;
    });
  });
  const double processor = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  if (!summary) {
    std::fprintf(stderr, "%s\n", summary.error().message.c_str());
    return 1;
  }
  const long peak = bench::peak_kib();
  std::printf(
      "%lld facts, %lld outcomes, %lld sent; %.1f s of processor time, %.1f s by the wall; "
      "peak %ld MB (%ld MB before)\n",
      static_cast<long long>(summary->facts), static_cast<long long>(summary->rows),
      static_cast<long long>(sent), processor, took, peak >> 10, before >> 10);
  const bool passed = took <= 60;
  std::printf("backtest of a year, at most 60 s on two cores: %s\n", passed ? "PASS" : "MISSED");
  fs::remove_all(site);
  return passed ? 0 : 1;
}
