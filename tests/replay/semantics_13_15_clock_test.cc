#include <catch2/catch.hpp>

#include "rules.h"

using namespace retaind;
using namespace retaind::test;
using delivery::Outcome;
using delivery::OutcomeKind;

namespace {

std::string after_order(const std::string& after) {
  return "rule: later\npurpose: transactional\nstatus: live\nwhen:\n  event: order.completed\n  "
         "after: " +
         after + "\nthen:\n  - email: welcome\n";
}

/// When the mail about an order completed at `anchor` goes.
std::string goes(const std::string& after, const std::string& anchor, std::string_view starts) {
  Shop shop(starts);
  shop.rule(after_order(after));
  shop.customer("anna");
  shop.start();
  shop.run_to(anchor);
  shop.order("o1", "anna");
  shop.clock.advance_to(shop.clock.now());
  const Time far = shop.clock.now() + std::chrono::hours(24 * 70);
  Shop::expect_ok(shop.world->run_to(far));
  const Lines sent = shop.sent();
  REQUIRE(sent.size() == 1);
  return sent[0].substr(0, 16);
}

}  // namespace

TEST_CASE("semantics 13: hours are elapsed time, days keep local wall time", "[semantics]") {
  // Clocks go forward on 29 March 2026 and back on 25 October.
  CHECK(goes("1 day", "2026-03-28 10:00", "2026-03-02 10:00") == "2026-03-29 10:00");
  CHECK(goes("24 hours", "2026-03-28 10:00", "2026-03-02 10:00") == "2026-03-29 11:00");
  CHECK(goes("1 day", "2026-10-24 10:00", "2026-10-02 10:00") == "2026-10-25 10:00");
  CHECK(goes("24 hours", "2026-10-24 10:00", "2026-10-02 10:00") == "2026-10-25 09:00");
}

TEST_CASE("semantics 13: a time in the DST gap moves to the gap's end", "[semantics]") {
  CHECK(goes("1 day", "2026-03-28 02:30", "2026-03-02 10:00") == "2026-03-29 03:00");
  CHECK(goes("1 day", "2026-03-28 02:00", "2026-03-02 10:00") == "2026-03-29 03:00");
  CHECK(goes("1 day", "2026-03-28 01:59", "2026-03-02 10:00") == "2026-03-29 01:59");
}

TEST_CASE("semantics 13: a doubled time fires at the first, never zero, never twice",
          "[semantics]") {
  Shop shop("2026-10-20 10:00");
  shop.rule(after_order("1 day"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-10-24 02:30");
  shop.order("o1", "anna");
  const Time first = shop.at("2026-10-25 02:30");
  Shop::expect_ok(shop.world->run_to(first - Duration{1}));
  CHECK(shop.sent().empty());
  Shop::expect_ok(shop.world->run_to(first));
  CHECK(shop.sent().size() == 1);
  shop.crash();
  shop.run_to("2026-10-27 10:00");
  CHECK(shop.sent().empty());
}

TEST_CASE("semantics 13: a schedule in the gap and in the doubled hour fires once a day",
          "[semantics]") {
  for (const char* starts : {"2026-03-27 10:00", "2026-10-23 10:00"}) {
    Shop shop(starts);
    shop.rule(
        "rule: report\npurpose: internal\nstatus: live\nwhen:\n  every: day\n  at: 02:30\nthen:\n  "
        "- "
        "notify: support\n    template: second\n");
    shop.start();
    for (int hour = 0; hour < 4 * 24; ++hour) {
      Shop::expect_ok(shop.world->run_to(shop.clock.now() + std::chrono::hours(1)));
      if (hour % 7 == 0) shop.crash();
    }
    CHECK(shop.sent().size() == 4);
    // Nominal times, so that the same slot is known again.
    CHECK(shop.ask("SELECT count(DISTINCT part % 1440) FROM firing") == "1");
  }
}

TEST_CASE("semantics 13: months end where they end, and 29 February falls on the 28th",
          "[semantics]") {
  CHECK(goes("1 month", "2027-01-31 10:00", "2027-01-02 10:00") == "2027-02-28 10:00");
  CHECK(goes("1 month", "2028-01-31 10:00", "2028-01-02 10:00") == "2028-02-29 10:00");
  CHECK(goes("1 month", "2027-01-28 10:00", "2027-01-02 10:00") == "2027-02-28 10:00");
  Shop shop("2026-03-02 10:00");
  shop.rule(
      "rule: birthday\npurpose: transactional\nstatus: live\nwhen:\n  date: customer.birthday\n  "
      "at: "
      "09:00\nthen:\n  - email: birthday\n");
  shop.customer(CustomerFact{.key = "leap", .email = "leap@example.com", .birthday = "2000-02-29"});
  shop.customer(
      CustomerFact{.key = "28th", .email = "eight@example.com", .birthday = "2001-02-28"});
  shop.start();
  shop.run_to("2028-03-02 10:00");
  CHECK(shop.sent() == Lines{"2027-02-28 09:00 email:birthday eight@example.com",
                             "2027-02-28 09:00 email:birthday leap@example.com",
                             "2028-02-28 09:00 email:birthday eight@example.com",
                             "2028-02-29 09:00 email:birthday leap@example.com"});
}

TEST_CASE("semantics 13: a customer's own time zone, on both sides of the date line",
          "[semantics]") {
  Shop shop;
  shop.rule(
      "rule: birthday\npurpose: transactional\nstatus: live\nwhen:\n  date: customer.birthday\n  "
      "at: "
      "09:00\ntimezone: customer\nthen:\n  - email: birthday\n");
  for (const auto& [who, zone] :
       std::vector<std::pair<std::string, std::string>>{{"kiritimati", "Pacific/Kiritimati"},
                                                        {"berlin", "Europe/Berlin"},
                                                        {"midway", "Pacific/Midway"}}) {
    shop.customer(CustomerFact{
        .key = who, .email = who + "@example.com", .time_zone = zone, .birthday = "1990-03-10"});
  }
  shop.start();
  shop.run_to("2026-03-12 10:00");
  CHECK(shop.sent() == Lines{"2026-03-09 20:00 email:birthday kiritimati@example.com",
                             "2026-03-10 09:00 email:birthday berlin@example.com",
                             "2026-03-10 21:00 email:birthday midway@example.com"});
}

TEST_CASE("semantics 13: a row that arrives in the last hours before its local time is not missed",
          "[semantics]") {
  for (const char* zone : {"Pacific/Kiritimati", "Europe/Berlin", "Pacific/Midway"}) {
    Shop shop;
    shop.rule(
        "rule: birthday\npurpose: transactional\nstatus: live\nwhen:\n  date: customer.birthday\n  "
        "at: "
        "23:00\ntimezone: customer\nthen:\n  - email: birthday\n");
    shop.customer(CustomerFact{
        .key = "early", .email = "early@example.com", .time_zone = zone, .birthday = "1990-03-10"});
    shop.start();
    const auto local = Zone::find(zone);
    REQUIRE(local);
    const Time due = *parse_time("2026-03-10 23:00", *local);
    Shop::expect_ok(shop.world->run_to(due - std::chrono::minutes(5)));
    shop.customer(CustomerFact{
        .key = "late", .email = "late@example.com", .time_zone = zone, .birthday = "1990-03-10"});
    Shop::expect_ok(shop.world->run_to(due + std::chrono::hours(60)));
    INFO(zone);
    CHECK(shop.sent().size() == 2);
  }
}

TEST_CASE("semantics 13: a row that moves to the day before, as UTC counts, is not missed",
          "[semantics]") {
  Shop shop;
  shop.rule(
      "rule: renewed\npurpose: transactional\nstatus: live\nwhen:\n  date: "
      "subscription.renews_at\n  after: 1 month\n  at: 07:30\ntimezone: customer\nthen:\n  - "
      "email: birthday\n");
  shop.customer("anna");
  shop.start();
  shop.put(SubscriptionFact{.key = "s1",
                            .customer = "anna",
                            .renews_at = *parse_time("2026-03-01T16:49:40Z", Zone::utc())});
  shop.put(SubscriptionFact{.key = "s2",
                            .customer = "anna",
                            .renews_at = *parse_time("2026-02-28T12:00:00Z", Zone::utc())});
  shop.run_to("2026-03-28 10:00");
  CHECK(shop.sent() == Lines{"2026-03-28 07:30 email:birthday anna@example.com"});
  // Still 1 March in Berlin, and 28 February in UTC: a scan has passed what is due a month later.
  shop.put(
      SubscriptionFact{.key = "s1", .renews_at = *parse_time("2026-02-28T23:08:32Z", Zone::utc())});
  shop.run_to("2026-04-20 10:00");
  CHECK(shop.sent() == Lines{"2026-04-01 07:30 email:birthday anna@example.com"});
}

TEST_CASE("semantics 14: a jump of the clock holds everything until it is steady", "[semantics]") {
  Shop shop;
  shop.rule(at_once());
  shop.rule(thanks("late-limit: 1 day\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  CHECK(shop.sent().size() == 1);
  shop.clock.jump(std::chrono::hours(24 * 365));
  shop.order("o2", "anna");
  Shop::expect_ok(shop.world->settle());
  CHECK(shop.world->core().clock_held());
  CHECK(shop.sent().empty());
  // Nothing was decided by the wrong time, and when it is set back nothing was lost.
  CHECK(shop.ledger() == Lines{"email:welcome o1 sent"});
  shop.clock.jump(-std::chrono::hours(24 * 365));
  Shop::expect_ok(shop.world->run_to(shop.clock.now() + std::chrono::minutes(11)));
  CHECK_FALSE(shop.world->core().clock_held());
  shop.run_to("2026-03-10 11:00");
  CHECK(shop.ledger("thanks") == Lines{"email:thanks o1 sent"});
}

TEST_CASE("semantics 14: what waits says `clock`, and goes after ten steady minutes",
          "[semantics]") {
  Shop shop;
  shop.rule(at_once("send-window: daytime\nlate-limit: 2 days\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 21:00");
  shop.order("o1", "anna");
  shop.clock.jump(std::chrono::hours(13));  // to 10:00: the message seems due
  Shop::expect_ok(shop.world->settle());
  CHECK(shop.ledger() == Lines{"email:welcome o1 held clock"});
  Shop::expect_ok(shop.world->run_to(shop.clock.now() + std::chrono::minutes(9)));
  CHECK(shop.sent().empty());
  Shop::expect_ok(shop.world->run_to(shop.clock.now() + std::chrono::minutes(2)));
  CHECK(shop.sent() == Lines{"2026-03-03 10:10 email:welcome anna@example.com"});
}

TEST_CASE("semantics 14: an operator resumes at once", "[semantics]") {
  Shop shop;
  shop.rule(at_once("send-window: daytime\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 21:00");
  shop.order("o1", "anna");
  shop.clock.jump(std::chrono::hours(13));
  Shop::expect_ok(shop.world->settle());
  CHECK(shop.sent().empty());
  shop.world->core().resume_after_jump();
  Shop::expect_ok(shop.world->settle());
  CHECK(shop.sent() == Lines{"2026-03-03 10:00 email:welcome anna@example.com"});
}

TEST_CASE("semantics 14: no rule begins to count from a time that the clock only jumped to",
          "[semantics]") {
  Shop shop("2026-03-02 10:00");
  shop.rule(after_order("1 day"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.clock.jump(std::chrono::hours(24 * 10));
  // The daemon has not looked yet: reload does.
  shop.rule(at_once());
  const auto refused = shop.world->reload();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("the clock has jumped forward") == 0);
  CHECK(refused.error().message.find("retaind release --clock") != std::string::npos);
  CHECK_FALSE(shop.world->core().trusts_clock());
  CHECK(shop.ask("SELECT count(*) FROM rule") == "1");
  SECTION("it goes back") {
    shop.clock.jump(-std::chrono::hours(24 * 10));
    CHECK_FALSE(shop.world->reload());
    Shop::expect_ok(shop.world->run_to(shop.clock.now() + std::chrono::minutes(11)));
    Shop::expect_ok(shop.world->reload());
    CHECK(shop.ask("SELECT counts_from < 1772460000000 FROM rule WHERE name = 'at-once'") == "1");
  }
  SECTION("somebody says that it is right") {
    shop.world->core().resume_after_jump();
    Shop::expect_ok(shop.world->reload());
    CHECK(shop.world->core().trusts_clock());
  }
}

TEST_CASE("semantics 14: an hour is no jump, and a gap across a restart is downtime",
          "[semantics]") {
  Shop shop;
  shop.rule(at_once("send-window: daytime\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 20:30");
  shop.order("o1", "anna");
  shop.clock.jump(std::chrono::hours(1));
  Shop::expect_ok(shop.world->settle());
  CHECK_FALSE(shop.world->core().clock_held());
  shop.world->crash();
  shop.clock.jump(std::chrono::hours(24));
  shop.start();
  CHECK_FALSE(shop.world->core().clock_held());
  shop.run_to("2026-03-04 10:00");
  CHECK(shop.sent() == Lines{"2026-03-04 09:00 email:welcome anna@example.com"});
}

TEST_CASE("semantics 14: after a jump backward the ledger decides", "[semantics]") {
  Shop shop;
  shop.rule(at_once());
  shop.rule(thanks("", "3 days"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-03 11:00");
  shop.order("o1", "anna");
  shop.run_to("2026-03-06 12:00");
  CHECK(shop.sent().size() == 2);
  shop.clock.jump(-std::chrono::hours(48));
  Shop::expect_ok(shop.world->settle());
  shop.order("o2", "anna");  // dated by the wrong clock, 4 March 12:00
  shop.run_to("2026-03-12 12:00");
  CHECK(shop.ledger("at-once") == Lines{"email:welcome o1 sent", "email:welcome o2 sent"});
  CHECK(shop.ledger("thanks") == Lines{"email:thanks o1 sent", "email:thanks o2 sent"});
}

TEST_CASE("semantics 15: what was handed over without an outcome is unknown, by purpose",
          "[semantics]") {
  Shop shop;
  shop.rule(at_once("", "advert", "marketing"));
  shop.rule(at_once("", "notice", "transactional"));
  shop.rule(unresolved());
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.ticket("t1", "open", "", "2026-02-28 11:00:00.001");
  shop.world->mail().latency = std::chrono::minutes(10);
  shop.order("o1", "anna");
  shop.run_to("2026-03-02 11:01");
  // Two to the same address: the second waits for the first.
  CHECK(shop.ledger("advert") == Lines{"email:welcome o1 handed"});
  CHECK(shop.ledger("notice") == Lines{"email:welcome o1 planned"});
  CHECK(shop.ledger("unresolved") == Lines{"reminder t1 handed"});
  shop.run_to("2026-03-02 11:05");
  shop.crash();
  CHECK(shop.ledger("advert") == Lines{"email:welcome o1 unknown"});
  CHECK(shop.ledger("unresolved") == Lines{"reminder t1 unknown"});
  shop.world->mail().latency = Duration{0};
  shop.run_to("2026-03-02 20:00");
  CHECK(shop.ledger("advert") == Lines{"email:welcome o1 unknown"});
  CHECK(shop.ledger("notice") == Lines{"email:welcome o1 sent"});
  CHECK(shop.ledger("unresolved") == Lines{"reminder t1 sent"});
}

TEST_CASE(
    "semantics 15: marketing is never sent again; transactional with the same Message-ID, marked",
    "[semantics]") {
  for (const std::string purpose : {"marketing", "transactional"}) {
    Shop shop;
    shop.rule(at_once("", "at-once", purpose));
    shop.customer("anna");
    shop.start();
    shop.run_to("2026-03-02 11:00");
    shop.world->mail().latency = std::chrono::minutes(1);
    shop.order("o1", "anna");
    REQUIRE(shop.handed.size() == 1);
    shop.crash();  // what had arrived has arrived
    CHECK(shop.ledger() == Lines{"email:welcome o1 unknown"});
    shop.run_to("2026-03-05 11:00");
    INFO(purpose);
    if (purpose == "marketing") {
      CHECK(shop.handed.size() == 1);
      CHECK(shop.ledger() == Lines{"email:welcome o1 unknown"});
      // It counts as sent in the cap.
      CHECK(shop.ask("SELECT count(*) FROM cap") == "1");
    } else {
      REQUIRE(shop.handed.size() == 2);
      CHECK(shop.handed[0].message_id == shop.handed[1].message_id);
      CHECK(shop.handed[0].bytes.find("X-Retaind-May-Repeat") == std::string::npos);
      CHECK(shop.handed[1].bytes.find("X-Retaind-May-Repeat: yes") != std::string::npos);
      CHECK(shop.ledger() == Lines{"email:welcome o1 sent"});
    }
  }
}

TEST_CASE("semantics 15: an unknown that is tried again stays one until an answer says more",
          "[semantics]") {
  Shop shop;
  shop.rule(at_once("once-per: customer\nsend-window: daytime\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 19:59");
  std::vector<OutcomeKind> answers{OutcomeKind::unknown, OutcomeKind::deferred,
                                   OutcomeKind::rejected};
  std::size_t next = 0;
  shop.world->mail().answer = [&](const delivery::Outgoing&) {
    return Outcome{answers.at(next++), 0, "so", false, {}};
  };
  shop.order("o1", "anna");
  CHECK(shop.ledger() == Lines{"email:welcome o1 unknown"});
  shop.run_to("2026-03-02 23:00");  // its next try lies outside the window
  CHECK(shop.ledger() == Lines{"email:welcome o1 unknown outside-window"});
  shop.order("o2", "anna");  // it counts as sent
  CHECK(shop.ledger()[1] == "- o2 already-sent");
  shop.run_to("2026-03-03 09:00");  // deferred now, and still nobody knows about the first try
  CHECK(shop.ledger()[0] == "email:welcome o1 unknown");
  shop.run_to("2026-03-03 20:00");  // refused for good
  CHECK(shop.ledger()[0] == "email:welcome o1 unknown");
  CHECK(shop.ask("SELECT next_at IS NULL FROM message") == "1");
  CHECK(next == 3);
}

TEST_CASE("semantics 15: a peer that always dies after the data is not asked for ever",
          "[semantics]") {
  Shop shop;
  shop.rule(unresolved());
  shop.start();
  shop.ticket("t1", "open");
  int tries = 0;
  shop.world->mail().answer = [&](const delivery::Outgoing&) {
    ++tries;
    return Outcome{OutcomeKind::unknown, 0, "closed", false, {}};
  };
  shop.run_to("2026-03-20 10:00");
  CHECK(tries < 25);
  CHECK(shop.ledger() == Lines{"reminder t1 unknown"});
  CHECK(shop.ask("SELECT open FROM firing") == "0");
}

TEST_CASE("semantics 15: a rule that lost its state while unknown waits stays unknown",
          "[semantics]") {
  Shop shop;
  shop.rule(unresolved("once-per: ticket\n"));
  shop.start();
  shop.ticket("t1", "open");
  shop.world->mail().answer = [&](const delivery::Outgoing&) {
    return Outcome{OutcomeKind::unknown, 0, "closed", false, {}};
  };
  shop.run_to("2026-03-04 10:00");
  CHECK(shop.ledger() == Lines{"reminder t1 unknown"});
  shop.ticket("t1", "solved");
  CHECK(shop.ledger() == Lines{"reminder t1 unknown"});
  CHECK(shop.ask("SELECT next_at IS NULL FROM message") == "1");
  shop.run_to("2026-03-04 11:00");
  shop.ticket("t1", "open");
  shop.run_to("2026-03-10 10:00");
  CHECK(shop.ledger() == Lines{"reminder t1 unknown", "- t1 already-sent"});
}

TEST_CASE("semantics 15: at most so many are handed over at once as the peer takes",
          "[semantics]") {
  Shop shop;
  shop.rule(at_once());
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.world->mail().places = 4;
  shop.world->mail().latency = std::chrono::minutes(1);
  for (int i = 0; i < 20; ++i) shop.customer("c" + std::to_string(i));
  shop.write([&](store::Facts& facts) {
    for (int i = 0; i < 20; ++i) {
      OrderFact order{.key = "o" + std::to_string(i), .customer = "c" + std::to_string(i)};
      order.completed_at = shop.clock.now();
      (void)facts.put(order);
    }
  });
  while (shop.arrived.size() < 20) {
    CHECK(std::stoi(shop.ask("SELECT count(*) FROM message WHERE state = 3")) <= 4);
    const auto next = shop.world->next_due();
    REQUIRE(next);
    REQUIRE(*next <= shop.clock.now() + std::chrono::minutes(1));
    Shop::expect_ok(shop.world->run_to(*next));
  }
  CHECK(shop.now() == "2026-03-02 11:05");
}

// Mautic #7226: a batch with one refusal was sent again and again.
TEST_CASE(
    "semantics 15: each outcome is written for itself; a refusal and a deferral touch no other",
    "[semantics]") {
  Shop shop;
  shop.rule(at_once());
  for (const char* who : {"anna", "bert", "cleo"}) shop.customer(who);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  int tries = 0;
  shop.world->mail().answer = [&](const delivery::Outgoing& message) {
    ++tries;
    if (message.envelope_to[0] == "bert@example.com")
      return Outcome{OutcomeKind::rejected, 554, "no", false, {}};
    if (message.envelope_to[0] == "cleo@example.com" && tries < 5)
      return Outcome{OutcomeKind::deferred, 451, "busy", false, {}};
    return Outcome{OutcomeKind::sent, 250, "ok", false, {}};
  };
  for (const char* who : {"anna", "bert", "cleo"}) shop.order(std::string("o-") + who, who);
  shop.run_to("2026-03-03 11:00");
  CHECK(shop.ledger() == Lines{"email:welcome o-anna sent", "email:welcome o-bert failed rejected",
                               "email:welcome o-cleo sent"});
  CHECK(shop.ask("SELECT code FROM message WHERE state = 6") == "554");
  CHECK(tries == 5);
}

TEST_CASE("semantics 15: a deferral that lasts expires at the late limit", "[semantics]") {
  Shop shop;
  shop.rule(at_once("late-limit: 1 day\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.world->mail().answer = [&](const delivery::Outgoing&) {
    return Outcome{OutcomeKind::deferred, 451, "busy", false, {}};
  };
  shop.order("o1", "anna");
  shop.run_to("2026-03-05 11:00");
  CHECK(shop.ledger() == Lines{"email:welcome o1 failed expired"});
}

TEST_CASE("semantics 15: while the host is away no try is charged and nothing is lost",
          "[semantics]") {
  Shop shop;
  shop.rule(unresolved());
  shop.start();
  shop.ticket("t1", "open");
  shop.run_to("2026-03-04 09:59");
  shop.world->mail().away = true;
  shop.run_to("2026-03-20 10:00");
  CHECK(shop.ledger() == Lines{"reminder t1 planned"});
  shop.world->mail().away = false;
  Shop::expect_ok(shop.world->settle());
  CHECK(shop.sent() == Lines{"2026-03-20 10:00 reminder support@example.com"});
  CHECK(shop.ask("SELECT attempts FROM message") == "1");
}

TEST_CASE("semantics 15: webhooks are retried with the same id and the same bytes", "[semantics]") {
  const std::string purpose = GENERATE("internal", "marketing");
  Shop shop;
  shop.rule("rule: hook\npurpose: " + purpose +
            "\nstatus: live\nwhen:\n  event: order.completed\nthen:\n  - "
            "webhook: desk\n");
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  int tries = 0;
  shop.world->webhooks().answer = [&](const delivery::Outgoing&) {
    ++tries;
    if (tries == 1) return Outcome{OutcomeKind::deferred, 503, "busy", false, {}};
    if (tries == 2) return Outcome{OutcomeKind::unknown, 0, "closed", false, {}};
    return Outcome{OutcomeKind::sent, 200, "ok", false, {}};
  };
  shop.order("o1", "anna");
  shop.run_to("2026-03-03 11:00");
  REQUIRE(shop.handed.size() == 3);
  CHECK(shop.handed[0].message_id == shop.handed[2].message_id);
  CHECK(shop.handed[0].bytes == shop.handed[2].bytes);
  CHECK(shop.ledger() == Lines{"webhook:desk o1 sent"});
}

// Novu #12124: a crash between two stores orphaned the job. Here the state is the queue.
TEST_CASE("semantics 15: a crash at any moment loses nothing and sends nothing twice that is known",
          "[semantics]") {
  for (int passes = 0; passes < 6; ++passes) {
    Shop shop;
    shop.rule(at_once("", "advert", "marketing"));
    shop.customer("anna");
    shop.start();
    shop.run_to("2026-03-02 11:00");
    {
      auto transaction = store::Transaction::begin(shop.database);
      store::Facts facts{shop.database, shop.clock.now()};
      (void)facts.put(OrderFact{.key = "o1", .customer = "anna", .completed_at = shop.clock.now()});
      Shop::expect_ok(transaction->commit());
    }
    for (int i = 0; i < passes; ++i) {
      (void)shop.world->mail().answer_due();
      Shop::expect_ok(shop.world->core().run_due());
    }
    shop.crash();
    shop.run_to("2026-03-03 11:00");
    INFO(passes);
    CHECK(shop.handed.size() == 1);
    const Lines ledger = shop.ledger();
    REQUIRE(ledger.size() == 1);
    // Handed over and never heard of, or sent.
    CHECK((ledger[0] == "email:welcome o1 sent" || ledger[0] == "email:welcome o1 unknown"));
    CHECK((ledger[0] == "email:welcome o1 unknown") == (passes == 1));
  }
}
