#pragma once
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/zone.h"
#include "store/database.h"
#include "support/directory.h"

// What the tests of the store share: short ways to open one and to ask it one thing.
namespace retaind::store {

inline Time at(std::string_view text) {
  const auto time = parse_time(text, Zone::utc());
  REQUIRE(time);
  return *time;
}

inline Database memory_store() {
  auto database = Database::in_memory();
  if (!database) FAIL(database.error().message);
  return std::move(*database);
}

/// The first value of the first row as text, "NULL" for NULL, "" for no row.
inline std::string ask(Database& database, const std::string& sql) {
  Statement& row = database.prepared(sql);
  std::string answer;
  if (row.step()) answer = row.is_null(0) ? "NULL" : std::string(row.text(0));
  row.reset();
  if (auto result = database.take_error(); !result) FAIL(result.error().message);
  return answer;
}

/// All rows: columns joined by '|', rows by newlines.
inline std::string rows(Database& database, const std::string& sql, int columns) {
  Statement& row = database.prepared(sql);
  std::string all;
  while (row.step()) {
    if (!all.empty()) all += '\n';
    for (int i = 0; i < columns; ++i) {
      if (i > 0) all += '|';
      all += row.is_null(i) ? "-" : std::string(row.text(i));
    }
  }
  if (auto result = database.take_error(); !result) FAIL(result.error().message);
  return all;
}

using test::Directory;

}  // namespace retaind::store
