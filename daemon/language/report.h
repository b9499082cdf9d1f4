#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "language/codes.h"
#include "language/diagnostic.h"

namespace retaind::language {

/// Bytes [begin, end) of the text that is being read.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Collects the mistakes of one text. Reading always goes on after one; whoever reports a mistake
/// makes sure that it is not reported a second time by what builds on the faulty part.
class Report {
 public:
  /// Mistakes kept for one file; a reader mends the first few anyway.
  static constexpr int most_errors = 100;

  Report(std::shared_ptr<const Source> source, std::vector<Diagnostic>& out)
      : source_(std::move(source)), out_(&out) {}

  void error(Code code, Range at, std::string message, std::string remedy);
  void warning(Code code, Range at, std::string message, std::string remedy);
  void note(Code code, Range at, std::string message, std::string remedy);

  [[nodiscard]] bool failed() const { return errors_ > 0; }
  [[nodiscard]] int errors() const { return errors_; }
  [[nodiscard]] Where where(Range at) const { return {source_, at.begin, at.end}; }
  [[nodiscard]] const Source& source() const { return *source_; }
  [[nodiscard]] std::string_view text() const { return source_->text; }
  /// 1-based line of a byte, for "the first one is in line 7".
  [[nodiscard]] std::size_t line_of(std::size_t offset) const;

 private:
  std::shared_ptr<const Source> source_;
  std::vector<Diagnostic>* out_;
  int errors_ = 0;
};

/// An error of another module as message and remedy, which it puts behind a semicolon.
std::pair<std::string, std::string> split_remedy(const Error& error, std::string_view otherwise);

/// Puts the diagnostics behind the first `from` into the order of files and places.
void sort_by_place(std::vector<Diagnostic>& diagnostics, std::size_t from);

/// "did you mean `order.completed`?" for the nearest name, else "one of `a`, `b`, `c`"; a long list
/// is cut after `most` names.
std::string suggestion(std::string_view word, std::span<const std::string_view> names,
                       std::size_t most = 12);
/// "`a`, `b` or `c`".
std::string alternatives(std::span<const std::string_view> names, std::size_t most = 12);

}  // namespace retaind::language
