#include <idn2.h>

#include <algorithm>

#include "base/text.h"
#include "base/unicode.h"

namespace retaind {
namespace {

constexpr std::size_t longest_local = 64;     // RFC 5321 4.5.3.1.1
constexpr std::size_t longest_domain = 253;   // RFC 1035 2.3.4: 255 octets on the wire
constexpr std::size_t longest_address = 254;  // RFC 5321 4.5.3.1.3: the path's 256 less < and >
constexpr std::size_t longest_label = 63;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// RFC 5322 3.2.3, with RFC 6531 3.3: any other non-ASCII character that can be seen.
bool is_atom_text(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const char32_t c = next_code_point(text, at);
    if (c >= 0x80 ? unicode::is_invisible(c)
                  : !is_letter_or_digit(static_cast<char>(c)) &&
                        std::string_view("!#$%&'*+-/=?^_`{|}~").find(static_cast<char>(c)) ==
                            std::string_view::npos) {
      return false;
    }
  }
  return true;
}

/// RFC 5321 4.1.2 Dot-string: what needs no quotes.
bool is_dot_string(std::string_view local) {
  const auto atoms = split(local, '.');
  return std::none_of(atoms.begin(), atoms.end(),
                      [](std::string_view atom) { return atom.empty() || !is_atom_text(atom); });
}

/// The text between the quotes at the front, unescaped; `rest` starts behind the closing quote.
std::optional<std::string> quoted_string(std::string_view text, std::string_view& rest) {
  std::string content;
  std::size_t at = 1;
  while (at < text.size()) {
    if (text[at] == '"') {
      rest = text.substr(at + 1);
      return content;
    }
    if (text[at] == '\\' && (++at == text.size() || static_cast<unsigned char>(text[at]) >= 0x80)) {
      return std::nullopt;
    }
    const std::size_t start = at;
    const char32_t c = next_code_point(text, at);
    if (c != U' ' && unicode::is_invisible(c)) return std::nullopt;
    content += text.substr(start, at - start);
  }
  return std::nullopt;
}

bool is_host_name(std::string_view domain) {
  if (domain.empty() || domain.size() > longest_domain) return false;
  const auto labels = split(domain, '.');
  for (const std::string_view label : labels) {
    if (label.empty() || label.size() > longest_label) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(),
                     [](char c) { return c == '-' || is_letter_or_digit(c); })) {
      return false;
    }
    // RFC 5891 4.2.3.1: hyphens at these places are reserved for A-labels.
    if (label.size() >= 4 && label[2] == '-' && label[3] == '-' && !label.starts_with("xn--"))
      return false;
  }
  // A last label of digits would be read as an address of IPv4 (RFC 3696 section 2).
  return !std::all_of(labels.back().begin(), labels.back().end(),
                      [](char c) { return c >= '0' && c <= '9'; });
}

/// Lower case, non-ASCII labels as A-labels; empty when it is no domain.
std::string to_domain(std::string_view text) {
  const std::string lower = lower_ascii(text);
  const bool has_label = lower.starts_with("xn--") || lower.find(".xn--") != std::string::npos;
  // libidn2 may drop characters of a plain host without a word, so such hosts never go through it.
  if (is_ascii(lower) && !has_label) return is_host_name(lower) ? lower : std::string();
  if (lower.size() > 4 * longest_domain) return {};
  char* encoded = nullptr;
  const int status =
      idn2_to_ascii_8z(lower.c_str(), &encoded, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  std::string domain = status == IDN2_OK ? std::string(encoded) : std::string();
  if (encoded != nullptr) idn2_free(encoded);
  return is_host_name(domain) ? domain : std::string();
}

}  // namespace

std::string EmailAddress::envelope() const {
  if (is_dot_string(local)) return local + "@" + domain;
  std::string quoted = "\"";
  for (const char c : local) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"@" + domain;
}

std::string envelope_of(const std::string& address) {
  const auto parsed = parse_email(address);
  return parsed ? parsed->envelope() : address;
}

bool EmailAddress::needs_smtputf8() const { return !is_ascii(local); }

std::optional<EmailAddress> parse_email(std::string_view text) {
  if (text.empty() || !is_valid_utf8(text)) return std::nullopt;
  EmailAddress address;
  std::string_view rest;
  if (text.front() == '"') {
    auto content = quoted_string(text, rest);
    if (!content || !rest.starts_with('@')) return std::nullopt;
    address.local = std::move(*content);
    rest.remove_prefix(1);
  } else {
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos) return std::nullopt;
    address.local = text.substr(0, at);
    rest = text.substr(at + 1);
    // Dots anywhere: Japanese carriers have issued `a..b@` and `.x@`.
    const auto atoms = split(address.local, '.');
    if (!std::all_of(atoms.begin(), atoms.end(), is_atom_text)) return std::nullopt;
  }
  address.domain = to_domain(rest);
  if (address.local.empty() || address.domain.empty()) return std::nullopt;
  const std::string envelope = address.envelope();
  if (envelope.size() > longest_address) return std::nullopt;
  if (envelope.size() - address.domain.size() - 1 > longest_local) return std::nullopt;
  return address;
}

std::string email_key(std::string_view text) {
  const auto address = parse_email(text);
  if (!address) return {};
  std::string key;
  std::size_t at = 0;
  while (at < address->local.size())
    append_utf8(key, unicode::folded(next_code_point(address->local, at)));
  return key + "@" + address->domain;
}

}  // namespace retaind
