#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace retaind::render {

/// A template's text. Trees keep views into `text`, so a Source never moves or changes after
/// parsing.
struct Source {
  std::string path;
  std::string text;
};

enum class FaultKind : std::uint8_t {
  syntax,
  file,  ///< its name, its encoding, or it cannot be read
  front_matter,
  unknown_filter,
  unknown_partial,  ///< or layout
  unknown_variable,
  bad_value,  ///< what a filter cannot take, or nothing can print
  limit,
};

/// A mistake in a template, found while parsing or rendering.
struct Fault {
  const Source* source = nullptr;
  std::size_t at = 0;      ///< byte offset in the source
  std::size_t length = 1;  ///< bytes that the carets underline
  std::string message;     ///< lower case, names the thing, ends with the remedy
  FaultKind kind = FaultKind::syntax;
};
using Faults = std::vector<Fault>;

/// How the message about a whole object that is printed begins.
inline constexpr std::string_view whole_object = "this is a whole object";

struct Place {
  std::size_t line = 1;
  std::size_t column = 1;  ///< in characters, as an editor counts them
};
Place place_of(const Source& source, std::size_t at);

/// "message" with the source line and carets below:
///     unknown filter `upcas`; did you mean `upcase`?
///       --> thanks.en.liquid:7:12
///        7 | Dear {{ name | upcas }},
///          |                ^^^^^
std::string with_excerpt(const Fault& fault);
/// "path:line:column: message" and the excerpt, for errors that leave the module.
std::string located(const Fault& fault);

}  // namespace retaind::render
