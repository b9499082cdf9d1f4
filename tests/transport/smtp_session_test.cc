#include "transport/smtp_session.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "support/smtp_fault_server.h"

using namespace retaind;
using namespace retaind::transport;
using delivery::Outcome;
using delivery::OutcomeKind;
using retaind::testing::SmtpFaults;
using retaind::testing::SmtpScript;

namespace {

SmtpPolicy plain_policy() {
  SmtpPolicy policy;
  policy.settings.host = "127.0.0.1";
  policy.settings.tls = TlsMode::none;
  return policy;
}

delivery::Outgoing mail(std::int64_t id, std::string to = "t@x.test") {
  delivery::Outgoing message;
  message.id = id;
  message.message_id = std::to_string(id) + "@x.test";
  message.envelope_from = "s@x.test";
  message.envelope_to = {std::move(to)};
  message.bytes = "Subject: " + std::to_string(id) + "\r\n\r\n.dot\r\nend\r\n";
  return message;
}

/// A session and a server with a wire between them that breaks where it is told to.
struct Line {
  explicit Line(SmtpPolicy the_policy = plain_policy(), SmtpFaults the_faults = {})
      : policy(std::move(the_policy)),
        faults(std::move(the_faults)),
        session(policy),
        server(faults) {}

  void start(bool loopback = true) {
    session.start("127.0.0.1", loopback);
    if (!session.wants_tls()) hear(server.banner());
    pump();
  }
  void add(delivery::Outgoing message) {
    session.add(std::move(message), [this](std::int64_t id, Outcome outcome) {
      outcomes[id].push_back(std::move(outcome));
    });
  }
  void hear(std::string_view bytes) {
    while (!bytes.empty() && !session.ended()) {
      const std::string_view part = bytes.substr(0, read_piece);
      bytes.remove_prefix(part.size());
      session.received(part);
      collect();
    }
  }
  /// One write of at most write_piece bytes, and what the server says to it.
  bool write_once() {
    std::array<std::string_view, 4> pieces;
    const std::size_t count = session.output(pieces);
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i) bytes += pieces[i];
    bytes.resize(std::min({bytes.size(), write_piece, cut_after - sent.size()}));
    if (bytes.empty()) return false;
    session.wrote(bytes.size());
    sent += bytes;
    writes.push_back(bytes);
    const std::string reply = server.feed(bytes);
    if (!deaf) {
      hear(reply);
    } else {
      unheard += reply;
    }
    return true;
  }
  void pump() {
    while (!session.ended() && write_once()) {
      if (server.dropped() || sent.size() >= cut_after) session.end("the wire broke");
    }
    if (server.dropped() && !session.ended()) session.end("the server closed");
    collect();
  }
  void collect() {
    for (auto& message : session.take_finished())
      message.done(message.id, std::move(message.outcome));
  }
  const Outcome& only(std::int64_t id) {
    REQUIRE(outcomes[id].size() == 1);
    return outcomes[id][0];
  }

  SmtpPolicy policy;
  SmtpFaults faults;
  SmtpSession session;
  SmtpScript server;
  std::size_t write_piece = 100000;
  std::size_t read_piece = 100000;
  std::size_t cut_after = 1000000;
  bool deaf = false;
  std::string unheard;
  std::string sent;
  std::vector<std::string> writes;
  std::map<std::int64_t, std::vector<Outcome>> outcomes;
};

}  // namespace

TEST_CASE("the end of a message and the next envelope travel in one write", "[transport]") {
  Line line;
  line.start();
  REQUIRE(line.session.free_slots() == 2);
  line.add(mail(1));
  line.add(mail(2));
  CHECK(line.session.free_slots() == 0);
  line.pump();
  CHECK(line.only(1).kind == OutcomeKind::sent);
  CHECK(line.only(2).kind == OutcomeKind::sent);
  REQUIRE(line.writes.size() == 4);  // EHLO; envelope 1; message 1 and envelope 2; message 2
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
