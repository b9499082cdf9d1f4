#pragma once
#include <catch2/catch.hpp>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "open_store.h"
#include "store/import.h"

namespace retaind::store {
namespace fs = std::filesystem;

inline std::string slurp(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A store in a file, and imports into it.
struct Shop {
  Shop() {
    auto opened =
        Database::open(directory / "store.db", {.mode = Database::Mode::create, .vfs = {}});
    if (!opened) FAIL(opened.error().message);
    database.emplace(std::move(*opened));
  }
  fs::path file(const std::string& bytes, const std::string& name = "in.csv") const {
    std::ofstream(directory / name, std::ios::binary) << bytes;
    return directory / name;
  }
  Result<ImportReport> attempt(ImportKind kind, const std::string& bytes,
                               std::optional<Mapping> mapping = {}) {
    ImportOptions options;
    options.kind = kind;
    options.file = file(bytes);
    options.mapping = std::move(mapping);
    options.currency = *find_currency("EUR");
    options.bulk_from_bytes = bulk_from;
    return import_file(*database, options, clock);
  }
  ImportReport import(ImportKind kind, const std::string& bytes,
                      std::optional<Mapping> mapping = {}) {
    auto report = attempt(kind, bytes, std::move(mapping));
    if (!report) FAIL(report.error().message);
    return *report;
  }
  std::string refused(ImportKind kind, const std::string& bytes,
                      std::optional<Mapping> mapping = {}) {
    const auto report = attempt(kind, bytes, std::move(mapping));
    REQUIRE_FALSE(report);
    const std::string path = (directory / "in.csv").string();
    const auto& message = report.error().message;
    return message.starts_with(path) ? message.substr(path.size()) : message;
  }
  std::string rejected() const { return slurp(directory / "in.csv.rejected.csv"); }
  std::string ask(const std::string& sql) { return store::ask(*database, sql); }
  std::string rows(const std::string& sql, int columns) {
    return store::rows(*database, sql, columns);
  }

  Directory directory;
  SimClock clock{at("2026-06-01")};
  std::optional<Database> database;
  std::int64_t bulk_from = INT64_MAX;
};

}  // namespace retaind::store
