// Find and decide of due rows against hand-written prepared SQL that returns the same rows with the
// columns that the conditions read; a new rule with `backlog: all` over the whole store likewise;
// an idle wake-up. The ledger's commit is reported apart.
#include <sqlite3.h>

#include <cstring>
#include <filesystem>

#include "base/rng.h"
#include "bench/measure.h"
#include "engine/engine.h"
#include "language/check.h"
#include "store/database.h"

using namespace retaind;  // NOLINT(google-build-using-namespace): a program of one file

namespace {

const Time start = from_ms(1'767'225'600'000);  // 2026-01-01

void fill(store::Database& database, long customers) {
  Rng rng{7};
  (void)database.begin();
  auto& customer = database.prepared(
      "INSERT INTO customers (id, key, email, email_key, currency, created_at, orders_count, "
      "last_order_at, last_active_at,"
      " active_episode, open_tickets, consent_marketing, consent_feedback) VALUES (?1, ?2, ?3, ?3, "
      "'EUR', ?4, ?5, ?6, ?6, 1, ?7, ?8, ?8)");
  auto& order = database.prepared(
      "INSERT INTO orders (id, key, customer, number, status, total_minor, currency, placed_at, "
      "completed_at, refunded_at)"
      " VALUES (?1, ?2, ?3, ?2, 'completed', ?4, 'EUR', ?5, ?6, ?7)");
  const std::int64_t year = 365LL * 86'400'000;
  for (long i = 1; i <= customers; ++i) {
    const std::string key = "c" + std::to_string(i);
    const std::string email = key + "@example.test";
    const std::int64_t last =
        to_ms(start) - static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(year)));
    customer.bind(1, std::int64_t{i})
        .bind(2, key)
        .bind(3, email)
        .bind(4, last - year)
        .bind(5, static_cast<int>(rng.below(6)))
        .bind(6, last);
    customer.bind(7, static_cast<int>(rng.below(10) == 0))
        .bind(8, static_cast<int>(rng.below(10) != 0))
        .run();
  }
  for (long i = 1; i <= customers; ++i) {
    const std::string key = "o" + std::to_string(i);
    const auto owner =
        static_cast<std::int64_t>(1 + rng.below(static_cast<std::uint64_t>(customers)));
    const std::int64_t placed =
        to_ms(start) - static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(year)));
    order.bind(1, std::int64_t{i})
        .bind(2, key)
        .bind(3, owner)
        .bind(4, static_cast<int>(rng.below(20000)))
        .bind(5, placed)
        .bind(6, placed + 86'400'000);
    if (rng.below(20) == 0)
      order.bind(7, placed + 2 * 86'400'000);
    else
      order.bind_null(7);
    order.run();
  }
  if (auto done = database.commit(); !done) std::printf("%s\n", done.error().message.c_str());
  (void)database.execute("ANALYZE");
}

Site site() {
  Site s;
  s.zone = *Zone::find("Europe/Berlin");
  s.unsubscribe_url = "https://shop.example.test/u";
  s.survey_url = "https://shop.example.test/s";
  s.calendars["daytime"] = Calendar("daytime", *Calendar::parse_line("09:00-20:00"), {});
  return s;
}

language::Rule rule(const Site& s, const char* text) {
  std::vector<language::Diagnostic> diagnostics;
  auto source = std::make_shared<language::Source>(language::Source{"bench.yaml", text});
  auto made = language::check_rule(source, s, {{"thanks", "win-back"}}, diagnostics);
  if (!made) {
    for (const auto& d : diagnostics) std::fputs(language::to_text(d, false).c_str(), stderr);
    std::exit(1);
  }
  return *made;
}

constexpr const char* thanks = R"(rule: thanks
about: Thanks
purpose: feedback
status: live
when:
  event: order.completed
  after: 7 days
unless:
  - order.refunded
  - customer.open_tickets > 0
then:
  - survey: nps
  - email: thanks
late-limit: 3 days
)";

constexpr const char* win_back = R"(rule: win-back
about: Win back
purpose: marketing
status: live
when:
  customer: inactive
  for: 90 days
if:
  - customer.orders_count >= 2
unless:
  - customer.open_tickets > 0
then:
  - email: win-back
once-per: customer
backlog: all
)";

struct Seen {
  long rows = 0;
  long fires = 0;
};

// Exactly what the engine does with each candidate before it writes.
Seen find_and_decide(engine::Trigger& trigger, engine::Checks& checks, const language::Rule& r,
                     const store::RuleRow& row, TimeRange due, Time now) {
  Seen seen;
  engine::Trigger::Cursor cursor;
  bool more = true;
  while (more) {
    more = trigger.scan(due, cursor, 1000, now, [&](const engine::Occurrence& o) {
      engine::Checks::Subject subject;
      subject.rule = &r;
      subject.row = &row;
      subject.step = &r.steps.front();
      subject.trigger = &trigger;
      subject.candidate = o.candidate;
      subject.due = o.due;
      subject.late_from = now;
      subject.customer = o.customer;
      if (r.once_per) subject.scope = o.customer;
      ++seen.rows;
      if (engine::decide(r, checks.situation(subject, now)).verdict == engine::Verdict::fire)
        ++seen.fires;
    });
  }
  return seen;
}

Seen by_hand(sqlite3* db, const char* sql, std::int64_t from, std::int64_t to) {
  static std::vector<std::pair<std::string, sqlite3_stmt*>> cache;
  sqlite3_stmt* statement = nullptr;
  for (auto& [text, made] : cache) {
    if (text == sql) statement = made;
  }
  if (statement == nullptr) {
    sqlite3_prepare_v2(db, sql, -1, &statement, nullptr);
    cache.emplace_back(sql, statement);
  }
  Seen seen;
  sqlite3_bind_int64(statement, 1, from);
  sqlite3_bind_int64(statement, 2, to);
  std::int64_t sum = 0;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    for (int i = 0; i < sqlite3_column_count(statement); ++i)
      sum += sqlite3_column_int64(statement, i);
    ++seen.rows;
  }
  seen.fires = sum & 1;
  sqlite3_reset(statement);
  return seen;
}

}  // namespace

int main() {
  const long customers = bench::number_from("BENCH_CUSTOMERS", 1'000'000);
  const std::filesystem::path file = std::filesystem::temp_directory_path() /
                                     ("retaind-tick-bench-" + std::to_string(customers) + ".db");
  std::filesystem::remove(file);
  store::Database::Options options;
  options.mode = store::Database::Mode::create;
  auto opened = store::Database::open(file, options);
  if (!opened) {
    std::printf("%s\n", opened.error().message.c_str());
    return 1;
  }
  store::Database& database = *opened;
  fill(database, customers);
  sqlite3* raw = nullptr;
  sqlite3_open(file.c_str(), &raw);
  sqlite3_exec(raw, "PRAGMA cache_size = -16384", nullptr, nullptr, nullptr);

  const Site s = site();
  engine::Checks checks{database, s};
  const Time noon = start + std::chrono::hours{12};
  checks.refresh_holds(noon);
  store::RuleRow row;
  row.id = 1;
  row.name = row.first_name = "bench";

  std::printf("%ld customers, %ld orders\n", customers, customers);
  const language::Rule t = rule(s, thanks);
  engine::Trigger trigger{database, t, s.zone};
  const std::int64_t week = 7LL * 86'400'000;
  for (const auto& measured : {std::pair{"tick, due rows of a minute", 60'000LL},
                               {"tick, due rows of an hour", 3'600'000LL},
                               {"tick, due rows of a day", 86'400'000LL}}) {
    const char* name = measured.first;
    const long long span = measured.second;
    const TimeRange due{noon - Duration{span}, noon};
    Seen ours, theirs;
    const int repeat = span < 1'000'000 ? 200 : (span < 10'000'000 ? 20 : 1);
    const auto pair = bench::in_turn(
        7,
        [&] {
          return bench::seconds([&] {
                   for (int i = 0; i < repeat; ++i)
                     ours = find_and_decide(trigger, checks, t, row, due, noon);
                 }) /
                 repeat;
        },
        [&] {
          return bench::seconds([&] {
                   for (int i = 0; i < repeat; ++i) {
                     theirs = by_hand(raw,
                                      "SELECT o.id, o.completed_at, o.customer, o.refunded_at, "
                                      "c.open_tickets, c.consent_feedback, c.email_key IS NOT NULL "
                                      "FROM orders o JOIN customers c"
                                      " ON c.id = o.customer WHERE o.completed_at > ?1 AND "
                                      "o.completed_at <= ?2 ORDER BY o.completed_at, o.id",
                                      to_ms(noon) - span - week, to_ms(noon) - week);
                   }
                 }) /
                 repeat;
        });
    std::printf("%ld rows (by hand %ld), %ld fire: ", ours.rows, theirs.rows, ours.fires);
    bench::report(name, pair, "us", 1e6, 1.3);
  }
  {
    const language::Rule w = rule(s, win_back);
    engine::Trigger pass{database, w, s.zone};
    const TimeRange due{Time{Duration{0}}, noon};
    Seen ours, theirs;
    const auto pair = bench::in_turn(
        5,
        [&] {
          return bench::seconds([&] { ours = find_and_decide(pass, checks, w, row, due, noon); });
        },
        [&] {
          return bench::seconds([&] {
            theirs = by_hand(
                raw,
                "SELECT id, last_active_at, active_episode, orders_count, open_tickets, "
                "consent_marketing, email_key IS NOT NULL FROM customers"
                " WHERE last_active_at > ?1 AND last_active_at <= ?2 ORDER BY last_active_at, id",
                0, to_ms(noon) - 90LL * 86'400'000);
          });
        });
    std::printf("%ld rows (by hand %ld), %ld fire: ", ours.rows, theirs.rows, ours.fires);
    bench::report("backlog: all", pair, "ms", 1e3, 1.5);
  }
  std::printf("peak memory %ld KiB\n", bench::peak_kib());
  sqlite3_close(raw);
  std::filesystem::remove(file);
  return 0;
}
