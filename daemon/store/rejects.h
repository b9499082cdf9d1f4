#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace retaind::store {

/// The lines that an import refused: `line,reason,` and the line as it was, under the header
/// `line,reason,` and the file's own. Corrected in place it can be imported with the same mapping.
/// Nothing is created before the first refusal. Lines that several stages refuse are written in the
/// order of the file.
class Rejects {
 public:
  /// Continues behind the first `keep` bytes, which an import that was killed had written for sure.
  Rejects(std::filesystem::path file, char separator, std::string header, std::int64_t keep);
  Rejects(const Rejects&) = delete;
  Rejects& operator=(const Rejects&) = delete;
  ~Rejects();

  /// `end`: where the line ends in the import's file.
  void add(std::int64_t line, std::int64_t end, std::string_view original, bool broken_quotes,
           std::string_view reason);
  /// Writes to the disk the lines that end at `end` or before; before the commit that says that
  /// everything up to there is done. Lines read ahead of it wait for the next flush.
  Result<void> flush(std::int64_t end = INT64_MAX);
  [[nodiscard]] std::int64_t waiting() const { return static_cast<std::int64_t>(waiting_.size()); }
  [[nodiscard]] std::int64_t bytes() const { return written_; }
  [[nodiscard]] const std::filesystem::path& file() const { return path_; }

 private:
  std::filesystem::path path_;
  char separator_;
  std::string header_;
  struct Refused {
    std::int64_t line, end;
    std::string text;
  };
  std::vector<Refused> waiting_;
  std::int64_t written_;
  int descriptor_ = -1;
};

}  // namespace retaind::store
