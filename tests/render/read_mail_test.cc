#include "render/read_mail.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "base/value.h"
#include "render/mime.h"

using namespace retaind;
using namespace retaind::render;

namespace {

Mail mail(const std::string& subject, const std::string& text, const std::string& html) {
  Mail made;
  made.from = {"Shop", "shop@example.com"};
  made.to = {{"Anna", "anna@example.net"}};
  made.subject = subject;
  made.text = text;
  made.html = html;
  made.message_id = "m1@example.com";
  made.date = from_ms(1772442000000);
  return made;
}

}  // namespace

TEST_CASE("a mail is read back as it was written, in every encoding") {
  const std::string long_line(300, 'x');
  std::string japanese;
  std::string accents;
  for (int i = 0; i < 40; ++i) {
    japanese += "ご注文ありがとうございます。";
    accents += "Grüße, äöü = 100 % ";
  }
  const std::string twice = fmt::format("{0}\n{0}\n", japanese);
  for (const std::string& subject :
       {std::string("Thank you"), std::string("Grüße an Anna_B?"), japanese.substr(0, 240),
        accents.substr(0, 190), std::string("a  =?utf-8?q?not?= b")}) {
    for (const std::string& text : {std::string("Hi\n"), "Dear Anna,\n\n" + accents + "\n=20 end\n",
                                    twice, long_line + "\n"}) {
      for (const std::string& html : {std::string(), "<p>" + text + "</p>"}) {
        const auto built = build_mail(mail(subject, text, html));
        REQUIRE(built);
        const ReadMail read = read_mail(built->bytes);
        CHECK(read.subject == subject);
        // A multipart keeps the last line break for the boundary.
        CHECK((read.text == text || read.text + "\n" == text));
      }
    }
  }
}

TEST_CASE("what is no mail reads as nothing") {
  for (const char* bytes :
       {"", "\r\n\r\n", "Subject: a", "Content-Type: x; boundary=\"", "=?", "--"})
    CHECK(read_mail(bytes).text.empty());
  CHECK(read_mail("Subject: =?utf-8?q?half\r\n\r\n").subject == "=?utf-8?q?half");
}

TEST_CASE("headers read as the RFC 2047 vectors say, whoever wrote them") {
  const auto file = read_file(
      std::filesystem::path(RETAIND_DATA) / "mail_parsing/rfc2047_vectors.json", 1U << 20U);
  if (!file) {
    std::puts("skipped: the RFC 2047 vectors are not there");
    return;
  }
  const auto vectors = parse_json(*file);
  REQUIRE(vectors);
  for (const Value& one : *vectors->find("decode_header")->as_array()) {
    const std::string& in = *one.find("in")->as_text();
    CHECK(read_mail("Subject: " + in + "\r\n\r\n").subject == *one.find("out")->as_text());
  }
}

TEST_CASE("a character that a writer split between two words is whole again") {
  CHECK(read_mail("Subject: =?utf-8?B?5bE=?= =?utf-8?B?seeUsA==?=\r\n\r\n").subject == "山田");
  CHECK(read_mail("Subject: =?utf-8?q?a?= x =?utf-8?q?b?= =?iso-2022-jp?B?GyRCOzMbKEI=?= y\r\n\r\n")
            .subject == "a x b山 y");
  CHECK(read_mail("Subject: =?no-such?q?a?= =?iso-2022-jp?B?GyRCOw==?=\r\n\r\n").subject ==
        "a\x1B$B;");
}
