#include "render/read_mail.h"

#include <optional>

#include "base/digest.h"
#include "base/text.h"

namespace retaind::render {
namespace {

std::optional<char> hex_pair(std::string_view text) {
  int value = 0;
  for (const char c : text.substr(0, 2)) {
    const std::size_t digit = std::string_view("0123456789ABCDEF").find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value * 16 + static_cast<int>(digit);
  }
  return text.size() < 2 ? std::nullopt : std::optional(static_cast<char>(value));
}

/// RFC 2045 6.7; `in_word` also the underscore of RFC 2047 4.2.
std::string from_quoted(std::string_view text, bool in_word) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=' && text.substr(i + 1, 2) == "\r\n") {
      i += 2;
    } else if (const auto byte = text[i] == '=' ? hex_pair(text.substr(i + 1)) : std::nullopt) {
      out += *byte;
      i += 2;
    } else {
      out += in_word && text[i] == '_' ? ' ' : text[i];
    }
  }
  return out;
}

std::string from_packed(std::string_view text) {
  std::string packed;
  for (const char c : text)
    if (c != '\r' && c != '\n') packed += c;
  std::string out;
  return from_base64(packed, out) ? out : std::string();
}

/// A field, unfolded.
std::string field(std::string_view head, std::string_view name) {
  std::string value;
  bool inside = false;
  for (std::size_t at = 0; at < head.size();) {
    const std::size_t end = std::min(head.find("\r\n", at), head.size());
    std::string_view line = head.substr(at, end - at);
    at = end + 2;
    if (line.empty()) break;
    const bool folded = line[0] == ' ' || line[0] == '\t';
    if (!folded && inside) break;
    if (!folded) {
      inside = starts_with_ignoring_case(line, name) && line.size() > name.size() &&
               line[name.size()] == ':';
      if (inside) line.remove_prefix(name.size() + 1);
    }
    if (inside) value += line;
  }
  return std::string(trim(value));
}

/// Words such as =?utf-8?q?Gr=C3=BC=C3=9Fe?=; white space between two of them is not part of the
/// text.
std::string decoded_words(std::string_view text) {
  std::string out;
  bool after_word = false;
  while (!text.empty()) {
    const std::size_t begin = text.find("=?");
    const std::string_view plain = text.substr(0, begin);
    if (!(after_word && trim(plain).empty() && begin != std::string_view::npos)) out += plain;
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const std::size_t charset = text.find('?', 2);
    const std::size_t encoding = charset == std::string_view::npos ? charset : charset + 2;
    const std::size_t end =
        encoding == std::string_view::npos ? encoding : text.find("?=", encoding + 1);
    if (end == std::string_view::npos || text[encoding] != '?') {
      out += text;
      break;
    }
    const std::string_view word = text.substr(encoding + 1, end - encoding - 1);
    const char how = text[encoding - 1];
    out += how == 'q' || how == 'Q' ? from_quoted(word, true) : from_packed(word);
    text.remove_prefix(end + 2);
    after_word = true;
  }
  return out;
}

std::string with_line_feeds(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '\r') out += c;
  return out;
}

}  // namespace

ReadMail read_mail(std::string_view bytes) {
  ReadMail mail;
  const std::size_t blank = bytes.find("\r\n\r\n");
  std::string_view head = bytes.substr(0, blank);
  mail.subject = decoded_words(field(head, "Subject"));
  std::string_view body =
      blank == std::string_view::npos ? std::string_view() : bytes.substr(blank + 4);
  const std::string type = field(head, "Content-Type");
  const std::size_t boundary = type.find("boundary=\"");
  if (boundary != std::string::npos) {
    const std::string line =
        "--" + type.substr(boundary + 10, type.find('"', boundary + 10) - boundary - 10);
    const std::size_t part = body.find(line + "\r\n");
    if (part == std::string_view::npos) return mail;
    body.remove_prefix(part + line.size() + 2);
    body = body.substr(0, body.find("\r\n" + line));
    const std::size_t end = body.find("\r\n\r\n");
    head = body.substr(0, end);
    body = end == std::string_view::npos ? std::string_view() : body.substr(end + 4);
  }
  const std::string encoding = field(head, "Content-Transfer-Encoding");
  mail.text = with_line_feeds(encoding == "base64"             ? from_packed(body)
                              : encoding == "quoted-printable" ? from_quoted(body, false)
                                                               : std::string(body));
  return mail;
}

}  // namespace retaind::render
