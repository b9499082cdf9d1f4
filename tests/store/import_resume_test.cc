#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "base/rng.h"
#include "import_shop.h"

using namespace retaind;
using namespace retaind::store;

namespace {

using enum ImportKind;

constexpr const char* facts_dump[] = {
    "SELECT key, email, email_key, first_name, city, currency, created_at, birthday, orders_count, "
    "total_spent_minor, "
    "last_order_at, last_active_at, active_episode, suppressed, attributes FROM customers ORDER "
    "BY key",
    "SELECT o.key, c.key, number, status, total_minor, o.currency, placed_at, paid_at, "
    "completed_at, cancelled_at, "
    "refunded_at, items_count, o.history_until, o.attributes, '' FROM orders o LEFT JOIN customers "
    "c "
    "ON c.id = o.customer ORDER BY o.key",
    "SELECT alias, c.key, '', '', '', '', '', '', '', '', '', '', '', '', '' FROM customer_alias a "
    "JOIN customers c "
    "ON c.id = a.customer ORDER BY alias"};

std::string dump(Database& database) {
  std::string all;
  for (const char* sql : facts_dump) all += rows(database, sql, 15) + "\n\n";
  return all;
}

}  // namespace

TEST_CASE("the bulk path gives the facts that the other path gives", "[store]") {
  const std::uint64_t seed = GENERATE(1u, 2u, 3u);
  Rng rng(seed);
  std::string people = "key,email,city,created_at\n",
              lines = "key,customer,total,currency,placed_at,cancelled_at,status\n";
  for (int i = 0; i < 300; ++i) {
    people += "c" + std::to_string(i) + ",C" + std::to_string(i) + "@Example.com,Bonn,2020-01-01\n";
  }
  people +=
      "c5,C5@Example.com,Bonn,2020-01-01\nc6,other@example.com,Bonn,2020-01-01\n";  // the same
                                                                                    // again, and
                                                                                    // not
  for (int i = 0; i < 4000; ++i) {
    const bool cancelled = rng.below(10) == 0;
    lines += "o" + std::to_string(i) + ",";
    if (rng.below(20) != 0) lines += "c" + std::to_string(rng.below(320));
    lines += "," + std::to_string(static_cast<int>(rng.below(5000)) - 300) + ".5," +
             (rng.below(30) == 0 ? "USD" : "EUR") + ",2026-0" + std::to_string(1 + rng.below(5)) +
             "-1" + std::to_string(rng.below(9)) + "," + (cancelled ? "2026-05-20" : "") + "," +
             (rng.below(9) == 0 ? "cancelled" : "completed") + "\n";
  }
  lines += "o7,c1,1,EUR,2026-01-01,,completed\no8,c2,x,EUR,2026-01-01,,completed\n";
  std::string dumps[2], rejected[2];
  for (const bool bulk : {false, true}) {
    Shop shop;
    shop.bulk_from = bulk ? 0 : INT64_MAX;
    shop.import(
        suppression,
        "email,scope,at\nc7@example.com,all,2026-01-01\nc8@example.com,feedback,2026-01-01\n");
    CHECK(shop.import(customers, people).bulk == bulk);
    CHECK(shop.rows("SELECT key, suppressed FROM customers WHERE suppressed ORDER BY key", 2) ==
          "c7|1\nc8|4");
    const auto report = shop.import(orders, lines);
    CHECK(report.bulk == bulk);
    CHECK(report.inserted == 4000);
    CHECK(report.rejected == 2);
    dumps[bulk] = dump(*shop.database);
    rejected[bulk] = shop.rejected();
    CHECK(shop.ask("PRAGMA journal_mode") == "wal");
    CHECK(shop.ask("PRAGMA integrity_check") == "ok");
    auto fresh = memory_store();
    const char* schema = "SELECT name FROM sqlite_schema ORDER BY name";
    CHECK(shop.rows(schema, 1) == store::rows(fresh, schema, 1));
    if (bulk)
      CHECK(shop.rows("SELECT subject, row FROM change ORDER BY seq", 2) == "0|0\n1|0\n0|0");
    // And the store goes on from there the ordinary way.
    CHECK_FALSE(shop.import(orders, "key,customer,total\nnew,c1,5\n").bulk);
  }
  CHECK(dumps[0] == dumps[1]);
  std::sort(rejected[0].begin(), rejected[0].end());
  std::sort(rejected[1].begin(), rejected[1].end());
  CHECK(rejected[0] == rejected[1]);
}

TEST_CASE("the bulk path is not taken when somebody else has the store open, or rules exist",
          "[store]") {
  Shop shop;
  shop.bulk_from = 0;
  {
    auto other = Database::open(shop.directory / "store.db", {.vfs = {}});
    REQUIRE(other);
    CHECK_FALSE(shop.import(customers, "key\n1\n").bulk);
    CHECK(store::ask(*other, "SELECT count(*) FROM customers") == "1");
  }
  CHECK(shop.import(orders, "key,customer\n1,1\n").bulk);
  Shop with_rules;
  with_rules.bulk_from = 0;
  REQUIRE(with_rules.database->execute(
      "INSERT INTO rule (name, first_name, status, revision, timing, revised_at) VALUES "
      "('r', 'r', 1, '', '', 0)"));
  CHECK_FALSE(with_rules.import(customers, "key\n1\n").bulk);
}

TEST_CASE("a stopped import goes on where it was, and ends with the same store", "[store]") {
  std::string bytes = "key,customer,total,placed_at\n";
  for (int i = 0; i < 12000; ++i) {
    bytes += "o" + std::to_string(i % 11000) + ",c" + std::to_string(i % 300) + "," +
             (i % 500 == 3 ? "x" : "2") +
             ",2026-01-01\n";  // the last thousand stand there already, with other customers
  }
  Shop whole;
  const auto expected = whole.import(orders, bytes);

  Shop shop;
  ImportOptions options;
  options.kind = orders;
  options.file = shop.file(bytes);
  options.currency = *find_currency("EUR");
  SimClock clock{at("2026-06-01")};
  int reports = 0;
  options.progress = [&](const ImportProgress& progress) {
    ++reports;
    CHECK(progress.total_bytes == static_cast<std::int64_t>(bytes.size()));
    return progress.lines < 5000;
  };
  struct Ticking final : Clock {
    mutable Duration since{0};
    [[nodiscard]] Time now() const override { return at("2026-06-01"); }
    [[nodiscard]] Duration elapsed() const override { return since += Duration{7}; }
  } ticking;
  auto report = import_file(*shop.database, options, ticking);
  REQUIRE(report);
  CHECK(report->stopped);
  CHECK(shop.ask("SELECT count(*) FROM import_progress") == "1");
  CHECK(std::stoi(shop.ask("SELECT count(*) FROM orders")) >= 4000);
  options.progress = nullptr;
  report = import_file(*shop.database, options, clock);
  REQUIRE(report);
  CHECK(report->resumed_at >= 4000);
  CHECK(report->inserted == expected.inserted);
  CHECK(report->rejected == expected.rejected);
  CHECK(report->lines == expected.lines);
  CHECK(dump(*shop.database) == dump(*whole.database));
  CHECK(shop.rejected() == whole.rejected());
  CHECK(shop.ask("SELECT count(*) FROM import_progress") == "0");
}

TEST_CASE(
    "kill -9 in the middle of an import, again and again, leaves the store of one that was not "
    "killed",
    "[store][slow]") {
  const bool bulk = GENERATE(false, true);
  std::string bytes = "key,customer,total,placed_at\n";
  for (int i = 0; i < 30000; ++i) {
    bytes += "o" + std::to_string(i) + ",c" + std::to_string(i * 7919 % 5000) + "," +
             (i % 5000 == 3 ? "x" : "2") + ",2026-01-0" + std::to_string(1 + i % 7) + "\n";
  }
  const auto options_for = [&](Shop& shop) {
    ImportOptions options;
    options.kind = orders;
    options.file = shop.file(bytes);
    options.currency = *find_currency("EUR");
    options.bulk_from_bytes = bulk ? 0 : INT64_MAX;
    return options;
  };
  Shop whole;
  const auto began = std::chrono::steady_clock::now();
  const auto expected = import_file(*whole.database, options_for(whole), SystemClock{});
  const auto whole_takes = std::chrono::steady_clock::now() - began;
  REQUIRE(expected);
  REQUIRE(expected->bulk == bulk);

  Shop shop;
  shop.database.reset();
  const ImportOptions options = options_for(shop);
  int killed = 0;
  for (int round = 0; round < 16; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto database = Database::open(shop.directory / "store.db", {.vfs = {}});
      if (!database) ::_exit(2);
      ::_exit(import_file(*database, options, SystemClock{}) ? 0 : 1);
    }
    std::this_thread::sleep_for(whole_takes * (round + 1) / 48);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    killed += WIFSIGNALED(status) ? 1 : 0;
    if (WIFEXITED(status)) CHECK(WEXITSTATUS(status) == 0);
  }
  CHECK(killed >= 3);
  auto database = Database::open(shop.directory / "store.db", {.vfs = {}});
  REQUIRE(database);
  const auto report = import_file(*database, options, SystemClock{});
  REQUIRE(report);
  CHECK(dump(*database) == dump(*whole.database));
  CHECK(ask(*database, "PRAGMA integrity_check") == "ok");
  CHECK(shop.rejected() == whole.rejected());
}
