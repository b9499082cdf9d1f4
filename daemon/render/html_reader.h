#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace retaind::render {

/// What is wrong with an HTML text; mail programs guess there, each in its own way.
struct HtmlFault {
  std::size_t at = 0;  ///< byte in the HTML
  std::string what;    ///< "`<div>` is never closed"
  std::string remedy;
};
using HtmlFaults = std::vector<HtmlFault>;

struct HtmlAttribute {
  std::string name;        ///< lower case
  std::string_view value;  ///< as written; character references are not decoded
  std::size_t at = 0;  ///< byte in the HTML where the value begins, of one without where it ends
  bool quoted = false;
};

/// A piece of HTML as programs read it (WHATWG HTML 13.2.5).
struct HtmlToken {
  enum class Kind { text, start, end, comment };
  Kind kind = Kind::text;
  std::size_t begin = 0;  ///< bytes of the HTML
  std::size_t end = 0;
  std::string name;  ///< of a tag, in lower case
  std::vector<HtmlAttribute> attributes;
  bool closes_itself = false;  ///< `/>`
  bool raw = false;            ///< the text of style, script, title or textarea

  [[nodiscard]] const HtmlAttribute* find(std::string_view attribute) const;
};

/// The pieces of an HTML text, in order; what stands in comments is not read.
std::vector<HtmlToken> read_html(std::string_view html, HtmlFaults& faults);

/// The HTML as Outlook reads it: what `<!--[if mso]>` hides from others is shown and what `[if
/// !mso]` shows is blanked, at the same bytes. Empty when it is the same for all.
std::string as_outlook_reads(std::string_view html);

/// `<br>`, `<img>` and others that hold nothing and have no end tag (HTML 13.1.2).
bool is_void_element(std::string_view name);

/// Elements that are never closed, closed in the wrong order or not where they may stand. End tags
/// that HTML lets an author leave out are not missed.
void check_nesting(std::string_view html, const std::vector<HtmlToken>& tokens, HtmlFaults& faults);

}  // namespace retaind::render
