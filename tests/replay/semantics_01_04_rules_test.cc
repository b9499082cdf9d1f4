#include <catch2/catch.hpp>

#include "rules.h"

using namespace retaind;
using namespace retaind::test;

TEST_CASE("semantics 01: a new rule has no backlog, whenever the row arrives", "[semantics]") {
  Shop shop;
  shop.rule(thanks());
  shop.customer("anna");
  shop.order("past", "anna", "2026-02-01 10:00");  // due 8 February
  shop.order("soon", "anna", "2026-02-26 12:00");  // due 5 March
  shop.start();
  CHECK(shop.ask("SELECT left_out FROM rule") == "1");
  shop.run_to("2026-03-04 10:00");
  shop.order("late-row", "anna", "2026-02-02 10:00");  // due before the activation: no occurrence
  shop.run_to("2026-03-20 10:00");
  CHECK(shop.sent() == Lines{"2026-03-05 12:00 email:thanks anna@example.com"});
  CHECK(shop.ledger() == Lines{"email:thanks soon sent"});
}

TEST_CASE("semantics 01: what a rule has decided is not left out when its timing is edited",
          "[semantics]") {
  const std::string again = GENERATE("after: 5 days", "after: 9 days", "before");
  Shop shop;
  shop.rule(thanks());
  for (const char* who : {"anna", "bert", "cleo"}) shop.customer(who);
  shop.order("past", "anna", "2026-02-01 10:00");  // due 8 February, before the rule
  shop.order("o1", "bert", "2026-02-24 12:00");
  shop.order("o2", "cleo", "2026-02-25 12:00");
  shop.start();
  shop.run_to("2026-03-12 10:00");
  CHECK(shop.sent().size() == 2);
  std::string& text = shop.rules["thanks"];
  const std::string timing = "after: 7 days";
  const std::size_t at = text.find(timing);
  REQUIRE(at != std::string::npos);
  if (again == "before")
    text += "backlog: 1 day\n";
  else
    text.replace(at, timing.size(), again);
  shop.reload();
  CHECK(shop.ask("SELECT left_out FROM rule") == "1");
  shop.run_to("2026-03-20 10:00");
  CHECK(shop.sent().empty());
}

TEST_CASE("semantics 01: what is due at the instant of the activation is backlog", "[semantics]") {
  Shop shop;
  shop.rule(thanks());
  shop.customer("anna");
  shop.order("now", "anna", "2026-02-23 10:00");
  shop.order("a-moment-later", "anna", "2026-02-23 10:01");
  shop.start();
  shop.run_to("2026-03-03 10:00");
  CHECK(shop.ledger() == Lines{"email:thanks a-moment-later sent"});
}

TEST_CASE("semantics 01: backlog takes what it names, planned anew, late limit from then",
          "[semantics]") {
  Shop shop;
  shop.rule(thanks("backlog: 30 days\nlate-limit: 2 days\n"));
  shop.customer("anna");
  shop.customer("bert");
  shop.order("old", "anna", "2026-01-10 10:00");    // due 17 January
  shop.order("taken", "anna", "2026-02-10 10:00");  // due 17 February
  shop.start();
  CHECK(shop.sent() == Lines{"2026-03-02 10:00 email:thanks anna@example.com"});
  CHECK(shop.due("email:thanks", "taken") == "2026-03-02 10:00");
  CHECK(shop.ask("SELECT left_out FROM rule") == "1");
  // A row that arrives later is backlog too, and its late limit counts from its arrival.
  shop.run_to("2026-03-10 10:00");
  shop.order("late-row", "bert", "2026-02-12 10:00");
  CHECK(shop.sent() == Lines{"2026-03-10 10:00 email:thanks bert@example.com"});
  CHECK(shop.ledger() == Lines{"email:thanks taken sent", "email:thanks late-row sent"});
}

TEST_CASE("semantics 01: import --history is before the activation", "[semantics]") {
  for (const bool takes : {false, true}) {
    Shop shop;
    shop.rule(thanks(takes ? "backlog: 10 days\n" : ""));
    shop.start();
    shop.customer("anna");
    shop.run_to("2026-04-01 10:00");
    shop.as_history(true);
    shop.order("weeks-ago", "anna", "2026-03-10 10:00");  // due 17 March, after the activation
    shop.order("days-ago", "anna", "2026-03-20 10:00");   // due 27 March
    shop.order("to-come", "anna", "2026-03-30 10:00");    // due 6 April
    shop.as_history(false);
    shop.run_to("2026-04-20 10:00");
    if (takes) {
      CHECK(shop.sent() == Lines{"2026-04-01 10:00 email:thanks anna@example.com",
                                 "2026-04-06 10:00 email:thanks anna@example.com"});
    } else {
      CHECK(shop.sent() == Lines{"2026-04-06 10:00 email:thanks anna@example.com"});
    }
  }
}

TEST_CASE("semantics 01: backlog over the limit moves on by days, and its late limit with it",
          "[semantics]") {
  Shop shop;
  shop.rule(thanks("backlog: all\nlimit: 2 per day\nlate-limit: 1 day\nsend-window: daytime\n"));
  for (int i = 0; i < 7; ++i) {
    shop.customer("c" + std::to_string(i));
    shop.order("o" + std::to_string(i), "c" + std::to_string(i), "2026-01-10 10:00");
  }
  shop.start();
  CHECK(shop.sent().size() == 2);
  CHECK(shop.due("email:thanks", "o6") == "2026-03-05 00:00");
  shop.run_to("2026-03-03 08:59");
  CHECK(shop.sent().empty());
  shop.run_to("2026-03-03 09:00");
  CHECK(shop.sent().size() == 2);
  shop.run_to("2026-03-04 23:00");
  CHECK(shop.sent().size() == 2);
  shop.run_to("2026-03-05 09:00");
  CHECK(shop.sent() == Lines{"2026-03-05 09:00 email:thanks c6@example.com"});
}

TEST_CASE("semantics 01: a backlog that needs many passes survives a crash in its middle",
          "[semantics]") {
  Shop shop;
  shop.rule(at_once("backlog: all\nbrake: 100000\n"));
  shop.write([&](store::Facts& facts) {
    for (int i = 0; i < 2500; ++i) {
      OrderFact order;
      order.key = "o" + std::to_string(i);
      order.customer = "c" + std::to_string(i % 50);
      order.completed_at = shop.at("2026-01-01 10:00") + std::chrono::minutes(i / 3);
      (void)facts.put(order);
    }
  });
  shop.write([&](store::Facts& facts) {
    for (int i = 0; i < 50; ++i) {
      const std::string key = "c" + std::to_string(i);
      (void)facts.put(CustomerFact{.key = key, .email = key + "@example.com"});
    }
  });
  REQUIRE(shop.world->start());
  for (int i = 0; i < 2; ++i) REQUIRE(shop.world->core().run_due());
  shop.world->crash();
  shop.start();
  CHECK(shop.ask("SELECT count(*) FROM firing") == "2500");
  CHECK(shop.ask("SELECT count(*) FROM message") == "2500");
}

TEST_CASE("semantics 01: a schedule has no past and a yearly date only the last one",
          "[semantics]") {
  Shop shop;
  shop.rule(
      "rule: report\npurpose: internal\nstatus: live\nwhen:\n  every: day\n  at: 11:00\nthen:\n  - "
      "notify: support\n    template: second\n");
  shop.rule(
      "rule: birthday\npurpose: transactional\nstatus: live\nwhen:\n  date: customer.birthday\n  "
      "at: "
      "09:00\nthen:\n  - email: birthday\nbacklog: all\n");
  CustomerFact anna{.key = "anna", .email = "anna@example.com", .birthday = "1990-02-10"};
  shop.customer(anna);
  shop.start();
  CHECK(shop.sent() == Lines{"2026-03-02 10:00 email:birthday anna@example.com"});
  shop.run_to("2026-03-03 12:00");
  CHECK(shop.sent() == Lines{"2026-03-02 11:00 notify:second support@example.com",
                             "2026-03-03 11:00 notify:second support@example.com"});
}

TEST_CASE("semantics 02: an edit leaves what is final and moves what waits", "[semantics]") {
  Shop shop;
  shop.rule(thanks("send-window: daytime\n"));
  shop.customer("anna");
  shop.start();
  shop.order("first", "anna");  // due 9 March 10:00
  shop.run_to("2026-03-03 21:00");
  shop.order("second", "anna");  // due 10 March 21:00, then held to the morning
  shop.run_to("2026-03-10 22:00");
  CHECK(shop.sent() == Lines{"2026-03-09 10:00 email:thanks anna@example.com"});
  CHECK(shop.ledger() ==
        Lines{"email:thanks first sent", "email:thanks second held outside-window"});
  // Ten days instead of seven: the first stays sent, the second waits for its new time.
  shop.rule(thanks("send-window: daytime\n", "10 days"));
  shop.reload();
  CHECK(shop.due("email:thanks", "second") == "2026-03-13 21:00");
  CHECK(shop.ledger() == Lines{"email:thanks first sent", "email:thanks second planned"});
  shop.run_to("2026-03-20 10:00");
  CHECK(shop.sent() == Lines{"2026-03-14 09:00 email:thanks anna@example.com"});
  CHECK(shop.ask("SELECT count(*) FROM rule_revision") == "2");
}

TEST_CASE("semantics 02: what was never decided and is due before the edit is backlog",
          "[semantics]") {
  Shop shop;
  shop.rule(thanks());
  shop.customer("anna");
  shop.start();
  shop.order("o1", "anna");  // due on the 9th by seven days, on the 5th by three
  shop.run_to("2026-03-06 10:00");
  shop.rule(thanks("", "3 days"));
  shop.reload();
  shop.order("o2", "anna");
  shop.run_to("2026-03-20 10:00");
  CHECK(shop.sent() == Lines{"2026-03-09 10:00 email:thanks anna@example.com"});
  CHECK(shop.ledger() == Lines{"email:thanks o2 sent"});
}

TEST_CASE("semantics 02: a backlog written later takes what the rule had left out", "[semantics]") {
  Shop shop;
  shop.rule(thanks());
  shop.customer("anna");
  shop.order("left-out", "anna", "2026-02-10 10:00");
  shop.start();
  shop.run_to("2026-03-03 10:00");
  CHECK(shop.ledger().empty());
  shop.rule(thanks("backlog: 30 days\n"));
  shop.reload();
  CHECK(shop.sent() == Lines{"2026-03-03 10:00 email:thanks anna@example.com"});
}

TEST_CASE("semantics 02: an edited condition counts for what still waits, not for what is over",
          "[semantics]") {
  Shop shop;
  shop.rule(thanks("send-window: daytime\n"));
  shop.customer("anna");
  shop.customer("bert", "");
  shop.start();
  shop.run_to("2026-03-02 21:00");
  shop.order("no-consent", "bert");
  shop.order("waits", "anna");
  shop.run_to("2026-03-09 22:00");
  CHECK(shop.ledger() ==
        Lines{"- no-consent no-consent", "email:thanks waits held outside-window"});
  shop.consent("bert", "feedback", true);
  shop.rule(thanks("send-window: daytime\nif:\n  - customer.orders_count >= 5\n"));
  shop.reload();
  shop.run_to("2026-03-12 22:00");
  CHECK(shop.sent().empty());
  CHECK(shop.ledger() == Lines{"- no-consent no-consent", "email:thanks waits condition-false"});
}

TEST_CASE("semantics 02: steps that an edit adds or drops", "[semantics]") {
  Shop shop;
  shop.rule(drip());
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.customer(
      CustomerFact{.key = "anna", .email = "anna@example.com", .created_at = shop.clock.now()});
  shop.consent("anna", "marketing", true);  // too late for the first mail at this very instant
  shop.customer("bert");
  shop.customer(CustomerFact{.key = "bert", .created_at = shop.clock.now()});
  CHECK(shop.ledger() ==
        Lines{"- anna no-consent", "email:welcome bert sent", "email:second bert planned"});
  shop.run_to("2026-03-03 10:00");
  // The second mail is dropped, the run goes on with the third behind it.
  shop.rule(
      "rule: drip\npurpose: marketing\nstatus: live\nwhen:\n  event: customer.created\nthen:\n  - "
      "email: welcome\n  - wait: 3 days\n  - email: third\n");
  shop.reload();
  CHECK(shop.ledger("drip") == Lines{"- anna no-consent", "email:welcome bert sent",
                                     "email:second bert rule-removed", "email:third bert planned"});
  CHECK(shop.due("email:third", "bert") == "2026-03-06 10:00");
  // A new first step is behind everybody who is past it.
  shop.rule(
      "rule: drip\npurpose: marketing\nstatus: live\nwhen:\n  event: customer.created\nthen:\n  - "
      "email: birthday\n  - email: welcome\n  - wait: 3 days\n  - email: third\n");
  shop.reload();
  shop.run_to("2026-03-20 10:00");
  CHECK(shop.sent() == Lines{"2026-03-02 11:00 email:welcome bert@example.com",
                             "2026-03-06 10:00 email:third bert@example.com"});
}

TEST_CASE("semantics 02: an edited wait and a new after step count for open firings",
          "[semantics]") {
  Shop shop;
  shop.rule(unresolved("    repeat: {every: 24 hours, at-most: 1}\n"));
  shop.start();
  shop.ticket("t1", "open");
  shop.run_to("2026-03-04 12:00");
  CHECK(shop.sent() == Lines{"2026-03-04 10:00 reminder support@example.com"});
  shop.rule(
      unresolved("    repeat: {every: 36 hours, at-most: 1}\n  - after: 72 hours\n    notify: "
                 "support-lead\n    template: ticket-escalation\n    step: escalation\n  - "
                 "after: 49 hours\n    notify: support-lead\n    template: second\n    step: "
                 "past\n"));
  shop.reload();
  CHECK(shop.due("reminder#1", "t1") == "2026-03-05 22:00");
  CHECK(shop.due("escalation", "t1") == "2026-03-05 10:00");
  shop.run_to("2026-03-10 10:00");
  CHECK(shop.sent() == Lines{"2026-03-05 10:00 escalation lead@example.com",
                             "2026-03-05 22:00 reminder support@example.com"});
}

TEST_CASE("semantics 02: another trigger ends what ran by the old one", "[semantics]") {
  Shop shop;
  shop.rule(thanks("send-window: daytime\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 21:00");
  shop.order("o1", "anna");
  shop.run_to("2026-03-09 22:00");
  // Order 1 and ticket 1 have the same row number.
  shop.ticket("t1", "open", "anna");
  shop.rule(
      "rule: thanks\npurpose: feedback\nstatus: live\nwhen:\n  event: ticket.solved\nthen:\n  - "
      "email: thanks\nsend-window: daytime\n");
  shop.reload();
  CHECK(shop.ledger() == Lines{"email:thanks o1 rule-removed"});
  shop.run_to("2026-03-10 12:00");
  shop.ticket("t1", "solved");
  CHECK(shop.sent() == Lines{"2026-03-10 12:00 email:thanks anna@example.com"});
}

TEST_CASE("semantics 03: a deleted rule ends what waits; its ledger stays and counts again",
          "[semantics]") {
  Shop shop;
  shop.rule(thanks("once-per: customer\nsend-window: daytime\n"));
  shop.customer("anna");
  shop.customer("bert");
  shop.start();
  shop.order("o1", "anna");
  shop.run_to("2026-03-02 21:00");
  shop.order("o2", "bert");
  shop.run_to("2026-03-09 22:00");
  CHECK(shop.sent() == Lines{"2026-03-09 10:00 email:thanks anna@example.com"});
  const std::string text = shop.rules.at("thanks");
  shop.rules.clear();
  shop.reload();
  CHECK(shop.ledger() == Lines{"email:thanks o1 sent", "email:thanks o2 rule-removed"});
  CHECK(shop.ended("email:thanks", "o2") == "2026-03-09 22:00");
  shop.run_to("2026-03-20 10:00");
  shop.rules["thanks"] = text;
  shop.reload();
  shop.order("o3", "anna");
  shop.order("o4", "bert");  // the place was given back: nothing had been sent
  shop.run_to("2026-04-20 10:00");
  CHECK(shop.sent() == Lines{"2026-03-27 10:00 email:thanks bert@example.com"});
  CHECK(shop.ledger() == Lines{"email:thanks o1 sent", "email:thanks o2 rule-removed",
                               "- o3 already-sent", "email:thanks o4 sent"});
}

TEST_CASE("semantics 03: a rule removed while its message is on its way keeps what left",
          "[semantics]") {
  Shop shop;
  shop.rule(at_once("once-per: customer\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 10:10");
  shop.world->mail().latency = std::chrono::minutes(5);
  shop.order("o1", "anna");
  const std::string text = shop.rules.at("at-once");
  shop.rules.clear();
  shop.reload();
  shop.run_to("2026-03-02 11:00");
  CHECK(shop.ledger() == Lines{"email:welcome o1 sent"});
  CHECK(shop.ask("SELECT open FROM firing") == "0");
  shop.rules["at-once"] = text;
  shop.reload();
  shop.run_to("2026-03-02 12:00");
  shop.order("o2", "anna");
  shop.run_to("2026-03-03 11:00");
  CHECK(shop.ledger() == Lines{"email:welcome o1 sent", "- o2 already-sent"});
}

TEST_CASE("semantics 03: a renamed rule keeps its ledger, its place, its holds and what waits",
          "[semantics]") {
  Shop shop;
  shop.rule(thanks("once-per: customer\n"));
  for (const char* who : {"anna", "bert", "cleo"}) shop.customer(who);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  shop.run_to("2026-03-05 10:00");
  shop.order("o2", "bert");
  shop.run_to("2026-03-10 10:00");
  shop.hold("rule", "thanks");
  const auto rename = [&](const std::string& from, const std::string& to) {
    std::string text = shop.rules.at(from);
    shop.rules.erase(from);
    text.replace(0, text.find("purpose:"), "rule: " + to + "\nwas: " + from + "\n");
    shop.rules[to] = text;
    shop.reload();
  };
  rename("thanks", "thank-you");
  shop.order("o3", "anna");
  shop.order("o4", "cleo");
  shop.run_to("2026-03-13 10:00");
  CHECK(shop.ask("SELECT name || ' ' || first_name FROM rule") == "thank-you thanks");
  CHECK(shop.ledger() == Lines{"email:thanks o1 sent", "email:thanks o2 held on-hold"});
  shop.release("rule", "thank-you");
  rename("thank-you", "thanks-again");
  shop.run_to("2026-03-20 10:00");
  CHECK(shop.sent() == Lines{"2026-03-09 11:00 email:thanks anna@example.com",
                             "2026-03-13 10:00 email:thanks bert@example.com",
                             "2026-03-17 10:00 email:thanks cleo@example.com"});
  CHECK(shop.ledger() == Lines{"email:thanks o1 sent", "email:thanks o2 sent", "- o3 already-sent",
                               "email:thanks o4 sent"});
}

TEST_CASE("semantics 04: a paused rule's times run on; what is not too late goes on resume",
          "[semantics]") {
  Shop shop;
  const std::string live = thanks("late-limit: 2 days\nlimit: 1 per day\n");
  std::string paused = live;
  paused.replace(paused.find("status: live"), 12, "status: paused");
  shop.rule(live);
  for (const char* who : {"anna", "bert", "cleo", "dora"}) shop.customer(who);
  shop.start();
  shop.order("o1", "anna");  // due on the 9th: too late on the 12th
  shop.run_to("2026-03-04 12:00");
  shop.order("o2", "bert");  // due 11 March 12:00
  shop.order("o3", "cleo");
  shop.run_to("2026-03-08 10:00");
  shop.rule(paused);
  shop.reload();
  shop.run_to("2026-03-12 10:00");
  CHECK(shop.sent().empty());
  CHECK(shop.ledger() == Lines{"email:thanks o1 late-limit", "email:thanks o2 held paused",
                               "email:thanks o3 held paused"});
  shop.rule(live);
  shop.reload();
  shop.run_to("2026-03-20 10:00");
  CHECK(shop.sent() == Lines{"2026-03-12 10:00 email:thanks bert@example.com",
                             "2026-03-13 00:00 email:thanks cleo@example.com"});
}

// Mautic #16133: after a pause the first mail went again on each run.
TEST_CASE("semantics 04: pausing and resuming again and again sends nothing twice", "[semantics]") {
  Shop shop;
  const std::string live = at_once();
  std::string paused = live;
  paused.replace(paused.find("status: live"), 12, "status: paused");
  shop.rule(live);
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  for (int i = 0; i < 5; ++i) {
    shop.rule(paused);
    shop.reload();
    shop.rule(live);
    shop.reload();
  }
  CHECK(shop.sent().size() == 1);
}
