#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace retaind::render {

/// Content-Transfer-Encodings of RFC 2045 6. The first two make 7-bit lines of at most 76
/// characters; seven_bit leaves a text that is ASCII as it is.
enum class Transfer { quoted_printable, base64, seven_bit };

/// base64 when more than a sixth of the bytes is not ASCII (Japanese would triple in
/// quoted-printable).
Transfer transfer_for(std::string_view text);
/// For a text in a 7-bit charset: seven_bit unless a line is longer than 998 octets (RFC 5322
/// 2.1.1) or could be taken for the builder's boundary.
Transfer transfer_for_7bit(std::string_view text);
std::string_view transfer_name(Transfer transfer);

/// Appends `text` encoded; CR, LF and CRLF all become the line break CRLF first. base64 ends with
/// CRLF, the others end as the text does.
void append_encoded(std::string& out, std::string_view text, Transfer transfer);

/// Encodes bodies of one make, such as the mails of a template. Of lines that the body before had,
/// too, is known that they are valid, how much of them is not ASCII, and how they are encoded. The
/// bytes are those of append_encoded() with transfer_for().
class BodyMemo {
 public:
  /// What transfer_for() says of `text`; empty when that is not valid UTF-8.
  std::optional<Transfer> look_at(std::string_view text);
  /// Appends, encoded so, the text that was looked at last.
  void append(std::string& out, std::string_view text, Transfer transfer);

 private:
  struct Line {
    std::size_t text, encoded;  ///< where it begins
    std::size_t foreign;        ///< bytes in front of it that are not ASCII
  };
  /// A part of the text that was looked at: lines of the body before, or anew.
  struct Run {
    std::size_t begin, end;
    std::size_t first, last;  ///< of lines_; the same: anew
  };
  std::optional<Transfer> learn(std::string_view text);
  std::optional<Transfer> whole(std::string_view text);
  [[nodiscard]] std::size_t reuse(std::string_view text, std::size_t at, std::size_t& line);
  void encode();

  std::string text_;
  std::string encoded_;
  std::vector<Line> lines_;  ///< those with a line break, and where the last of them ends
  std::vector<Run> runs_;
  bool learns_ = true;
  bool encodes_ = false;  ///< encoded_ is up to date
};

}  // namespace retaind::render
