#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace retaind::render {

/// The text part of an HTML mail that brings none: blocks become lines, paragraphs get a blank line
/// between them, lists
/// "- " or "1. ", links `text <url>`, images their alt text, entities characters. What is not shown
/// (head, style, script, comments, display:none) is left out. Broken HTML gives some text, never an
/// error.
std::string html_to_text(std::string_view html);

/// The same for mails of one template, one after the other: what the HTML before had, too, is not
/// converted again. The texts are those of html_to_text().
class HtmlTextMemo {
 public:
  std::string convert(std::string_view html);

 private:
  friend class HtmlConverter;
  /// A line that begins with a tag, where nothing is open that what follows depends on.
  struct Place {
    std::size_t html, text;  ///< where it begins
    std::size_t newlines;    ///< due in front of the next text
    bool space;              ///< likewise
    bool ended;              ///< the text so far ends with white space
  };

  std::string html_;
  std::string text_;
  std::vector<Place> places_;
  bool learns_ = true;
};

/// Decodes character references: &amp; &#233; &#xE9; and the named ones of Latin 1 and typography.
std::string decode_entities(std::string_view text);

/// The value of an attribute of a start tag such as `<a href="…">`, undecoded; empty when it has
/// none.
std::string_view attribute_of(std::string_view tag, std::string_view name);

}  // namespace retaind::render
