#include "store/text_delta.h"

#include <algorithm>

#include "base/text.h"

namespace retaind::store {
namespace {

// A shorter piece costs as much to name as to repeat.
constexpr std::size_t shortest_copy = 4;
// Lines count as the same line, changed, when they begin alike; one that was put in between or left
// out is looked for so many lines ahead.
constexpr std::size_t alike = 8;
constexpr int lines_ahead = 8;

std::size_t common_suffix(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t n = 0;
  while (n < most && a[a.size() - 1 - n] == b[b.size() - 1 - n]) ++n;
  return n;
}

std::size_t line_end(std::string_view text, std::size_t at) {
  const std::size_t feed = text.find('\n', at);
  return feed == std::string_view::npos ? text.size() : feed + 1;
}

/// The start of a line behind `from` that begins like the one at `start` of `other`; npos: none.
std::size_t find_alike(std::string_view text, std::size_t from, std::string_view other,
                       std::size_t start) {
  const std::string_view wanted = other.substr(start, alike);
  for (int i = 0; i < lines_ahead; ++i) {
    from = line_end(text, from);
    if (from >= text.size()) break;
    if (text.substr(from, alike) == wanted) return from;
  }
  return std::string_view::npos;
}

/// Calls `copy(base_at, text_at, size)` for pieces of both and `insert(text_at, size)` for pieces
/// of the text alone.
template <class Copy, class Insert>
void match(std::string_view base, std::string_view text, Copy&& copy, Insert&& insert) {
  std::size_t b = 0;
  std::size_t t = 0;
  std::size_t line = 0;  // where the text's line begins
  const auto take = [&](std::size_t size) {
    copy(b, t, size);
    const std::size_t feed = text.substr(t, size).rfind('\n');
    if (feed != std::string_view::npos) line = t + feed + 1;
    b += size;
    t += size;
  };
  while (t < text.size()) {
    if (const std::size_t same = common_prefix(base.substr(b), text.substr(t)); same > 0) {
      take(same);
      continue;
    }
    if (b >= base.size()) return insert(t, text.size() - t);
    if (t - line < alike) {
      const std::size_t begun = t - line;
      const std::size_t left_out = find_alike(base, b, text, line);
      if (left_out != std::string_view::npos) {
        b = left_out + begun;
        continue;
      }
      const std::size_t put_in = find_alike(text, t, base, b - std::min(b, begun));
      if (put_in != std::string_view::npos) {
        const std::size_t next = std::min(put_in + begun, text.size());
        insert(t, next - t);
        t = next;
        line = put_in;
        continue;
      }
    }
    const std::size_t base_end = line_end(base, b);
    const std::size_t text_end = line_end(text, t);
    const std::size_t same =
        common_suffix(base.substr(b, base_end - b), text.substr(t, text_end - t));
    insert(t, text_end - same - t);
    b = base_end - same;
    t = text_end - same;
    if (same > 0)
      take(same);
    else
      line = text_end;
  }
}

void append_number(std::string& out, std::size_t value) {
  for (; value >= 0x80; value >>= 7U) out += static_cast<char>(0x80U | (value & 0x7FU));
  out += static_cast<char>(value);
}

bool read_number(std::string_view& in, std::size_t& value) {
  value = 0;
  for (unsigned shift = 0; !in.empty() && shift < 35; shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= std::size_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

/// A delta is a row of: number of bytes to insert, these, number of bytes of the base to pass over,
/// number of bytes to copy.
class DeltaWriter {
 public:
  explicit DeltaWriter(std::string_view text) : text_(text) { out_.reserve(text.size() / 4); }

  void insert(std::size_t at, std::size_t size) {
    if (size == 0) return;
    if (copied_ > 0) end_step();
    if (inserted_ == 0) from_ = at;
    inserted_ += size;  // pieces of the text come in its order, without a gap
  }
  void copy(std::size_t at, std::size_t text_at, std::size_t size) {
    if (size < shortest_copy && at != base_) return insert(text_at, size);
    if (copied_ > 0 && at != base_) end_step();
    if (copied_ == 0) skipped_ = at - base_;
    copied_ += size;
    base_ = at + size;
  }
  std::string finish() {
    if (inserted_ > 0 || copied_ > 0) end_step();
    return std::move(out_);
  }

 private:
  void end_step() {
    append_number(out_, inserted_);
    out_.append(text_, from_, inserted_);
    append_number(out_, skipped_);
    append_number(out_, copied_);
    inserted_ = skipped_ = copied_ = 0;
  }

  std::string_view text_;
  std::string out_;
  std::size_t base_ = 0;  // end of the last copy
  std::size_t from_ = 0;
  std::size_t inserted_ = 0;
  std::size_t skipped_ = 0;
  std::size_t copied_ = 0;
};

}  // namespace

std::string text_delta(std::string_view base, std::string_view text) {
  DeltaWriter writer(text);
  match(
      base, text,
      [&](std::size_t at, std::size_t text_at, std::size_t size) {
        writer.copy(at, text_at, size);
      },
      [&](std::size_t at, std::size_t size) { writer.insert(at, size); });
  return writer.finish();
}

std::optional<std::string> apply_text_delta(std::string_view base, std::string_view delta) {
  std::string text;
  std::size_t at = 0;
  while (!delta.empty()) {
    std::size_t inserted = 0;
    std::size_t skipped = 0;
    std::size_t copied = 0;
    if (!read_number(delta, inserted) || inserted > delta.size()) return std::nullopt;
    text += delta.substr(0, inserted);
    delta.remove_prefix(inserted);
    if (!read_number(delta, skipped) || !read_number(delta, copied)) return std::nullopt;
    at += skipped;
    if (at > base.size() || copied > base.size() - at) return std::nullopt;
    text += base.substr(at, copied);
    at += copied;
  }
  return text;
}

std::string common_text(std::string_view a, std::string_view b) {
  std::string common;
  match(
      a, b, [&](std::size_t at, std::size_t, std::size_t size) { common += a.substr(at, size); },
      [](std::size_t, std::size_t) {});
  return common;
}

}  // namespace retaind::store
