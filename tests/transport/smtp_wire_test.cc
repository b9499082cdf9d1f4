#include "transport/smtp_wire.h"

#include <catch2/catch.hpp>

using namespace retaind;
using namespace retaind::transport;

namespace {

/// What a server reads back (RFC 5321 4.5.2), line by line.
std::string unstuffed(std::string_view wire) {
  std::string out;
  while (!wire.empty()) {
    const std::size_t end = wire.find("\r\n");
    REQUIRE(end != std::string_view::npos);
    std::string_view line = wire.substr(0, end);
    REQUIRE(line != ".");
    REQUIRE(line.find_first_of("\r\n") == std::string_view::npos);
    if (line.starts_with('.')) line.remove_prefix(1);
    out += std::string(line) + "\r\n";
    wire.remove_prefix(end + 2);
  }
  return out;
}

}  // namespace

TEST_CASE("lines that begin with a dot get another one", "[transport]") {
  CHECK(wire_form("a\r\n.\r\nb\r\n") == "a\r\n..\r\nb\r\n");
  CHECK(wire_form(".\r\n") == "..\r\n");
  CHECK(wire_form("..x\r\n") == "...x\r\n");
  CHECK(wire_form("a.b\r\nc.\r\n") == "a.b\r\nc.\r\n");
  CHECK(wire_form("").empty());
  CHECK(wire_form("no end") == "no end\r\n");
}

TEST_CASE("bare CR and LF never reach the server", "[transport]") {
  CHECK(wire_form("a\nb\r\n") == "a\r\nb\r\n");
  CHECK(wire_form("a\n.\nMAIL FROM:<x>\r\n") == "a\r\n..\r\nMAIL FROM:<x>\r\n");
  CHECK(wire_form("a\r.\rb\r\n") == "a\r\n..\r\nb\r\n");
  CHECK(wire_form("a\r\n.\r") == "a\r\n..\r\n");
  CHECK(wire_form("a\n\r\nb\r\n") == "a\r\n\r\nb\r\n");
  CHECK(wire_form("a\r\r\n") == "a\r\n\r\n");
}

TEST_CASE("every short text over CR, LF, dot and a letter arrives as its lines", "[transport]") {
  const std::string_view alphabet = "\r\n.x";
  for (int length = 1; length <= 7; ++length) {
    const int count = 1 << (2 * length);
    for (int number = 0; number < count; ++number) {
      std::string text;
      for (int i = 0, rest = number; i < length; ++i, rest /= 4)
        text += alphabet[static_cast<std::size_t>(rest % 4)];
      std::string lines;
      for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        lines += text[i] == '\r' || text[i] == '\n' ? "\r\n" : std::string(1, text[i]);
      }
      if (!lines.ends_with("\r\n")) lines += "\r\n";
      if (unstuffed(wire_form(text)) != lines) FAIL("broken: " << Catch::Detail::stringify(text));
    }
  }
}

TEST_CASE("a clean message is not copied", "[transport]") {
  std::string message;
  for (int i = 0; i < 100; ++i) message += "a line of text\r\n";
  const char* const bytes = message.data();
  const std::string wire = wire_form(std::move(message));
  CHECK(wire.data() == bytes);
}

TEST_CASE("an address that could break out of the envelope is not safe", "[transport]") {
  for (const std::string_view good : {"a@b.test", "taro..x@docomo.test", "\"a b\"@c.test",
                                      "\"a>b\"@c.test", "\"a\\\"b\"@c.test", ""}) {
    INFO(good);
    CHECK(is_safe_path(good));
  }
  for (const std::string_view bad : {"a@b\r\nRCPT TO:<c@d>", "a b@c", "a>b@c", "<a@b", "\"open@c",
                                     "\"a\r\"@c", "a@b\x7f", "\"a\\\n\"@c", "caf\xe9@b"}) {
    INFO(bad);
    CHECK_FALSE(is_safe_path(bad));
  }
  CHECK_FALSE(is_safe_path(std::string_view("a\0b@c", 5)));
  CHECK_FALSE(is_safe_path(std::string(321, 'a')));
}

TEST_CASE("MAIL carries the parameters that the message needs and the server knows",
          "[transport]") {
  delivery::Outgoing plain;
  plain.envelope_from = "s@x.test";
  plain.envelope_to = {"t@x.test"};
  plain.bytes = "x\r\n";
  delivery::Outgoing wide = plain;
  wide.envelope_to = {"用户@例子.测试"};
  wide.needs_smtputf8 = true;
  wide.bytes = "Subject: 東京\r\n";
  SmtpExtensions none;
  SmtpExtensions all;
  all.size = all.smtputf8 = all.eight_bit_mime = true;
  CHECK(mail_command(plain, none) == "MAIL FROM:<s@x.test>\r\n");
  CHECK(mail_command(plain, all) == "MAIL FROM:<s@x.test> SIZE=3\r\n");
  CHECK(mail_command(wide, all) == "MAIL FROM:<s@x.test> SIZE=17 BODY=8BITMIME SMTPUTF8\r\n");
  CHECK(refuse_locally(wide, all).empty());
  CHECK(refuse_locally(wide, none).starts_with("5.6.7 "));
  delivery::Outgoing eight = plain;
  eight.bytes = "caf\xc3\xa9\r\n";
  CHECK(refuse_locally(eight, none).starts_with("5.6.3 "));
  all.size_limit = 2;
  CHECK(refuse_locally(plain, all).starts_with("5.3.4 "));
  all.size_limit = 3;
  CHECK(refuse_locally(plain, all).empty());
  plain.envelope_to.clear();
  CHECK(refuse_locally(plain, all).starts_with("5.5.4 "));
}

TEST_CASE("every byte over 127 is seen, wherever it stands", "[transport]") {
  for (std::size_t size = 0; size < 40; ++size) {
    std::string text(size, 'a');
    CHECK(is_ascii(text));
    for (std::size_t at = 0; at < size; ++at) {
      text[at] = '\x80';
      CHECK_FALSE(is_ascii(text));
      text[at] = 'a';
    }
  }
}
