#include "transport/smtp_thread.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <optional>
#include <set>
#include <thread>

#include "live.h"
#include "support/smtp_fault_server.h"

// The same promises as those of the pool itself, from another thread.
using namespace retaind;
using namespace retaind::testing;
using namespace std::chrono_literals;
using delivery::OutcomeKind;
using transport::SmtpThread;

namespace {

/// Takes a message and says nothing more.
SmtpFaults silent_at_the_end(std::atomic<bool>& silent) {
  SmtpFaults faults;
  faults.answer = [&silent](std::string_view verb, int) {
    if (verb != ".") return std::string();
    silent = true;
    return std::string("-");
  };
  return faults;
}

std::unique_ptr<SmtpThread> start(Live& live, SmtpSettings settings, std::function<void()> ready,
                                  Duration idle = 1min) {
  auto made =
      SmtpThread::start(live.loop(), std::move(settings), "", std::move(ready), live.clock(), idle);
  REQUIRE(made);
  return std::move(*made);
}

}  // namespace

TEST_CASE("every message gets one outcome, on the thread that sent it", "[transport]") {
  SmtpFaults faults;
  faults.answer = [](std::string_view verb, int n) {
    if (verb == "RCPT" && n % 7 == 3) return std::string("550 5.1.1 nobody");
    if (verb == "." && n % 11 == 5) return std::string("451 4.3.0 later");
    return std::string();
  };
  SmtpFaultServer server(faults);
  Live live;
  Feed feed;
  std::set<std::thread::id> threads;
  const auto smtp = start(live, settings_for(server.port(), 3), [&] {
    threads.insert(std::this_thread::get_id());
    feed.run();
  });
  feed.use(*smtp);
  constexpr int count = 600;
  for (int id = 1; id <= count; ++id) feed.add(test_mail(id));
  feed.run();
  REQUIRE(live.run_until([&] { return feed.ended() == count; }));
  const int sent = feed.count(OutcomeKind::sent);
  CHECK(sent + feed.count(OutcomeKind::rejected) + feed.count(OutcomeKind::deferred) == count);
  CHECK(feed.count(OutcomeKind::rejected) > count / 10);
  CHECK(static_cast<int>(server.taken().size()) == sent);
  CHECK(threads == std::set{std::this_thread::get_id()});
  CHECK(smtp->in_flight() == 0);
}

TEST_CASE("no more are on their way than the connections hold", "[transport]") {
  SmtpFaultServer server({});
  Live live;
  Feed feed;
  SmtpSettings settings = settings_for(server.port(), 2);
  settings.pipeline = 6;
  int most = 0;
  std::unique_ptr<SmtpThread> smtp;
  smtp = start(live, settings, [&] {
    feed.run();
    most = std::max(most, smtp->in_flight());
  });
  feed.use(*smtp);
  constexpr int count = 3000;
  for (int id = 1; id <= count; ++id) feed.add(test_mail(id));
  feed.run();
  REQUIRE(live.run_until([&] { return feed.ended() == count; }));
  CHECK(feed.count(OutcomeKind::sent) == count);
  CHECK(most > 6);
  CHECK(most <= 12);
}

TEST_CASE("a connection that nobody needs any more is no place for a message", "[transport]") {
  SmtpFaultServer server({});
  Live live;
  Feed feed;
  const auto smtp = start(
      live, settings_for(server.port(), 1), [&] { feed.run(); }, 100ms);
  feed.use(*smtp);
  feed.add(test_mail(1));
  feed.run();
  REQUIRE(live.run_until([&] { return feed.ended() == 1; }));
  CHECK(smtp->capacity() > 0);
  REQUIRE(live.run_until([&] { return smtp->capacity() == 0; }, 5s));
  feed.add(test_mail(2));
  feed.run();
  REQUIRE(live.run_until([&] { return feed.ended() == 2; }, 5s));
  CHECK(feed.count(OutcomeKind::sent) == 2);
  CHECK(server.connections() == 2);
}

TEST_CASE("the trouble of a host that is away is told, and the time until the next try",
          "[transport]") {
  Live live;
  const auto smtp = start(live, settings_for(free_port(), 1), [] {});
  CHECK(smtp->trouble().empty());
  smtp->want(1);
  REQUIRE(live.run_until([&] { return !smtp->trouble().empty(); }));
  CHECK_THAT(smtp->trouble(), Catch::Contains("no connection") && Catch::Contains("next try in"));
  CHECK(smtp->capacity() == 0);
}

TEST_CASE("who goes away with messages on their way hears nothing of them", "[transport]") {
  std::atomic<bool> silent = false;
  SmtpFaultServer server(silent_at_the_end(silent));
  Live live;
  Feed feed;
  auto smtp = start(live, settings_for(server.port(), 1), [&] { feed.run(); });
  feed.use(*smtp);
  feed.add(test_mail(1));
  feed.run();
  REQUIRE(live.run_until([&] { return silent.load(); }));
  smtp.reset();
  live.run_for(50ms);
  CHECK(feed.ended() == 0);
}

TEST_CASE("of a server that has fallen silent what had not begun goes another time",
          "[transport]") {
  std::atomic<bool> silent = false;
  SmtpFaultServer server(silent_at_the_end(silent));
  Live live;
  Feed feed;
  const auto smtp = start(live, settings_for(server.port(), 1), [&] { feed.run(); });
  feed.use(*smtp);
  smtp->want(1);
  REQUIRE(live.run_until([&] { return smtp->capacity() > 2; }));
  for (int id = 1; id <= 3; ++id) feed.add(test_mail(id));
  feed.run();
  REQUIRE(live.run_until([&] { return silent.load(); }));
  smtp->close();
  live.run_for(50ms);
  CHECK(feed.ended() == 0);
  smtp->give_up();
  REQUIRE(live.run_until([&] { return feed.ended() == 3; }, 5s));
  CHECK(feed.count(OutcomeKind::unknown) == 1);
  CHECK(feed.count(OutcomeKind::deferred) == 2);
  CHECK(smtp->closed());
}

TEST_CASE("what is on its way when it closes still ends", "[transport]") {
  SmtpFaultServer server({});
  Live live;
  Feed feed;
  const auto smtp = start(live, settings_for(server.port(), 2), [&] { feed.run(); });
  feed.use(*smtp);
  smtp->want(1);
  REQUIRE(live.run_until([&] { return smtp->capacity() > 1; }));
  feed.add(test_mail(1));
  feed.add(test_mail(2));
  feed.run();
  smtp->close();
  CHECK(smtp->capacity() == 0);
  REQUIRE(live.run_until([&] { return smtp->closed(); }, 5s));
  CHECK(feed.count(OutcomeKind::sent) == 2);
}
