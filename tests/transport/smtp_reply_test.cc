#include "transport/smtp_reply.h"

#include <catch2/catch.hpp>

#include "transport/one_line.h"

using namespace retaind;
using namespace retaind::transport;
using delivery::OutcomeKind;

namespace {

std::vector<SmtpReply> read_all(std::string_view bytes, std::size_t piece) {
  SmtpReplyReader reader;
  std::vector<SmtpReply> replies;
  while (!bytes.empty()) {
    std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    while (!part.empty()) {
      const auto status = reader.next(part);
      if (status == SmtpReplyReader::Status::garbage) return replies;
      if (status == SmtpReplyReader::Status::reply) replies.push_back(reader.reply());
    }
  }
  return replies;
}

SmtpReply reply(std::string_view bytes) {
  const auto replies = read_all(std::string(bytes) + "\r\n", 4096);
  REQUIRE(replies.size() == 1);
  return replies[0];
}

bool is_garbage(std::string_view bytes) {
  SmtpReplyReader reader;
  while (!bytes.empty()) {
    if (reader.next(bytes) == SmtpReplyReader::Status::garbage) return !reader.complaint().empty();
  }
  return false;
}

}  // namespace

TEST_CASE("replies are the same in whatever pieces they come", "[transport]") {
  const std::string_view bytes =
      "220 mail.test ESMTP\r\n250-mail.test\r\n250-SIZE 100\r\n250 HELP\r\n354\r\n550-5.1.1 no "
      "such\r\n550 5.1.1 user\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    const auto replies = read_all(bytes, piece);
    REQUIRE(replies.size() == 4);
    CHECK(replies[0].code == 220);
    CHECK(replies[1].text == "mail.test\nSIZE 100\nHELP");
    CHECK(replies[2].code == 354);
    CHECK(replies[2].text.empty());
    CHECK(replies[3].status == EnhancedStatus{5, 1, 1});
    CHECK(describe(replies[3]) == "550 5.1.1 no such 5.1.1 user");
  }
}

TEST_CASE("the last line's code counts", "[transport]") {
  CHECK(reply("250-fine\r\n421 4.3.2 no, going down").code == 421);
}

TEST_CASE("what is no reply is garbage with a complaint", "[transport]") {
  for (const std::string_view bytes :
       {"hello there\r\n", "99 x\r\n", "650 what\r\n", "150 x\r\n", "2500 too long a code\r\n",
        "\r\n", "25\r\n", "250_x\r\n", "HTTP/1.1 400 Bad Request\r\n"}) {
    INFO(bytes);
    CHECK(is_garbage(bytes));
  }
  CHECK_FALSE(is_garbage("599 odd but it begins with 5\r\n"));
}

TEST_CASE("a line or a reply without end is cut off", "[transport]") {
  CHECK_FALSE(is_garbage("250 " + std::string(SmtpReplyReader::max_line - 10, 'x') + "\r\n"));
  CHECK(is_garbage("250 " + std::string(SmtpReplyReader::max_line, 'x')));
  std::string endless;
  for (std::size_t i = 0; i <= SmtpReplyReader::max_lines; ++i) endless += "250-more\r\n";
  CHECK(is_garbage(endless));
}

TEST_CASE("enhanced status codes are read only where they are one", "[transport]") {
  CHECK(parse_enhanced_status("5.7.1 blocked") == EnhancedStatus{5, 7, 1});
  CHECK(parse_enhanced_status("4.7.28") == EnhancedStatus{4, 7, 28});
  CHECK(parse_enhanced_status("5.7.515 auth") == EnhancedStatus{5, 7, 515});
  for (const std::string_view text :
       {"", "5", "5.7", "5.7.", "5.7.x", "5.7.1.2", "3.1.1 x", "5,7,1", "192.0.2.1 blocked"}) {
    INFO(text);
    CHECK(parse_enhanced_status(text) == EnhancedStatus{});
  }
}

TEST_CASE("the peer's words become one clean line of at most 500 bytes", "[transport]") {
  CHECK(one_line("a\r\nb\tc\x01"
                 "d  \x7f  e ") == "a b c d e");
  CHECK(one_line("caf\xe9") == "caf\xef\xbf\xbd");
  std::string longest;
  for (int i = 0; i < 400; ++i) longest += "東";
  const std::string cut = one_line(longest);
  CHECK(cut.size() <= 500);
  CHECK(cut.size() > 490);
  CHECK(cut.size() % 3 == 0);
}

TEST_CASE("each reply class has its outcome", "[transport]") {
  struct Row {
    std::string_view reply;
    OutcomeKind kind;
    bool host_trouble;
  };
  const Row rows[] = {
      {"250 2.0.0 ok", OutcomeKind::sent, false},
      {"251 will forward", OutcomeKind::sent, false},
      {"421 4.3.2 shutting down", OutcomeKind::deferred, true},
      {"421-4.7.28 unusual rate\r\n421 4.7.28 of mail", OutcomeKind::deferred, true},
      {"450 4.2.1 too quickly", OutcomeKind::deferred, false},
      {"450 4.7.1 Greylisted", OutcomeKind::deferred, false},
      {"451 4.3.0 try later", OutcomeKind::deferred, false},
      {"452 4.2.2 mailbox full", OutcomeKind::deferred, false},
      {"454 4.7.0 TLS not available", OutcomeKind::deferred, true},
      {"500 5.5.2 what", OutcomeKind::rejected, true},
      {"501 5.1.3 bad address", OutcomeKind::rejected, false},
      {"501 5.5.4 bad parameter", OutcomeKind::rejected, true},
      {"503 bad sequence", OutcomeKind::deferred, true},
      {"530 5.7.0 authenticate first", OutcomeKind::deferred, true},
      {"534 5.7.9 too weak", OutcomeKind::deferred, true},
      {"535 5.7.8 wrong password", OutcomeKind::deferred, true},
      {"538 5.7.11 encryption required", OutcomeKind::deferred, true},
      {"550 5.1.1 no such user", OutcomeKind::rejected, false},
      {"550 user unknown", OutcomeKind::rejected, false},
      {"552 5.3.4 too large", OutcomeKind::rejected, false},
      {"554 5.7.1 no", OutcomeKind::rejected, false},
      {"599 odd", OutcomeKind::rejected, false},
      {"499 odd", OutcomeKind::deferred, false},
  };
  for (const Row& row : rows) {
    INFO(row.reply);
    const SmtpVerdict verdict = classify(reply(row.reply));
    CHECK(verdict.kind == row.kind);
    CHECK(verdict.host_trouble == row.host_trouble);
  }
}
