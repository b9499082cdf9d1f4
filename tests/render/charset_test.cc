// Mails in ISO-2022-JP (RFC 1468): what they look like, and when one goes as UTF-8 instead.
#include "render/charset.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/digest.h"
#include "base/text.h"
#include "render/mime.h"
#include "render/read_mail.h"

using namespace retaind;
using namespace retaind::render;
using Catch::Matchers::Contains;

namespace {

Mail japanese_mail() {
  Mail mail;
  mail.from = {"青空ショップ", "shop@example.com"};
  mail.to = {{"山田", "yamada@example.net"}};
  mail.subject = "アンケートのお願い";
  mail.text = "山田様\n\nお願いします。\n";
  mail.charset = Charset::iso_2022_jp;
  mail.message_id = "m1@example.com";
  mail.date = from_ms(1772442000000);
  return mail;
}

std::string built(const Mail& mail) {
  const auto result = build_mail(mail);
  return result ? result->bytes : "error: " + result.error().message;
}

/// A MIME part's Content-Transfer-Encoding.
std::string encoding_of(const std::string& bytes) {
  const std::size_t at = bytes.find("Content-Transfer-Encoding: ") + 27;
  return bytes.substr(at, bytes.find("\r\n", at) - at);
}

}  // namespace

TEST_CASE("a Japanese mail in ISO-2022-JP is seven bits throughout", "[render]") {
  CHECK(built(japanese_mail()) ==
        "Date: Mon, 02 Mar 2026 09:00:00 +0000\r\n"
        "From: =?iso-2022-jp?B?GyRCQEQ2dSU3JWclQyVXGyhC?= <shop@example.com>\r\n"
        "To: =?iso-2022-jp?B?GyRCOzNFRBsoQg==?= <yamada@example.net>\r\n"
        "Subject: =?iso-2022-jp?B?GyRCJSIlcyUxITwlSCROJCo0aiQkGyhC?=\r\n"
        "Message-ID: <m1@example.com>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=iso-2022-jp\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "\x1B$B;3EDMM\x1B(B\r\n"
        "\r\n"
        "\x1B$B$*4j$$$7$^$9!#\x1B(B\r\n");
}

TEST_CASE("a long subject is words of 75 characters that each begin and end in ASCII", "[render]") {
  Mail mail = japanese_mail();
  mail.subject.clear();
  for (int i = 0; i < 40; ++i) mail.subject += i % 3 == 0 ? "お客様 a" : "ご注文";
  const std::string bytes = built(mail);
  const std::size_t begin = bytes.find("Subject: ");
  const std::string field = bytes.substr(begin, bytes.find("\r\nMessage-ID") - begin);
  std::string whole;
  int words = 0;
  for (std::size_t at = 0; (at = field.find("=?", at)) != std::string::npos; ++words) {
    const std::size_t end = field.find("?=", at + 16) + 2;
    CHECK(end - at <= 75);
    std::string jis;
    REQUIRE(from_base64(field.substr(at + 16, end - at - 18), jis));
    CHECK(to_iso_2022_jp(*to_utf8(jis, "iso-2022-jp")) == jis);
    CHECK((jis.find('\x1B') == std::string::npos || jis.rfind("\x1B(B") > jis.rfind("\x1B$B")));
    whole += *to_utf8(jis, "iso-2022-jp");
    at = end;
  }
  CHECK(whole == mail.subject);
  CHECK(words > 5);
  for (std::size_t at = 0, end = 0; end < field.size(); at = end + 2) {
    end = std::min(field.find("\r\n", at), field.size());
    CHECK(end - at <= 76);
  }
  CHECK(read_mail(bytes).subject == mail.subject);
}

TEST_CASE("one character that ISO-2022-JP lacks, wherever it stands, makes the whole mail UTF-8",
          "[render]") {
  for (const char* const lacking : {"①", "㈱", "～", "髙", "﨑", "🎉", "ｱ", "é", "가", "\uFFFD",
                                    "\xFF", "¥", "〜", "−", "‾", "¢", "£", "¬", "‖"}) {
    INFO(lacking);
    for (int place = 0; place < 6; ++place) {
      Mail mail = japanese_mail();
      mail.reply_to = "お店 <reply@example.com>";
      mail.html = "<p>山田様</p>";
      REQUIRE_THAT(built(mail), Contains("iso-2022-jp") && !Contains("utf-8"));
      if (place == 3) mail.reply_to = std::string(lacking) + " <reply@example.com>";
      if (place != 3) {
        std::string* const places[] = {&mail.subject,  &mail.text,      &mail.html,
                                       &mail.reply_to, &mail.from.name, &mail.to[0].name};
        *places[place] += lacking;
      }
      CHECK_THAT(built(mail), Contains("utf-8") && !Contains("iso-2022-jp"));
    }
  }
}

TEST_CASE("a text cannot switch the sets of ISO-2022-JP", "[render]") {
  for (const char* const control : {"\x1B$B", "\x1B(J", "\x0E", "\x0F", "\x7F"}) {
    Mail mail = japanese_mail();
    mail.text = std::string("a") + control + "!!\n";
    CHECK_THAT(built(mail), Contains("charset=utf-8"));
    CHECK_FALSE(to_iso_2022_jp(mail.text));
  }
  CHECK_FALSE(to_iso_2022_jp(std::string_view("a\0b", 3)));
}

TEST_CASE("a body in ISO-2022-JP is encoded when 7bit could not carry it", "[render]") {
  Mail mail = japanese_mail();
  // 495 characters are 990 octets and two escape sequences.
  for (const auto& [characters, wanted] :
       {std::pair(496, "7bit"), std::pair(497, "quoted-printable")}) {
    mail.text.clear();
    for (int i = 0; i < characters; ++i) mail.text += "山";
    mail.text += "\n";
    const std::string bytes = built(mail);
    CHECK(encoding_of(bytes) == wanted);
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t end = bytes.find("\r\n", at);
      CHECK(end - at <= 998);
      at = end + 2;
    }
    CHECK(read_mail(bytes).text == mail.text);
  }
  mail.text = "山\n--=_0123\n";
  CHECK(encoding_of(built(mail)) == "quoted-printable");
  mail.text = "山 --=_0123\n-- \n山\n";
  CHECK(encoding_of(built(mail)) == "7bit");
  mail.text = "山\ra\r\n山";
  CHECK_THAT(built(mail), Contains("\r\n\x1B$B;3\x1B(B\r\na\r\n\x1B$B;3\x1B(B\r\n"));
}

TEST_CASE("the HTML names the charset that its part has", "[render]") {
  Mail mail = japanese_mail();
  const std::pair<const char*, const char*> heads[] = {
      {"<meta charset=\"utf-8\">", "<meta charset=\"iso-2022-jp\">"},
      {"<meta charset=utf8>", "<meta charset=iso-2022-jp>"},
      {"<meta charset = \"Shift_JIS\">", "<meta charset = \"iso-2022-jp\">"},
      {"<META CHARSET='UTF-8'/>", "<META CHARSET='iso-2022-jp'/>"},
      {"<meta charset=utf-8>", "<meta charset=iso-2022-jp>"},
      {"<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">",
       "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=iso-2022-jp\">"},
      {"<meta name=\"a\"><p title=\"charset=utf-8\">",
       "<meta name=\"a\"><p title=\"charset=utf-8\">"},
      {"<meta charset=\"", "<meta charset=\""},
      {"<meta", "<meta"}};
  for (const auto& [head, wanted] : heads) {
    mail.html = std::string(head) + "\n<p>山</p>\n";
    mail.text.clear();
    CHECK_THAT(built(mail),
               Contains("charset=iso-2022-jp\r\n") &&
                   Contains("\r\n\r\n" + std::string(wanted) + "\r\n<p>\x1B$B;3\x1B(B</p>"));
    mail.html += "①";
    CHECK_THAT(built(mail), Contains("charset=utf-8\r\n") && !Contains("iso-2022-jp"));
  }
}

TEST_CASE("a mail that falls back to UTF-8 names no other charset in its HTML", "[render]") {
  Mail mail = japanese_mail();
  mail.text.clear();
  mail.html = "<meta charset=\"iso-2022-jp\">\n<p>①</p>\n";
  CHECK_THAT(built(mail), Contains("charset=utf-8\r\n") && Contains("<meta charset=3D\"utf-8\">"));
}

TEST_CASE("mails of one template in two charsets do not take each other's headers over",
          "[render]") {
  MailMemo memo;
  Mail mail = japanese_mail();
  for (const char* const text : {"山\n", "髙\n", "山\n"}) {
    mail.text = text;
    CHECK(build_mail(mail, memo)->bytes == built(mail));
  }
}

TEST_CASE("the length of a text in ISO-2022-JP is known before it is made", "[render]") {
  for (const char* const text : {"", "a", "山", "a山", "山a", "a山a山", "山 田\n太", "山\n"})
    CHECK(iso_2022_jp_length(text) == to_iso_2022_jp(text)->size());
}

TEST_CASE("other charsets are read, and what is none stays away", "[render]") {
  CHECK(to_utf8("caf\xE9", "ISO-8859-1") == "café");
  CHECK(to_utf8("\x8E\x52", "shift_jis") == "山");
  CHECK_FALSE(to_utf8("a", "no-such-charset"));
  CHECK_FALSE(to_utf8("\x1B$B;", "iso-2022-jp"));
}
