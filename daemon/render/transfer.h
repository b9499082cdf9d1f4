#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace retaind::render {

/// Content-Transfer-Encodings of RFC 2045 6. Both make 7-bit lines of at most 76 characters.
enum class Transfer { quoted_printable, base64 };

/// base64 when more than a sixth of the bytes is not ASCII (Japanese would triple in
/// quoted-printable).
Transfer transfer_for(std::string_view text);
std::string_view transfer_name(Transfer transfer);

/// Appends `text` encoded; CR, LF and CRLF all become the line break CRLF first. base64 ends with
/// CRLF, quoted-printable ends as the text does.
void append_encoded(std::string& out, std::string_view text, Transfer transfer);

/// Encodes texts of one make, such as the mails of a template: lines that the text before had, too,
/// are not encoded again. The bytes are those of append_encoded().
class QuotedPrintableMemo {
 public:
  void append(std::string& out, std::string_view text);

 private:
  struct Line {
    std::size_t text, encoded;  ///< where it begins
  };
  void learn(std::string& out, std::string_view text);
  [[nodiscard]] std::size_t reuse(std::string& out, std::string_view text, std::size_t& line) const;

  std::string text_;
  std::string encoded_;
  std::vector<Line> lines_;  ///< those with a line break, and where the last of them ends
  bool learns_ = true;
};

}  // namespace retaind::render
