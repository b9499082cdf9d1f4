#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "render/html_text.h"

namespace retaind::render {
namespace {

struct Entity {
  std::string_view name;
  char32_t code_point;
};
// Sorted by name. Latin 1 from 160 on, then what mails use of typography; a soft hyphen is no
// character of a text.
constexpr Entity entities[] = {
    {"AElig", 198},   {"Aacute", 193},  {"Acirc", 194},  {"Agrave", 192},  {"Aring", 197},
    {"Atilde", 195},  {"Auml", 196},    {"Ccedil", 199}, {"ETH", 208},     {"Eacute", 201},
    {"Ecirc", 202},   {"Egrave", 200},  {"Euml", 203},   {"Iacute", 205},  {"Icirc", 206},
    {"Igrave", 204},  {"Iuml", 207},    {"Ntilde", 209}, {"Oacute", 211},  {"Ocirc", 212},
    {"Ograve", 210},  {"Oslash", 216},  {"Otilde", 213}, {"Ouml", 214},    {"THORN", 222},
    {"Uacute", 218},  {"Ucirc", 219},   {"Ugrave", 217}, {"Uuml", 220},    {"Yacute", 221},
    {"aacute", 225},  {"acirc", 226},   {"acute", 180},  {"aelig", 230},   {"agrave", 224},
    {"amp", 38},      {"apos", 39},     {"aring", 229},  {"atilde", 227},  {"auml", 228},
    {"bdquo", 8222},  {"brvbar", 166},  {"bull", 8226},  {"ccedil", 231},  {"cedil", 184},
    {"cent", 162},    {"copy", 169},    {"curren", 164}, {"dagger", 8224}, {"deg", 176},
    {"divide", 247},  {"eacute", 233},  {"ecirc", 234},  {"egrave", 232},  {"eth", 240},
    {"euml", 235},    {"euro", 8364},   {"frac12", 189}, {"frac14", 188},  {"frac34", 190},
    {"gt", 62},       {"hellip", 8230}, {"iacute", 237}, {"icirc", 238},   {"iexcl", 161},
    {"igrave", 236},  {"iquest", 191},  {"iuml", 239},   {"laquo", 171},   {"ldquo", 8220},
    {"lsaquo", 8249}, {"lsquo", 8216},  {"lt", 60},      {"macr", 175},    {"mdash", 8212},
    {"micro", 181},   {"middot", 183},  {"nbsp", 160},   {"ndash", 8211},  {"not", 172},
    {"ntilde", 241},  {"oacute", 243},  {"ocirc", 244},  {"ograve", 242},  {"ordf", 170},
    {"ordm", 186},    {"oslash", 248},  {"otilde", 245}, {"ouml", 246},    {"para", 182},
    {"permil", 8240}, {"plusmn", 177},  {"pound", 163},  {"quot", 34},     {"raquo", 187},
    {"rarr", 8594},   {"rdquo", 8221},  {"reg", 174},    {"rsaquo", 8250}, {"rsquo", 8217},
    {"sbquo", 8218},  {"sect", 167},    {"shy", 0},      {"sup1", 185},    {"sup2", 178},
    {"sup3", 179},    {"szlig", 223},   {"thorn", 254},  {"times", 215},   {"trade", 8482},
    {"uacute", 250},  {"ucirc", 251},   {"ugrave", 249}, {"uml", 168},     {"uuml", 252},
    {"yacute", 253},  {"yen", 165},     {"yuml", 255},   {"zwj", 8205},    {"zwnj", 0},
};

std::optional<char32_t> numeric(std::string_view digits) {
  int base = 10;
  if (!digits.empty() && (digits.front() | 0x20) == 'x') {
    base = 16;
    digits.remove_prefix(1);
  }
  std::uint32_t code = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), code, base);
  if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) return std::nullopt;
  const bool is_character = code >= 32 && code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF) &&
                            !(code >= 0x7F && code < 0xA0);
  if (code == 9 || code == 10 || code == 13) return U' ';
  return is_character ? static_cast<char32_t>(code) : U'\uFFFD';
}

std::optional<char32_t> lookup(std::string_view name) {
  if (!name.empty() && name.front() == '#') return numeric(name.substr(1));
  const auto found = std::lower_bound(
      std::begin(entities), std::end(entities), name,
      [](const Entity& one, std::string_view wanted) { return one.name < wanted; });
  if (found == std::end(entities) || found->name != name) return std::nullopt;
  return found->code_point;
}

}  // namespace

std::string decode_entities(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t amp = std::min(text.find('&'), text.size());
    out += text.substr(0, amp);
    text.remove_prefix(amp);
    if (text.empty()) break;
    const std::size_t end = text.substr(0, 12).find(';');
    const auto code =
        end == std::string_view::npos ? std::nullopt : lookup(text.substr(1, end - 1));
    if (!code) {
      out += '&';
      text.remove_prefix(1);
      continue;
    }
    if (*code == 0xA0)
      out += ' ';
    else if (*code != 0)
      append_utf8(out, *code);
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace retaind::render
