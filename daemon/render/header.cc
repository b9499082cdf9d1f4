#include "render/header.h"

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "render/charset.h"
#include "render/letters.h"

namespace retaind::render {
namespace {

constexpr std::size_t line_width = 76;
// A line has at most 998 octets (RFC 5322 2.1.1); a longer word is encoded, as encoded words can be
// folded.
constexpr std::size_t longest_word = 900;

bool is_alnum(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_atext(unsigned char c) {
  return is_alnum(c) ||
         (c != 0 && std::string_view("!#$%&'*+-/=?^_`{|}~").find(static_cast<char>(c)) !=
                        std::string_view::npos);
}

// RFC 2047 5 (3) for phrases; in other text everything printable but = ? _ and space may stand.
bool is_plain_q(unsigned char c, bool in_phrase) {
  if (is_alnum(c)) return true;
  if (in_phrase) return c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
  return c > ' ' && c < 0x7F && c != '=' && c != '?' && c != '_';
}

std::size_t q_length(std::string_view text, bool in_phrase) {
  std::size_t length = 0;
  for (const char c : text)
    length += c == ' ' || is_plain_q(static_cast<unsigned char>(c), in_phrase) ? 1 : 3;
  return length;
}

std::size_t b_length(std::size_t bytes) { return (bytes + 2) / 3 * 4; }

void append_q(std::string& out, std::string_view text, bool in_phrase) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ') {
      out += '_';
    } else if (is_plain_q(byte, in_phrase)) {
      out += c;
    } else {
      out += '=';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
}

bool in(char32_t c, char32_t low, char32_t high) { return c >= low && c <= high; }

// Combining marks, joiners, variation selectors, skin tones: what a reader sees as part of the
// character before.
bool extends(char32_t c) {
  return in(c, 0x300, 0x36F) || in(c, 0x3099, 0x309A) || in(c, 0x200C, 0x200D) ||
         in(c, 0xFE00, 0xFE0F) || in(c, 0x1F3FB, 0x1F3FF) || in(c, 0x591, 0x5BD) ||
         in(c, 0x64B, 0x65F) || in(c, 0x93E, 0x94D) || in(c, 0xE31, 0xE3A) ||
         in(c, 0x1AB0, 0x1AFF) || in(c, 0x20D0, 0x20FF) || in(c, 0xE0100, 0xE01EF) ||
         in(c, 0xE0020, 0xE007F);
}

char32_t code_point_at(std::string_view text, std::size_t at) { return next_code_point(text, at); }

// Bytes of the character at `at` with what extends it; at most `most` bytes when it has more.
std::size_t cluster_length(std::string_view text, std::size_t at, std::size_t most) {
  std::size_t length = character_length(text, at);
  while (at + length < text.size()) {
    const char32_t next = code_point_at(text, at + length);
    const bool joined = length >= 3 && text.substr(at + length - 3, 3) == "\u200D";
    const std::size_t more = character_length(text, at + length);
    if ((!extends(next) && !joined) || length + more > most) break;
    length += more;
  }
  return length;
}

bool needs_encoding(std::string_view text) {
  if (text.empty()) return false;
  // Spaces that some program would trim, cut or join.
  if (text.front() == ' ' || text.back() == ' ' || text.find("  ") != std::string_view::npos)
    return true;
  if (text.find("=?") != std::string_view::npos) return true;
  std::size_t word = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F) return true;
    word = c == ' ' ? 0 : word + 1;
    if (word > longest_word) return true;
  }
  return false;
}

bool is_atoms(std::string_view text) {
  char before = ' ';
  for (const char c : text) {
    if (c == ' ' ? before == ' ' : !is_atext(static_cast<unsigned char>(c))) return false;
    before = c;
  }
  return before != ' ';
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

bool disguises(char32_t c) {
  return c < 0x20 || in(c, 0x7F, 0x9F) || in(c, 0x200E, 0x200F) || c == 0x061C ||
         in(c, 0x2028, 0x202E) || in(c, 0x2066, 0x2069) || c == 0xFEFF || c == 0x00AD;
}

}  // namespace

WordEncoding shorter_encoding(std::string_view text) {
  return q_length(text, false) <= b_length(text.size()) ? WordEncoding::q : WordEncoding::b;
}

void HeaderWriter::begin(std::string_view name) {
  out_ += name;
  out_ += ':';
  column_ = name.size() + 1;
  fresh_ = true;
}

void HeaderWriter::end() { out_ += "\r\n"; }

void HeaderWriter::fold() {
  out_ += "\r\n ";
  column_ = 1;
}

void HeaderWriter::put(std::string_view piece) {
  out_ += piece;
  column_ += piece.size();
  fresh_ = false;
}

void HeaderWriter::token(std::string_view token) {
  if (!fresh_ && column_ + 1 + token.size() > line_width)
    fold();
  else
    put(" ");
  put(token);
}

void HeaderWriter::text(std::string_view name, std::string_view value) {
  begin(name);
  if (needs_encoding(value)) {
    put(" ");
    encoded_words(value, is_jis() ? WordEncoding::b : shorter_encoding(value), false);
    return end();
  }
  // Each word takes the white space before it along, so that unfolding gives back the very text.
  for (std::size_t i = 0; i < value.size();) {
    std::size_t word = std::min(value.find_first_not_of(' ', i), value.size());
    const std::size_t stop = std::min(value.find(' ', word), value.size());
    if (fresh_) {
      put(" ");
    } else if (column_ + stop - i > line_width) {
      out_ += "\r\n";
      column_ = 0;
    }
    put(value.substr(i, stop - i));
    i = stop;
  }
  end();
}

/// One encoded word, which stands for itself: RFC 2047 3 has it end in ASCII.
void HeaderWriter::word(std::string_view text, WordEncoding encoding, bool in_phrase) {
  const std::size_t begin = out_.size();
  out_ += "=?";
  out_ += charset_name(charset_);
  out_ += encoding == WordEncoding::b ? "?B?" : "?Q?";
  if (is_jis())
    out_ += base64(to_iso_2022_jp(text).value_or(std::string()));
  else if (encoding == WordEncoding::b)
    out_ += base64(text);
  else
    append_q(out_, text, in_phrase);
  out_ += "?=";
  column_ += out_.size() - begin;
  fresh_ = false;
}

void HeaderWriter::encoded_words(std::string_view text, WordEncoding encoding, bool in_phrase) {
  const auto length_of = [&](std::string_view part) {
    if (is_jis()) return b_length(iso_2022_jp_length(part));
    return encoding == WordEncoding::b ? b_length(part.size()) : q_length(part, in_phrase);
  };
  const std::size_t overhead = charset_name(charset_).size() + 7;  // =?utf-8?B? and ?=
  const std::size_t widest = line_width - 1 - overhead;
  const std::size_t most = encoding == WordEncoding::b ? widest / 4 * 3 : widest / 3;
  for (std::size_t at = 0; at < text.size();) {
    if (at > 0) fold();
    std::size_t first = cluster_length(text, at, most);
    if (column_ + overhead + length_of(text.substr(at, first)) > line_width) fold();
    const std::size_t room = line_width - column_ - overhead;
    std::size_t size = first;
    for (std::size_t more = 0; at + size < text.size(); size += more) {
      more = cluster_length(text, at + size, most);
      if (length_of(text.substr(at, size + more)) > room) break;
    }
    word(text.substr(at, size), encoding, in_phrase);
    at += size;
  }
}

void HeaderWriter::phrase(std::string_view name) {
  if (needs_encoding(name)) {
    if (column_ > line_width / 2)
      fold();
    else
      put(" ");
    const bool q = !is_jis() && q_length(name, true) <= b_length(name.size());
    return encoded_words(name, q ? WordEncoding::q : WordEncoding::b, true);
  }
  token(is_atoms(name) ? std::string(name) : quoted(name));
}

void HeaderWriter::mailbox(std::string_view name, const EmailAddress& address, bool last) {
  const std::string clean = clean_name(name);
  std::string spec = clean.empty() ? address.envelope() : "<" + address.envelope() + ">";
  if (!clean.empty()) phrase(clean);
  if (!last) spec += ',';
  token(spec);
}

namespace {

/// ASCII in which nothing is to be cleaned.
bool is_clean(std::string_view name) {
  char before = ' ';
  for (const char c : name) {
    if (c < ' ' || c > '~' || (c == ' ' && before == ' ')) return false;
    before = c;
  }
  return name.empty() || before != ' ';
}

}  // namespace

std::string clean_name(std::string_view name) {
  if (is_clean(name)) return std::string(name);
  const std::string valid = to_valid_utf8(name);
  std::string out;
  for (std::size_t at = 0; at < valid.size();) {
    const std::size_t begin = at;
    const char32_t c = next_code_point(valid, at);
    const bool space = c == ' ' || c == '\t' || c == 0xA0 || c == 0x3000;
    if (c == '\t' || (space && (out.empty() || out.back() == ' '))) {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else if (!disguises(c)) {
      out.append(valid, begin, at - begin);
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace retaind::render
