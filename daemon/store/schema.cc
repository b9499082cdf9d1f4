#include "store/schema.h"

#include <fmt/format.h>

#include <array>
#include <string>

#include "store/database.h"

namespace retaind::store {
namespace {

constexpr const char* migrations[] = {
#include "migrations.inc"
};

Result<std::int64_t> number(Database& database, std::string_view sql) {
  Statement& statement = database.prepared(sql);
  std::int64_t value = 0;
  if (statement.step()) value = statement.integer(0);
  statement.reset();
  if (auto result = database.take_error(); !result) return result.error();
  return value;
}

struct State {
  std::int64_t version = 0;
  std::int64_t application = 0;
  std::int64_t tables = 0;
};

Result<State> state_of(Database& database) {
  State state;
  const std::array<std::pair<std::int64_t*, std::string_view>, 3> parts{
      {{&state.version, "PRAGMA user_version"},
       {&state.application, "PRAGMA application_id"},
       {&state.tables, "SELECT count(*) FROM sqlite_schema"}}};
  for (const auto& [target, sql] : parts) {
    auto value = number(database, sql);
    if (!value) return value.error();
    *target = *value;
  }
  return state;
}

Error newer(const Database& database, std::int64_t version) {
  return {
      ErrorKind::conflict,
      fmt::format("store {} has schema version {}, and this retaind knows only up to {}: install "
                  "the newer retaind again, or go back to the copy made before its upgrade "
                  "({}.before-v*)",
                  database.file().string(), version, schema_version(), database.file().string())};
}

Error foreign(const Database& database) {
  return {ErrorKind::invalid,
          fmt::format("{} is an SQLite file of another program, not a store of retaind: check the "
                      "path, nothing was changed",
                      database.file().string())};
}

/// Under the write lock, so that of two processes that start together only one migrates.
Result<void> migrate_locked(Database& database, std::int64_t from) {
  for (auto version = from; version < schema_version(); ++version) {
    if (auto result = database.execute(migrations[version]); !result) return result;
  }
  return database.execute(fmt::format("PRAGMA user_version = {}; PRAGMA application_id = {}",
                                      schema_version(), application_id));
}

}  // namespace

int schema_version() { return static_cast<int>(std::size(migrations)); }

Result<void> migrate(Database& database) {
  auto state = state_of(database);
  if (!state) return state.error();
  if (state->version == schema_version() && state->application == application_id) return {};
  if (state->tables > 0 && state->application != application_id) return foreign(database);
  if (state->version > schema_version()) return newer(database, state->version);

  auto transaction = Transaction::begin(database);
  if (!transaction) return transaction.error();
  state = state_of(database);
  if (!state) return state.error();
  if (state->version < schema_version()) {
    if (state->version > 0) {
      auto copied = database.copy_aside(
          fmt::format("{}.before-v{}", database.file().string(), schema_version()));
      if (!copied) return copied.error().in("the store was not upgraded");
    }
    if (auto result = migrate_locked(database, state->version); !result) {
      return result.error().in("the store was not upgraded");
    }
  }
  return transaction->commit();
}

Result<void> require_current(Database& database) {
  auto state = state_of(database);
  if (!state) return state.error();
  if (state->application != application_id) return foreign(database);
  if (state->version > schema_version()) return newer(database, state->version);
  if (state->version == schema_version()) return {};
  return Error{ErrorKind::conflict,
               fmt::format("store {} has the older schema version {}: start `retaind run` once, "
                           "which upgrades it to {}",
                           database.file().string(), state->version, schema_version())};
}

}  // namespace retaind::store
