#include "store/wal_writer.h"

#include <catch2/catch.hpp>
#include <utility>

#include "open_store.h"

using namespace retaind;
using namespace retaind::store;

namespace {

void add_rows(Database& database, int count, int from = 0) {
  Statement& insert = database.prepared(
      "INSERT INTO history (subject, row, field, valid_from, value) VALUES "
      "(0, ?1, 'city', 0, ?2)");
  const std::string value(1000, 'x');
  for (int i = from; i < from + count; ++i) insert.bind(1, i).bind(2, value).run();
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

TEST_CASE("commits find room in the WAL that was made while nobody waited", "[store]") {
  const Directory directory;
  const std::filesystem::path file = directory / "store.db";
  const std::filesystem::path wal = directory / "store.db-wal";
  Database database = open(file);
  Database other = open(file);
  int rows = 0;
  const auto commit = [&](Database& by) {
    auto transaction = Transaction::begin(by);
    REQUIRE(transaction);
    add_rows(by, 5, std::exchange(rows, rows + 5));
    REQUIRE(transaction->commit());
  };
  commit(database);
  const auto before = std::filesystem::file_size(wal);
  make_wal_room(database);
  const auto with_room = std::filesystem::file_size(wal);
  CHECK(with_room > before + 1'000'000);
  make_wal_room(database);
  CHECK(std::filesystem::file_size(wal) == with_room);
  for (int i = 0; i < 20; ++i) commit(i % 2 == 0 ? database : other);
  CHECK(std::filesystem::file_size(wal) == with_room);
  CHECK(ask(other, "SELECT count(*) FROM history") == "105");
  // As after a crash.
  const std::filesystem::path copy = directory / "copy";
  std::filesystem::copy_file(file, copy);
  std::filesystem::copy_file(wal, copy.string() + "-wal");
  Database copied = open(copy);
  CHECK(ask(copied, "SELECT count(*) FROM history") == "105");
  CHECK(ask(copied, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("room in the WAL never covers what another connection writes", "[store]") {
  const Directory directory;
  const std::filesystem::path wal = directory / "store.db-wal";
  Database database = open(directory / "store.db");
  Database other = open(directory / "store.db");
  auto first = Transaction::begin(database);
  REQUIRE(first);
  add_rows(database, 5);
  REQUIRE(first->commit());
  {
    auto transaction = Transaction::begin(other);
    REQUIRE(transaction);
    const auto before = std::filesystem::file_size(wal);
    add_rows(other, 60, 5);  // more than its cache: some of it is in the WAL already
    const auto size = std::filesystem::file_size(wal);
    REQUIRE(size > before);
    REQUIRE(size < before + 200'000);  // little enough to want more room
    make_wal_room(database);
    CHECK(std::filesystem::file_size(wal) == size);
    REQUIRE(transaction->commit());
  }
  make_wal_room(database);
  CHECK(ask(database, "SELECT count(*) FROM history") == "65");
  CHECK(ask(database, "PRAGMA integrity_check") == "ok");
  auto last = Transaction::begin(database);
  REQUIRE(last);
  add_rows(database, 5, 65);
  REQUIRE(last->commit());
  CHECK(ask(other, "SELECT count(*) FROM history") == "70");
}

TEST_CASE("frames of a transaction that was rolled back never cover another connection's",
          "[store]") {
  const Directory directory;
  Database database = open(directory / "store.db");
  Database other = open(directory / "store.db");
  const int rows = GENERATE(range(10, 130, 3));
  {
    auto transaction = Transaction::begin(database);
    REQUIRE(transaction);
    add_rows(database, rows);  // more than its cache: some of it is on its way to the WAL
  }
  auto transaction = Transaction::begin(other);
  REQUIRE(transaction);
  add_rows(other, 200);
  REQUIRE(transaction->commit());
  make_wal_room(database);
  auto own = Transaction::begin(database);
  REQUIRE(own);
  add_rows(database, 5, 200);
  REQUIRE(own->commit());
  CHECK(ask(other, "SELECT count(*) FROM history") == "205");
  CHECK(ask(other, "PRAGMA integrity_check") == "ok");
  Database fresh = open(directory / "store.db");
  CHECK(ask(fresh, "SELECT count(*) FROM history") == "205");
}
