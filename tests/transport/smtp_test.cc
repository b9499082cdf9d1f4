#include "transport/smtp.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>

#include "live.h"
#include "support/directory.h"
#include "support/smtp_fault_server.h"
#include "transport/smtp_connection.h"

using namespace retaind;
using namespace retaind::testing;
using namespace std::chrono_literals;
using delivery::Outcome;
using delivery::OutcomeKind;
using transport::Smtp;

namespace {

SmtpSettings settings_for(int port) {
  SmtpSettings settings;
  settings.host = "127.0.0.1";
  settings.port = port;
  settings.tls = TlsMode::none;
  return settings;
}

struct Sender {
  explicit Sender(SmtpSettings settings, std::string_view credential = {})
      : smtp(
            std::in_place, live.loop(), std::move(settings), credential, [this] { feed.run(); },
            live.clock()) {
    feed.use(*smtp);
  }
  bool send(int count, std::chrono::milliseconds limit = 20s, std::size_t size = 0) {
    for (int id = 1; id <= count; ++id) feed.add(test_mail(id, size));
    feed.run();
    return live.run_until([&] { return feed.ended() == static_cast<std::size_t>(count); }, limit);
  }
  bool troubled() {
    feed.add(test_mail(1));
    feed.run();
    return live.run_until([&] { return !smtp->trouble().empty(); });
  }
  Live live;
  Feed feed;
  std::optional<Smtp> smtp;
};

/// What must hold whatever the server does: one outcome each, and none that contradicts what the
/// server took.
void check_accounts(const Feed& feed, const std::vector<SmtpScript::Taken>& taken) {
  std::map<std::string, int> copies;
  for (const SmtpScript::Taken& message : taken)
    ++copies[message.bytes.substr(0, message.bytes.find("\r\n"))];
  for (const auto& [id, outcomes] : feed.outcomes) {
    INFO("message " << id);
    REQUIRE(outcomes.size() == 1);
    const int at_server = copies["Message-ID: <m" + std::to_string(id) + "@shop.test>"];
    INFO("outcome " << static_cast<int>(outcomes[0].kind) << " " << outcomes[0].reply);
    switch (outcomes[0].kind) {
      case OutcomeKind::sent: CHECK(at_server == 1); break;
      case OutcomeKind::unknown: CHECK(at_server <= 1); break;
      default: CHECK(at_server == 0);
    }
  }
}

}  // namespace

TEST_CASE("many messages over several connections arrive once each, byte for byte", "[transport]") {
  SmtpFaults faults;
  faults.pipelining = GENERATE(true, false);
  SmtpFaultServer server(faults);
  Sender sender(settings_for(server.port()));
  REQUIRE(sender.send(500, 20s, 4096));
  CHECK(sender.feed.count(OutcomeKind::sent) == 500);
  check_accounts(sender.feed, server.taken());
  std::set<std::string> bytes;
  for (const SmtpScript::Taken& message : server.taken()) bytes.insert(message.bytes);
  for (int id = 1; id <= 500; ++id) CHECK(bytes.count(test_mail(id, 4096).bytes) == 1);
  CHECK(sender.smtp->trouble().empty());
  if (faults.pipelining) CHECK(server.grouped_reads() > 250);
  CHECK(server.connections() <= 16);  // eight, and eight more after 100 messages each
}

TEST_CASE("connections are used again, and not more of them than messages", "[transport]") {
  SmtpFaultServer server({});
  Sender sender(settings_for(server.port()));
  REQUIRE(sender.send(1));
  CHECK(server.connections() == 1);
  for (int id = 2; id <= 5; ++id) {
    sender.feed.add(test_mail(id));
    sender.feed.run();
    REQUIRE(
        sender.live.run_until([&] { return sender.feed.ended() == static_cast<std::size_t>(id); }));
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("capacity is only what is connected", "[transport]") {
  SmtpFaultServer server({});
  SmtpSettings settings = settings_for(server.port());
  settings.connections = 3;
  Sender sender(settings);
  CHECK(sender.smtp->capacity() == 0);
  sender.smtp->want(100);
  CHECK(sender.smtp->capacity() == 0);
  REQUIRE(sender.live.run_until([&] { return sender.smtp->capacity() == 9; }));
  CHECK(server.connections() == 3);
}

TEST_CASE("an outcome never comes from within send", "[transport]") {
  SmtpFaults faults;
  faults.smtputf8 = false;
  SmtpFaultServer server(faults);
  Sender sender(settings_for(server.port()));
  sender.smtp->want(1);
  REQUIRE(sender.live.run_until([&] { return sender.smtp->capacity() > 0; }));
  delivery::Outgoing wide = test_mail(1);
  wide.needs_smtputf8 = true;
  int calls = 0;
  const auto done = [&](std::int64_t, const Outcome&) { ++calls; };
  sender.smtp->send(std::move(wide), done);
  CHECK(calls == 0);
  CHECK(sender.live.run_until([&] { return calls == 1; }));
  CHECK(sender.smtp->in_flight() == 0);
  // More than capacity() is an outcome too.
  for (int i = 0; i < 3; ++i) sender.smtp->send(test_mail(2 + i), done);
  CHECK(calls == 1);
  CHECK(sender.live.run_until([&] { return calls == 4; }));
}

TEST_CASE(
    "a connection dropped at any byte that the server reads leaves every message accounted for",
    "[transport]") {
  SmtpFaults faults;
  faults.pipelining = GENERATE(true, false);
  faults.reset = GENERATE(false, true);
  std::map<OutcomeKind, int> seen;
  long whole = 0;
  {
    SmtpFaultServer server(faults);
    Sender sender(settings_for(server.port()));
    REQUIRE(sender.send(2));
    whole = 500;
  }
  for (long cut = 1; cut <= whole; ++cut) {
    faults.drop_after_read = cut;
    SmtpFaultServer server(faults);
    SmtpSettings settings = settings_for(server.port());
    settings.connections = 1;
    Sender sender(settings);
    sender.smtp->want(2);
    REQUIRE(sender.live.run_until(
        [&] { return sender.smtp->capacity() > 0 || !sender.smtp->trouble().empty(); }));
    if (sender.smtp->capacity() == 0) continue;
    for (int id = 1; id <= 2; ++id) sender.feed.add(test_mail(id));
    const std::size_t taken =
        std::min<std::size_t>(2, static_cast<std::size_t>(sender.smtp->capacity()));
    sender.feed.run();
    INFO("dropped after " << cut << " bytes");
    REQUIRE(sender.live.run_until([&] { return sender.feed.ended() >= taken; }));
    check_accounts(sender.feed, server.taken());
    for (const auto& [id, outcomes] : sender.feed.outcomes) ++seen[outcomes[0].kind];
  }
  CHECK(seen[OutcomeKind::deferred] > 0);
  CHECK(seen[OutcomeKind::unknown] > 0);
  CHECK(seen[OutcomeKind::sent] > 0);
}

TEST_CASE(
    "a connection dropped at any byte that the server says leaves every message accounted for",
    "[transport]") {
  SmtpFaults faults;
  faults.reset = GENERATE(false, true);
  std::map<OutcomeKind, int> seen;
  for (long cut = 0; cut <= 260; ++cut) {
    faults.drop_after_written = cut;
    SmtpFaultServer server(faults);
    SmtpSettings settings = settings_for(server.port());
    settings.connections = 1;
    Sender sender(settings);
    sender.smtp->want(2);
    REQUIRE(sender.live.run_until(
        [&] { return sender.smtp->capacity() > 0 || !sender.smtp->trouble().empty(); }));
    if (sender.smtp->capacity() == 0) continue;
    for (int id = 1; id <= 2; ++id) sender.feed.add(test_mail(id));
    sender.feed.run();
    INFO("dropped after " << cut << " bytes said");
    REQUIRE(sender.live.run_until([&] { return sender.feed.ended() == 2; }));
    check_accounts(sender.feed, server.taken());
    for (const auto& [id, outcomes] : sender.feed.outcomes) ++seen[outcomes[0].kind];
  }
  CHECK(seen[OutcomeKind::deferred] > 0);
  CHECK(seen[OutcomeKind::unknown] > 0);
  CHECK(seen[OutcomeKind::sent] > 0);
}

TEST_CASE("a server that falls silent is given up in time", "[transport]") {
  for (const std::string verb : {"MAIL", "RCPT", "DATA", "."}) {
    INFO("silent at " << verb);
    SmtpFaults faults;
    faults.answer = [&](std::string_view asked, int) { return asked == verb ? "-" : ""; };
    SmtpFaultServer server(faults);
    SmtpSettings settings = settings_for(server.port());
    settings.timeout = 150ms;
    Sender sender(settings);
    REQUIRE(sender.send(1, 3s));
    CHECK(sender.feed.outcomes[1][0].kind ==
          (verb == "." ? OutcomeKind::unknown : OutcomeKind::deferred));
    CHECK(sender.feed.outcomes[1][0].reply.find("no answer") != std::string::npos);
  }
  for (const std::string verb : {"banner", "EHLO"}) {
    INFO("silent at " << verb);
    SmtpFaults faults;
    faults.answer = [&](std::string_view asked, int) { return asked == verb ? "-" : ""; };
    SmtpFaultServer server(faults);
    SmtpSettings settings = settings_for(server.port());
    settings.timeout = 150ms;
    Sender sender(settings);
    CHECK(sender.troubled());
  }
}

TEST_CASE("a banner that drips does not stretch its time limit", "[transport]") {
  SmtpFaults faults;
  faults.slow_banner_ms = 60;
  SmtpFaultServer server(faults);
  SmtpSettings settings = settings_for(server.port());
  settings.timeout = 300ms;
  Sender sender(settings);
  const Duration before = sender.live.clock().elapsed();
  REQUIRE(sender.troubled());
  CHECK(sender.live.clock().elapsed() - before < 900ms);
  CHECK(sender.smtp->trouble().find("no greeting within") != std::string::npos);
}

TEST_CASE("a server that stops reading gets no end of data", "[transport]") {
  SmtpFaults faults;
  faults.stops_reading_data = true;
  SmtpFaultServer server(faults);
  SmtpSettings settings = settings_for(server.port());
  settings.timeout = 300ms;
  Sender sender(settings);
  REQUIRE(sender.send(1, 20s, 24 << 20));
  CHECK(sender.feed.outcomes[1][0].kind == OutcomeKind::deferred);
  CHECK(sender.feed.outcomes[1][0].reply.find("does not read on") != std::string::npos);
}

TEST_CASE("a host that is away is left alone, then tried again", "[transport]") {
  const int port = free_port();
  Sender sender(settings_for(port));
  REQUIRE(sender.troubled());
  CHECK(sender.smtp->trouble().find("no connection: Connection refused") != std::string::npos);
  CHECK(sender.smtp->trouble().find("since 20") != std::string::npos);
  CHECK(sender.smtp->capacity() == 0);
  Peer sink({"/usr/sbin/smtp-sink", "-u", "nobody", "127.0.0.1:" + std::to_string(port), "64"});
  if (!sink.listens(port)) {
    std::puts("skipped: no smtp-sink (package postfix)");
    return;
  }
  REQUIRE(sender.live.run_until([&] { return sender.feed.ended() == 1; }));
  CHECK(sender.feed.count(OutcomeKind::sent) == 1);
  CHECK(sender.smtp->trouble().empty());
}

TEST_CASE("a host that refuses every message is not hammered", "[transport]") {
  SmtpFaults faults;
  const std::string reply = GENERATE("421 4.3.2 going down", "530 5.7.0 sign in first");
  faults.answer = [&](std::string_view asked, int) {
    return asked == "MAIL" ? reply : std::string();
  };
  SmtpFaultServer server(faults);
  Sender sender(settings_for(server.port()));
  for (std::int64_t id = 1; id <= 40; ++id) sender.feed.add(test_mail(id));
  const Duration begin = sender.live.clock().elapsed();
  sender.feed.run();
  sender.live.run_for(1500ms);
  // While a probe is ready and not yet refused, the host counts as well.
  REQUIRE(sender.live.run_until([&] { return !sender.smtp->trouble().empty(); }));
  CHECK(sender.feed.count(OutcomeKind::deferred) == static_cast<int>(sender.feed.ended()));
  CHECK(sender.feed.ended() > 0);
  CHECK(sender.smtp->trouble().find(reply) != std::string::npos);
  // Eight, and after pauses of 1, 2, 4 ... seconds a probe.
  int most = 8;
  Duration left = sender.live.clock().elapsed() - begin;
  for (Duration pause = 1s; left >= pause; left -= pause, pause *= 2) ++most;
  CHECK(server.connections() <= most);
}

TEST_CASE("a host that bears only some connections gets no more, and everything arrives",
          "[transport]") {
  SmtpFaults faults;
  faults.most_connections = 3;
  SmtpFaultServer server(faults);
  Sender sender(settings_for(server.port()));
  REQUIRE(sender.send(600));
  CHECK(sender.feed.count(OutcomeKind::sent) == 600);
  check_accounts(sender.feed, server.taken());
  CHECK(server.connections() < 30);
}

TEST_CASE("a host that serves a few messages a connection gets them all", "[transport]") {
  SmtpFaults faults;
  faults.answer = [](std::string_view asked, int n) {
    return asked == "MAIL" && n == 3 ? "421 4.7.0 enough" : "";
  };
  SmtpFaultServer server(faults);
  SmtpSettings settings = settings_for(server.port());
  settings.connections = 2;
  Sender sender(settings);
  REQUIRE(sender.send(30));
  check_accounts(sender.feed, server.taken());
  CHECK(sender.feed.count(OutcomeKind::sent) >= 15);
  CHECK(sender.feed.count(OutcomeKind::unknown) == 0);
}

TEST_CASE("close lets messages in flight end and says QUIT", "[transport]") {
  SmtpFaultServer server({});
  Sender sender(settings_for(server.port()));
  sender.smtp->want(4);
  REQUIRE(sender.live.run_until([&] { return sender.smtp->capacity() == 12; }));
  for (int id = 1; id <= 4; ++id) sender.feed.add(test_mail(id));
  sender.feed.run();
  sender.smtp->close();
  CHECK(sender.smtp->capacity() == 0);
  CHECK(sender.smtp->in_flight() == 4);
  REQUIRE(sender.live.run_until([&] { return sender.smtp->closed(); }));
  CHECK(sender.feed.count(OutcomeKind::sent) == 4);
  const std::vector<std::string> commands = server.commands();
  CHECK(std::count(commands.begin(), commands.end(), "QUIT") == server.connections());
}

TEST_CASE("destroyed with messages in flight it calls nobody", "[transport]") {
  SmtpFaultServer server({});
  Sender sender(settings_for(server.port()));
  sender.smtp->want(4);
  REQUIRE(sender.live.run_until([&] { return sender.smtp->capacity() >= 4; }));
  for (int id = 1; id <= 4; ++id) sender.feed.add(test_mail(id));
  sender.feed.run();
  sender.smtp.reset();
  sender.live.run_for(100ms);
  CHECK(sender.feed.ended() == 0);
}

TEST_CASE("an idle connection is given back with QUIT", "[transport]") {
  SmtpFaultServer server({});
  Live live;
  transport::SmtpPolicy policy;
  policy.settings = settings_for(server.port());
  policy.idle = 200ms;
  std::string problem;
  int changes = 0;
  transport::SmtpConnection connection(live.loop(), policy,
                                       transport::make_smtp_tls(policy.settings, problem),
                                       live.clock(), [&] { ++changes; });
  CHECK(problem.empty());
  connection.open();
  REQUIRE(live.run_until([&] {
    connection.flush();
    return connection.session().ready();
  }));
  REQUIRE(live.run_until(
      [&] {
        connection.flush();
        return connection.session().ended();
      },
      3s));
  CHECK(connection.session().end_reason().empty());
  CHECK(server.commands().back() == "QUIT");
}

TEST_CASE("TLS: mail arrives when the certificate is the host's, and only then", "[transport]") {
  const Certificates* made = certificates();
  if (made == nullptr) return;
  SmtpFaults faults;
  faults.certificate = made->certificate;
  faults.key = made->key;
  faults.auth = "PLAIN";
  faults.credentials = "anna secret";
  const bool implicit = GENERATE(true, false);
  faults.implicit_tls = implicit;
  faults.starttls = !implicit;
  SECTION("with the authority") {
    faults.injected = implicit ? "" : "250-evil.test\r\n250 AUTH LOGIN\r\n";
    SmtpFaultServer server(faults);
    SmtpSettings settings = settings_for(server.port());
    settings.host = GENERATE("localhost", "127.0.0.1");
    settings.tls = implicit ? TlsMode::implicit : TlsMode::starttls;
    settings.ca_file = made->authority;
    settings.user = "anna";
    Sender sender(settings, "secret\n");
    if (faults.injected.empty()) {
      REQUIRE(sender.send(50, 20s, 40000));
      CHECK(sender.feed.count(OutcomeKind::sent) == 50);
      check_accounts(sender.feed, server.taken());
    } else {
      // Swallowed with the reply, or read as a broken handshake: believed in neither case.
      sender.feed.add(test_mail(1));
      sender.feed.run();
      REQUIRE(sender.live.run_until(
          [&] { return sender.feed.ended() == 1 || !sender.smtp->trouble().empty(); }));
      for (const std::string& command : server.commands()) CHECK(command != "AUTH LOGIN");
    }
  }
  SECTION("an authority that we do not trust") {
    SmtpFaultServer server(faults);
    SmtpSettings settings = settings_for(server.port());
    settings.tls = implicit ? TlsMode::implicit : TlsMode::starttls;
    Sender sender(settings);
    REQUIRE(sender.troubled());
    CHECK(sender.smtp->trouble().find("certificate is not accepted") != std::string::npos);
    CHECK(sender.smtp->trouble().find("ca-file") != std::string::npos);
  }
  SECTION("somebody else's certificate, of an authority that we trust") {
    faults.certificate = made->other;
    SmtpFaultServer server(faults);
    SmtpSettings settings = settings_for(server.port());
    const auto& [host, mismatch] =
        GENERATE(std::pair<std::string, std::string>{"127.0.0.1", "IP address mismatch"},
                 std::pair<std::string, std::string>{"localhost", "hostname mismatch"});
    settings.host = host;
    settings.tls = implicit ? TlsMode::implicit : TlsMode::starttls;
    settings.ca_file = made->authority;
    settings.user = "anna";
    Sender sender(settings, "secret\n");
    REQUIRE(sender.troubled());
    INFO(sender.smtp->trouble());
    CHECK(sender.smtp->trouble().find("certificate is not accepted: " + mismatch) !=
          std::string::npos);
    CHECK(sender.feed.ended() == 0);
    CHECK(server.taken().empty());
    for (const std::string& command : server.commands())
      CHECK((command.starts_with("EHLO") || command == "STARTTLS"));
  }
}

TEST_CASE("a server whose STARTTLS was stripped gets nothing", "[transport]") {
  SmtpFaultServer server({});
  SmtpSettings settings = settings_for(server.port());
  settings.tls = TlsMode::starttls;
  settings.user = "anna";
  Sender sender(settings, "secret");
  REQUIRE(sender.troubled());
  CHECK(sender.smtp->trouble().find("does not offer STARTTLS") != std::string::npos);
  for (const std::string& command : server.commands()) CHECK(command.starts_with("EHLO"));
  CHECK(sender.feed.ended() == 0);
}

TEST_CASE("an authority file that is not there is told, and nothing is tried", "[transport]") {
  SmtpFaultServer server({});
  SmtpSettings settings = settings_for(server.port());
  settings.tls = TlsMode::starttls;
  settings.ca_file = "/nowhere/ca.pem";
  Sender sender(settings);
  sender.smtp->want(3);
  sender.live.run_for(50ms);
  CHECK(sender.smtp->trouble().find("/nowhere/ca.pem") != std::string::npos);
  CHECK(server.connections() == 0);
}

TEST_CASE("a host without a name is told", "[transport]") {
  SmtpSettings settings = settings_for(25);
  settings.host = "no-such-host.invalid";
  Sender sender(settings);
  REQUIRE(sender.troubled());
  CHECK(sender.smtp->trouble().find("the host is not found") != std::string::npos);
}

TEST_CASE("Postfix's smtp-sink takes everything", "[transport]") {
  const int port = free_port();
  Peer sink({"/usr/sbin/smtp-sink", "-u", "nobody", "127.0.0.1:" + std::to_string(port), "512"});
  if (!sink.listens(port)) {
    std::puts("skipped: no smtp-sink (package postfix)");
    return;
  }
  Sender sender(settings_for(port));
  REQUIRE(sender.send(2000, 30s, 4096));
  CHECK(sender.feed.count(OutcomeKind::sent) == 2000);
}

TEST_CASE("smtp-sink refusing or dropping at each command leaves every message accounted for",
          "[transport]") {
  for (const std::string option :
       {"-q mail", "-q rcpt", "-q data", "-q .", "-Q .", "-f mail", "-f rcpt", "-f data", "-f .",
        "-r mail", "-r rcpt", "-r data", "-r .", "-p"}) {
    INFO("smtp-sink " << option);
    const int port = free_port();
    std::vector<std::string> command = {"/usr/sbin/smtp-sink", "-u", "nobody", option.substr(0, 2)};
    if (option.size() > 3) command.push_back(option.substr(3));
    command.push_back("127.0.0.1:" + std::to_string(port));
    command.push_back("64");
    Peer sink(command);
    if (!sink.listens(port)) {
      std::puts("skipped: no smtp-sink (package postfix)");
      return;
    }
    Sender sender(settings_for(port));
    for (int id = 1; id <= 4; ++id) sender.feed.add(test_mail(id));
    sender.feed.run();
    REQUIRE(sender.live.run_until(
        [&] { return sender.feed.ended() >= 4 || !sender.smtp->trouble().empty(); }));
    for (const auto& [id, outcomes] : sender.feed.outcomes) {
      REQUIRE(outcomes.size() == 1);
      const Outcome& outcome = outcomes[0];
      if (option[1] == 'p') CHECK(outcome.kind == OutcomeKind::sent);
      if (option[1] == 'r')
        CHECK((outcome.kind == OutcomeKind::deferred && outcome.code / 100 == 4));
      if (option[1] == 'f')
        CHECK((outcome.kind == OutcomeKind::rejected && outcome.code / 100 == 5));
      if (option == "-q .") CHECK((outcome.kind == OutcomeKind::unknown || outcome.host_trouble));
      if (option[1] == 'q' && option != "-q .")
        CHECK((outcome.kind == OutcomeKind::deferred && outcome.host_trouble));
      if (option[1] == 'Q') CHECK((outcome.kind == OutcomeKind::deferred && outcome.code == 421));
    }
  }
}

TEST_CASE("aiosmtpd with STARTTLS and AUTH takes everything, also internationalized",
          "[transport]") {
  const Certificates* made = certificates();
  if (made == nullptr) return;
  const test::Directory directory;
  const int port = free_port();
  const std::string script = R"py(
import asyncio, ssl, sys, os
from aiosmtpd.smtp import SMTP, AuthResult
cert, key, port, out = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
class Handler:
    count = 0
    async def handle_DATA(self, server, session, envelope):
        Handler.count += 1
        with open(os.path.join(out, str(Handler.count) + ".eml"), "wb") as f:
            f.write(envelope.content)
        return "250 2.0.0 taken"
def check(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"anna" and data.password == b"secret", handled=False)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(cert, key)
def make():
    return SMTP(Handler(), enable_SMTPUTF8=True, tls_context=context, require_starttls=True,
                authenticator=check, auth_required=True)
async def main():
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", port)
    await server.serve_forever()
asyncio.run(main())
)py";
  Peer server({"/usr/bin/python3", "-c", script, made->certificate, made->key, std::to_string(port),
               directory.path()});
  if (!server.listens(port)) {
    std::puts("skipped: no aiosmtpd (package python3-aiosmtpd)");
    return;
  }
  SmtpSettings settings = settings_for(port);
  settings.tls = TlsMode::starttls;
  settings.ca_file = made->authority;
  settings.user = "anna";
  SECTION("with the right password") {
    Sender sender(settings, "secret");
    delivery::Outgoing wide = test_mail(101);
    wide.envelope_to = {"用户@xn--fsqu00a.test"};
    wide.needs_smtputf8 = true;
    sender.feed.add(std::move(wide));
    for (int id = 1; id <= 60; ++id) sender.feed.add(test_mail(id, 20000));
    sender.feed.run();
    REQUIRE(sender.live.run_until([&] { return sender.feed.ended() == 61; }));
    CHECK(sender.feed.count(OutcomeKind::sent) == 61);
    std::set<std::uintmax_t> sizes;
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
      ++files;
      sizes.insert(entry.file_size());
    }
    CHECK(files == 61);
    CHECK(sizes.count(test_mail(11, 20000).bytes.size()) == 1);
  }
  SECTION("with a wrong one") {
    Sender sender(settings, "wrong");
    REQUIRE(sender.troubled());
    CHECK(sender.smtp->trouble().find("535") != std::string::npos);
    CHECK(sender.feed.ended() == 0);
  }
}
