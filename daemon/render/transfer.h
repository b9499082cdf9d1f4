#pragma once
#include <string>
#include <string_view>

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

}  // namespace retaind::render
