// A wake-up with a hundred live rules and nothing due, against a bare Asio timer with `PRAGMA
// data_version`; and the same with many customers against few.
#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>

#include "base/rng.h"
#include "bench/measure.h"
#include "delivery/core.h"
#include "language/check.h"
#include "store/database.h"

using namespace retaind;
namespace asio = boost::asio;

namespace {

const Time start = from_ms(1'767'225'600'000);  // 2026-01-01

/// Always has room, and is never given anything.
struct Carrier : delivery::Transport {
  [[nodiscard]] int capacity() const override { return 8; }
  void want(int) override {}
  void send(delivery::Outgoing, Done) override {}
  [[nodiscard]] std::string trouble() const override { return {}; }
};

// Everything happened within the last day, so that the first rule is due in a week.
void fill(store::Database& database, long customers) {
  const auto run = [&](std::string_view sql) {
    if (auto done = database.execute(fmt::format(fmt::runtime(sql), customers, to_ms(start)));
        !done)
      std::printf("%s\n", done.error().message.c_str());
  };
  (void)database.execute("BEGIN");
  run("INSERT INTO customers (id, key, email, email_key, created_at, orders_count, last_order_at, "
      "last_active_at, active_episode, consent_marketing) SELECT value, 'c' || value, 'c' || value "
      "|| '@example.test', 'c' || value || '@example.test', {1} - value * 7919 % 86400000, 1, "
      "{1} - value * 7919 % 86400000, {1} - value * 7919 % 86400000, 1, 1 FROM "
      "(WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < {0}) "
      "SELECT value FROM n)");
  run("INSERT INTO orders (id, key, customer, status, total_minor, currency, placed_at, "
      "completed_at) SELECT id, 'o' || id, id, 'completed', 4900, 'EUR', last_order_at, "
      "last_order_at FROM customers");
  (void)database.execute("COMMIT");
}

language::Rule rule(const Site& site, int number) {
  const char* trigger = number % 2 == 0 ? "  event: order.completed\n  after: {} days\n"
                                        : "  customer: inactive\n  for: {} days\n";
  const std::string text = fmt::format(
      "rule: r{}\nabout: One of many\npurpose: marketing\nstatus: live\nwhen:\n{}then:\n"
      "  - email: thanks\n",
      number, fmt::format(fmt::runtime(trigger), 8 + number));
  std::vector<language::Diagnostic> diagnostics;
  auto source = std::make_shared<language::Source>(language::Source{"bench.yaml", text});
  auto made = language::check_rule(source, site, {{"thanks"}}, diagnostics);
  if (!made) {
    for (const auto& d : diagnostics) std::fputs(language::to_text(d, false).c_str(), stderr);
    std::exit(1);
  }
  return *made;
}

/// A store with a hundred rules whose due rows are all in the ledger.
struct Idle {
  explicit Idle(long customers)
      : file(std::filesystem::temp_directory_path() /
             fmt::format("retaind-idle-{}.db", customers)) {
    remove();
    store::Database::Options options;
    options.mode = store::Database::Mode::create;
    options.durable = false;
    auto opened = store::Database::open(file, options);
    if (!opened) std::exit(1);
    database = std::make_unique<store::Database>(*std::move(opened));
    fill(*database, customers);
    delivery::SiteFiles files;
    files.site.zone = *Zone::find("Europe/Berlin");
    files.site.unsubscribe_url = "https://shop.example.test/u";
    for (int i = 0; i < 100; ++i) files.rules.push_back(rule(files.site, i));
    files.secret = "secret";
    auto started =
        delivery::Core::start(*database, clock, rng, std::move(files), {&carrier, &carrier});
    if (!started) {
      std::printf("%s\n", started.error().message.c_str());
      std::exit(1);
    }
    core = *std::move(started);
    while (core->run_due()->more) {
    }
  }
  ~Idle() {
    core.reset();
    database.reset();
    remove();
  }
  Idle(const Idle&) = delete;
  Idle& operator=(const Idle&) = delete;
  void remove() const {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"})
      std::filesystem::remove(file.string() + suffix, ignored);
  }

  std::filesystem::path file;
  std::unique_ptr<store::Database> database;
  SimClock clock{start};
  Rng rng{7};
  Carrier carrier;
  std::unique_ptr<delivery::Core> core;
};

/// Seconds of one of many wake-ups that each arm a timer which fires at once.
template <class Work>
double wake_ups(asio::io_context& loop, Work&& work) {
  constexpr int count = 20'000;
  return bench::cpu_seconds([&] {
           asio::steady_timer timer(loop);
           for (int i = 0; i < count; ++i) {
             timer.expires_after(std::chrono::nanoseconds(0));
             timer.async_wait([&](const boost::system::error_code&) { work(); });
             loop.run();
             loop.restart();
           }
         }) /
         count;
}

}  // namespace

int main() {
  const long many = bench::number_from("BENCH_CUSTOMERS", 1'000'000);
  asio::io_context loop(1);
  Idle few_store(10'000);
  Idle many_store(many);
  long wrote = 0;
  const auto ours = [&](Idle& idle) {
    return wake_ups(loop, [&] {
      wrote += idle.core->run_due()->wrote ? 1 : 0;
      if (idle.core->next_due() < start) std::exit(1);
    });
  };
  bool missed = false;
  const auto bare = bench::in_turn(
      5, [&] { return ours(many_store); },
      [&] { return wake_ups(loop, [&] { (void)many_store.database->data_version(); }); });
  std::printf("%ld customers, 100 rules, nothing due: ", many);
  missed |= !bench::report("a wake-up against a bare one", bare, "us", 1e6, 2.0);
  const auto sizes = bench::in_turn(
      5, [&] { return ours(many_store); }, [&] { return ours(few_store); });
  std::printf("%ld customers against 10000: ", many);
  missed |= !bench::report("a wake-up", sizes, "us", 1e6, 1.5);
  if (wrote != 0) std::printf("%ld wake-ups wrote: nothing was to be due\n", wrote);
  return missed || wrote != 0 ? 1 : 0;
}
