#include <atomic>
#include <catch2/catch.hpp>
#include <optional>
#include <thread>

#include "live.h"
#include "support/smtp_fault_server.h"
#include "transport/smtp.h"
#include "transport/smtp_connection.h"

// How the pool keeps its connections busy, and what happens to one that nobody needs.
using namespace retaind;
using namespace retaind::testing;
using namespace std::chrono_literals;
using delivery::OutcomeKind;
using transport::Smtp;

TEST_CASE(
    "end of one message and the next envelope go in one write, though the outbox commits first",
    "[transport]") {
  SmtpFaultServer server({});
  Live live;
  Feed feed;
  // The daemon's pass comes behind `ready`, as an event of its own.
  Smtp smtp(
      live.loop(), settings_for(server.port(), 2), "",
      [&] { transport::post(live.loop(), [&] { feed.run(); }); }, live.clock());
  feed.use(smtp);
  constexpr int count = 180;
  for (int id = 1; id <= count; ++id) feed.add(test_mail(id, 4096));
  feed.run();
  REQUIRE(live.run_until([&] { return feed.ended() == count; }));
  CHECK(feed.count(OutcomeKind::sent) == count);
  CHECK(server.connections() == 2);
  // All but the last of each connection when nothing else runs; a loaded machine reads some apart.
  CHECK(server.grouped_reads() >= count / 2);
}

TEST_CASE("a message that comes while the idle connection says QUIT goes with the next one",
          "[transport]") {
  std::atomic<bool> quitting = false;
  SmtpFaults faults;
  faults.answer = [&](std::string_view verb, int) {
    if (verb == "QUIT") {
      quitting = true;
      std::this_thread::sleep_for(300ms);
    }
    return std::string();
  };
  SmtpFaultServer server(faults);
  Live live;
  Feed feed;
  Smtp smtp(
      live.loop(), settings_for(server.port(), 1), "", [&] { feed.run(); }, live.clock(), 100ms);
  feed.use(smtp);
  feed.add(test_mail(1));
  feed.run();
  REQUIRE(live.run_until([&] { return feed.ended() == 1 && quitting; }));
  feed.add(test_mail(2));
  feed.run();
  REQUIRE(live.run_until([&] { return feed.ended() == 2; }, 5s));
  CHECK(feed.count(OutcomeKind::sent) == 2);
  CHECK(server.connections() == 2);
}

TEST_CASE("a time-out for what has come already ends nothing", "[transport]") {
  SmtpFaults faults;
  faults.answer = [](std::string_view verb, int) {
    if (verb == "MAIL") std::this_thread::sleep_for(300ms);
    return std::string();
  };
  SmtpFaultServer server(faults);
  Live live;
  transport::SmtpPolicy policy;
  policy.settings = settings_for(server.port(), 1);
  policy.settings.timeout = 500ms;
  std::string problem;
  transport::SmtpConnection connection(live.loop(), policy, nullptr, live.clock(), [] {});
  connection.open();
  REQUIRE(live.run_until([&] {
    connection.flush();
    return connection.session().ready();
  }));
  std::optional<delivery::Outcome> outcome;
  connection.session().add(test_mail(1),
                           [&](std::int64_t, const delivery::Outcome& came) { outcome = came; });
  connection.flush();
  // The answer comes after 300 ms, and whoever should flush is busy until after the time-out.
  live.run_for(700ms);
  CHECK_FALSE(connection.session().ended());
  REQUIRE(live.run_until([&] {
    connection.flush();
    for (auto& finished : connection.session().take_finished())
      finished.done(finished.id, std::move(finished.outcome));
    return outcome.has_value();
  }));
  CHECK(outcome->kind == OutcomeKind::sent);
}

TEST_CASE("an outcome is told though its connection has no place any more", "[transport]") {
  SmtpFaultServer server({});
  Live live;
  Feed feed;
  SmtpSettings settings = settings_for(server.port(), 1);
  settings.messages_per_connection = 1;
  std::size_t told = 0;  // outcomes that the owner knew of when it was called
  Smtp smtp(
      live.loop(), settings, "",
      [&] {
        told = feed.ended();
        feed.run();
      },
      live.clock());
  feed.use(smtp);
  feed.add(test_mail(1));
  feed.run();
  CHECK(live.run_until([&] { return told == 1; }, 5s));
  CHECK(feed.count(OutcomeKind::sent) == 1);
}

TEST_CASE("as many messages are on their way as the server answers in a moment", "[transport]") {
  const bool slow = GENERATE(false, true);
  SmtpFaults faults;
  faults.answer = [&](std::string_view verb, int) {
    if (slow && verb == "DATA") std::this_thread::sleep_for(10ms);
    return std::string();
  };
  SmtpFaultServer server(faults);
  Live live;
  Feed feed;
  SmtpSettings settings = settings_for(server.port(), 2);
  settings.pipeline = 6;
  int most = 0;
  std::optional<Smtp> smtp;
  const auto run = [&] {
    feed.run();
    most = std::max(most, smtp->in_flight());
  };
  smtp.emplace(live.loop(), settings, "", run, live.clock());
  feed.use(*smtp);
  int count = 0;
  // Where the machine is busy the quick server is slow, for a while.
  for (int round = 0; round < (slow ? 1 : 20) && most <= 6; ++round) {
    for (const int end = count + (slow ? 60 : 3000); count < end;) feed.add(test_mail(++count));
    feed.run();
    REQUIRE(live.run_until([&] { return feed.ended() == static_cast<std::size_t>(count); }));
  }
  CHECK(feed.count(OutcomeKind::sent) == count);
  // Three at least, for end of data, envelope and one at hand; `pipeline` at most.
  CHECK(most > (slow ? 4 : 6));
  CHECK(most <= (slow ? 6 : 12));
}

TEST_CASE("a moment in which this process was busy makes no server slow", "[transport]") {
  SmtpFaultServer server({});
  Live live;
  Feed feed;
  SmtpSettings settings = settings_for(server.port(), 2);
  settings.pipeline = 6;
  std::optional<Smtp> smtp;
  smtp.emplace(
      live.loop(), settings, "", [&] { feed.run(); }, live.clock());
  feed.use(*smtp);
  std::int64_t made = 0;
  const auto send = [&](int count) {
    for (int i = 0; i < count; ++i) feed.add(test_mail(++made));
    feed.run();
    return live.run_until([&] { return feed.ended() == static_cast<std::size_t>(made); });
  };
  // Where the machine is busy this server is slow indeed, for a while.
  const auto is_quick = [&] {
    for (int round = 0; round < 20 && smtp->capacity() < 12; ++round) REQUIRE(send(2000));
    return smtp->capacity() == 12;
  };
  const auto pause = [&](int times) {
    for (int i = 0; i < times; ++i) {
      std::this_thread::sleep_for(20ms);
      REQUIRE(send(1));
    }
  };
  bool stays_quick = false;
  for (int tries = 0; tries < 5 && !stays_quick; ++tries) {
    REQUIRE(is_quick());
    pause(2);
    stays_quick = smtp->capacity() >= 8;
  }
  CHECK(stays_quick);
  pause(10);
  // The place of the last mail may be told with the next one only.
  for (int tries = 0; tries < 20 && smtp->capacity() != 6; ++tries) pause(1);
  CHECK(smtp->capacity() == 6);
}

TEST_CASE("one message more than there are places waits for its turn", "[transport]") {
  SmtpFaults faults;
  faults.pipelining = GENERATE(true, false);
  SmtpFaultServer server(faults);
  Live live;
  Feed feed;
  Smtp smtp(
      live.loop(), settings_for(server.port(), 1), "", [] {}, live.clock());
  smtp.want(1);
  REQUIRE(live.run_until([&] { return smtp.capacity() > 0; }));
  const int count = smtp.capacity() + 1;
  int sent = 0;
  for (int id = 1; id <= count; ++id) {
    smtp.send(test_mail(id), [&](std::int64_t, const delivery::Outcome& outcome) {
      sent += outcome.kind == OutcomeKind::sent ? 1 : 0;
    });
  }
  CHECK(live.run_until([&] { return sent == count; }, 5s));
  // A server without PIPELINING sees one command at a time.
  if (!faults.pipelining) CHECK(server.grouped_reads() == 0);
}
