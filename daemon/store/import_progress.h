#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "store/database.h"
#include "store/import.h"

namespace retaind::store {

struct ImportCounts {
  std::int64_t lines = 0, inserted = 0, updated = 0, unchanged = 0, rejected = 0;
  std::int64_t rejected_bytes = 0;  ///< of the rejected file
};

/// How far an import of one file has come; written in the transaction of its rows, removed with the
/// last one.
struct ImportMark {
  std::string file;         ///< kind and absolute path
  std::string fingerprint;  ///< of the content, as far as its size, time, beginning and end tell,
                            ///< and of the mapping
  std::int64_t position = 0;
  ImportCounts counts;

  /// Of a file that is about to be read.
  static ImportMark of(const ImportOptions& options);
  static std::optional<ImportMark> find(Database& database, const std::string& file);
  void save(Database& database, Time now) const;
  void remove(Database& database) const;
};

}  // namespace retaind::store
