#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retaind {

bool is_valid_utf8(std::string_view text);
/// Byte offset of the first invalid sequence; text.size() when valid.
std::size_t utf8_error(std::string_view text);
/// Invalid sequences become U+FFFD, one for each maximal subpart (Unicode 15, 3.9 D93b).
std::string to_valid_utf8(std::string_view text);
/// Decodes the code point at `at` (text must be valid) and moves `at` behind it.
char32_t next_code_point(std::string_view text, std::size_t& at);
void append_utf8(std::string& out, char32_t code_point);
/// Columns that a terminal uses (East Asian wide characters are 2, combining marks 0).
std::size_t display_width(std::string_view text);

/// Blank, tab, and what ends a line or a page.
inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string lower_ascii(std::string_view text);
/// How many bytes both begin with.
std::size_t common_prefix(std::string_view a, std::string_view b);
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);
/// "12,346" for people.
std::string grouped(long long number);
/// "1 error", "3 errors".
std::string counted(long long number, std::string_view noun);

/// Damerau-Levenshtein (optimal string alignment) over bytes.
std::size_t edit_distance(std::string_view a, std::string_view b);
/// The nearest of `names` within a third of the word's length (at least one edit); empty when none
/// is near.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> names);

/// An e-mail address, checked for use in an envelope.
struct EmailAddress {
  std::string local;   ///< as given, without quotes
  std::string domain;  ///< lower case; a non-ASCII domain as A-labels (RFC 5890)
  /// local@domain, the local part quoted where RFC 5321 4.1.2 wants it ("a..b"@docomo.ne.jp).
  [[nodiscard]] std::string envelope() const;
  [[nodiscard]] bool needs_smtputf8() const;
};
/// Accepts what has been issued in practice, also `a..b@docomo.ne.jp`; refuses control characters,
/// spaces outside quotes, over-long parts (RFC 5321 4.5.3.1: 64, 255, 254 octets), hosts with bad
/// characters, address lists.
std::optional<EmailAddress> parse_email(std::string_view text);
/// As it stands in an SMTP envelope: a domain of other letters as A-labels (RFC 5891), a local part
/// that is no dot-string in quotes (RFC 5321 4.1.2). What is no address stays as it is.
std::string envelope_of(const std::string& address);
/// Key under which caps, suppression and consent know an address: lower-cased (Unicode simple
/// folding where ASCII does not do) local part @ A-label domain; empty when it is no address.
std::string email_key(std::string_view text);

}  // namespace retaind
