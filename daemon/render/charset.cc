#include "render/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace retaind::render {
namespace {

/// Converts whole texts; what is not representable fails, and nothing is put in its place.
class Converter {
 public:
  Converter(const char* to, const char* from) : handle_(::iconv_open(to, from)) {}
  ~Converter() {
    if (is_open()) ::iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  std::optional<std::string> convert(std::string text) {
    if (!is_open()) return std::nullopt;
    // No character of a byte takes more than an escape sequence of three and one byte, none of
    // two bytes or more takes more than twice that.
    std::string out(4 * text.size() + 8, '\0');
    char* in = text.data();
    std::size_t left = text.size();
    char* to = out.data();
    std::size_t room = out.size();
    constexpr auto failed = static_cast<std::size_t>(-1);
    // The second call writes what leads back to ASCII.
    if (::iconv(handle_, &in, &left, &to, &room) != 0 ||
        ::iconv(handle_, nullptr, nullptr, &to, &room) == failed)
      return std::nullopt;
    out.resize(out.size() - room);
    return out;
  }

 private:
  // iconv_open() fails with (iconv_t)-1.
  [[nodiscard]] bool is_open() const {
    return reinterpret_cast<std::intptr_t>(handle_) != std::intptr_t{-1};
  }
  ::iconv_t handle_;
};

// JIS X 0208 and Unicode do not agree about these: some programs read ¢ £ ¬ ‖ − 〜 as their
// full-width or other forms, and the Roman set's ¥ and ‾ as \ and ~.
bool is_disputed(char32_t c) {
  constexpr std::array<char32_t, 8> disputed{0xA2,   0xA3,   0xA5,   0xAC,
                                             0x2016, 0x203E, 0x2212, 0x301C};
  return std::find(disputed.begin(), disputed.end(), c) != disputed.end();
}

// ESC, SO and SI in a text would switch sets.
bool is_allowed(char32_t c) {
  return c < ' ' ? c == '\t' || c == '\n' || c == '\r' : c != 0x7F && !is_disputed(c);
}

}  // namespace

std::string_view charset_name(Charset charset) {
  return charset == Charset::iso_2022_jp ? "iso-2022-jp" : "utf-8";
}

std::optional<std::string> to_iso_2022_jp(std::string_view text) {
  for (std::size_t at = 0; at < text.size();)
    if (!is_allowed(next_code_point(text, at))) return std::nullopt;
  return Converter("ISO-2022-JP", "UTF-8").convert(std::string(text));
}

std::size_t iso_2022_jp_length(std::string_view text) {
  constexpr std::size_t escape = 3;
  std::size_t length = 0;
  bool in_jis = false;
  for (std::size_t at = 0; at < text.size();) {
    const bool is_jis = next_code_point(text, at) > 0x7F;
    length += (is_jis ? 2 : 1) + (is_jis != in_jis ? escape : 0);
    in_jis = is_jis;
  }
  return length + (in_jis ? escape : 0);
}

std::optional<std::string> to_utf8(std::string_view bytes, std::string_view charset) {
  return Converter("UTF-8", std::string(charset).c_str()).convert(std::string(bytes));
}

}  // namespace retaind::render
