#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "transport/session_line.h"
#include "transport/smtp_session.h"

using namespace retaind;
using namespace retaind::transport;
using namespace retaind::transport::testing;

TEST_CASE("all recipients refused but DATA accepted: a lone dot, and the next message goes",
          "[transport]") {
  SmtpFaults faults;
  faults.answer = [](std::string_view asked, int n) {
    if (asked == "RCPT" && n == 0) return "550 5.1.1 never";
    return asked == "DATA" && n == 0 ? "354 all the same" : "";
  };
  Line line(plain_policy(), faults);
  line.start();
  line.add(mail(1));
  line.add(mail(2));
  line.pump();
  CHECK(line.only(1).kind == OutcomeKind::rejected);
  CHECK(line.only(1).code == 550);
  CHECK(line.only(2).kind == OutcomeKind::sent);
  CHECK(line.server.taken().size() == 1);
  REQUIRE(line.writes.size() == 4);
  CHECK(line.writes[2].starts_with(".\r\nMAIL FROM"));
}

TEST_CASE("a refusal before the end of data stays a refusal when the wire breaks", "[transport]") {
  SmtpFaults faults;
  faults.answer = [](std::string_view asked, int) {
    if (asked == "RCPT") return "550 5.1.1 never";
    return asked == "DATA" ? "-" : "";
  };
  Line line(plain_policy(), faults);
  line.start();
  line.add(mail(1));
  line.pump();
  line.session.end("the wire broke");
  line.collect();
  CHECK(line.only(1).kind == OutcomeKind::rejected);
}

TEST_CASE("of several recipients some may be refused", "[transport]") {
  const bool pipelining = GENERATE(true, false);
  delivery::Outgoing message = mail(1);
  message.envelope_to = {"a@x.test", "b@x.test", "c@x.test"};
  SmtpFaults faults;
  faults.pipelining = pipelining;
  SECTION("one: the others get it, and the reply says so") {
    faults.answer = [](std::string_view asked, int n) {
      return asked == "RCPT" && n == 1 ? "550 5.1.1 never" : "";
    };
    Line line(plain_policy(), faults);
    line.start();
    line.add(message);
    line.pump();
    CHECK(line.only(1).kind == OutcomeKind::sent);
    CHECK(line.only(1).reply == "1 of 3 recipients refused (550 5.1.1 never); 250 2.0.0 taken");
    CHECK(line.only(1).code == 550);
    CHECK(line.server.taken().at(0).to.size() == 2);
  }
  SECTION("all, one of them for now: later") {
    faults.answer = [](std::string_view asked, int n) {
      if (asked != "RCPT") return "";
      return n == 1 ? "450 4.2.1 later" : "550 5.1.1 never";
    };
    Line line(plain_policy(), faults);
    line.start();
    line.add(message);
    line.pump();
    CHECK(line.only(1).kind == OutcomeKind::deferred);
    CHECK(line.only(1).code == 450);
  }
}

TEST_CASE("a break after some recipients were refused is unknown once the end of data went out",
          "[transport]") {
  delivery::Outgoing message = mail(1);
  message.envelope_to = {"a@x.test", "b@x.test"};
  SmtpFaults faults;
  faults.answer = [](std::string_view asked, int n) {
    if (asked == ".") return "-";
    return asked == "RCPT" && n == 0 ? "550 5.1.1 never" : "";
  };
  Line line(plain_policy(), faults);
  line.start();
  line.add(message);
  line.pump();
  line.session.end("the wire broke");
  line.collect();
  CHECK(line.only(1).kind == OutcomeKind::unknown);
}

TEST_CASE("what the server cannot take is refused without asking it", "[transport]") {
  SmtpFaults faults;
  faults.smtputf8 = false;
  faults.size_limit = 100;
  Line line(plain_policy(), faults);
  line.start();
  delivery::Outgoing wide = mail(1, "用户@例子.测试");
  wide.needs_smtputf8 = true;
  delivery::Outgoing large = mail(2);
  large.bytes.append(200, 'x');
  delivery::Outgoing injected = mail(3, "a@x.test>\r\nRCPT TO:<b@x.test");
  line.add(wide);
  line.add(large);
  line.add(injected);
  line.add(mail(4));
  line.pump();
  CHECK(line.only(1).kind == OutcomeKind::rejected);
  CHECK(line.only(1).reply.starts_with("5.6.7 "));
  CHECK(line.only(2).reply.starts_with("5.3.4 "));
  CHECK(line.only(3).reply.starts_with("5.1.3 "));
  CHECK(line.only(4).kind == OutcomeKind::sent);
  CHECK(line.server.commands().size() == 4);  // EHLO and one envelope
}

TEST_CASE("an internationalized address goes with SMTPUTF8", "[transport]") {
  Line line;
  line.start();
  delivery::Outgoing wide = mail(1, "用户@例子.测试");
  wide.needs_smtputf8 = true;
  line.add(wide);
  line.pump();
  CHECK(line.only(1).kind == OutcomeKind::sent);
  CHECK(line.server.taken().at(0).from.ends_with(" SMTPUTF8"));
}

TEST_CASE("garbage instead of an answer: unknown behind the end of data, deferred before it",
          "[transport]") {
  for (const std::string verb : {"MAIL", "RCPT", "DATA", "."}) {
    for (const std::string reply : {"hello?", "999 what", "250x"}) {
      INFO(verb << " answered with " << reply);
      SmtpFaults faults;
      faults.answer = [&](std::string_view asked, int) {
        return asked == verb ? reply : std::string();
      };
      Line line(plain_policy(), faults);
      line.start();
      line.add(mail(1));
      line.pump();
      CHECK(line.session.ended());
      CHECK(line.only(1).kind == (verb == "." ? OutcomeKind::unknown : OutcomeKind::deferred));
      CHECK(line.only(1).reply.find("breaks the protocol") != std::string::npos);
    }
  }
}

TEST_CASE("an answer that was not asked for is not taken for the next one", "[transport]") {
  SmtpFaults faults;
  Line line(plain_policy(), faults);
  line.start();
  line.hear("250 2.0.0 taken\r\n");
  CHECK(line.session.ended());

  // Said while the message is still on its way: no outcome of it.
  Line early;
  early.start();
  early.add(mail(1));
  REQUIRE(early.write_once());
  early.write_piece = 5;
  REQUIRE(early.write_once());
  early.hear("250 2.0.0 taken\r\n");
  CHECK(early.session.ended());
  CHECK(early.only(1).kind == OutcomeKind::deferred);
  CHECK(early.only(1).host_trouble);
}

TEST_CASE("a server that has heard enough refuses the message and ends the session",
          "[transport]") {
  Line line;
  line.start();
  line.add(mail(1));
  line.add(mail(2));
  REQUIRE(line.write_once());
  line.write_piece = 5;
  REQUIRE(line.write_once());
  line.hear("552 5.3.4 too large\r\n");
  CHECK(line.session.ended());
  CHECK(line.only(1).kind == OutcomeKind::rejected);
  CHECK(line.only(1).code == 552);
  CHECK(line.only(2).kind == OutcomeKind::deferred);
  CHECK(line.only(2).host_trouble);
}

TEST_CASE("a connection carries its number of messages, then QUIT", "[transport]") {
  SmtpPolicy policy = plain_policy();
  policy.settings.messages_per_connection = 3;
  Line line(policy);
  line.start();
  for (int id = 1; id <= 3; ++id) {
    REQUIRE(line.session.free_slots() > 0);
    line.add(mail(id));
    if (id == 2) line.pump();
  }
  CHECK(line.session.free_slots() == 0);
  line.pump();
  CHECK(line.session.ended());
  CHECK(line.server.commands().back() == "QUIT");
  for (int id = 1; id <= 3; ++id) CHECK(line.only(id).kind == OutcomeKind::sent);
}

TEST_CASE("quit lets the messages in flight end", "[transport]") {
  Line line;
  line.start();
  line.add(mail(1));
  line.add(mail(2));
  line.session.quit();
  CHECK(line.session.free_slots() == 0);
  line.pump();
  CHECK(line.only(1).kind == OutcomeKind::sent);
  CHECK(line.only(2).kind == OutcomeKind::sent);
  CHECK(line.server.commands().back() == "QUIT");
}

TEST_CASE("a banner that is no welcome ends the session", "[transport]") {
  for (const std::string banner :
       {"554 5.7.1 no service for you", "421 4.3.2 busy", "SSH-2.0-OpenSSH_9.2"}) {
    SmtpFaults faults;
    faults.banner = banner;
    Line line(plain_policy(), faults);
    line.start();
    CHECK(line.session.ended());
    CHECK(line.session.end_reason().find(banner) != std::string::npos);
    CHECK(line.sent.empty());
  }
}

TEST_CASE("without STARTTLS in EHLO nothing is sent", "[transport]") {
  SmtpPolicy policy = plain_policy();
  policy.settings.tls = TlsMode::starttls;
  Line line(policy);
  line.start();
  CHECK(line.session.ended());
  CHECK(line.session.end_reason().find("does not offer STARTTLS") != std::string::npos);
  CHECK(line.server.commands() == std::vector<std::string>{"EHLO [127.0.0.1]"});

  policy.settings.insecure = true;
  Line insecure(policy);
  insecure.start();
  CHECK(insecure.session.ready());
}

TEST_CASE("what is said in clear behind the answer to STARTTLS is not believed", "[transport]") {
  SmtpPolicy policy = plain_policy();
  policy.settings.tls = TlsMode::starttls;
  SmtpFaults faults;
  faults.starttls = true;
  Line line(policy, faults);
  line.session.start("127.0.0.1", true);
  line.hear(line.server.banner());
  REQUIRE(line.write_once());
  line.deaf = true;
  REQUIRE(line.write_once());  // STARTTLS
  line.deaf = false;
  line.hear(line.unheard + "250-evil.test\r\n250 AUTH PLAIN\r\n250-half a li");
  REQUIRE(line.session.wants_tls());
  CHECK_FALSE(line.session.has_output());
  line.server.secured();
  line.session.secured();
  line.pump();
  CHECK(line.session.ready());
  CHECK(line.server.commands() ==
        std::vector<std::string>{"EHLO [127.0.0.1]", "STARTTLS", "EHLO [127.0.0.1]"});
}

TEST_CASE("mail to another machine does not travel in clear unless told so", "[transport]") {
  Line line;
  line.start(false);
  CHECK(line.session.ended());
  CHECK(line.sent.empty());
  SmtpPolicy policy = plain_policy();
  policy.settings.insecure = true;
  Line insecure(policy);
  insecure.start(false);
  CHECK(insecure.session.ready());
}

TEST_CASE("signing in", "[transport]") {
  SmtpPolicy policy = plain_policy();
  policy.settings.user = "anna";
  policy.password = "pass word";
  SmtpFaults faults;
  faults.credentials = "anna pass word";
  SECTION("with PLAIN or LOGIN") {
    faults.auth = GENERATE("PLAIN LOGIN", "LOGIN", "CRAM-MD5 PLAIN");
    Line line(policy, faults);
    line.start();
    CHECK(line.session.ready());
    line.add(mail(1));
    line.pump();
    CHECK(line.only(1).kind == OutcomeKind::sent);
  }
  SECTION("with a password too long for one command") {
    faults.auth = "PLAIN";
    policy.password = std::string(600, 'x');
    faults.credentials = "anna " + policy.password;
    Line line(policy, faults);
    line.start();
    CHECK(line.session.ready());
    CHECK(line.server.commands().at(1) == "AUTH PLAIN");
  }
  SECTION("a wrong password is the host's trouble") {
    faults.auth = GENERATE("PLAIN", "LOGIN");
    policy.password = "wrong";
    Line line(policy, faults);
    line.start();
    CHECK(line.session.ended());
    CHECK(line.session.end_reason().find("535 5.7.8") != std::string::npos);
    CHECK(line.session.end_reason().find("password-file") != std::string::npos);
  }
  SECTION("no way that we speak") {
    faults.auth = GENERATE("CRAM-MD5", "");
    Line line(policy, faults);
    line.start();
    CHECK(line.session.ended());
  }
  SECTION("never in clear to another machine") {
    policy.settings.insecure = true;
    faults.auth = "PLAIN LOGIN";
    Line line(policy, faults);
    line.start(false);
    CHECK(line.session.ended());
    CHECK(line.server.commands().size() == 1);
  }
}

TEST_CASE("the wait that runs is the one for the oldest answer", "[transport]") {
  SmtpFaults faults;
  faults.answer = [](std::string_view asked, int) { return asked == "." ? "-" : ""; };
  Line line(plain_policy(), faults);
  CHECK(line.session.waiting() == SmtpWait::banner);
  line.start();
  CHECK(line.session.waiting() == SmtpWait::work);
  const std::uint64_t before = line.session.wait_number();
  line.add(mail(1));
  CHECK(line.session.waiting() == SmtpWait::block);
  CHECK(line.session.wait_number() != before);
  line.pump();
  CHECK(line.session.waiting() == SmtpWait::end_of_data);
  line.session.end("no answer");
  line.collect();
  CHECK(line.only(1).kind == OutcomeKind::unknown);
}

TEST_CASE("time limits are those of RFC 5321 unless configured", "[transport]") {
  using std::chrono::minutes;
  SmtpPolicy policy;
  CHECK(time_limit(SmtpWait::banner, policy) == minutes{5});
  CHECK(time_limit(SmtpWait::command, policy) == minutes{5});
  CHECK(time_limit(SmtpWait::data, policy) == minutes{2});
  CHECK(time_limit(SmtpWait::block, policy) == minutes{3});
  CHECK(time_limit(SmtpWait::end_of_data, policy) == minutes{10});
  policy.settings.timeout = Duration{2500};
  CHECK(time_limit(SmtpWait::end_of_data, policy) == Duration{2500});
  CHECK(time_limit(SmtpWait::work, policy) == minutes{1});
}

TEST_CASE("of the messages that a broken wire interrupts the server was at the first",
          "[transport]") {
  Line line;
  line.start();
  line.add(mail(1));
  line.add(mail(2));
  SECTION("before its envelope") {}
  SECTION("in its envelope") { line.write_once(); }
  SECTION("in its text") {
    line.write_once();
    line.write_piece = 10;
    line.write_once();
  }
  const bool begun = line.writes.size() > 1;
  line.session.end("the wire broke");
  line.collect();
  for (const std::int64_t id : {1, 2}) {
    CHECK(line.only(id).kind == OutcomeKind::deferred);
    CHECK(line.only(id).host_trouble);
    CHECK(line.only(id).interrupted == (begun && id == 1));
  }
}
