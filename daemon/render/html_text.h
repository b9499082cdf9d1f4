#pragma once
#include <string>
#include <string_view>

namespace retaind::render {

/// The text part of an HTML mail that brings none: blocks become lines, paragraphs get a blank line
/// between them, lists
/// "- " or "1. ", links `text <url>`, images their alt text, entities characters. What is not shown
/// (head, style, script, comments, display:none) is left out. Broken HTML gives some text, never an
/// error.
std::string html_to_text(std::string_view html);

/// Decodes character references: &amp; &#233; &#xE9; and the named ones of Latin 1 and typography.
std::string decode_entities(std::string_view text);

/// The value of an attribute of a start tag such as `<a href="…">`, undecoded; empty when it has
/// none.
std::string_view attribute_of(std::string_view tag, std::string_view name);

}  // namespace retaind::render
