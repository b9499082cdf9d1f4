#include <catch2/catch.hpp>
#include <utility>

#include "rules.h"

using namespace retaind;
using namespace retaind::test;

TEST_CASE(
    "semantics 05: down for three days: late goes in due order at the limit, later is recorded",
    "[semantics]") {
  Shop shop;
  shop.rule(thanks("late-limit: 2 days\nlimit: 2 per day\n"));
  for (const char* who : {"anna", "bert", "cleo", "dora"}) shop.customer(who);
  shop.start();
  shop.order("too-late", "anna", "2026-03-02 09:00");  // due on the 9th at 9
  shop.run_to("2026-03-04 10:00");
  shop.order("third", "dora", "2026-03-04 09:00");
  shop.order("first", "bert", "2026-03-03 12:00");
  shop.order("second", "cleo", "2026-03-03 13:00");
  shop.run_to("2026-03-08 10:00");
  shop.down("2026-03-11 11:00");
  CHECK(shop.sent() == Lines{"2026-03-11 11:00 email:thanks bert@example.com",
                             "2026-03-11 11:00 email:thanks cleo@example.com"});
  shop.run_to("2026-03-20 10:00");
  CHECK(shop.sent() == Lines{"2026-03-12 00:00 email:thanks dora@example.com"});
  CHECK(shop.ledger() == Lines{"- too-late late-limit", "email:thanks first sent",
                               "email:thanks second sent", "email:thanks third sent"});
}

TEST_CASE("semantics 05: what is overdue is checked again before it goes", "[semantics]") {
  Shop shop;
  shop.rule(thanks("unless:\n  - order.refunded\n"));
  shop.customer("anna");
  shop.start();
  shop.order("o1", "anna");
  shop.run_to("2026-03-08 10:00");
  shop.expect_ok(shop.world->stop());
  shop.clock.advance_to(shop.at("2026-03-10 10:00"));
  shop.put(OrderFact{.key = "o1", .refunded_at = shop.clock.now()});
  shop.start();
  CHECK(shop.ledger() == Lines{"- o1 condition-false"});
}

TEST_CASE("semantics 05: of one firing at most one message catches up", "[semantics]") {
  Shop shop;
  shop.rule(escalated());
  shop.start();
  shop.ticket("t1", "open");
  shop.run_to("2026-03-03 10:00");
  shop.down("2026-03-06 10:00");
  CHECK(shop.sent() == Lines{"2026-03-06 10:00 escalation lead@example.com"});
  CHECK(shop.ledger() ==
        Lines{"reminder t1 late-limit", "escalation t1 sent", "escalation#1 t1 planned"});
  // Repeats count from the hand-over, so they do not pile up either.
  shop.run_to("2026-03-06 23:00");
  shop.down("2026-03-15 10:00");
  CHECK(shop.sent() == Lines{"2026-03-15 10:00 escalation lead@example.com"});
}

TEST_CASE("semantics 05: of a backlog, too, only the latest message of a firing goes",
          "[semantics]") {
  Shop shop;
  shop.rule(escalated("backlog: all\n"));
  shop.ticket("long-open", "open", "", "2026-02-20 10:00");
  shop.ticket("two-days", "open", "", "2026-02-28 09:00");
  shop.start();
  CHECK(shop.sent() == Lines{"2026-03-02 10:00 escalation lead@example.com",
                             "2026-03-02 10:00 reminder support@example.com"});
  CHECK(shop.ledger() == Lines{"reminder long-open late-limit", "escalation long-open sent",
                               "escalation#1 long-open planned", "reminder two-days sent",
                               "escalation two-days planned"});
}

TEST_CASE("semantics 05: a chain of waits goes on from the late message", "[semantics]") {
  Shop shop;
  shop.rule(drip("late-limit: none\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.put(CustomerFact{.key = "anna", .created_at = shop.clock.now()});
  shop.run_to("2026-03-03 10:00");
  shop.down("2026-03-20 10:00");
  shop.run_to("2026-03-30 10:00");
  CHECK(shop.sent() == Lines{"2026-03-02 11:00 email:welcome anna@example.com",
                             "2026-03-20 10:00 email:second anna@example.com",
                             "2026-03-22 10:00 email:third anna@example.com"});
}

TEST_CASE("semantics 06: conditions are read at the last moment before each send", "[semantics]") {
  Shop shop;
  shop.rule(thanks("unless:\n  - customer.open_tickets > 0\nsend-window: daytime\n"));
  shop.customer("anna");
  shop.customer("bert");
  shop.start();
  shop.run_to("2026-03-02 21:00");
  shop.order("o1", "anna");
  shop.order("o2", "bert");
  shop.ticket("t-anna", "open", "anna");  // true at the due time, false at the opening
  shop.run_to("2026-03-09 22:00");
  shop.ticket("t-anna", "solved");
  shop.ticket("t-bert", "open", "bert");  // the other way round
  shop.run_to("2026-03-10 10:00");
  CHECK(shop.sent() == Lines{"2026-03-10 09:00 email:thanks anna@example.com"});
  CHECK(shop.ledger() == Lines{"email:thanks o1 sent", "email:thanks o2 condition-false"});
}

TEST_CASE("semantics 06: the snapshot holds the triggering row itself", "[semantics]") {
  Shop shop;
  shop.rule(at_once("if:\n  - customer.orders_count = 1\n  - order.total >= 49 EUR\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  CHECK(shop.sent() == Lines{"2026-03-02 11:00 email:welcome anna@example.com"});
  shop.order("o2", "anna");
  CHECK(shop.ledger() == Lines{"email:welcome o1 sent", "- o2 condition-false"});
}

TEST_CASE("semantics 06: what only `if` reads makes nothing due when it changes", "[semantics]") {
  Shop shop;
  shop.rule(thanks("if:\n  - customer.city = 'Bonn'\n", "1 day"));
  shop.customer({.key = "anna", .email = "anna@example.com", .city = "Ulm"});
  shop.consent("anna", "feedback", true);
  shop.start();
  shop.order("o1", "anna");
  shop.run_to("2026-03-03 09:00");
  shop.put(CustomerFact{.key = "anna", .city = "Bonn"});
  shop.put(CustomerFact{.key = "anna", .city = "Ulm"});
  CHECK(shop.ledger().empty());
  shop.run_to("2026-03-04 09:00");
  CHECK(shop.ledger() == Lines{"- o1 condition-false"});
  shop.put(CustomerFact{.key = "anna", .city = "Bonn"});
  shop.run_to("2026-03-09 09:00");
  CHECK(shop.ledger() == Lines{"- o1 condition-false"});
  CHECK(shop.sent().empty());
}

TEST_CASE("semantics 06: false is final for that step, and later steps go on", "[semantics]") {
  Shop shop;
  shop.rule(drip("unless:\n  - customer.open_tickets > 0\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.ticket("t1", "open", "anna");
  shop.put(CustomerFact{.key = "anna", .created_at = shop.clock.now()});
  shop.run_to("2026-03-03 10:00");
  shop.ticket("t1", "solved");
  shop.run_to("2026-03-20 10:00");
  CHECK(shop.sent() == Lines{"2026-03-04 11:00 email:second anna@example.com",
                             "2026-03-06 11:00 email:third anna@example.com"});
  CHECK(shop.ledger("drip") == Lines{"email:welcome anna condition-false", "email:second anna sent",
                                     "email:third anna sent"});
}

TEST_CASE("semantics 06: feedback is immutable for what it has set off", "[semantics]") {
  Shop shop;
  shop.rule(
      "rule: detractor\npurpose: internal\nstatus: live\nwhen:\n  event: feedback.received\n  "
      "after: 1 day\nif:\n  - feedback.score <= 6\nthen:\n  - notify: support\n    template: "
      "detractor\n");
  shop.customer("anna");
  shop.start();
  shop.feedback("f1", "anna", 3);
  shop.feedback("f2", "anna", 9);
  shop.run_to("2026-03-04 10:00");
  CHECK(shop.sent() == Lines{"2026-03-03 10:00 notify:detractor support@example.com"});
  CHECK(shop.ledger() == Lines{"notify:detractor f1 sent", "- f2 condition-false"});
}

TEST_CASE("semantics 06: hold-while waits for the facts, at most until the late limit",
          "[semantics]") {
  Shop shop;
  shop.rule(
      unresolved("hold-while:\n  - ticket.status = waiting_for_customer\nlate-limit: 1 day\n"));
  shop.start();
  shop.ticket("t1", "open");
  shop.ticket("t2", "open");
  shop.run_to("2026-03-03 10:00");
  shop.ticket("t1", "waiting_for_customer");
  shop.ticket("t2", "waiting_for_customer");
  shop.run_to("2026-03-04 15:00");
  CHECK(shop.sent().empty());
  CHECK(shop.ledger() == Lines{"reminder t1 held hold-while", "reminder t2 held hold-while"});
  shop.ticket("t1", "open");
  CHECK(shop.sent() == Lines{"2026-03-04 15:00 reminder support@example.com"});
  shop.run_to("2026-03-06 15:00");
  CHECK(shop.ledger() == Lines{"reminder t1 sent", "reminder t2 late-limit"});
  CHECK(shop.ended("reminder", "t2") == "2026-03-05 10:00:00.001");
}

TEST_CASE("semantics 06: hold-while lets go a message whose first try has no outcome as well",
          "[semantics]") {
  Shop shop;
  shop.rule(unresolved("hold-while:\n  - ticket.status = waiting_for_customer\n"));
  shop.start();
  bool lost = false;
  shop.world->mail().answer = [&](const delivery::Outgoing&) {
    delivery::Outcome outcome;
    if (!std::exchange(lost, true)) outcome.kind = delivery::OutcomeKind::unknown;
    return outcome;
  };
  shop.ticket("t1", "open");
  shop.run_to("2026-03-04 10:00");
  shop.ticket("t1", "waiting_for_customer");
  shop.run_to("2026-03-06 10:00");
  CHECK(shop.ledger() == Lines{"reminder t1 unknown hold-while"});
  shop.ticket("t1", "open");
  shop.run_to("2026-03-06 10:01");
  CHECK(shop.ledger() == Lines{"reminder t1 sent"});
}

TEST_CASE("semantics 06: `within last` holds at both ends, `older than` begins behind",
          "[semantics]") {
  for (const auto& [condition, goes] : std::vector<std::pair<std::string, bool>>{
           {"customer.last_order_at within last 7 days", true},
           {"customer.last_order_at older than 7 days", false},
           {"customer.last_order_at within last 167 hours", false},
           {"customer.last_order_at older than 167 hours", true}}) {
    Shop shop;
    shop.rule(thanks("if:\n  - " + condition + "\n"));
    shop.customer("anna");
    shop.start();
    shop.order("o1", "anna");
    shop.run_to("2026-03-10 10:00");
    INFO(condition);
    CHECK(shop.sent().size() == (goes ? 1 : 0));
  }
}

TEST_CASE("semantics 07: missing data is unknown, and unknown never sends", "[semantics]") {
  const std::string known = "  - customer.city = 'Bonn'\n";
  for (const auto& [lines, line] : std::vector<std::pair<std::string, std::string>>{
           {"if:\n" + known, "0"},      // does not pass
           {"unless:\n" + known, "0"},  // blocks
           {"if:\n  - customer.city = 'Bonn' or customer.country = 'DE'\n", "0"}}) {
    Shop shop;
    shop.rule(thanks(lines));
    shop.customer("anna");
    shop.start();
    shop.order("o1", "anna");
    shop.run_to("2026-03-10 10:00");
    INFO(lines);
    CHECK(shop.sent().empty());
    CHECK(shop.ledger() == Lines{"- o1 unknown-data"});
    CHECK(shop.ask("SELECT line FROM firing") == line);
    const auto unknown = store::Overview(shop.database)
                             .unknown_data(1, shop.at("2026-03-01"), shop.at("2026-04-01"));
    REQUIRE(unknown.size() == 1);
    CHECK(unknown[0].line == 0);
    CHECK(unknown[0].count == 1);
  }
}

TEST_CASE("semantics 07: a true line beside an unknown one, empty and counted values are known",
          "[semantics]") {
  for (const char* lines :
       {"if:\n  - customer.city = 'Bonn' or customer.orders_count = 1\n",
        "if:\n  - customer.city is empty\n", "if:\n  - customer.open_tickets = 0\n",
        "unless:\n  - order.refunded\n"}) {
    Shop shop;
    shop.rule(thanks(lines));
    shop.customer("anna");
    shop.start();
    shop.order("o1", "anna");
    shop.run_to("2026-03-10 10:00");
    INFO(lines);
    CHECK(shop.sent().size() == 1);
  }
}

TEST_CASE("semantics 07: a false line is the reason before an unknown one", "[semantics]") {
  Shop shop;
  shop.rule(thanks("if:\n  - customer.city = 'Bonn'\n  - customer.orders_count >= 2\n"));
  shop.customer("anna");
  shop.start();
  shop.order("o1", "anna");
  shop.run_to("2026-03-10 10:00");
  CHECK(shop.ledger() == Lines{"- o1 condition-false"});
}

TEST_CASE("semantics 07: for internal, unknown sends and is marked", "[semantics]") {
  Shop shop;
  shop.rule(
      unresolved("if:\n  - ticket.priority = urgent\nhold-while:\n  - ticket.assignee = 'x'\n"));
  shop.start();
  shop.ticket("t1", "open");
  shop.run_to("2026-03-05 10:00");
  REQUIRE(shop.sent().size() == 1);
  CHECK(shop.arrived[0].message.bytes.find("X-Retaind-Unknown-Data: yes") != std::string::npos);
  CHECK(shop.ask("SELECT \"values\" FROM decision").find("something is unknown") !=
        std::string::npos);
}

TEST_CASE("semantics 07: unknown holds under hold-while and ends under stop-if", "[semantics]") {
  Shop shop;
  shop.rule(thanks("hold-while:\n  - customer.city = 'Bonn'\n"));
  shop.rule(
      "rule: stops\npurpose: transactional\nstatus: live\nwhen:\n  event: order.completed\n  "
      "after: 7 days\nthen:\n  - email: second\nstop-if:\n  - customer.city = 'Bonn'\n");
  shop.customer("anna");
  shop.start();
  shop.order("o1", "anna");
  shop.run_to("2026-03-10 10:00");
  CHECK(shop.ledger("stops") == Lines{"- o1 stopped"});
  CHECK(shop.ledger("thanks") == Lines{"email:thanks o1 held hold-while"});
  shop.put(CustomerFact{.key = "anna", .city = "Paris"});
  CHECK(shop.sent() == Lines{"2026-03-10 10:00 email:thanks anna@example.com"});
}

TEST_CASE("semantics 08: a state that ends and begins again is a new occurrence", "[semantics]") {
  Shop shop;
  shop.rule(unresolved());
  shop.start();
  shop.ticket("t1", "open");
  shop.run_to("2026-03-05 10:00");
  shop.ticket("t1", "solved");
  shop.run_to("2026-03-06 10:00");
  shop.ticket("t1", "open");
  shop.run_to("2026-03-20 10:00");
  CHECK(shop.sent() == Lines{"2026-03-04 10:00 reminder support@example.com",
                             "2026-03-08 10:00 reminder support@example.com"});
}

TEST_CASE(
    "semantics 08: a state that ends while its message is held or between steps stops the run",
    "[semantics]") {
  Shop shop;
  shop.rule(escalated("send-window: support-hours\n"));
  shop.start();
  shop.ticket("between", "open", "", "2026-03-02 10:00");
  shop.run_to("2026-03-02 19:00");
  shop.ticket("held", "open", "", "2026-03-02 19:00");
  shop.run_to("2026-03-04 20:00");
  CHECK(shop.sent() == Lines{"2026-03-04 10:00 reminder support@example.com"});
  CHECK(shop.ledger() == Lines{"reminder between sent", "escalation between planned",
                               "reminder held held outside-window", "escalation held planned"});
  shop.ticket("held", "solved");
  shop.run_to("2026-03-05 09:30");
  shop.ticket("between", "closed");
  shop.run_to("2026-03-20 10:00");
  CHECK(shop.sent().empty());
  CHECK(shop.ledger() == Lines{"reminder between sent", "escalation between state-ended",
                               "reminder held state-ended", "escalation held state-ended"});
  // At the instant of the fact, not at the next check.
  CHECK(shop.ended("reminder", "held") == "2026-03-04 20:00");
  CHECK(shop.ended("escalation", "between") == "2026-03-05 09:30");
}

TEST_CASE("semantics 08: an end and a new beginning between two looks are two episodes",
          "[semantics]") {
  Shop shop;
  shop.rule(unresolved());
  shop.start();
  shop.ticket("t1", "open");
  shop.run_to("2026-03-03 10:00");
  shop.expect_ok(shop.world->stop());
  // While the daemon is down the ticket lasts over its reminder's time, is solved and reopened.
  shop.clock.advance_to(shop.at("2026-03-05 10:00"));
  shop.ticket("t1", "solved");
  shop.clock.advance_to(shop.at("2026-03-05 11:00"));
  shop.ticket("t1", "open");
  shop.clock.advance_to(shop.at("2026-03-06 10:00"));
  shop.start();
  CHECK(shop.ledger() == Lines{"- t1 state-ended"});
  shop.run_to("2026-03-10 10:00");
  CHECK(shop.sent() == Lines{"2026-03-07 11:00 reminder support@example.com"});
}

TEST_CASE("semantics 08: an act at the due time itself ends the state first", "[semantics]") {
  Shop shop;
  shop.rule(win_back());
  shop.customer("anna");
  shop.start();
  shop.order("o1", "anna");
  shop.run_to("2026-05-31 09:59");
  shop.clock.advance_to(shop.at("2026-05-31 10:00"));
  shop.order("o2", "anna");
  shop.run_to("2026-06-01 10:00");
  CHECK(shop.ledger().empty());
  shop.run_to("2026-09-01 10:00");
  CHECK(shop.sent() == Lines{"2026-08-29 10:00 email:win-back anna@example.com"});
}

TEST_CASE("semantics 08: a reminder ends the instant its escalation becomes due", "[semantics]") {
  Shop shop;
  shop.rule(escalated("hold-while:\n  - ticket.status = waiting_for_customer\n"));
  shop.start();
  shop.ticket("t1", "open");
  shop.run_to("2026-03-03 10:00");
  shop.ticket("t1", "waiting_for_customer");
  shop.run_to("2026-03-05 12:00");
  CHECK(shop.ledger() == Lines{"reminder t1 late-limit", "escalation t1 held hold-while"});
  CHECK(shop.ended("reminder", "t1") == "2026-03-05 10:00");
  shop.ticket("t1", "open");
  CHECK(shop.sent() == Lines{"2026-03-05 12:00 escalation lead@example.com"});
}

TEST_CASE(
    "semantics 08: a ticket that was solved before its time, as a late row says, is no occurrence",
    "[semantics]") {
  Shop shop;
  shop.rule(escalated());
  shop.start();
  shop.ticket("t1", "open");
  shop.run_to("2026-03-04 12:00");
  TicketFact late{.key = "t1", .status = "solved", .as_of = shop.at("2026-03-03 10:00")};
  shop.put(late);
  CHECK(shop.ledger() == Lines{"reminder t1 sent", "escalation t1 gone"});
  CHECK(shop.ask("SELECT withdrawn FROM firing") == "1");
}

TEST_CASE(
    "semantics 08: a late row that only lengthens an episode that is over makes an occurrence",
    "[semantics]") {
  Shop shop;
  shop.rule(unresolved());
  shop.start();
  const auto word = [&](const char* status, const char* at) {
    shop.put(TicketFact{.key = "t1", .status = status, .as_of = shop.at(at)});
  };
  shop.ticket("t1", "open");
  shop.run_to("2026-03-03 12:00");
  word("solved", "2026-03-03 11:00");
  shop.run_to("2026-03-06 12:00");
  word("open", "2026-03-06 11:00");
  word("closed", "2026-03-06 12:00");
  CHECK(shop.ledger().empty());
  // It had been open again for longer: no column of the ticket changes.
  word("open", "2026-03-04 11:00");
  CHECK(shop.ledger() == Lines{"- t1 state-ended"});
}

TEST_CASE("semantics 08: a first order that moves to a later day makes an occurrence",
          "[semantics]") {
  Shop shop;
  shop.rule(
      "rule: nudge\npurpose: transactional\nstatus: live\nwhen:\n  customer: never-ordered\n"
      "  for: 3 days\nthen:\n  - email: thanks\n");
  shop.customer(
      CustomerFact{.key = "anna", .email = "anna@example.com", .created_at = shop.clock.now()});
  shop.start();
  shop.run_to("2026-03-03 12:00");
  shop.put(OrderFact{.key = "o1", .customer = "anna", .placed_at = shop.clock.now()});
  shop.run_to("2026-03-11 10:00");
  CHECK(shop.ledger().empty());
  shop.put(OrderFact{.key = "o1", .placed_at = shop.at("2026-03-10 10:00")});
  CHECK(shop.ledger() == Lines{"- anna state-ended"});
}
