#include <catch2/catch.hpp>
#include <filesystem>

#include "base/rng.h"
#include "store/database.h"
#include "store/facts.h"
#include "support/directory.h"

using namespace retaind;
using namespace retaind::store;
namespace fs = std::filesystem;

namespace {

struct Place {
  test::Directory directory;
  [[nodiscard]] fs::path store() const { return directory / "store.db"; }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()));
  }
};

Database live(const Place& place) {
  Database::Options options;
  options.mode = Database::Mode::create;
  options.durable = false;
  return *Database::open(place.store(), options);
}

void put(Database& database, int from, int to, const std::string& city) {
  auto transaction = Transaction::begin(database);
  REQUIRE(transaction);
  Facts facts{database, from_ms(1'700'000'000'000)};
  for (int i = from; i < to; ++i) {
    CustomerFact customer;
    customer.key = "C" + std::to_string(i);
    customer.email = customer.key + "@example.com";
    customer.city = city;
    REQUIRE(facts.put(customer));
  }
  REQUIRE(transaction->commit());
}

std::int64_t number(Database& database, const std::string& sql) {
  return database.prepared(sql).single().value_or(-1);
}

std::string digest(Database& database) {
  Statement& row = database.prepared(
      "SELECT count(*), total(length(city)), group_concat(city, '') "
      "FROM (SELECT city FROM customers ORDER BY id)");
  REQUIRE(row.step());
  std::string text = std::to_string(row.integer(0)) + " " + std::string(row.text(2));
  row.reset();
  return text;
}

}  // namespace

TEST_CASE("a shadow has what is only in the WAL, and keeps what it writes to itself") {
  const Place place;
  Database database = live(place);
  put(database, 0, 300, "Bonn");
  auto shadow = Database::shadow_of(place.store());
  REQUIRE(shadow);
  const std::string before = digest(database);
  CHECK(digest(*shadow) == before);
  const std::size_t files = place.files();
  put(*shadow, 100, 2000, "Kiel");
  CHECK(number(*shadow, "SELECT count(*) FROM customers WHERE city = 'Kiel'") == 1900);
  CHECK(number(*shadow,
               "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> "
               "'ok'") == 0);
  CHECK(digest(database) == before);
  CHECK(place.files() == files);
}

TEST_CASE("a shadow stays as the store was, however much is written to that and checkpointed") {
  const Place place;
  Database database = live(place);
  Rng rng{7};
  int customers = 50;
  put(database, 0, customers, "Bonn");
  for (int round = 0; round < 60; ++round) {
    // With the WAL empty, half in the file, or all of it only in the WAL.
    if (rng.below(3) == 0) (void)database.checkpoint();
    if (rng.below(8) == 0) REQUIRE(database.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
    const std::string before = digest(database);
    auto shadow = Database::shadow_of(place.store());
    REQUIRE(shadow);
    for (int write = 0; write < 4; ++write) {
      const int first = static_cast<int>(rng.below(static_cast<std::uint64_t>(customers)));
      const int more = static_cast<int>(rng.below(200));
      put(database, first, first + more, "city " + std::to_string(rng.below(1000)));
      customers = std::max(customers, first + more);
      if (rng.below(2) == 0) (void)database.checkpoint();
      CHECK(digest(*shadow) == before);
    }
    CHECK(number(*shadow,
                 "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> "
                 "'ok'") == 0);
  }
}

TEST_CASE("a transaction of a shadow can be rolled back") {
  const Place place;
  Database database = live(place);
  put(database, 0, 300, "Bonn");
  auto shadow = Database::shadow_of(place.store());
  REQUIRE(shadow);
  const std::string before = digest(*shadow);
  {
    auto transaction = Transaction::begin(*shadow);
    REQUIRE(transaction);
    shadow->prepared("UPDATE customers SET city = 'Ulm'").run();
  }
  CHECK(digest(*shadow) == before);
  put(*shadow, 0, 10, "Kiel");
  CHECK(number(*shadow, "SELECT count(*) FROM customers WHERE city = 'Kiel'") == 10);
}

TEST_CASE("there is no shadow of a store that is not there") {
  const Place place;
  const auto shadow = Database::shadow_of(place.store());
  REQUIRE_FALSE(shadow);
  CHECK(shadow.error().message.find("there is no store") == 0);
  CHECK(place.files() == 0);
}
