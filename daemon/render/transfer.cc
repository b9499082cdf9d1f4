#include "render/transfer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/text.h"

namespace retaind::render {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t bytes_a_line = 57;  // 76 characters
constexpr std::size_t characters_a_line = 76;

// Two characters for every 12 bits: half the look-ups of the usual table.
constexpr std::array<std::array<char, 2>, 4096> pairs = [] {
  std::array<std::array<char, 2>, 4096> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = {alphabet[i >> 6U], alphabet[i & 63U]};
  return table;
}();

void encode_group(char* out, std::uint32_t bits) {
  std::memcpy(out, pairs[bits >> 12U].data(), 2);
  std::memcpy(out + 2, pairs[bits & 0xFFFU].data(), 2);
}

// Encodes up to 57 bytes; gives the end of what was written.
char* encode_line(char* out, const unsigned char* in, std::size_t size) {
  std::size_t i = 0;
  for (; i + 3 <= size; i += 3, out += 4) {
    encode_group(out, (std::uint32_t{in[i]} << 16U) | (std::uint32_t{in[i + 1]} << 8U) | in[i + 2]);
  }
  if (i < size) {
    encode_group(
        out, (std::uint32_t{in[i]} << 16U) | (i + 1 < size ? std::uint32_t{in[i + 1]} << 8U : 0U));
    out[3] = '=';
    if (i + 1 == size) out[2] = '=';
    out += 4;
  }
  *out++ = '\r';
  *out++ = '\n';
  return out;
}

std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 16 + 16);
  const bool has_returns = text.find('\r') != std::string_view::npos;
  std::size_t begin = 0;
  for (std::size_t i = has_returns ? text.find_first_of("\r\n") : text.find('\n');
       i != std::string_view::npos;
       i = has_returns ? text.find_first_of("\r\n", begin) : text.find('\n', begin)) {
    out.append(text, begin, i - begin);
    out += "\r\n";
    begin = i + (text.substr(i, 2) == "\r\n" ? 2 : 1);
  }
  out.append(text, begin, text.size() - begin);
  return out;
}

void append_base64(std::string& out, std::string_view text) {
  const std::string lines = with_crlf(text);
  const std::size_t begin = out.size();
  const std::size_t line_count = (lines.size() + bytes_a_line - 1) / bytes_a_line;
  out.resize(begin + (lines.size() + 2) / 3 * 4 + 2 * line_count);
  char* to = out.data() + begin;
  const auto* from = reinterpret_cast<const unsigned char*>(lines.data());
  for (std::size_t left = lines.size(); left > 0;) {
    const std::size_t size = std::min(left, bytes_a_line);
    to = encode_line(to, from, size);
    from += size;
    left -= size;
  }
}

constexpr std::array<bool, 256> stands_for_itself = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = ' '; c < 0x7F; ++c) table[c] = c != '=';
  table['\t'] = true;
  return table;
}();

/// Whether all of the next eight bytes surely stand for themselves: from space to `~`, without `=`.
bool eight_plain(const unsigned char* at) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t highs = 0x80 * ones;
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  const auto has = [](std::uint64_t x, std::uint64_t c) {
    return ((x ^ (c * ones)) - ones) & ~(x ^ (c * ones));
  };
  const std::uint64_t below_space = (bytes - ' ' * ones) & ~bytes;
  return ((below_space | bytes | has(bytes, '=') | has(bytes, 0x7F)) & highs) == 0;
}

/// Writes quoted-printable, counting columns, into room that is large enough.
class QuotedPrintable {
 public:
  explicit QuotedPrintable(char* to) : to_(to) {}

  // A line without its break.
  void line(std::string_view text) {
    column_ = 0;
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    const auto* const end = at + text.size();
    // White space at the end of a line would be lost on the way.
    const bool guarded = at != end && (end[-1] == ' ' || end[-1] == '\t');
    const auto* const plain_end = guarded ? end - 1 : end;
    while (at != end) {
      const auto* const run = at;
      while (plain_end - at >= 8 && eight_plain(at)) at += 8;
      while (at != plain_end && stands_for_itself[*at]) ++at;
      plain(reinterpret_cast<const char*>(run), static_cast<std::size_t>(at - run));
      if (at != end) escaped(*at++);
    }
  }
  void line_break() {
    *to_++ = '\r';
    *to_++ = '\n';
  }
  [[nodiscard]] char* end() const { return to_; }

 private:
  void plain(const char* run, std::size_t left) {
    while (left > 0) {
      if (column_ == characters_a_line - 1) soft_break();
      const std::size_t size = std::min(left, characters_a_line - 1 - column_);
      std::memcpy(to_, run, size);
      to_ += size;
      run += size;
      column_ += size;
      left -= size;
    }
  }
  void escaped(unsigned char byte) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    if (column_ + 3 > characters_a_line - 1) soft_break();
    to_[0] = '=';
    to_[1] = digits[byte >> 4U];
    to_[2] = digits[byte & 15U];
    to_ += 3;
    column_ += 3;
  }
  void soft_break() {
    *to_++ = '=';
    line_break();
    column_ = 0;
  }

  char* to_;
  std::size_t column_ = 0;
};

// A text without CR, whose line breaks are LF.
void append_line(std::string& out, std::string_view line) {
  const bool ended = line.ends_with('\n');
  if (ended) line.remove_suffix(1);
  const std::size_t begin = out.size();
  out.resize(begin + 3 * line.size() + 3 * (3 * line.size() / 73 + 1) + 2);
  QuotedPrintable writer(out.data() + begin);
  writer.line(line);
  if (ended) writer.line_break();
  out.resize(static_cast<std::size_t>(writer.end() - out.data()));
}

std::size_t line_end(std::string_view text, std::size_t at) {
  const std::size_t feed = text.find('\n', at);
  return feed == std::string_view::npos ? text.size() : feed + 1;
}

void append_quoted_printable(std::string& out, std::string_view text) {
  const std::size_t begin = out.size();
  // Three characters a byte, and a soft break of three after at least 73 of them.
  out.resize(begin + 3 * text.size() + 3 * (3 * text.size() / 73 + 1));
  QuotedPrintable writer(out.data() + begin);
  const bool has_returns = text.find('\r') != std::string_view::npos;
  for (std::size_t from = 0;;) {
    const std::size_t end = has_returns ? text.find_first_of("\r\n", from) : text.find('\n', from);
    writer.line(text.substr(from, end == std::string_view::npos ? end : end - from));
    if (end == std::string_view::npos) break;
    writer.line_break();
    from = end + (text.substr(end, 2) == "\r\n" ? 2 : 1);
  }
  out.resize(static_cast<std::size_t>(writer.end() - out.data()));
}

std::size_t foreign_bytes(std::string_view text) {
  constexpr std::uint64_t high = 0x8080808080808080U;
  std::size_t foreign = 0;
  std::size_t at = 0;
  for (std::array<std::uint64_t, 4> words{}; at + sizeof words <= text.size(); at += sizeof words) {
    std::memcpy(words.data(), text.data() + at, sizeof words);
    if (((words[0] | words[1] | words[2] | words[3]) & high) == 0) continue;
    // Adds up the eight highest bits of each.
    for (const std::uint64_t eight : words)
      foreign += (((eight & high) >> 7U) * 0x0101010101010101U) >> 56U;
  }
  for (; at < text.size(); ++at) foreign += static_cast<unsigned char>(text[at]) >> 7U;
  return foreign;
}

Transfer transfer_for(std::size_t foreign, std::size_t all) {
  return foreign * 6 > all ? Transfer::base64 : Transfer::quoted_printable;
}

}  // namespace

Transfer transfer_for(std::string_view text) {
  return transfer_for(foreign_bytes(text), text.size());
}

Transfer transfer_for_7bit(std::string_view text) {
  constexpr std::size_t longest_line = 998;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    if (end - at > longest_line || text.substr(at, 4) == "--=_") return Transfer::quoted_printable;
    at = end + 1;
  }
  return Transfer::seven_bit;
}

std::string_view transfer_name(Transfer transfer) {
  switch (transfer) {
    case Transfer::base64: return "base64";
    case Transfer::seven_bit: return "7bit";
    default: return "quoted-printable";
  }
}

std::optional<Transfer> BodyMemo::look_at(std::string_view text) {
  runs_.clear();
  if (learns_) return learn(text);
  std::size_t line = 0;
  std::size_t anew = 0;
  std::size_t foreign = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t end = reuse(text, at, line); end > at) {
      foreign += lines_[runs_.back().last].foreign - lines_[runs_.back().first].foreign;
      at = end;
      continue;
    }
    const std::size_t end = line_end(text, at);
    const std::string_view fresh = text.substr(at, end - at);
    if (fresh.find('\r') != std::string_view::npos) return whole(text);
    if (!is_valid_utf8(fresh)) return std::nullopt;
    foreign += foreign_bytes(fresh);
    anew += fresh.size();
    if (!runs_.empty() && runs_.back().first == runs_.back().last)
      runs_.back().end = end;
    else
      runs_.push_back({at, end, 0, 0});
    at = end;
    ++line;
  }
  learns_ = anew > text.size() / 2;
  return transfer_for(foreign, text.size());
}

/// Takes over whole lines that `text` has from `at` on, from `line` or soon behind it; returns
/// where they end.
std::size_t BodyMemo::reuse(std::string_view text, std::size_t at, std::size_t& line) {
  constexpr std::size_t lines_ahead = 4;
  for (std::size_t i = line; i + 1 < lines_.size() && i < line + lines_ahead; ++i) {
    const std::size_t end =
        lines_[i].text +
        common_prefix(text.substr(at), std::string_view(text_).substr(lines_[i].text));
    const auto behind =
        std::upper_bound(lines_.begin() + static_cast<std::ptrdiff_t>(i), lines_.end(), end,
                         [](std::size_t wanted, const Line& l) { return wanted < l.text; });
    const auto last = static_cast<std::size_t>(behind - lines_.begin()) - 1;
    if (last == i) continue;
    const std::size_t ends = at + lines_[last].text - lines_[i].text;
    runs_.push_back({at, ends, i, last});
    line = last;
    return ends;
  }
  return at;
}

/// A text whose line breaks are not all LF is encoded by itself.
std::optional<Transfer> BodyMemo::whole(std::string_view text) {
  if (!is_valid_utf8(text)) return std::nullopt;
  runs_.assign(1, {0, text.size(), 0, 0});
  return transfer_for(text);
}

std::optional<Transfer> BodyMemo::learn(std::string_view text) {
  if (text.find('\r') != std::string_view::npos) return whole(text);
  if (!is_valid_utf8(text)) return std::nullopt;
  text_ = text;
  encoded_.clear();
  encodes_ = false;
  lines_.clear();
  std::size_t foreign = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    lines_.push_back({at, 0, foreign});
    const std::size_t end = line_end(text, at);
    foreign += foreign_bytes(text.substr(at, end - at));
    at = end;
  }
  if (text.ends_with('\n')) lines_.push_back({at, 0, foreign});
  runs_.assign(1, {0, text.size(), 0, 0});
  learns_ = false;
  return transfer_for(foreign, text.size());
}

void BodyMemo::encode() {
  for (Line& line : lines_) {
    line.encoded = encoded_.size();
    if (line.text < text_.size())
      append_line(encoded_, std::string_view(text_).substr(line.text,
                                                           line_end(text_, line.text) - line.text));
  }
  encodes_ = true;
}

void BodyMemo::append(std::string& out, std::string_view text, Transfer transfer) {
  if (transfer != Transfer::quoted_printable) return append_encoded(out, text, transfer);
  for (const Run& run : runs_) {
    if (run.first == run.last) {
      append_quoted_printable(out, text.substr(run.begin, run.end - run.begin));
      continue;
    }
    if (!encodes_) encode();
    out.append(encoded_, lines_[run.first].encoded,
               lines_[run.last].encoded - lines_[run.first].encoded);
  }
}

void append_encoded(std::string& out, std::string_view text, Transfer transfer) {
  switch (transfer) {
    case Transfer::base64: return append_base64(out, text);
    case Transfer::quoted_printable: return append_quoted_printable(out, text);
    case Transfer::seven_bit: out += with_crlf(text);
  }
}

}  // namespace retaind::render
