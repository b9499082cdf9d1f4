#include "render/read_mail.h"

#include <optional>
#include <utility>

#include "base/digest.h"
#include "base/text.h"
#include "render/charset.h"

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

/// Bytes as UTF-8; as they are when they are not in that charset.
std::string in_utf8(std::string bytes, std::string_view charset) {
  if (charset == charset_name(Charset::utf_8)) return bytes;
  auto converted = to_utf8(bytes, charset);
  return converted ? std::move(*converted) : bytes;
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

struct EncodedWord {
  std::string charset;  // in small letters
  std::string bytes;
  std::size_t length = 0;  // in the text
};

/// The word that `text` begins with, as =?utf-8?q?Gr=C3=BC=C3=9Fe?=; empty when it is none.
std::optional<EncodedWord> word_at(std::string_view text) {
  const std::size_t charset = text.find('?', 2);
  if (charset == std::string_view::npos || text.find('?', charset + 1) != charset + 2)
    return std::nullopt;
  const std::size_t begin = charset + 3;
  const std::size_t end = text.find("?=", begin);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view packed = text.substr(begin, end - begin);
  EncodedWord word{lower_ascii(text.substr(2, charset - 2)), {}, end + 2};
  const char how = text[charset + 1];
  if (how == 'q' || how == 'Q') {
    for (std::size_t at = 0; (at = packed.find('=', at)) != std::string_view::npos; ++at)
      if (!hex_pair(packed.substr(at + 1))) return std::nullopt;
    word.bytes = from_quoted(packed, true);
    return word;
  }
  if ((how != 'b' && how != 'B') || !from_base64(std::string(packed), word.bytes))
    return std::nullopt;
  return word;
}

/// White space between two words is not part of the text. Words of one charset are joined as bytes
/// first: some writers split characters.
std::string decoded_words(std::string_view text) {
  std::string out;
  std::string_view blanks;  // behind a word
  std::string charset;
  std::string bytes;
  const auto end_word = [&] {
    if (!charset.empty()) out += in_utf8(std::exchange(bytes, {}), charset);
    charset.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto word =
        text.substr(at, 2) == "=?" ? word_at(text.substr(at)) : std::optional<EncodedWord>();
    if (word) {
      if (charset != word->charset) end_word();
      charset = word->charset;
      bytes += word->bytes;
      at += word->length;
      blanks = {};
      continue;
    }
    if (!charset.empty() && (text[at] == ' ' || text[at] == '\t')) {
      blanks = text.substr(at - blanks.size(), blanks.size() + 1);
    } else {
      end_word();
      out += blanks;
      out += text[at];
      blanks = {};
    }
    ++at;
  }
  end_word();
  out += blanks;
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
  const std::string carried = encoding == "base64"             ? from_packed(body)
                              : encoding == "quoted-printable" ? from_quoted(body, false)
                                                               : std::string(body);
  const std::string kind = field(head, "Content-Type");
  const std::size_t charset = kind.find("charset=");
  mail.text = with_line_feeds(charset == std::string::npos
                                  ? carried
                                  : in_utf8(carried, std::string_view(kind).substr(charset + 8)));
  return mail;
}

}  // namespace retaind::render
