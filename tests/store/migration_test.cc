#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "open_store.h"
#include "store/schema.h"

using namespace retaind;
using namespace retaind::store;

namespace {

std::string fixture(int version) {
  std::ifstream in(RETAIND_SOURCE "/tests/data/store/v" + std::to_string(version) + ".sql");
  REQUIRE(in);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void load(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &handle) == SQLITE_OK);
  char* message = nullptr;
  const int code = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message);
  INFO((message != nullptr ? message : ""));
  REQUIRE(code == SQLITE_OK);
  sqlite3_close(handle);
}

constexpr const char* ledger[] = {
    "SELECT id, rule, draft, \"trigger\", subject, row, part, due, open, reason FROM firing ORDER "
    "BY id",
    "SELECT id, firing, rule, step, repeat, state, reason, due, attempts, handed_at FROM message "
    "ORDER BY id"};

std::string ledger_of(Database& database) {
  return rows(database, ledger[0], 10) + "\n" + rows(database, ledger[1], 10);
}

std::string schema_of(Database& database) {
  return rows(
      database,
      "SELECT type, name, replace(replace(sql, char(10), ' '), '  ', ' ') FROM sqlite_schema "
      "WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name",
      3);
}

}  // namespace

TEST_CASE("a store of every schema version migrates with an identical ledger", "[store]") {
  for (int version = 1; version <= schema_version(); ++version) {
    DYNAMIC_SECTION("from version " << version) {
      Directory directory;
      const auto file = directory / "store.db";
      load(file, fixture(version));
      std::string before;
      {
        sqlite3* handle = nullptr;
        REQUIRE(sqlite3_open(file.c_str(), &handle) == SQLITE_OK);
        for (const char* sql : ledger) {
          sqlite3_stmt* statement = nullptr;
          REQUIRE(sqlite3_prepare_v2(handle, sql, -1, &statement, nullptr) == SQLITE_OK);
          if (sql == ledger[1]) before += "\n";
          for (bool first = true; sqlite3_step(statement) == SQLITE_ROW; first = false) {
            if (!first) before += "\n";
            for (int i = 0; i < 10; ++i) {
              const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
              before += std::string(i > 0 ? "|" : "") + (text == nullptr ? "-" : text);
            }
          }
          sqlite3_finalize(statement);
        }
        sqlite3_close(handle);
      }
      auto database = Database::open(file, {});
      if (!database) FAIL(database.error().message);
      CHECK(ledger_of(*database) == before);
      CHECK(before.size() > 100);
      auto fresh = memory_store();
      CHECK(schema_of(*database) == schema_of(fresh));
      CHECK(ask(*database, "PRAGMA user_version") == std::to_string(schema_version()));
      CHECK(std::filesystem::exists(directory /
                                    ("store.db.before-v" + std::to_string(schema_version()))) ==
            (version < schema_version()));
    }
  }
}

TEST_CASE("before an upgrade the store is copied, and the copy is the old store", "[store]") {
  Directory directory;
  const auto file = directory / "store.db";
  {
    auto database = Database::open(file, {.mode = Database::Mode::create, .vfs = {}});
    REQUIRE(database);
    REQUIRE(database->execute("INSERT INTO meta (key, value) VALUES ('a', '1')"));
    const auto copy = directory / "store.db.before-v9";
    REQUIRE(database->begin());  // the copy is made under the write lock
    REQUIRE(database->copy_aside(copy));
    database->rollback();
    auto copied = Database::open(copy, {});
    REQUIRE(copied);
    CHECK(ask(*copied, "SELECT value FROM meta WHERE key = 'a'") == "1");
    CHECK(ask(*copied, "SELECT count(*) FROM meta WHERE key = 'copied'") == "0");
    REQUIRE(database->execute("UPDATE meta SET value = '2'"));
    REQUIRE(database->copy_aside(copy));  // an older copy is kept
    CHECK(ask(*copied, "SELECT value FROM meta WHERE key = 'a'") == "1");
  }
}
