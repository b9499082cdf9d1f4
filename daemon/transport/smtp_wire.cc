#include "transport/smtp_wire.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/text.h"

namespace retaind::transport {
namespace {

/// Whether every CR and LF is part of a CRLF, no line begins with a dot, and the last line is
/// ended.
bool travels_as_it_is(std::string_view message) {
  if (!message.empty() && (message.front() == '.' || !message.ends_with("\r\n"))) return false;
  std::string_view rest = message;
  while (!rest.empty()) {
    const std::size_t feed = rest.find('\n');
    const std::size_t carriage = rest.find('\r');
    if (feed == std::string_view::npos || carriage + 1 != feed) return false;
    rest.remove_prefix(feed + 1);
    if (rest.starts_with('.')) return false;
  }
  return true;
}

bool needs_smtputf8(const delivery::Outgoing& message) {
  if (message.needs_smtputf8 || !is_ascii(message.envelope_from)) return true;
  return !std::all_of(message.envelope_to.begin(), message.envelope_to.end(),
                      [](const std::string& to) { return is_ascii(to); });
}

}  // namespace

std::string wire_form(std::string message) {
  if (travels_as_it_is(message)) return message;
  std::string out;
  out.reserve(message.size() + message.size() / 32 + 8);
  bool line_start = true;
  for (std::size_t i = 0; i < message.size(); ++i) {
    const char c = message[i];
    if (c == '\r' || c == '\n') {
      out += "\r\n";
      if (c == '\r' && i + 1 < message.size() && message[i + 1] == '\n') ++i;
      line_start = true;
      continue;
    }
    if (line_start && c == '.') out += '.';
    line_start = false;
    out += c;
  }
  if (!line_start) out += "\r\n";
  return out;
}

bool is_safe_path(std::string_view address) {
  constexpr std::size_t longest = 320;  // RFC 5321 4.5.3.1: 64 + "@" + 255
  if (address.size() > longest) return false;
  bool quoted = false;
  for (std::size_t i = 0; i < address.size(); ++i) {
    const auto c = static_cast<unsigned char>(address[i]);
    if (c < 0x20 || c == 0x7f) return false;
    if (quoted && c == '\\') {
      ++i;
      if (i < address.size() &&
          (static_cast<unsigned char>(address[i]) < 0x20 || address[i] == 0x7f))
        return false;
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == ' ' || c == '<' || c == '>')) return false;
  }
  return !quoted && is_valid_utf8(address);
}

bool is_ascii(std::string_view bytes) {
  // Eight at a time: this runs over every message.
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  std::uint64_t seen = 0;
  std::size_t at = 0;
  for (; at + sizeof seen <= bytes.size(); at += sizeof seen) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    seen |= word;
  }
  for (; at < bytes.size(); ++at) seen |= static_cast<unsigned char>(bytes[at]);
  return (seen & high_bits) == 0;
}

std::string mail_command(const delivery::Outgoing& message, const SmtpExtensions& offered) {
  std::string command = "MAIL FROM:<" + message.envelope_from + '>';
  if (offered.size) command += " SIZE=" + std::to_string(message.bytes.size());
  if (offered.eight_bit_mime && !is_ascii(message.bytes)) command += " BODY=8BITMIME";
  if (offered.smtputf8 && needs_smtputf8(message)) command += " SMTPUTF8";
  return command + "\r\n";
}

std::string rcpt_command(std::string_view address) {
  return "RCPT TO:<" + std::string(address) + ">\r\n";
}

std::string refuse_locally(const delivery::Outgoing& message, const SmtpExtensions& offered) {
  if (message.envelope_to.empty()) return "5.5.4 the message has no recipient";
  if (!is_safe_path(message.envelope_from))
    return "5.1.7 the sender's address cannot stand in an envelope";
  for (const std::string& to : message.envelope_to) {
    if (to.empty() || !is_safe_path(to)) return "5.1.3 the address cannot stand in an envelope";
  }
  if (!offered.smtputf8 && needs_smtputf8(message)) {
    return "5.6.7 the address has letters outside ASCII and the server does not take them (no "
           "SMTPUTF8)";
  }
  if (!offered.eight_bit_mime && !is_ascii(message.bytes)) {
    return "5.6.3 the message has bytes over 127 and the server does not take them (no 8BITMIME)";
  }
  if (offered.size_limit != 0 && message.bytes.size() > offered.size_limit) {
    return "5.3.4 the message has " + grouped(static_cast<long long>(message.bytes.size())) +
           " bytes, the server takes " + grouped(static_cast<long long>(offered.size_limit));
  }
  return {};
}

}  // namespace retaind::transport
