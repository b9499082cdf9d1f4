#include "render/mime.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "base/digest.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/value.h"
#include "render/header.h"

using namespace retaind;
using namespace retaind::render;

namespace {

Mail simple_mail() {
  Mail mail;
  mail.from = {"Shop", "shop@example.com"};
  mail.to = {{"Anna", "anna@example.net"}};
  mail.subject = "Hello";
  mail.text = "Hi\n";
  mail.message_id = "m1@example.com";
  mail.date = from_ms(1772442000000);
  return mail;
}

std::string built(const Mail& mail) {
  const auto result = build_mail(mail);
  if (!result) return "error: " + result.error().message;
  return result->bytes;
}

/// The field with its name, folds and final CRLF; empty when it is not there.
std::string field(const std::string& bytes, std::string_view name) {
  const std::string head = "\r\n" + bytes.substr(0, bytes.find("\r\n\r\n") + 2);
  const std::size_t at = head.find("\r\n" + std::string(name) + ":");
  if (at == std::string::npos) return {};
  std::size_t end = at + 2;
  do {
    end = head.find("\r\n", end) + 2;
  } while (end < head.size() && (head[end] == ' ' || head[end] == '\t'));
  return head.substr(at + 2, end - at - 2);
}

/// What is wrong with the bytes as a 7-bit mail; empty when nothing is.
std::string wire_fault(const std::string& bytes, bool utf8 = false) {
  std::size_t line = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (static_cast<unsigned char>(bytes[i]) > 0x7F && !utf8) return "8-bit byte";
    if (bytes[i] == '\0') return "NUL";
    if (bytes[i] == '\r' && (i + 1 == bytes.size() || bytes[i + 1] != '\n')) return "bare CR";
    if (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r')) return "bare LF";
    line = bytes[i] == '\n' ? 0 : line + 1;
    if (line > 999) return "line over 998";
  }
  const std::size_t body = bytes.find("\r\n\r\n");
  if (body == std::string::npos) return "no body";
  for (std::size_t at = body + 4; at < bytes.size();) {
    const std::size_t end = bytes.find("\r\n", at);
    if (end == std::string::npos) return "no line break at the end";
    if (end - at > 76) return "body line over 76";
    at = end + 2;
  }
  return {};
}

std::vector<std::string> field_names(const std::string& bytes) {
  std::vector<std::string> names;
  for (std::size_t at = 0; bytes.compare(at, 2, "\r\n") != 0;) {
    const std::size_t end = bytes.find("\r\n", at);
    if (bytes[at] != ' ' && bytes[at] != '\t')
      names.push_back(bytes.substr(at, bytes.find(':', at) - at));
    at = end + 2;
  }
  return names;
}

std::string subject_field(std::string_view subject) {
  Mail mail = simple_mail();
  mail.subject = std::string(subject);
  return field(built(mail), "Subject");
}

/// Decodes one `=?utf-8?B?…?=`.
bool from_base64_word(const std::string& word, std::string& bytes) {
  return word.substr(0, 10) == "=?utf-8?B?" &&
         from_base64(word.substr(10, word.size() - 12), bytes);
}

std::string to_field(std::string_view name) {
  Mail mail = simple_mail();
  mail.to = {{std::string(name), "a@b.example"}};
  return field(built(mail), "To");
}

}  // namespace

TEST_CASE("a plain mail has every header once and reads as written", "[render]") {
  CHECK(built(simple_mail()) ==
        "Date: Mon, 02 Mar 2026 09:00:00 +0000\r\n"
        "From: Shop <shop@example.com>\r\n"
        "To: Anna <anna@example.net>\r\n"
        "Subject: Hello\r\n"
        "Message-ID: <m1@example.com>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "Hi\r\n");
}

TEST_CASE("the date stands in the mail's zone", "[render]") {
  Mail mail = simple_mail();
  mail.zone = *Zone::find("Asia/Tokyo");
  CHECK(field(built(mail), "Date") == "Date: Mon, 02 Mar 2026 18:00:00 +0900\r\n");
}

TEST_CASE("Japanese subjects become the encoded words that other mailers write", "[render]") {
  CHECK(subject_field("アンケートのお願い") ==
        "Subject: =?utf-8?B?44Ki44Oz44Kx44O844OI44Gu44GK6aGY44GE?=\r\n");
  const std::string lines =
      subject_field("【重要】アンケートご協力のお願い：先日ご購入いただいた商品はいかがでしたか？");
  CHECK(lines.substr(0, 76) ==
        "Subject: =?utf-8?B?44CQ6YeN6KaB44CR44Ki44Oz44Kx44O844OI44GU5Y2U5Yqb44Gu?=\r\n ");
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 3);
  CHECK(to_field("山田") == "To: =?utf-8?B?5bGx55Sw?= <a@b.example>\r\n");
}

TEST_CASE("words encoded as Go's mime package encodes them", "[render]") {
  const auto text = read_file(
      std::filesystem::path(RETAIND_DATA) / "mail_parsing/rfc2047_vectors.json", 1U << 20U);
  if (!text) {
    std::puts("skipped: the RFC 2047 vectors are not there");
    return;
  }
  const auto vectors = parse_json(*text);
  REQUIRE(vectors);
  int compared = 0;
  for (const Value& one : *vectors->find("encode_word")->as_array()) {
    const std::string& in = *one.find("in")->as_text();
    const std::string& out = *one.find("out")->as_text();
    // Plain text stays plain: that is the header's decision, not the word's.
    if (in == out) {
      CHECK(subject_field(in) == "Subject:" + std::string(in.empty() ? "" : " ") + in + "\r\n");
      continue;
    }
    std::string got;
    HeaderWriter writer(got);
    writer.encoded_words(
        in, *one.find("encoding")->as_text() == "Q" ? WordEncoding::q : WordEncoding::b, false);
    CHECK(lower_ascii(got) == lower_ascii(out));
    ++compared;
  }
  CHECK(compared == 4);
}

TEST_CASE("an encoded word is at most 75 characters and never splits a character or an emoji",
          "[render]") {
  std::string subject;
  for (int i = 0; i < 40; ++i)
    subject += i % 3 == 0 ? "👩‍👩‍👧" : i % 3 == 1 ? "が" : "é́";
  const std::string lines = subject_field(subject);
  for (std::size_t at = 0; (at = lines.find("=?", at)) != std::string::npos;) {
    const std::size_t end = lines.find("?=", at + 10) + 2;
    CHECK(end - at <= 75);
    std::string bytes;
    REQUIRE(from_base64_word(lines.substr(at, end - at), bytes));
    CHECK(is_valid_utf8(bytes));
    CHECK(bytes.substr(0, 3) != "\u200D");
    CHECK(bytes.substr(bytes.size() - 3) != "\u200D");
    CHECK(bytes.substr(0, 2) != "\u0301");
    at = end;
  }
}

TEST_CASE("names are atoms, quoted or encoded as their characters want", "[render]") {
  CHECK(to_field("") == "To: a@b.example\r\n");
  CHECK(to_field("Anna Lee") == "To: Anna Lee <a@b.example>\r\n");
  CHECK(to_field("Smith, John") == "To: \"Smith, John\" <a@b.example>\r\n");
  CHECK(to_field("O'Neil \"Bob\"") == "To: \"O'Neil \\\"Bob\\\"\" <a@b.example>\r\n");
  CHECK(to_field("@home") == "To: \"@home\" <a@b.example>\r\n");
  CHECK(to_field("山田 太郎 (営業)") ==
        "To: =?utf-8?B?5bGx55SwIOWkqumDjiAo5Za25qWtKQ==?= <a@b.example>\r\n");
  CHECK(to_field("=?utf-8?Q?Eve?=").find("=?utf-8?Q?Eve") == std::string::npos);
  CHECK(to_field("\u202Egpj.exe") == "To: \"gpj.exe\" <a@b.example>\r\n");
  CHECK(to_field("A\tB\u2028C  D") == "To: A BC D <a@b.example>\r\n");
}

TEST_CASE("long headers fold, and words that no fold helps are encoded", "[render]") {
  const std::string words = subject_field(
      "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen");
  CHECK(words ==
        "Subject: one two three four five six seven eight nine ten eleven twelve\r\n thirteen "
        "fourteen fifteen\r\n");
  Mail mail = simple_mail();
  mail.subject = std::string(5000, 'x');
  mail.to.clear();
  for (int i = 0; i < 30; ++i)
    mail.to.push_back({i % 2 == 0 ? "山田太郎山田太郎山田太郎山田太郎" : std::string(3000, 'n'),
                       "person@example.com"});
  CHECK(wire_fault(built(mail)).empty());
  CHECK(field(built(mail), "Subject").find("\r\n ") != std::string::npos);
}

TEST_CASE("CR, LF or NUL in a header source is an error, never stripped", "[render]") {
  for (const std::string& bad : {std::string("hi\r\nBcc: x@y.example"), std::string("Eve\nX: 1"),
                                 std::string("a\rb"), std::string("a\0b", 3)}) {
    Mail mail = simple_mail();
    mail.subject = bad;
    CHECK(built(mail).find("error: the subject holds a line break or NUL") == 0);
    mail = simple_mail();
    mail.from.name = bad;
    CHECK(built(mail).find("error: the from name") == 0);
    mail = simple_mail();
    mail.to[0].name = bad;
    CHECK(built(mail).find("error: the to name") == 0);
    mail = simple_mail();
    mail.to[0].address = "a@b.example" + bad;
    CHECK(built(mail).find("error: the to address") == 0);
    mail = simple_mail();
    mail.reply_to = bad;
    CHECK(built(mail).find("error: the reply-to address") == 0);
    for (std::string Mail::*const member :
         {&Mail::message_id, &Mail::in_reply_to, &Mail::list_unsubscribe_url,
          &Mail::list_unsubscribe_mailto, &Mail::list_id, &Mail::feedback_id}) {
      mail = simple_mail();
      mail.*member = bad;
      CHECK(built(mail).find("error: ") == 0);
    }
    mail = simple_mail();
    mail.extra = {{"X-Retaind-Rule", bad}};
    CHECK(built(mail).find("error: ") == 0);
    mail.extra = {{bad, "1"}};
    CHECK(built(mail).find("error: ") == 0);
  }
}

TEST_CASE("10,000 hostile header values give exactly the intended headers or an error",
          "[render]") {
  Rng rng(20260302);
  const std::vector<std::string> parts = {"\r",
                                          "\n",
                                          "\r\n ",
                                          "\r\n",
                                          std::string(1, '\0'),
                                          "Bcc: x@y.example",
                                          "=?utf-8?Q?",
                                          "?=",
                                          ":",
                                          "<",
                                          ">",
                                          ",",
                                          ";",
                                          "\"",
                                          "\\",
                                          "(",
                                          ")",
                                          "\u2028",
                                          "\u0085",
                                          "\u202E",
                                          "山",
                                          "🎉",
                                          "é",
                                          "\xFF",
                                          "\xE3\x81",
                                          " ",
                                          "\t",
                                          "@",
                                          "a@b.example",
                                          std::string(90, 'w'),
                                          "x"};
  const auto value = [&] {
    std::string text;
    for (std::uint64_t n = rng.below(8); n > 0; --n) text += parts[rng.below(parts.size())];
    return text;
  };
  const std::vector<std::string> intended = {"Date",
                                             "From",
                                             "To",
                                             "Reply-To",
                                             "Subject",
                                             "Message-ID",
                                             "List-Unsubscribe",
                                             "List-Unsubscribe-Post",
                                             "X-Retaind-Rule",
                                             "MIME-Version",
                                             "Content-Type",
                                             "Content-Transfer-Encoding"};
  int accepted = 0;
  int refused = 0;
  for (int i = 0; i < 10'000; ++i) {
    Mail mail = simple_mail();
    mail.reply_to = "reply@example.com";
    mail.list_unsubscribe_url = "https://example.com/u?t=1";
    mail.extra = {{"X-Retaind-Rule", "thanks"}};
    mail.subject = value();
    if (i % 2 == 0) mail.to[0].name = value();
    if (i % 3 == 0) mail.from.name = value();
    if (i % 5 == 0) mail.to[0].address = value();
    if (i % 7 == 0) mail.extra[0].second = value();
    if (i % 11 == 0) mail.list_unsubscribe_url = value();
    const auto result = build_mail(mail);
    if (!result) {
      ++refused;
      continue;
    }
    ++accepted;
    INFO(result->bytes);
    CHECK(wire_fault(result->bytes, result->needs_smtputf8).empty());
    std::vector<std::string> names = field_names(result->bytes);
    if (mail.list_unsubscribe_url.empty())
      names.insert(names.begin() + 6, {"List-Unsubscribe", "List-Unsubscribe-Post"});
    CHECK(names == intended);
  }
  CHECK(accepted > 2500);
  CHECK(refused > 2500);
}

TEST_CASE("list headers are never encoded, and one-click needs an https link", "[render]") {
  Mail mail = simple_mail();
  mail.list_unsubscribe_url = "https://example.com/u/" + std::string(120, 't');
  mail.list_unsubscribe_mailto = "stop@example.com?subject=stop";
  mail.list_id = "news.example.com";
  mail.feedback_id = "rule:stream:account:shop1";
  std::string bytes = built(mail);
  CHECK(field(bytes, "List-Unsubscribe") ==
        "List-Unsubscribe: <" + mail.list_unsubscribe_url +
            ">,\r\n <mailto:stop@example.com?subject=stop>\r\n");
  CHECK(field(bytes, "List-Unsubscribe-Post") ==
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
  CHECK(field(bytes, "List-Id") == "List-Id: <news.example.com>\r\n");
  CHECK(field(bytes, "Feedback-ID") == "Feedback-ID: rule:stream:account:shop1\r\n");
  mail.list_unsubscribe_url = "http://example.com/u";
  CHECK(field(built(mail), "List-Unsubscribe-Post").empty());
  mail.list_unsubscribe_url.clear();
  bytes = built(mail);
  CHECK(field(bytes, "List-Unsubscribe") ==
        "List-Unsubscribe: <mailto:stop@example.com?subject=stop>\r\n");
  CHECK(field(bytes, "List-Unsubscribe-Post").empty());
  for (const char* bad : {"https://example.com/ü", "https://example.com/a b", "javascript:x",
                          "https://e.example/<x>"}) {
    mail.list_unsubscribe_url = bad;
    CHECK(built(mail).find("error: the unsubscribe link") == 0);
  }
  mail = simple_mail();
  mail.feedback_id = "a:b:c:d:e";
  CHECK(built(mail).find("error: the feedback id") == 0);
}

TEST_CASE("replies thread and automatic mails say so", "[render]") {
  Mail mail = simple_mail();
  mail.in_reply_to = "first@example.com";
  mail.auto_generated = true;
  const std::string bytes = built(mail);
  CHECK(field(bytes, "In-Reply-To") == "In-Reply-To: <first@example.com>\r\n");
  CHECK(field(bytes, "References") == "References: <first@example.com>\r\n");
  CHECK(field(bytes, "Auto-Submitted") == "Auto-Submitted: auto-generated\r\n");
  CHECK(field(built(simple_mail()), "Auto-Submitted").empty());
}

TEST_CASE("a header that the builder writes cannot be given as an extra one", "[render]") {
  for (const char* name :
       {"Date", "from", "SUBJECT", "Message-Id", "Bcc", "Content-Type", "X y", "X:", ""}) {
    Mail mail = simple_mail();
    mail.extra = {{name, "1"}};
    CHECK(built(mail).find("error: ") == 0);
  }
}

TEST_CASE("HTML makes a multipart whose boundary follows from the message id", "[render]") {
  Mail mail = simple_mail();
  mail.html = "<p>Hi</p>";
  const std::string bytes = built(mail);
  CHECK(built(mail) == bytes);
  const std::size_t at = bytes.find("boundary=\"") + 10;
  const std::string boundary = bytes.substr(at, 34);
  CHECK(bytes.find("--" + boundary +
                   "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
                   "quoted-printable\r\n\r\nHi\r\n\r\n--" +
                   boundary +
                   "\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "
                   "quoted-printable\r\n\r\n<p>Hi</p>\r\n--" +
                   boundary + "--\r\n") != std::string::npos);
  mail.message_id = "m2@example.com";
  CHECK(built(mail).find(boundary) == std::string::npos);
  CHECK(wire_fault(bytes).empty());
}

TEST_CASE("base64 is taken when more than a sixth of the bytes is not ASCII", "[render]") {
  Mail mail = simple_mail();
  mail.text = "aaaaaaaaaa\xC3\xA9\n";
  CHECK(field(built(mail), "Content-Transfer-Encoding") ==
        "Content-Transfer-Encoding: quoted-printable\r\n");
  CHECK(built(mail).find("aaaaaaaaaa=C3=A9\r\n") != std::string::npos);
  mail.text = "aaaaaaaa\xC3\xA9\n";
  CHECK(field(built(mail), "Content-Transfer-Encoding") == "Content-Transfer-Encoding: base64\r\n");
  CHECK(built(mail).find("YWFhYWFhYWHDqQ0K\r\n") != std::string::npos);
}

TEST_CASE(
    "quoted-printable keeps lines at 76, guards spaces at line ends and normalises line breaks",
    "[render]") {
  Mail mail = simple_mail();
  mail.text = std::string(200, 'a') + "\r\nspace \ntab\t\rlast=\n";
  const std::string bytes = built(mail);
  CHECK(wire_fault(bytes).empty());
  CHECK(bytes.find(std::string(75, 'a') + "=\r\n" + std::string(75, 'a') + "=\r\n" +
                   std::string(50, 'a') + "\r\nspace=20\r\ntab=09\r\nlast=3D\r\n") !=
        std::string::npos);
}

TEST_CASE(
    "5,000 characters without a blank, bare line breaks, NUL and a boundary of its own fit a body",
    "[render]") {
  Mail mail = simple_mail();
  mail.text = "bare\nand\rand\r\n" + std::string("NUL\0.\n", 6);
  const std::string first = built(mail);
  mail.html = "<p>" + std::string(5000, 'x') + "</p>\n--=_" + std::string(32, '0') + "--\n";
  const std::string bytes = built(mail);
  CHECK(wire_fault(first).empty());
  CHECK(wire_fault(bytes).empty());
  CHECK(first.find("bare\r\nand\r\nand\r\nNUL=00.\r\n") != std::string::npos);
  const std::string boundary = bytes.substr(bytes.find("boundary=\"") + 10, 34);
  CHECK(bytes.find("--=3D_0000") != std::string::npos);
  int lines = 0;
  for (std::size_t at = 0; (at = bytes.find("\r\n--" + boundary, at)) != std::string::npos; ++at)
    ++lines;
  CHECK(lines == 3);
}

TEST_CASE("invalid UTF-8 in subject and bodies becomes U+FFFD", "[render]") {
  Mail mail = simple_mail();
  mail.subject = "caf\xE9";
  mail.text = "caf\xE9\n";
  const std::string bytes = built(mail);
  CHECK(field(bytes, "Subject") == "Subject: =?utf-8?B?Y2Fm77+9?=\r\n");
  CHECK(bytes.find("Y2Fm77+9DQo=") != std::string::npos);
}

TEST_CASE("a non-ASCII domain is sent as A-labels and a non-ASCII local part needs SMTPUTF8",
          "[render]") {
  Mail mail = simple_mail();
  mail.to = {{"", "info@bücher.example"}};
  auto result = build_mail(mail);
  REQUIRE(result);
  CHECK_FALSE(result->needs_smtputf8);
  CHECK(field(result->bytes, "To") == "To: info@xn--bcher-kva.example\r\n");
  mail.to = {{"山田", "山田@例え.jp"}};
  result = build_mail(mail);
  REQUIRE(result);
  CHECK(result->needs_smtputf8);
  CHECK(field(result->bytes, "To") == "To: =?utf-8?B?5bGx55Sw?= <山田@xn--r8jz45g.jp>\r\n");
  CHECK(wire_fault(result->bytes, true).empty());
}

TEST_CASE("addresses that are none, and a mail to nobody, are errors", "[render]") {
  for (const char* bad : {"", "nobody", "a@b@c", "a b@c.example", "@c.example"}) {
    Mail mail = simple_mail();
    mail.to[0].address = bad;
    CHECK(built(mail).find("error: the to address is no e-mail address") == 0);
  }
  Mail mail = simple_mail();
  mail.to.clear();
  CHECK(built(mail) == "error: the mail has no recipient; give one");
  mail = simple_mail();
  mail.message_id = "<m@x>";
  CHECK(built(mail).find("error: the message id is no message id") == 0);
}

TEST_CASE("mailboxes are read as templates and settings write them", "[render]") {
  CHECK(read_mailbox("a@b.example")->name.empty());
  CHECK(read_mailbox(" Anna Lee <a@b.example> ")->name == "Anna Lee");
  CHECK(read_mailbox("\"Lee, \\\"A\\\"\" <a@b.example>")->name == "Lee, \"A\"");
  CHECK(read_mailbox("山田 <a@b.example>")->address == "a@b.example");
  CHECK_FALSE(read_mailbox("Anna"));
  CHECK_FALSE(read_mailbox("Anna <>"));
  CHECK_FALSE(read_mailbox("a@b.example, c@d.example"));
  Mail mail = simple_mail();
  mail.reply_to = "Lee, Anna <a@b.example>";
  CHECK(field(built(mail), "Reply-To") == "Reply-To: \"Lee, Anna\" <a@b.example>\r\n");
}
