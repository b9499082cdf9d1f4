#include <catch2/catch.hpp>

#include "rules.h"

using namespace retaind;
using namespace retaind::test;
using delivery::Outcome;
using delivery::OutcomeKind;

namespace {

const std::string coupon_steps =
    "  - coupon: back\n    percent-off: 15\n    valid-for: 14 days\n  - survey: nps\n  - email: "
    "welcome\n";

std::string with_coupon(const std::string& more = "",
                        const std::string& purpose = "transactional") {
  return "rule: gift\npurpose: " + purpose +
         "\nstatus: live\nwhen:\n  event: order.completed\nthen:\n" + coupon_steps + more;
}

std::string digest(const std::string& more = "") {
  return unresolved("    digest: 15 minutes\n" + more);
}

bool holds(const delivery::Outgoing& message, const std::string& text) {
  return message.bytes.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("semantics 16: coupon and survey are minted once and stay the same on every retry",
          "[semantics]") {
  Shop shop;
  shop.rule(with_coupon());
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  int tries = 0;
  shop.world->mail().answer = [&](const delivery::Outgoing&) {
    ++tries;
    if (tries == 1) return Outcome{OutcomeKind::deferred, 451, "later", false, {}};
    if (tries == 2) return Outcome{OutcomeKind::unknown, 0, "closed", false, {}};
    return Outcome{OutcomeKind::sent, 250, "ok", false, {}};
  };
  shop.order("o1", "anna");
  const std::string code = shop.ask("SELECT code FROM coupon");
  const std::string token = shop.ask("SELECT token FROM survey");
  CHECK(shop.ask("SELECT valid_until FROM coupon") ==
        std::to_string(to_ms(shop.at("2026-03-16 11:00"))));
  shop.crash();
  shop.run_to("2026-03-03 11:00");
  REQUIRE(shop.handed.size() == 3);
  for (const delivery::Outgoing& message : shop.handed) CHECK(holds(message, code));
  CHECK(shop.ask("SELECT count(*) FROM coupon WHERE voided_at IS NULL") == "1");
  CHECK(shop.ask("SELECT token FROM survey WHERE voided_at IS NULL") == token);
  // Valid from the send that succeeded.
  CHECK(shop.ask("SELECT valid_until > " + std::to_string(to_ms(shop.at("2026-03-16 11:00"))) +
                 " FROM coupon") == "1");
}

TEST_CASE(
    "semantics 16: a coupon is voided when its message finally does not go, not when nobody knows",
    "[semantics]") {
  for (const auto& [kind, voided] : std::vector<std::pair<OutcomeKind, std::string>>{
           {OutcomeKind::rejected, "1"}, {OutcomeKind::unknown, "0"}, {OutcomeKind::sent, "0"}}) {
    Shop shop;
    shop.rule(with_coupon("", "feedback"));
    shop.customer("anna");
    shop.start();
    shop.run_to("2026-03-02 11:00");
    shop.world->mail().answer = [kind = kind](const delivery::Outgoing&) {
      return Outcome{kind, 0, "so", false, {}};
    };
    shop.order("o1", "anna");
    shop.run_to("2026-03-03 11:00");
    CHECK(shop.ask("SELECT voided_at IS NOT NULL FROM coupon") == voided);
    CHECK(shop.ask("SELECT voided_at IS NOT NULL FROM survey") == voided);
  }
}

TEST_CASE("semantics 16: a deferred message that is then not sent voids its coupon",
          "[semantics]") {
  Shop shop;
  shop.rule(with_coupon("unless:\n  - order.refunded\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.world->mail().answer = [&](const delivery::Outgoing&) {
    return Outcome{OutcomeKind::deferred, 451, "later", false, {}};
  };
  shop.order("o1", "anna");
  CHECK(shop.ask("SELECT count(*) FROM coupon WHERE voided_at IS NULL") == "1");
  shop.put(OrderFact{.key = "o1", .refunded_at = shop.clock.now()});
  shop.run_to("2026-03-03 11:00");
  CHECK(shop.ledger() == Lines{"email:welcome o1 condition-false"});
  CHECK(shop.ask("SELECT count(*) FROM coupon WHERE voided_at IS NULL") == "0");
}

TEST_CASE("semantics 16: held out, capped or waiting for the window nothing is minted",
          "[semantics]") {
  Shop shop;
  shop.site.cap.messages = 1;
  shop.rule(with_coupon("send-window: daytime\nlate-limit: none\n", "marketing"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 21:00");
  shop.order("o1", "anna");
  shop.order("o2", "anna");
  CHECK(shop.ask("SELECT count(*) FROM coupon") == "0");
  shop.run_to("2026-03-03 09:00");
  CHECK(shop.ask("SELECT count(*) FROM coupon") == "1");
  CHECK(shop.ledger() == Lines{"email:welcome o1 sent", "email:welcome o2 held capped"});
}

TEST_CASE("semantics 17: one mail a team, its items are messages of their own", "[semantics]") {
  Shop shop;
  shop.rule(digest());
  shop.start();
  shop.ticket("t1", "open", "", "2026-02-28 10:05");
  shop.ticket("t2", "open", "", "2026-02-28 10:10");
  shop.ticket("t3", "open", "", "2026-02-28 10:25");
  shop.run_to("2026-03-02 10:19");
  CHECK(shop.sent().empty());
  CHECK(shop.ledger() == Lines{"reminder t1 held", "reminder t2 held", "reminder digest planned"});
  shop.run_to("2026-03-02 12:00");
  CHECK(shop.sent() == Lines{"2026-03-02 10:20 reminder support@example.com",
                             "2026-03-02 10:40 reminder support@example.com"});
  CHECK(holds(shop.arrived[0].message, "ticket t1"));
  CHECK(holds(shop.arrived[0].message, "ticket t2"));
  CHECK_FALSE(holds(shop.arrived[0].message, "ticket t3"));
  CHECK(shop.ledger() == Lines{"reminder t1 sent", "reminder t2 sent", "reminder t3 sent",
                               "reminder digest sent", "reminder digest sent"});
  CHECK(shop.ask("SELECT due FROM message WHERE is_envelope = 1 ORDER BY id") ==
        std::to_string(to_ms(shop.at("2026-03-02 10:05"))));
}

TEST_CASE("semantics 17: items that waited for the window leave together at its opening",
          "[semantics]") {
  Shop shop;
  shop.rule(digest("send-window: support-hours\n"));
  shop.start();
  for (int i = 0; i < 5; ++i)
    shop.ticket("t" + std::to_string(i), "open", "",
                "2026-02-28 2" + std::to_string(i % 4) + ":00");
  shop.run_to("2026-03-03 12:00");
  CHECK(shop.sent() == Lines{"2026-03-03 09:00 reminder support@example.com"});
  CHECK(shop.ask("SELECT count(*) FROM message WHERE envelope IS NOT NULL AND state = 4") == "5");
}

TEST_CASE("semantics 17: a digest whose window closes over it opens again in the morning",
          "[semantics]") {
  Shop shop;
  shop.rule(digest("send-window: support-hours\n"));
  shop.start();
  shop.ticket("t1", "open", "", "2026-02-28 17:50");
  shop.ticket("t2", "open", "", "2026-02-28 20:00");
  shop.run_to("2026-03-02 18:10");
  CHECK(shop.ledger() == Lines{"reminder t1 held outside-window"});
  shop.run_to("2026-03-03 12:00");
  CHECK(shop.sent() == Lines{"2026-03-03 09:00 reminder support@example.com"});
  CHECK(shop.ledger() == Lines{"reminder t1 sent", "reminder t2 sent", "reminder digest sent"});
}

TEST_CASE("semantics 17: ended items leave, and none left is no envelope", "[semantics]") {
  Shop shop;
  shop.rule(digest());
  shop.start();
  for (const char* key : {"t1", "t2"}) shop.ticket(key, "open", "", "2026-02-28 10:05");
  shop.ticket("t3", "open", "", "2026-02-28 11:05");
  shop.run_to("2026-03-02 10:10");
  shop.ticket("t1", "solved");
  shop.run_to("2026-03-02 11:10");
  CHECK(shop.sent() == Lines{"2026-03-02 10:20 reminder support@example.com"});
  CHECK_FALSE(holds(shop.arrived[0].message, "ticket t1"));
  shop.ticket("t3", "solved");
  shop.run_to("2026-03-02 12:10");
  CHECK(shop.sent().empty());
  CHECK(shop.ledger() == Lines{"reminder t1 state-ended", "reminder t2 sent",
                               "reminder t3 state-ended", "reminder digest sent"});
}

TEST_CASE("semantics 17: an item's own hold leaves the digest and joins a later one",
          "[semantics]") {
  Shop shop;
  shop.rule(digest("hold-while:\n  - ticket.status = waiting_for_customer\n"));
  shop.start();
  for (const char* key : {"t1", "t2"}) shop.ticket(key, "open", "", "2026-02-28 10:05");
  shop.run_to("2026-03-02 10:10");
  shop.ticket("t1", "waiting_for_customer");
  shop.run_to("2026-03-02 10:30");
  CHECK(shop.sent() == Lines{"2026-03-02 10:20 reminder support@example.com"});
  CHECK(shop.ledger() ==
        Lines{"reminder t1 held hold-while", "reminder t2 sent", "reminder digest sent"});
  shop.ticket("t1", "open");
  shop.run_to("2026-03-02 12:00");
  CHECK(shop.sent() == Lines{"2026-03-02 10:45 reminder support@example.com"});
}

TEST_CASE(
    "semantics 17: retry and unknown concern the envelope with its frozen items and Message-ID",
    "[semantics]") {
  for (const OutcomeKind kind : {OutcomeKind::deferred, OutcomeKind::unknown}) {
    Shop shop;
    shop.rule(digest());
    shop.start();
    for (const char* key : {"t1", "t2"}) shop.ticket(key, "open", "", "2026-02-28 10:05");
    shop.ticket("t3", "open", "", "2026-02-28 10:20");
    int tries = 0;
    shop.world->mail().answer = [&](const delivery::Outgoing&) {
      return ++tries == 1 ? Outcome{kind, 0, "so", false, {}}
                          : Outcome{OutcomeKind::sent, 250, "ok", false, {}};
    };
    shop.run_to("2026-03-02 10:20");
    CHECK(tries == 1);
    shop.ticket("t1", "solved");  // frozen: it goes again with the same content
    shop.run_to("2026-03-02 12:00");
    REQUIRE(shop.handed.size() == 3);
    const auto& again =
        *std::find_if(shop.handed.begin() + 1, shop.handed.end(),
                      [&](const auto& m) { return m.message_id == shop.handed[0].message_id; });
    CHECK(holds(again, "ticket t1"));
    CHECK(holds(again, "ticket t2"));
    CHECK_FALSE(holds(again, "ticket t3"));
    CHECK(holds(again, "X-Retaind-May-Repeat") == (kind == OutcomeKind::unknown));
    CHECK(shop.ledger() == Lines{"reminder t1 sent", "reminder t2 sent", "reminder t3 sent",
                                 "reminder digest sent", "reminder digest sent"});
  }
}

TEST_CASE("semantics 17: each item inherits the envelope's outcome", "[semantics]") {
  Shop shop;
  shop.rule(digest());
  shop.start();
  for (const char* key : {"t1", "t2"}) shop.ticket(key, "open", "", "2026-02-28 10:05");
  shop.world->mail().answer = [&](const delivery::Outgoing&) {
    return Outcome{OutcomeKind::rejected, 550, "no such team", false, {}};
  };
  shop.run_to("2026-03-02 12:00");
  CHECK(shop.ledger() == Lines{"reminder t1 failed rejected", "reminder t2 failed rejected",
                               "reminder digest failed rejected"});
  CHECK(shop.ask("SELECT count(*) FROM message WHERE reply = 'no such team'") == "3");
  CHECK(shop.ask("SELECT count(*) FROM firing WHERE open = 1") == "0");
}

TEST_CASE("semantics 17: an operator's hold stops a digest that is tried again", "[semantics]") {
  Shop shop;
  shop.rule(digest());
  shop.start();
  shop.ticket("t1", "open", "", "2026-02-28 10:05");
  int tries = 0;
  shop.world->mail().answer = [&](const delivery::Outgoing&) {
    return ++tries == 1 ? Outcome{OutcomeKind::deferred, 451, "later", false, {}}
                        : Outcome{OutcomeKind::sent, 250, "ok", false, {}};
  };
  shop.run_to("2026-03-02 10:20");
  shop.hold("all", "");
  shop.run_to("2026-03-03 10:20");
  CHECK(tries == 1);
  CHECK(shop.ledger() == Lines{"reminder t1 claimed", "reminder digest held on-hold"});
  shop.release("all", "");
  CHECK(tries == 2);
  CHECK(shop.ledger() == Lines{"reminder t1 sent", "reminder digest sent"});
}

TEST_CASE("semantics 17: a crash between claiming and outcome keeps the items with their envelope",
          "[semantics]") {
  Shop shop;
  shop.rule(digest());
  shop.start();
  for (const char* key : {"t1", "t2"}) shop.ticket(key, "open", "", "2026-02-28 10:05");
  shop.world->mail().latency = std::chrono::minutes(1);
  shop.run_to("2026-03-02 10:20");
  CHECK(shop.ledger() ==
        Lines{"reminder t1 claimed", "reminder t2 claimed", "reminder digest handed"});
  shop.crash();
  CHECK(shop.ledger() ==
        Lines{"reminder t1 claimed", "reminder t2 claimed", "reminder digest unknown"});
  shop.run_to("2026-03-02 12:00");
  REQUIRE(shop.handed.size() == 2);
  CHECK(shop.handed[0].message_id == shop.handed[1].message_id);
  CHECK(shop.ledger() == Lines{"reminder t1 sent", "reminder t2 sent", "reminder digest sent"});
}

TEST_CASE("semantics 17: a rule removed while its digest waits ends items and envelope",
          "[semantics]") {
  Shop shop;
  shop.rule(digest());
  shop.start();
  shop.ticket("t1", "open", "", "2026-02-28 10:05");
  shop.run_to("2026-03-02 10:10");
  const std::string text = shop.rules.at("unresolved");
  shop.rules.clear();
  shop.reload();
  shop.run_to("2026-03-02 12:00");
  CHECK(shop.ledger() == Lines{"reminder t1 rule-removed"});
}

TEST_CASE("semantics 17: digests to assignees go to each for himself", "[semantics]") {
  Shop shop;
  shop.rule(
      "rule: assigned\npurpose: internal\nstatus: live\nwhen:\n  ticket: unresolved\n  for: 48 "
      "hours\nthen:\n  - notify: assignee\n    or: support\n    template: ticket-reminder\n    "
      "digest: 15 minutes\n");
  shop.start();
  for (const auto& [key, who] :
       std::vector<std::pair<std::string, std::string>>{{"t1", "Max@desk.example.com"},
                                                        {"t2", "eva@desk.example.com"},
                                                        {"t3", "max@desk.example.com"},
                                                        {"t4", "nobody"}}) {
    shop.put(TicketFact{.key = key,
                        .number = key,
                        .status = "open",
                        .assignee = who,
                        .opened_at = shop.at("2026-02-28 10:05")});
  }
  shop.run_to("2026-03-02 12:00");
  CHECK(shop.sent() == Lines{"2026-03-02 10:20 notify:ticket-reminder Max@desk.example.com",
                             "2026-03-02 10:20 notify:ticket-reminder eva@desk.example.com",
                             "2026-03-02 10:20 notify:ticket-reminder support@example.com"});
  CHECK(holds(shop.arrived[0].message, "ticket t3"));
}

TEST_CASE("semantics 18: a faulty file changes nothing", "[semantics]") {
  Shop shop;
  shop.rule(thanks());
  shop.customer("anna");
  shop.start();
  shop.order("o1", "anna");
  const std::string changes = shop.ask("SELECT total_changes()");
  shop.rule(thanks("", "3 days"));
  shop.rules["broken"] = "rule: broken\nwhen: nothing\n";
  CHECK_FALSE(shop.world->reload());
  CHECK(shop.ask("SELECT total_changes()") == changes);
  shop.templates["thanks"] = "---\nsubject: {{ a\n---\n{% if %}\n";
  shop.rules.erase("broken");
  CHECK_FALSE(shop.world->reload());
  CHECK(shop.ask("SELECT total_changes()") == changes);
  shop.run_to("2026-03-10 10:00");
  CHECK(shop.sent() == Lines{"2026-03-09 10:00 email:thanks anna@example.com"});
  shop.templates["thanks"] = "---\nsubject: t\n---\nnew\n";  // for the balance at the end
  shop.rule(thanks());
  shop.reload();
}

TEST_CASE("semantics 18: a reload under way swaps at once and loses no outcome", "[semantics]") {
  Shop shop;
  shop.rule(at_once("once-per: customer\n"));
  shop.customer("anna");
  shop.customer("bert");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.world->mail().latency = std::chrono::minutes(5);
  shop.order("o1", "anna");
  shop.order("o2", "anna");
  shop.order("o3", "bert");
  shop.templates["welcome"] = "---\nsubject: new words\n---\nnew words\n";
  for (int i = 0; i < 10; ++i) shop.reload();
  CHECK(shop.handed.size() == 2);
  shop.run_to("2026-03-02 12:00");
  CHECK(shop.sent().size() == 2);
  CHECK(shop.ledger() ==
        Lines{"email:welcome o1 sent", "- o2 already-sent", "email:welcome o3 sent"});
  shop.customer("cleo");
  shop.order("o4", "cleo");
  shop.run_to("2026-03-02 13:00");
  CHECK(holds(shop.arrived.back().message, "new words"));
}

TEST_CASE("semantics 18: a recipient whose mail is on its way over a reload still waits for it",
          "[semantics]") {
  Shop shop;
  shop.rule(at_once());
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.world->mail().latency = std::chrono::minutes(5);
  shop.order("o1", "anna");
  shop.order("o2", "anna");
  shop.reload();
  CHECK(shop.handed.size() == 1);
  shop.run_to("2026-03-02 11:05");
  CHECK(shop.handed.size() == 2);
  shop.run_to("2026-03-02 11:30");
  CHECK(shop.ledger() == Lines{"email:welcome o1 sent", "email:welcome o2 sent"});
}

TEST_CASE("an envelope has the domain's A-labels and quotes what is no dot-string", "[semantics]") {
  const auto& [address, envelope] = GENERATE(table<std::string, std::string>(
      {{"a@b\u00fccher.example", "a@xn--bcher-kva.example"},
       {"a..b@docomo.ne.jp", "\"a..b\"@docomo.ne.jp"},
       {".x@ezweb.ne.jp", "\".x\"@ezweb.ne.jp"},
       {"J\u00f6rg@b\u00fccher.example", "J\u00f6rg@xn--bcher-kva.example"},
       {"Anna.Lee@Example.com", "Anna.Lee@example.com"}}));
  Shop shop;
  shop.rule(
      "rule: thanks\npurpose: transactional\nstatus: live\nwhen:\n  event: order.completed\nthen:\n"
      "  - email: welcome\n");
  shop.customer(CustomerFact{.key = "anna", .email = address});
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  Shop::expect_ok(shop.world->settle());
  REQUIRE(shop.arrived.size() == 1);
  CHECK(shop.arrived[0].message.envelope_to == Lines{envelope});
  CHECK(shop.arrived[0].message.needs_smtputf8 == (envelope.find("\u00f6") != std::string::npos));
}
