#pragma once
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/zone.h"
#include "store/database.h"

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

/// A directory of its own that goes when the test ends.
class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "retaind-store-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
    return path_ / name;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace retaind::store
