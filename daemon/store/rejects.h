#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace retaind::store {

/// The lines that an import refused: `line,reason,` and the line as it was, under the header
/// `line,reason,` and the file's own. Corrected in place it can be imported with the same mapping;
/// for one that numbers lines, the number of each stands between, as `number`.
/// Nothing is created before the first refusal. Lines that several stages refuse are written in the
/// order of the file.
class Rejects {
 public:
  struct Format {
    char separator = ',';
    std::string header;
    bool numbered = false;
  };
  /// Whether a list may be written to `file`: nothing is there, or an earlier list, and it is
  /// neither `input` nor a file of `store`. Else what would be lost.
  static Result<void> check(const std::filesystem::path& file, const std::filesystem::path& input,
                            const std::filesystem::path& store);
  /// Continues behind the first `keep` bytes, which an import that was killed had written for sure.
  Rejects(std::filesystem::path file, Format format, std::int64_t keep);
  Rejects(const Rejects&) = delete;
  Rejects& operator=(const Rejects&) = delete;
  ~Rejects();

  struct Line {
    std::int64_t line = 0;
    std::int64_t end = 0;     ///< where it ends in the import's file
    std::int64_t number = 0;  ///< 0: it has none
    std::string_view original;
    bool broken_quotes = false;
  };
  void add(const Line& line, std::string_view reason);
  /// Writes to the disk the lines that end at `end` or before; before the commit that says that
  /// everything up to there is done. Lines read ahead of it wait for the next flush.
  Result<void> flush(std::int64_t end = INT64_MAX);
  [[nodiscard]] std::int64_t waiting() const { return static_cast<std::int64_t>(waiting_.size()); }
  [[nodiscard]] std::int64_t bytes() const { return written_; }
  [[nodiscard]] const std::filesystem::path& file() const { return path_; }

 private:
  std::filesystem::path path_;
  Format format_;
  struct Refused {
    std::int64_t line, end;
    std::string text;
  };
  std::vector<Refused> waiting_;
  std::int64_t written_;
  int descriptor_ = -1;
};

}  // namespace retaind::store
