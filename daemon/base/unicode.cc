#include "base/unicode.h"

#include <clocale>
#include <cwchar>
#include <cwctype>

namespace retaind::unicode {
namespace {

// The C library's own Unicode tables. C.UTF-8 exists on every Debian, whatever the user's locale
// is.
locale_t tables() {
  static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

}  // namespace

std::size_t columns(char32_t code_point) {
  if (code_point >= 0x20 && code_point < 0x7F) return 1;
  if (tables() == nullptr) return 1;
  // wcwidth has no variant that takes a locale; uselocale changes this thread only.
  const locale_t before = ::uselocale(tables());
  const int width = ::wcwidth(static_cast<wchar_t>(code_point));
  ::uselocale(before);
  return width < 0 ? 0 : static_cast<std::size_t>(width);
}

char32_t folded(char32_t code_point) {
  // Letters that fold to another letter's lower case though they are lower case themselves.
  switch (code_point) {
    case 0xB5: return 0x3BC;
    case 0x17F: return U's';
    case 0x345: return 0x3B9;
    case 0x3C2: return 0x3C3;
    case 0x3D0: return 0x3B2;
    case 0x3D1: return 0x3B8;
    case 0x3D5: return 0x3C6;
    case 0x3D6: return 0x3C0;
    case 0x3F0: return 0x3BA;
    case 0x3F1: return 0x3C1;
    case 0x3F5: return 0x3B5;
    case 0x1E9B: return 0x1E61;
    case 0x1FBE: return 0x3B9;
    default: break;
  }
  if (tables() == nullptr) return code_point;
  return static_cast<char32_t>(::towlower_l(static_cast<wint_t>(code_point), tables()));
}

bool is_invisible(char32_t code_point) {
  if (code_point < 0x20 || (code_point >= 0x7F && code_point <= 0xA0)) return true;
  const auto within = [code_point](char32_t low, char32_t high) {
    return code_point >= low && code_point <= high;
  };
  return code_point == 0xAD || code_point == 0x1680 || code_point == 0x180E ||
         within(0x2000, 0x200F) || within(0x2028, 0x202F) || within(0x205F, 0x206F) ||
         code_point == 0x3000 || code_point == 0xFEFF || within(0xFFF0, 0xFFFF);
}

}  // namespace retaind::unicode
