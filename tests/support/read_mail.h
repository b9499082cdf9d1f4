#pragma once
#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/text.h"

// A mail as its reader gets it, for tests that ask what a mail says. It reads what render/mime.h
// writes and no more: tests/render/peer_test.cc holds that against another reader.
namespace retaind::test {

/// The value of a header field, unfolded; "(none)" when there is no such field.
inline std::string header(std::string_view bytes, std::string_view name) {
  const std::string head = "\r\n" + std::string(bytes.substr(0, bytes.find("\r\n\r\n") + 2));
  std::size_t at = head.find("\r\n" + std::string(name) + ":");
  if (at == std::string::npos) return "(none)";
  at += name.size() + 3;
  std::string value;
  for (; at + 1 < head.size(); ++at) {
    const bool folded = head[at] == '\r' && (head[at + 2] == ' ' || head[at + 2] == '\t');
    if (head[at] == '\r' && !folded) break;
    if (head[at] != '\r' && head[at] != '\n') value += head[at];
  }
  return std::string(trim(value));
}

inline std::string decoded(std::string_view body, std::string_view encoding) {
  std::string out;
  if (encoding == "base64") {
    std::string packed;
    for (const char c : body)
      if (c != '\r' && c != '\n') packed += c;
    REQUIRE(from_base64(packed, out));
    return out;
  }
  REQUIRE(encoding == "quoted-printable");
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '=') {
      out += body[i];
    } else if (body.substr(i + 1, 2) == "\r\n") {
      i += 2;
    } else {
      out += static_cast<char>(std::stoi(std::string(body.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    }
  }
  return out;
}

/// The decoded part of a type such as "text/html", white space collapsed to single blanks.
inline std::string part(std::string_view bytes, std::string_view type) {
  const std::size_t begin = bytes.find("Content-Type: " + std::string(type));
  INFO(bytes);
  REQUIRE(begin != std::string_view::npos);
  const std::string_view rest = bytes.substr(begin);
  const std::size_t body = rest.find("\r\n\r\n") + 4;
  const std::string raw = decoded(rest.substr(body, rest.find("\r\n--=_", body) - body),
                                  header(rest, "Content-Transfer-Encoding"));
  std::string text;
  for (const char c : raw) {
    const bool blank = c == ' ' || c == '\r' || c == '\n' || c == '\t';
    if (!blank) text += c;
    if (blank && !text.empty() && text.back() != ' ') text += ' ';
  }
  return text;
}

}  // namespace retaind::test
