#pragma once
#include <string>
#include <string_view>

namespace retaind::render {

/// What somebody reads who gets a mail.
struct ReadMail {
  std::string subject;
  std::string text;  ///< of the text part, with LF as line break
};

/// Reads back what render/mime wrote: RFC 2047 words, transfer encodings, charsets, one level of
/// multipart.
ReadMail read_mail(std::string_view bytes);

}  // namespace retaind::render
