#include "store/database.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <functional>
#include <thread>

#include "open_store.h"

using namespace retaind;
using namespace retaind::store;
namespace fs = std::filesystem;

namespace {

Database open(const fs::path& file, Database::Mode mode = Database::Mode::create) {
  Database::Options options;
  options.mode = mode;
  options.busy_timeout = Duration{50};
  auto database = Database::open(file, options);
  if (!database) FAIL(database.error().message);
  return std::move(*database);
}

std::string refusal(const fs::path& file, Database::Mode mode = Database::Mode::write) {
  Database::Options options;
  options.mode = mode;
  options.busy_timeout = Duration{50};
  const auto database = Database::open(file, options);
  return database ? "opened" : database.error().message;
}

void write(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

void fill(Database& database, int count, const std::string& prefix = "k") {
  REQUIRE(database.begin());
  Statement& insert = database.prepared("INSERT INTO customers (key, city) VALUES (?1, ?2)");
  const std::string city(500, 'x');
  for (int i = 0; i < count; ++i) {
    const std::string key = prefix + std::to_string(i);
    insert.bind(1, key).bind(2, city).run();
  }
  REQUIRE(database.commit());
}

/// What `what` says when nobody's rights apply: root may do everything. Runs in a process of its
/// own.
std::string as_nobody(const std::function<std::string()>& what) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(1);
    const std::string said = what();
    ::_exit(::write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0
                                                                                            : 1);
  }
  ::close(ends[1]);
  std::string said(4096, '\0');
  const auto bytes = ::read(ends[0], said.data(), said.size());
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(status == 0);
  said.resize(static_cast<std::size_t>(bytes));
  return said;
}

}  // namespace

TEST_CASE("a new store has the schema, WAL mode and durable commits", "[store]") {
  Directory directory;
  auto database = open(directory / "store.db");
  CHECK(ask(database, "SELECT count(*) FROM customers") == "0");
  CHECK(ask(database, "PRAGMA user_version") == std::to_string(schema_version()));
  CHECK(ask(database, "PRAGMA journal_mode") == "wal");
  CHECK(ask(database, "PRAGMA synchronous") == "2");
  CHECK(ask(database, "PRAGMA foreign_keys") == "0");
  struct stat status {};
  REQUIRE(::stat((directory / "store.db").c_str(), &status) == 0);
  CHECK((status.st_mode & 0007) == 0);  // not for everyone on the machine
}

TEST_CASE("every table is strict", "[store]") {
  auto database = memory_store();
  CHECK(rows(database,
             "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT "
             "strict AND "
             "name NOT LIKE 'sqlite_%'",
             1)
            .empty());
}

TEST_CASE("a store that is not there is named with the remedy", "[store]") {
  Directory directory;
  const auto file = directory / "store.db";
  CHECK(
      refusal(file) ==
      "there is no store " + file.string() +
          ": check `store:` in retaind.yaml, or create it with `retaind import` or `retaind run`");
  write(directory / "store.db.seen", "x");
  CHECK(refusal(file, Database::Mode::create) ==
        "store " + file.string() + " is missing although messages were sent from it (" +
            file.string() + ".seen): put a backup in its place, or remove " + file.string() +
            ".seen to begin with an empty one");
  CHECK(refusal(directory.path()) ==
        "store " + directory.path().string() + " is a directory: name a file in it");
}

TEST_CASE("an empty file is not taken for a store", "[store]") {
  Directory directory;
  const auto file = directory / "store.db";
  write(file, "");
  CHECK(refusal(file) ==
        "store " + file.string() + " is an empty file: put a backup in its place, or remove it");
  CHECK(refusal(file, Database::Mode::create) == "opened");
}

TEST_CASE("a file that is no store is left alone", "[store]") {
  Directory directory;
  const auto file = directory / "store.db";
  write(file, std::string(5000, 'x'));
  CHECK(refusal(file) ==
        file.string() + " is not a store of retaind: check the path, or put a backup in its place");
  const auto other = directory / "other.db";
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(other.c_str(), &handle) == SQLITE_OK);
  REQUIRE(sqlite3_exec(handle, "CREATE TABLE t (a)", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(handle);
  CHECK(
      refusal(other) ==
      other.string() +
          " is an SQLite file of another program, not a store of retaind: check the path, nothing "
          "was changed");
}

TEST_CASE("a truncated store says how much is missing", "[store]") {
  Directory directory;
  const auto file = directory / "store.db";
  {
    auto database = open(file);
    fill(database, 2000);
  }
  const auto pages = fs::file_size(file) / 4096;
  REQUIRE(pages > 100);
  fs::resize_file(file, 100 * 4096);
  CHECK(refusal(file) == "store " + file.string() + " is truncated (it has 100 of its " +
                             std::to_string(pages) +
                             " pages): stop retaind and put a backup in its place");
}

TEST_CASE("damage inside a store is reported by the transaction that meets it", "[store]") {
  Directory directory;
  const auto file = directory / "store.db";
  {
    auto database = open(file);
    fill(database, 2000);
  }
  {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 200; page < 300; ++page) {
      bytes.seekp(page * 4096);
      bytes << std::string(64, '\x7f');
    }
  }
  auto database = open(file);
  REQUIRE(database.begin());
  Statement& scan = database.prepared("SELECT sum(length(city)) FROM customers");
  scan.step();
  scan.reset();
  const auto result = database.commit();
  REQUIRE_FALSE(result);
  CHECK(result.error().message ==
        "store " + file.string() +
            " is damaged (database disk image is malformed): stop retaind and put a backup "
            "in its place");
}

TEST_CASE("a locked store is said to be locked, after the time-out", "[store]") {
  Directory directory;
  const auto file = directory / "store.db";
  auto first = open(file);
  auto second = open(file, Database::Mode::write);
  REQUIRE(first.begin());
  const auto result = second.begin();
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::unavailable);
  CHECK(result.error().message ==
        "store " + file.string() +
            " is locked by another process: wait until it has finished, or find it with "
            "`fuser " +
            file.string() + "`");
  first.rollback();
  CHECK(second.begin());
}

TEST_CASE("a store that may not be written or read says so", "[store]") {
  Directory directory;
  fs::permissions(directory.path(), fs::perms::all);
  const auto file = directory / "store.db";
  { auto database = open(file); }
  const std::string user = std::to_string(::geteuid() == 0 ? 65534 : ::geteuid());
  fs::permissions(file, fs::perms(0444));
  CHECK(as_nobody([&] { return refusal(file); }) ==
        "store " + file.string() + " is read-only for user " + user +
            ": change the rights of the file and of its directory, in which SQLite keeps its -wal "
            "and -shm files");
  fs::permissions(file, fs::perms(0666));
  fs::permissions(directory.path(), fs::perms(0555));
  CHECK(as_nobody([&] {
          return refusal(file);
        }).starts_with("store " + file.string() + " is read-only for user"));
  fs::permissions(file, fs::perms(0000));
  CHECK(as_nobody([&] { return refusal(file, Database::Mode::read); }) ==
        "store " + file.string() + " may not be read by user " + user +
            ": change its owner or its rights");
  fs::permissions(directory.path(), fs::perms::all);
}

TEST_CASE("a store of a newer version is refused and left as it is", "[store]") {
  Directory directory;
  const auto file = directory / "store.db";
  {
    auto database = open(file);
    REQUIRE(database.execute("PRAGMA user_version = 99"));
  }
  const std::string expected =
      "store " + file.string() + " has schema version 99, and this retaind knows only up to " +
      std::to_string(schema_version()) +
      ": install the newer retaind again, or go back to the copy made before its upgrade (" +
      file.string() + ".before-v*)";
  CHECK(refusal(file) == expected);
  CHECK(refusal(file, Database::Mode::read) == expected);
}

TEST_CASE("what follows a statement that rolled everything back is not carried out", "[store]") {
  auto database = memory_store();
  REQUIRE(database.execute("CREATE TABLE t (a INTEGER UNIQUE)"));
  REQUIRE(database.begin());
  database.prepared("INSERT INTO t VALUES (1)").run();
  // As SQLite does by itself when the disk is full.
  database.prepared("INSERT OR ROLLBACK INTO t VALUES (1)").run();
  CHECK_FALSE(database.in_transaction());
  database.prepared("INSERT INTO t VALUES (2)").run();
  CHECK_FALSE(database.commit());
  CHECK(ask(database, "SELECT count(*) FROM t") == "0");
}

TEST_CASE("a failed statement fails the transaction, and nothing of it is kept", "[store]") {
  auto database = memory_store();
  REQUIRE(database.begin());
  database.prepared("INSERT INTO meta (key, value) VALUES ('a', '1')").run();
  database.prepared("INSERT INTO meta (key, value) VALUES ('a', '2')").run();  // not unique
  database.prepared("INSERT INTO meta (key, value) VALUES ('b', '3')").run();
  const auto result = database.commit();
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find("UNIQUE constraint failed: meta.key") != std::string::npos);
  CHECK_FALSE(database.in_transaction());
  CHECK(ask(database, "SELECT count(*) FROM meta") == "0");
}

TEST_CASE("SQL that does not prepare fails the transaction and not the process", "[store]") {
  auto database = memory_store();
  REQUIRE(database.begin());
  Statement& statement = database.prepared("SELECT nothing FROM nowhere");
  CHECK_FALSE(statement.bind(1, 5).step());
  CHECK(statement.run() == 0);
  CHECK_FALSE(database.commit());
}

TEST_CASE("a transaction that is left is rolled back", "[store]") {
  auto database = memory_store();
  {
    auto transaction = Transaction::begin(database);
    REQUIRE(transaction);
    database.prepared("INSERT INTO meta (key, value) VALUES ('a', '1')").run();
  }
  CHECK(ask(database, "SELECT count(*) FROM meta") == "0");
}

TEST_CASE("transactions that begin together are one", "[store]") {
  auto database = memory_store();
  const auto add = [&](const char* key) {
    auto transaction = Transaction::begin(database);
    REQUIRE(transaction);
    database.prepared("INSERT INTO meta (key, value) VALUES (?1, '1')").bind(1, key).run();
    return transaction->commit();
  };
  REQUIRE(database.begin_together());
  CHECK(add("a"));
  CHECK(database.in_transaction());
  CHECK(add("b"));
  REQUIRE(database.end_together());
  CHECK_FALSE(database.in_transaction());
  CHECK(ask(database, "SELECT count(*) FROM meta") == "2");

  REQUIRE(database.begin_together());
  CHECK(add("c"));
  CHECK_FALSE(add("a"));  // not unique: nothing of it is kept
  CHECK_FALSE(database.in_transaction());
  CHECK(add("d"));
  CHECK_FALSE(database.in_transaction());
  CHECK(ask(database, "SELECT group_concat(key) FROM meta") == "a,b,d");
}

TEST_CASE("another connection's commit shows in data_version", "[store]") {
  Directory directory;
  auto first = open(directory / "store.db");
  auto second = open(directory / "store.db", Database::Mode::write);
  const auto version = first.data_version();
  CHECK(first.data_version() == version);
  fill(second, 1);
  CHECK(first.data_version() != version);
}

TEST_CASE("a backup is consistent while others write, and one file", "[store]") {
  Directory directory;
  const auto file = directory / "store.db";
  auto database = open(file);
  fill(database, 20000);
  // The invariant: every transaction adds one row to each of two tables.
  std::thread writer([&] {
    Database::Options options;
    auto other = Database::open(file, options);
    for (int i = 0; other && i < 400; ++i) {
      if (!other->begin()) continue;
      const std::string key = "w" + std::to_string(i);
      other->prepared("INSERT INTO meta (key, value) VALUES (?1, '')").bind(1, key).run();
      other->prepared("INSERT INTO trigger_name (name) VALUES (?1)").bind(1, key).run();
      (void)other->commit();
    }
  });
  for (int round = 0; round < 3; ++round) {
    const auto copy = directory / ("copy" + std::to_string(round));
    if (auto result = database.backup_to(copy); !result) FAIL(result.error().message);
    CHECK_FALSE(fs::exists(copy.string() + "-wal"));
    CHECK_FALSE(fs::exists(copy.string() + ".part"));
    auto opened = open(copy, Database::Mode::write);
    CHECK(ask(opened, "PRAGMA integrity_check") == "ok");
    CHECK(ask(opened,
              "SELECT (SELECT count(*) FROM meta WHERE key LIKE 'w%') = (SELECT count(*) FROM "
              "trigger_name)") == "1");
    CHECK(ask(opened, "SELECT value FROM meta WHERE key = 'copied'") == "1");
  }
  writer.join();
  CHECK(ask(database, "SELECT count(*) FROM meta WHERE key = 'copied'") == "0");
}

TEST_CASE("a backup replaces an older backup and never a store in use", "[store]") {
  Directory directory;
  const auto file = directory / "store.db";
  auto database = open(file);
  REQUIRE(database.backup_to(directory / "copy"));
  REQUIRE(database.backup_to(directory / "copy"));
  auto result = database.backup_to(file);
  REQUIRE_FALSE(result);
  CHECK(result.error().message ==
        file.string() + " is the store itself: name another file for the backup");
  auto other = open(directory / "other.db");
  fill(other, 1);
  result = database.backup_to(directory / "other.db");
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find("is a store in use") != std::string::npos);
  result = database.backup_to(directory / "no" / "such");
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find("cannot be opened: check that its directory exists") !=
        std::string::npos);
}

namespace {

/// Writes 8 MB a call.
void write_much(Database& database, int round) {
  fill(database, 8000, "r" + std::to_string(round) + "-");
}

}  // namespace

TEST_CASE("a reader that stays in one statement gives way before the WAL grows without bound",
          "[store]") {
  Directory directory;
  auto writer = open(directory / "store.db");
  fill(writer, 300);
  auto reader = open(directory / "store.db", Database::Mode::read);
  REQUIRE(reader.begin_read());
  // Hours of work, of which a little is done between the writes.
  Statement& endless =
      reader.prepared("SELECT count(*) FROM customers a, customers b, customers c GROUP BY a.id");
  REQUIRE(endless.step());
  int rounds = 0;
  for (; rounds < 60 && writer.wal_bytes() <= Database::reader_gives_way_at; ++rounds) {
    write_much(writer, rounds);
    REQUIRE(writer.checkpoint());  // cannot empty it: the reader's snapshot needs it
  }
  REQUIRE(writer.wal_bytes() > Database::reader_gives_way_at);
  while (endless.step()) {
  }
  const auto error = reader.take_error();
  REQUIRE_FALSE(error);
  CHECK(error.error().message ==
        "reading the store " + (directory / "store.db").string() +
            " took too long while others wrote much: try again, or read a copy made with "
            "`retaind backup`");
  reader.rollback();
  REQUIRE(writer.checkpoint());
  CHECK(writer.wal_bytes() == 0);
}
