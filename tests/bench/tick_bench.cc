// Find and decide of due rows against hand-written prepared SQL that returns the same rows with the
// columns that the decision reads: of the conditions, consent, suppression and once-per; a new rule
// with `backlog: all` over the whole store likewise. What writing the ledger costs is reported
// apart.
#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>

#include "base/rng.h"
#include "bench/measure.h"
#include "engine/engine.h"
#include "language/check.h"
#include "store/database.h"

using namespace retaind;

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
  auto& suppression = database.prepared(
      "INSERT INTO suppression (email_key, scope, cause, at) VALUES (?1, 'all', 'bounce', 0)");
  auto& place = database.prepared(
      "INSERT INTO once (rule, draft, scope, firing, kept, first_at, kept_by) VALUES (1, 0, ?1, "
      "?2, "
      "1, 0, ?2)");
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
    if (rng.below(50) == 0) suppression.bind(1, email).run();
    if (rng.below(20) == 0)
      place.bind(1, store::scope_of(Subject::customer, i)).bind(2, std::int64_t{i}).run();
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
send-window: daytime
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
again-after: 365 days
send-window: daytime
backlog: all
)";

bool missed = false;

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
      if (r.once_per) {
        subject.scope = store::scope_of(*r.once_per, o.row);
        subject.place_read = o.candidate->place_read;
      }
      ++seen.rows;
      if (engine::decide(r, checks.situation(subject, now)).verdict == engine::Verdict::fire)
        ++seen.fires;
    });
  }
  return seen;
}

constexpr const char* due_orders =
    "SELECT o.id, o.completed_at, o.customer, o.history_until, o.refunded_at, c.open_tickets, "
    "c.consent_feedback, c.consent_feedback_until, c.email_key IS NOT NULL, c.suppressed FROM "
    "orders o JOIN customers c ON c.id = o.customer WHERE o.completed_at > ?1 AND o.completed_at "
    "<= ?2 ORDER BY o.completed_at, o.id";
constexpr const char* inactive_customers =
    "SELECT id, last_active_at, active_episode, history_until, orders_count, open_tickets, "
    "consent_marketing, consent_marketing_until, marketing_paused_until, email_key IS NOT NULL, "
    "suppressed, p.firing, p.kept, p.first_at FROM customers c LEFT JOIN once p ON p.rule = 1 AND "
    "p.draft = 0 AND p.scope = c.id * 8 WHERE last_active_at > ?1 AND last_active_at <= ?2 ORDER "
    "BY last_active_at, id";

/// A statement that is prepared once; each run reads every column of every row.
struct ByHand {
  ByHand(sqlite3* db, const char* sql) { sqlite3_prepare_v2(db, sql, -1, &statement, nullptr); }
  ~ByHand() { sqlite3_finalize(statement); }
  ByHand(const ByHand&) = delete;
  ByHand& operator=(const ByHand&) = delete;

  long rows(const std::vector<TimeRange>& anchors) {
    long found = 0;
    const int columns = sqlite3_column_count(statement);
    for (const TimeRange& range : anchors) {
      sqlite3_bind_int64(statement, 1, to_ms(range.after));
      sqlite3_bind_int64(statement, 2, to_ms(range.through));
      while (sqlite3_step(statement) == SQLITE_ROW) {
        for (int i = 0; i < columns; ++i) sum += sqlite3_column_int64(statement, i);
        ++found;
      }
      sqlite3_reset(statement);
    }
    return found;
  }

  sqlite3_stmt* statement = nullptr;
  std::int64_t sum = 0;
};

struct Store {
  store::Database& database;
  sqlite3* raw;
  Site site;
  engine::Checks checks{database, site};
  store::RuleRow row{};
};

void ticks(Store& store, Time noon) {
  const language::Rule r = rule(store.site, thanks);
  engine::Trigger trigger{store.database, r, store.site.zone};
  ByHand hand{store.raw, due_orders};
  for (const auto& measured : {std::pair{"tick, due rows of a minute", 60'000LL},
                               {"tick, due rows of an hour", 3'600'000LL},
                               {"tick, due rows of a day", 86'400'000LL}}) {
    const long long span = measured.second;
    const TimeRange due{noon - Duration{span}, noon};
    const auto anchors = store.site.zone.inverse(due, r.trigger.offset);
    Seen ours;
    long theirs = 0;
    const int repeat = span < 1'000'000 ? 2000 : (span < 10'000'000 ? 200 : 20);
    const auto pair = bench::in_turn(
        5,
        [&] {
          return bench::cpu_seconds([&] {
                   for (int i = 0; i < repeat; ++i)
                     ours = find_and_decide(trigger, store.checks, r, store.row, due, noon);
                 }) /
                 repeat;
        },
        [&] {
          return bench::cpu_seconds([&] {
                   for (int i = 0; i < repeat; ++i) theirs = hand.rows(anchors);
                 }) /
                 repeat;
        });
    std::printf("%ld rows (by hand %ld), %ld fire: ", ours.rows, theirs, ours.fires);
    missed |= !bench::report(measured.first, pair, "us", 1e6, 1.3);
  }
}

void backlog(Store& store, Time noon) {
  const language::Rule r = rule(store.site, win_back);
  engine::Trigger pass{store.database, r, store.site.zone};
  pass.rows().read_places({1, false});
  const TimeRange due{Time{Duration{0}}, noon};
  ByHand hand{store.raw, inactive_customers};
  const auto anchors = store.site.zone.inverse(due, r.trigger.offset);
  Seen ours;
  long theirs = 0;
  const auto pair = bench::in_turn(
      5,
      [&] {
        return bench::cpu_seconds(
            [&] { ours = find_and_decide(pass, store.checks, r, store.row, due, noon); });
      },
      [&] { return bench::cpu_seconds([&] { theirs = hand.rows(anchors); }); });
  std::printf("%ld rows (by hand %ld), %ld fire: ", ours.rows, theirs, ours.fires);
  missed |= !bench::report("backlog: all", pair, "ms", 1e3, 1.5);
}

/// The engine as it runs, in slices: finding and deciding with the firings and messages it writes,
/// and the durable commits.
void ledger(Store& store, Time noon) {
  constexpr int slices = 50;
  engine::Engine engine{store.database, store.checks, store.site};
  (void)store.database.begin();
  engine.adopt({rule(store.site, win_back)}, noon);
  (void)store.database.commit();
  double writing = 0, committing = 0;
  for (int i = 0; i < slices; ++i) {
    (void)store.database.begin();
    writing += bench::seconds([&] { engine.run_due(noon, 1000); });
    committing += bench::seconds([&] { (void)store.database.commit(); });
  }
  auto& count = store.database.prepared("SELECT count(*) FROM firing");
  count.step();
  const auto rows = static_cast<double>(std::max<std::int64_t>(1, count.integer(0)));
  count.reset();
  std::printf(
      "%.0f firings into the ledger, 1000 a commit: %.1f us each, and %.1f us of the commit\n",
      rows, writing / rows * 1e6, committing / rows * 1e6);
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
  fill(*opened, customers);
  // Without mutexes and with the same cache, as the store's own connection.
  sqlite3* raw = nullptr;
  sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  sqlite3_exec(raw, fmt::format("PRAGMA cache_size = -{}", options.cache_kib).c_str(), nullptr,
               nullptr, nullptr);

  Store store{*opened, raw, site()};
  const Time noon = start + std::chrono::hours{12};
  store.checks.refresh_holds(noon);
  store.row.id = 1;
  store.row.name = store.row.first_name = "bench";
  std::printf("%ld customers, %ld orders\n", customers, customers);
  ticks(store, noon);
  backlog(store, noon);
  sqlite3_close(raw);
  ledger(store, noon);
  std::printf("peak memory %ld KiB\n", bench::peak_kib());
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code ignored;
    std::filesystem::remove(file.string() + suffix, ignored);
  }
  return missed ? 1 : 0;
}
