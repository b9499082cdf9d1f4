#include "store/occurrences.h"

#include <catch2/catch.hpp>

#include "open_store.h"

using namespace retaind;
using namespace retaind::store;

namespace {

constexpr int customers = 50;

/// Every third shares its time with the one before.
Time active_at(int i) { return from_ms(1000 * (i - (i % 3 == 0 ? 1 : 0))); }

void fill(Database& database) {
  for (int i = 1; i <= customers; ++i) {
    const std::string key = "customer-" + std::to_string(i);
    database
        .prepared(
            "INSERT INTO customers (id, key, email_key, city, last_active_at) VALUES (?1, ?2, ?3, "
            "?4, ?5)")
        .bind(1, i)
        .bind(2, key)
        .bind_or_null(3, i % 5 == 0 ? "" : key + "@example.test")
        .bind(4, "the city of " + key)
        .bind(5, active_at(i))
        .run();
  }
}

Occurrences active(Database& database) {
  Watch watch;
  watch.column = "last_active_at";
  watch.addressed = true;
  watch.fields = {find_field(Subject::customer, "city")};
  REQUIRE(watch.fields.front() != nullptr);
  return {database, watch};
}

const TimeRange all{from_ms(0), from_ms(1'000'000)};

}  // namespace

TEST_CASE("a scan shows each row once with its own texts, wherever it is cut", "[store]") {
  auto database = memory_store();
  fill(database);
  Occurrences rows = active(database);
  const int limit = GENERATE(1, 7, 16, 17, 48, 1000);
  const int stop = GENERATE(1, 2, 15, 16, 17, 33, 1000);
  Occurrences::Cursor cursor;
  std::vector<std::int64_t> seen;
  bool right = true;
  bool more = true;
  for (int scans = 0; more && scans <= customers; ++scans) {
    int shown = 0;
    more = rows.scan(all, cursor, limit, from_ms(0), [&](const Candidate& candidate) {
      const std::string key = "customer-" + std::to_string(candidate.row);
      seen.push_back(candidate.row);
      right = right && candidate.anchor == active_at(static_cast<int>(candidate.row)) &&
              candidate.cells[0].text == "the city of " + key &&
              candidate.has_address == (candidate.row % 5 != 0);
      rows.read_whose();
      right = right && candidate.customer_key == key &&
              candidate.address == (candidate.has_address ? key + "@example.test" : "");
      return ++shown < stop;
    });
  }
  CHECK(right);
  CHECK_FALSE(more);
  REQUIRE(seen.size() == customers);
  for (int i = 1; i <= customers; ++i) CHECK(seen[static_cast<std::size_t>(i - 1)] == i);
}

TEST_CASE("a walk goes on behind the row at which it was ended", "[store]") {
  auto database = memory_store();
  fill(database);
  Watch watch;
  watch.fields = {find_field(Subject::customer, "city")};
  Occurrences rows{database, watch};
  const int stop = GENERATE(1, 16, 17, 1000);
  std::int64_t last = 0;
  std::vector<std::string> cities;
  while (last < customers) {
    int shown = 0;
    last = rows.walk(last, customers, std::nullopt, 1000, from_ms(0), [&](const Candidate& c) {
      cities.emplace_back(c.cells[0].text);
      return ++shown < stop;
    });
  }
  REQUIRE(cities.size() == customers);
  for (int i = 1; i <= customers; ++i)
    CHECK(cities[static_cast<std::size_t>(i - 1)] == "the city of customer-" + std::to_string(i));
}
