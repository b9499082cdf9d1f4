#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace retaind::store {

/// One record of a CSV file. Everything lives until the next record is read.
struct CsvRecord {
  std::int64_t line = 0;      ///< where it begins; the first line is 1
  std::int64_t position = 0;  ///< bytes of text before it
  std::vector<std::string_view> fields;
  std::string_view
      original;  ///< as in the file, without the line break; the beginning of an over-long one
  std::string_view defect;     ///< why it cannot be read; then there are no fields
  bool broken_quotes = false;  ///< the original would break a file that it is put into
};

/// Streams RFC 4180 from a file, `.gz` too: quotes, doubled quotes and line breaks in quoted
/// fields; CRLF or LF; a byte-order mark is skipped. More lenient in two places: a quote inside an
/// unquoted field is a character (`12" pipe`), and empty lines are nothing. A quote that is never
/// closed costs its line, not the rest of the file.
class CsvReader {
 public:
  struct Format {
    char separator = ',';
    bool blanks = false;  ///< runs of spaces and tabs separate; no quotes
  };
  static constexpr std::size_t longest_field = 1'000'000;
  static constexpr std::size_t longest_record = 10'000'000;

  /// Refuses UTF-16, line ends of a bare CR, and what cannot be read.
  static Result<CsvReader> open(const std::filesystem::path& file, Format format);
  CsvReader(CsvReader&&) noexcept;
  CsvReader& operator=(CsvReader&&) noexcept;
  ~CsvReader();

  /// False at the end of the file, and after an error of the file itself (take_error()).
  bool next(CsvRecord& record);
  Result<void> take_error();
  /// Bytes of the file consumed, compressed or not, for a progress bar.
  [[nodiscard]] std::int64_t consumed() const;
  [[nodiscard]] std::int64_t position() const;

 private:
  struct Impl;
  explicit CsvReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace retaind::store
