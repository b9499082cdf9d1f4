#pragma once
#include <string>
#include <string_view>

#include "base/text.h"
#include "model/charset.h"

namespace retaind::render {

/// The two encodings of RFC 2047.
enum class WordEncoding { q, b };
/// The one that is shorter for `text`; ties go to Q, which people can read.
WordEncoding shorter_encoding(std::string_view text);

/// Appends header fields to a message, folded at 76 columns where a space allows it (RFC
/// 5322 2.2.3). Texts hold no CR, LF or NUL: the builder has refused those.
class HeaderWriter {
 public:
  /// With Charset::iso_2022_jp every text has to be one that it holds.
  explicit HeaderWriter(std::string& out, Charset charset = Charset::utf_8)
      : out_(out), charset_(charset) {}

  /// Free text such as a subject; encoded words when it is not plain ASCII.
  void text(std::string_view name, std::string_view value);
  /// ASCII tokens that may be folded between but not inside, and are never encoded.
  void begin(std::string_view name);
  void token(std::string_view token);
  void end();
  /// `phrase <address>`, behind begin(); `last` leaves out the comma. The name may be any UTF-8.
  void mailbox(std::string_view name, const EmailAddress& address, bool last);

  /// RFC 2047 words for `text`, none over 75 characters, none splitting a character or what belongs
  /// to it.
  void encoded_words(std::string_view text, WordEncoding encoding, bool in_phrase);

 private:
  [[nodiscard]] bool is_jis() const { return charset_ == Charset::iso_2022_jp; }
  void fold();
  void put(std::string_view piece);
  void phrase(std::string_view name);
  void word(std::string_view text, WordEncoding encoding, bool in_phrase);

  std::string& out_;
  Charset charset_;
  std::size_t column_ = 0;
  bool fresh_ = true;  // nothing behind the colon yet
};

/// A display name without what could disguise it: controls, bidi marks, line and paragraph
/// separators (UTS 39); runs of white space are one space.
std::string clean_name(std::string_view name);

}  // namespace retaind::render
