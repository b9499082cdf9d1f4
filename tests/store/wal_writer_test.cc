#include <catch2/catch.hpp>

#include "open_store.h"

using namespace retaind;
using namespace retaind::store;

namespace {

void add_rows(Database& database, int count) {
  Statement& insert = database.prepared(
      "INSERT INTO history (subject, row, field, valid_from, value) VALUES "
      "(0, ?1, 'city', 0, ?2)");
  const std::string value(1000, 'x');
  for (int i = 0; i < count; ++i) insert.bind(1, i).bind(2, value).run();
}

Database open(const std::filesystem::path& file) {
  Database::Options options;
  options.mode = Database::Mode::create;
  // Smaller than a transaction: pages go to the WAL before its commit, and are read from there.
  options.cache_kib = 100;
  auto database = Database::open(file, options);
  if (!database) FAIL(database.error().message);
  return std::move(*database);
}

}  // namespace

TEST_CASE("a transaction larger than what is gathered for the WAL reads its own rows", "[store]") {
  const Directory directory;
  Database database = open(directory / "store.db");
  auto transaction = Transaction::begin(database);
  REQUIRE(transaction);
  add_rows(database, 3000);
  CHECK(ask(database, "SELECT count(*) FROM history WHERE value = '" + std::string(1000, 'x') +
                          "'") == "3000");
  CHECK(ask(database, "SELECT max(row) FROM history") == "2999");
}

TEST_CASE("once a commit returns, other connections and the files have all of it", "[store]") {
  const Directory directory;
  Database database = open(directory / "store.db");
  Database other = open(directory / "store.db");
  for (const int count : {1, 40, 3000}) {
    auto transaction = Transaction::begin(database);
    REQUIRE(transaction);
    REQUIRE(database.execute("DELETE FROM history"));
    add_rows(database, count);
    REQUIRE(transaction->commit());
    CHECK(ask(other, "SELECT count(*) FROM history") == std::to_string(count));
    // As after a crash: what the process still held is not in the files.
    const std::filesystem::path copy = directory / ("copy" + std::to_string(count));
    std::filesystem::copy_file(directory / "store.db", copy);
    std::filesystem::copy_file(directory / "store.db-wal", copy.string() + "-wal");
    Database copied = open(copy);
    CHECK(ask(copied, "SELECT count(*) FROM history") == std::to_string(count));
    CHECK(ask(copied, "PRAGMA integrity_check") == "ok");
  }
}

TEST_CASE("a transaction that was rolled back leaves nothing behind in the WAL", "[store]") {
  const Directory directory;
  Database database = open(directory / "store.db");
  {
    auto transaction = Transaction::begin(database);
    REQUIRE(transaction);
    add_rows(database, 3000);
  }
  auto transaction = Transaction::begin(database);
  REQUIRE(transaction);
  add_rows(database, 5);
  REQUIRE(transaction->commit());
  Database other = open(directory / "store.db");
  CHECK(ask(other, "SELECT count(*) FROM history") == "5");
  CHECK(ask(other, "PRAGMA integrity_check") == "ok");
}
