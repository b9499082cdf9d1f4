#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/value.h"

namespace retaind::language {

/// A text that diagnostics point into.
struct Source {
  std::string path;  ///< as shown: "rules/win-back.yaml"
  std::string text;
};

/// Bytes [begin, end) of a source.
struct Where {
  std::shared_ptr<const Source> source;
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// A note never fails, and never changes an exit status.
enum class Severity { error, warning, note };

/// A user's mistake. Parsing and checking always go on and return all of them.
struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;  ///< "R021", a row of the table of codes
  Where where;
  std::string message;  ///< what was found and what is wrong with it
  std::string remedy;   ///< beside the caret: what to write, the nearest name
};

enum class Format { human, json, github };

/// Human: the excerpt with a caret that respects wide characters and tabs, design section 8. The
/// summary line
/// ("2 errors in 8 files · …") is the caller's.
std::string to_text(const Diagnostic& diagnostic, bool colour);
/// `severity`, `code`, `file`, `line`, `column`, `end_line`, `end_column`, `message`, `remedy`.
Value to_value(const Diagnostic& diagnostic);
std::string to_text(const std::vector<Diagnostic>& diagnostics, Format format, bool colour);
/// Line and byte column, both from 1.
std::pair<std::size_t, std::size_t> line_and_column(const Source& source, std::size_t offset);

}  // namespace retaind::language
