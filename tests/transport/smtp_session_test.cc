#include "transport/smtp_session.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "transport/session_line.h"

using namespace retaind;
using namespace retaind::transport;
using namespace retaind::transport::testing;

TEST_CASE("the end of a message and the next envelope travel in one write", "[transport]") {
  Line line;
  line.start();
  REQUIRE(line.session.free_slots() == 3);
  line.add(mail(1));
  line.add(mail(2));
  line.add(mail(3));
  CHECK(line.session.free_slots() == 0);
  line.pump();
  CHECK(line.only(1).kind == OutcomeKind::sent);
  CHECK(line.only(2).kind == OutcomeKind::sent);
  CHECK(line.only(3).kind == OutcomeKind::sent);
  // EHLO; envelope 1; message 1 and envelope 2; message 2 and envelope 3; message 3
  REQUIRE(line.writes.size() == 5);
  CHECK(line.writes[1] == "MAIL FROM:<s@x.test> SIZE=25\r\nRCPT TO:<t@x.test>\r\nDATA\r\n");
  CHECK(line.writes[2] ==
        "Subject: 1\r\n\r\n..dot\r\nend\r\n.\r\nMAIL FROM:<s@x.test> SIZE=25\r\nRCPT "
        "TO:<t@x.test>\r\nDATA\r\n");
  CHECK(line.server.taken()[0].bytes == "Subject: 1\r\n\r\n.dot\r\nend\r\n");
}

TEST_CASE("without PIPELINING every command waits for its answer", "[transport]") {
  SmtpFaults faults;
  faults.pipelining = false;
  Line line(plain_policy(), faults);
  line.start();
  CHECK(line.session.free_slots() == 1);
  line.add(mail(1));
  line.pump();
  CHECK(line.only(1).kind == OutcomeKind::sent);
  CHECK(line.writes.size() == 5);
}

TEST_CASE("our name is the address literal until one is configured", "[transport]") {
  Line line;
  line.start();
  CHECK(line.server.commands()[0] == "EHLO [127.0.0.1]");
  SmtpPolicy policy = plain_policy();
  policy.settings.helo = "shop.test";
  Line named(policy);
  named.start();
  CHECK(named.server.commands()[0] == "EHLO shop.test");
}

TEST_CASE("what EHLO offers is read in any case and spelling", "[transport]") {
  const SmtpExtensions all = parse_ehlo(
      "x.test\nPIPELINING\nsize 1000\nStartTLS\nAUTH=LOGIN\nAUTH PLAIN "
      "CRAM-MD5\nSMTPUTF8\n8bitmime");
  CHECK((all.pipelining && all.starttls && all.smtputf8 && all.eight_bit_mime && all.auth_plain &&
         all.auth_login));
  CHECK(all.size_limit == 1000);
  const SmtpExtensions none = parse_ehlo("PIPELINING\nSIZE many\nPIPELININGX\nAUTH\n\nX-STARTTLS");
  CHECK_FALSE((none.pipelining || none.starttls || none.auth_plain || none.auth_login));
  CHECK((none.size && none.size_limit == 0));
}

TEST_CASE("a server without EHLO is greeted with HELO", "[transport]") {
  SmtpFaults faults;
  faults.ehlo = false;
  Line line(plain_policy(), faults);
  line.start();
  CHECK(line.session.free_slots() == 1);
  line.add(mail(1));
  line.pump();
  CHECK(line.only(1).kind == OutcomeKind::sent);
  CHECK(line.server.commands()[1] == "HELO [127.0.0.1]");
  CHECK(line.server.commands()[2] == "MAIL FROM:<s@x.test>");
}

TEST_CASE("unknown exactly when a byte of the end of data may have gone out", "[transport]") {
  const bool deaf = GENERATE(false, true);
  const bool pipelining = GENERATE(true, false);
  SmtpFaults faults;
  faults.pipelining = pipelining;
  Line whole(plain_policy(), faults);
  whole.start();
  whole.add(mail(1));
  if (pipelining) whole.add(mail(2));
  whole.pump();
  const std::string& stream = whole.sent;
  const int messages = pipelining ? 2 : 1;
  std::map<int, std::size_t> end_begins;
  for (std::size_t at = 0, id = 1; (at = stream.find("\r\n.\r\n", at)) != std::string::npos;
       ++at, ++id) {
    end_begins[static_cast<int>(id)] = at;
  }
  REQUIRE(static_cast<int>(end_begins.size()) == messages);
  const std::size_t greeting = stream.find("MAIL");
  std::set<OutcomeKind> seen;
  for (std::size_t cut = greeting; cut <= stream.size(); ++cut) {
    Line line(plain_policy(), faults);
    line.start();
    line.cut_after = cut;
    line.write_piece = 1;
    line.add(mail(1));
    if (pipelining) line.add(mail(2));
    if (cut == greeting) line.session.end("the wire broke");
    // Deaf: the server's last words are lost with the wire.
    while (!line.session.ended() && line.sent.size() < cut) {
      line.deaf = deaf && line.sent.size() + 1 == cut;
      if (!line.write_once()) break;
    }
    line.session.end("the wire broke");
    line.collect();
    const std::vector<SmtpScript::Taken>& taken = line.server.taken();
    for (int id = 1; id <= messages; ++id) {
      INFO("cut after " << cut << " of " << stream.size() << " bytes, message " << id << ", deaf "
                        << deaf);
      const Outcome& outcome = line.only(id);
      seen.insert(outcome.kind);
      const bool answered = cut >= end_begins[id] + 5 && !(deaf && cut == end_begins[id] + 5);
      if (answered) {
        CHECK(outcome.kind == OutcomeKind::sent);
      } else if (cut > end_begins[id]) {
        CHECK(outcome.kind == OutcomeKind::unknown);
      } else {
        CHECK(outcome.kind == OutcomeKind::deferred);
        CHECK(outcome.host_trouble);
      }
      // The truth at the server: what it took is never called not taken, and the other way round.
      const bool at_server = taken.size() >= static_cast<std::size_t>(id);
      if (outcome.kind == OutcomeKind::sent) CHECK(at_server);
      if (outcome.kind == OutcomeKind::deferred) CHECK_FALSE(at_server);
    }
  }
  CHECK(seen.size() == (deaf && !pipelining ? 2 : 3));
}

TEST_CASE("replies may come in any pieces", "[transport]") {
  for (std::size_t piece = 1; piece < 40; ++piece) {
    Line line;
    line.read_piece = piece;
    line.start();
    line.add(mail(1));
    line.add(mail(2));
    line.pump();
    CHECK(line.only(1).kind == OutcomeKind::sent);
    CHECK(line.only(2).kind == OutcomeKind::sent);
  }
}

TEST_CASE(
    "each refusal at each command ends the message as the table says, the connection stays usable",
    "[transport]") {
  const bool pipelining = GENERATE(true, false);
  for (const std::string verb : {"MAIL", "RCPT", "DATA", "."}) {
    for (const std::string reply :
         {"450 4.2.1 later", "550 5.1.1 never", "501 5.5.4 our mistake"}) {
      INFO(verb << " answered with " << reply << ", pipelining " << pipelining);
      SmtpFaults faults;
      faults.pipelining = pipelining;
      faults.answer = [&](std::string_view asked, int n) {
        return asked == verb && n == 0 ? reply : std::string();
      };
      Line line(plain_policy(), faults);
      line.start();
      for (int id = 1; id <= 3; ++id) {
        if (line.session.free_slots() == 0) line.pump();
        line.add(mail(id));
      }
      line.pump();
      const Outcome& outcome = line.only(1);
      CHECK(outcome.kind == (reply[0] == '4' ? OutcomeKind::deferred : OutcomeKind::rejected));
      CHECK(outcome.code == std::stoi(reply));
      CHECK(outcome.reply == reply);
      CHECK(outcome.host_trouble == reply.starts_with("501 5.5"));
      CHECK(line.only(2).kind == OutcomeKind::sent);
      CHECK(line.only(3).kind == OutcomeKind::sent);
      CHECK(line.server.taken().size() == 2);
      CHECK_FALSE(line.session.ended());
    }
  }
}

TEST_CASE("421 at any command defers every message and ends the session", "[transport]") {
  for (const std::string verb : {"MAIL", "RCPT", "DATA", "."}) {
    INFO(verb);
    SmtpFaults faults;
    faults.answer = [&](std::string_view asked, int) {
      return asked == verb ? "421 4.3.2 going down" : std::string();
    };
    Line line(plain_policy(), faults);
    line.start();
    line.add(mail(1));
    line.add(mail(2));
    line.pump();
    CHECK(line.session.ended());
    for (int id = 1; id <= 2; ++id) {
      CHECK(line.only(id).kind == OutcomeKind::deferred);
      CHECK(line.only(id).host_trouble);
      CHECK(line.only(id).code == 421);
    }
  }
}

TEST_CASE("a 421 out of the blue ends an idle session", "[transport]") {
  Line line;
  line.start();
  line.hear("421 4.4.2 idle too long\r\n");
  CHECK(line.session.ended());
  CHECK(line.session.end_reason() == "421 4.4.2 idle too long");
}

TEST_CASE("credentials or TLS asked for at MAIL are the host's trouble", "[transport]") {
  for (const std::string reply :
       {"530 5.7.0 authenticate first", "454 4.7.0 TLS not available", "535 5.7.8 no"}) {
    SmtpFaults faults;
    faults.answer = [&](std::string_view asked, int) {
      return asked == "MAIL" ? reply : std::string();
    };
    Line line(plain_policy(), faults);
    line.start();
    line.add(mail(1));
    line.add(mail(2));
    line.pump();
    CHECK(line.session.ended());
    CHECK(line.only(1).kind == OutcomeKind::deferred);
    CHECK(line.only(1).host_trouble);
    CHECK(line.only(2).kind == OutcomeKind::deferred);
    CHECK(line.only(2).host_trouble);
  }
}
