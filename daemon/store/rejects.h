#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/csv.h"

namespace retaind::store {

/// The lines that an import refused: `line,reason,` and the line as it was, under the header
/// `line,reason,` and the file's own. Corrected in place it can be imported with the same mapping.
/// Nothing is created before the first refusal.
class Rejects {
 public:
  /// Continues behind the first `keep` bytes, which an import that was killed had written for sure.
  Rejects(std::filesystem::path file, char separator, std::string header, std::int64_t keep);
  Rejects(const Rejects&) = delete;
  Rejects& operator=(const Rejects&) = delete;
  ~Rejects();

  void add(const CsvRecord& record, std::string_view reason) {
    add(record.line, record.original, record.broken_quotes, reason);
  }
  void add(std::int64_t line, std::string_view original, bool broken_quotes,
           std::string_view reason);
  /// Writes what was added to the disk; before the commit that says that these lines are done.
  Result<void> flush();
  [[nodiscard]] std::int64_t bytes() const { return written_; }
  [[nodiscard]] const std::filesystem::path& file() const { return path_; }

 private:
  std::filesystem::path path_;
  char separator_;
  std::string header_, waiting_;
  std::int64_t written_;
  int descriptor_ = -1;
};

}  // namespace retaind::store
