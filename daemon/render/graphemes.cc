#include "render/graphemes.h"

#include "base/text.h"

namespace retaind::render {
namespace {

using K = GraphemeKind;

/// The rules of UAX 29, 3.1.1, fed with one code point after the other.
class Borders {
 public:
  /// Whether a grapheme ends in front of this one.
  bool before(K next) {
    const bool ends = !is_joined(next);
    flags_ = next == K::regional && !(last_ == K::regional && !ends) ? 1 : 0;
    if (next == K::pictograph)
      emoji_ = true;
    else if (ends || (next != K::extend && next != K::joiner))
      emoji_ = false;
    last_ = next;
    return ends;
  }

 private:
  [[nodiscard]] bool is_joined(K next) const {
    if (last_ == K::control || next == K::control) return false;  // GB4, GB5
    switch (last_) {                                              // GB6 to GB8
      case K::l:
        if (next == K::l || next == K::v || next == K::lv || next == K::lvt) return true;
        break;
      case K::lv:
      case K::v:
        if (next == K::v || next == K::t) return true;
        break;
      case K::lvt:
      case K::t:
        if (next == K::t) return true;
        break;
      default: break;
    }
    if (next == K::extend || next == K::joiner || next == K::spacing) return true;  // GB9, GB9a
    if (last_ == K::prepend) return true;                                           // GB9b
    if (last_ == K::joiner && emoji_ && next == K::pictograph) return true;         // GB11
    return last_ == K::regional && next == K::regional && flags_ == 1;              // GB12, GB13
  }

  K last_ = K::control;
  int flags_ = 0;       // 1: half a flag is waiting for its other half
  bool emoji_ = false;  // a pictograph, and since then only what extends it
};

}  // namespace

std::size_t grapheme_offset(std::string_view text, std::size_t n) {
  if (n == 0) return 0;
  Borders borders;
  std::size_t seen = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = next_code_point(text, at);
    // CR LF is one (GB3).
    const bool crlf = c == '\n' && begin > 0 && text[begin - 1] == '\r';
    if (borders.before(grapheme_kind(c)) && !crlf && seen++ == n) return begin;
  }
  return text.size();
}

std::size_t count_graphemes(std::string_view text) {
  std::size_t count = 0;
  Borders borders;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = next_code_point(text, at);
    const bool crlf = c == '\n' && begin > 0 && text[begin - 1] == '\r';
    if (borders.before(grapheme_kind(c)) && !crlf) ++count;
  }
  return count;
}

}  // namespace retaind::render
