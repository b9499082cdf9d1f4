#include <catch2/catch.hpp>

#include "rules.h"

using namespace retaind;
using namespace retaind::test;

namespace {

/// Orders of anna at the given times, each due at once.
void orders(Shop& shop, const std::vector<std::string>& times) {
  int number = 0;
  for (const std::string& time : times) {
    shop.run_to(time);
    shop.order("o" + std::to_string(++number), "anna");
  }
}

}  // namespace

TEST_CASE("semantics 09: once-per never expires", "[semantics]") {
  Shop shop;
  shop.rule(at_once("once-per: customer\n"));
  shop.customer("anna");
  shop.start();
  orders(shop, {"2026-03-02 11:00", "2026-03-20 11:00", "2027-12-20 11:00"});
  CHECK(shop.sent() == Lines{"2026-03-02 11:00 email:welcome anna@example.com"});
  CHECK(shop.ledger() == Lines{"email:welcome o1 sent", "- o2 already-sent", "- o3 already-sent"});
}

TEST_CASE(
    "semantics 09: again-after counts from the first send and lets only later occurrences through",
    "[semantics]") {
  Shop shop;
  shop.rule(
      "rule: two\npurpose: transactional\nstatus: live\nwhen:\n  event: order.completed\nthen:\n"
      "  - email: welcome\n  - wait: 5 days\n  - email: second\nonce-per: customer\nagain-after: "
      "10 days\n");
  shop.customer("anna");
  shop.start();
  orders(shop, {"2026-03-02 11:00", "2026-03-12 10:59", "2026-03-12 11:00", "2026-03-20 11:00",
                "2026-03-22 11:00"});
  shop.run_to("2026-04-10 10:00");
  CHECK(shop.sent() == Lines{"2026-03-02 11:00 email:welcome anna@example.com",
                             "2026-03-07 11:00 email:second anna@example.com",
                             "2026-03-12 11:00 email:welcome anna@example.com",
                             "2026-03-17 11:00 email:second anna@example.com",
                             "2026-03-22 11:00 email:welcome anna@example.com",
                             "2026-03-27 11:00 email:second anna@example.com"});
  CHECK(shop.ledger() == Lines{"email:welcome o1 sent", "email:second o1 sent", "- o2 already-sent",
                               "email:welcome o3 sent", "email:second o3 sent", "- o4 already-sent",
                               "email:welcome o5 sent", "email:second o5 sent"});
}

TEST_CASE("semantics 09: again-after counts for what was sent before the rule had one",
          "[semantics]") {
  Shop shop;
  shop.rule(at_once("once-per: customer\n"));
  shop.customer("anna");
  shop.start();
  orders(shop, {"2026-03-02 11:00"});
  shop.run_to("2026-03-02 12:00");
  shop.rule(at_once("once-per: customer\nagain-after: 10 days\n"));
  shop.reload();
  shop.run_to("2026-03-12 10:59");
  shop.order("o2", "anna");
  shop.run_to("2026-03-12 11:00");
  shop.order("o3", "anna");
  shop.run_to("2026-03-20 11:00");
  shop.order("o4", "anna");
  shop.run_to("2026-03-22 11:00");
  shop.order("o5", "anna");
  shop.run_to("2026-03-22 12:00");
  CHECK(shop.ledger() == Lines{"email:welcome o1 sent", "- o2 already-sent",
                               "email:welcome o3 sent", "- o4 already-sent",
                               "email:welcome o5 sent"});
}

TEST_CASE("semantics 09: an open firing takes the place; one that sends nothing gives it back",
          "[semantics]") {
  Shop shop;
  shop.rule(thanks("once-per: customer\nsend-window: daytime\nunless:\n  - order.refunded\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 21:00");
  shop.order("o1", "anna");  // due on the 9th at 21:00, held to the 10th
  shop.run_to("2026-03-03 05:00");
  shop.order("o2", "anna");  // due on the 10th at 5:00, while o1 is open
  shop.run_to("2026-03-03 12:00");
  shop.order("o3", "anna");  // due on the 10th at noon, when o1 has given the place back
  shop.run_to("2026-03-10 06:00");
  CHECK(shop.ledger() == Lines{"email:thanks o1 held outside-window", "- o2 already-sent"});
  shop.put(OrderFact{.key = "o1", .refunded_at = shop.clock.now()});
  shop.run_to("2026-03-11 10:00");
  CHECK(shop.sent() == Lines{"2026-03-10 12:00 email:thanks anna@example.com"});
  CHECK(shop.ledger() ==
        Lines{"email:thanks o1 condition-false", "- o2 already-sent", "email:thanks o3 sent"});
}

TEST_CASE("semantics 09: unknown and held-out keep the place, a failure gives it back",
          "[semantics]") {
  for (const std::string what : {"unknown", "held-out", "rejected", "render"}) {
    Shop shop;
    shop.rule(
        at_once("once-per: customer\n" + std::string(what == "held-out" ? "holdout: 99%\n" : ""),
                "at-once", "feedback"));
    shop.customer("anna");
    shop.start();
    delivery::OutcomeKind kind = delivery::OutcomeKind::sent;
    if (what == "unknown") kind = delivery::OutcomeKind::unknown;
    if (what == "rejected") kind = delivery::OutcomeKind::rejected;
    shop.world->mail().answer = [&](const delivery::Outgoing&) {
      return delivery::Outcome{kind, 0, "so", false, {}};
    };
    const std::string sound = shop.templates["welcome"];
    if (what == "render") {
      shop.templates["welcome"] =
          "---\nsubject: a\n---\n{{ customer.nothing_of_the_kind.at_all }}\n";
      shop.reload();
    }
    shop.run_to("2026-03-02 11:00");
    shop.order("o1", "anna");
    kind = delivery::OutcomeKind::sent;
    shop.templates["welcome"] = sound;
    shop.reload();
    shop.run_to("2026-03-03 11:00");
    shop.order("o2", "anna");
    INFO(what);
    if (what == "unknown")
      CHECK(shop.ledger() == Lines{"email:welcome o1 unknown", "- o2 already-sent"});
    if (what == "held-out")
      CHECK(shop.ledger() == Lines{"email:welcome o1 held-out", "- o2 already-sent"});
    if (what == "rejected")
      CHECK(shop.ledger() == Lines{"email:welcome o1 failed rejected", "email:welcome o2 sent"});
    if (what == "render")
      CHECK(shop.ledger() ==
            Lines{"email:welcome o1 failed render-failed", "email:welcome o2 sent"});
  }
}

TEST_CASE("semantics 09: the place is independent of trigger and revision", "[semantics]") {
  Shop shop;
  shop.rule(at_once("once-per: customer\n"));
  shop.customer("anna");
  shop.start();
  orders(shop, {"2026-03-02 11:00"});
  shop.rule(
      "rule: at-once\npurpose: transactional\nstatus: live\nwhen:\n  event: ticket.opened\nthen:\n"
      "  - email: second\nonce-per: customer\n");
  shop.reload();
  shop.run_to("2026-03-02 12:00");
  shop.ticket("t1", "open", "anna");
  CHECK(shop.ledger() == Lines{"email:welcome o1 sent", "- t1 already-sent"});
}

TEST_CASE("semantics 09: places by order and by customer do not meet", "[semantics]") {
  Shop shop;
  shop.rule(at_once("once-per: order\n"));
  shop.customer("anna");  // row 1 among the customers, as her order among the orders
  shop.start();
  orders(shop, {"2026-03-02 11:00"});
  shop.rule(at_once("once-per: customer\n"));
  shop.reload();
  shop.run_to("2026-03-02 12:00");
  shop.order("o2", "anna");
  CHECK(shop.sent().size() == 2);
}

TEST_CASE(
    "semantics 09: draft firings live apart, count for nothing, and close when the rule goes live",
    "[semantics]") {
  Shop shop;
  std::string live = thanks("once-per: customer\n", "1 day");
  std::string draft = live;
  draft.replace(draft.find("status: live"), 12, "status: draft");
  shop.rule(draft);
  shop.customer("anna");
  shop.start();
  shop.order("o1", "anna");
  shop.run_to("2026-03-03 12:00");
  CHECK(shop.sent().empty());
  CHECK(shop.ledger() == Lines{"email:thanks o1 would-send"});
  shop.order("o2", "anna");
  shop.run_to("2026-03-05 10:00");
  CHECK(shop.ledger() == Lines{"email:thanks o1 would-send", "- o2 already-sent"});
  shop.rule(live);
  shop.reload();
  shop.run_to("2026-03-05 12:00");
  shop.order("o3", "anna");
  shop.run_to("2026-03-07 12:00");
  CHECK(shop.sent() == Lines{"2026-03-06 12:00 email:thanks anna@example.com"});
  CHECK(shop.ask("SELECT count(*) FROM firing WHERE draft = 1 AND open = 1") == "0");
}

TEST_CASE("semantics 09: a draft run that is still open ends as would-send when the rule goes live",
          "[semantics]") {
  Shop shop;
  std::string live = drip();
  std::string draft = live;
  draft.replace(draft.find("status: live"), 12, "status: draft");
  shop.rule(draft);
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.put(CustomerFact{.key = "anna", .created_at = shop.clock.now()});
  shop.run_to("2026-03-03 11:00");
  CHECK(shop.ledger() == Lines{"email:welcome anna would-send", "email:second anna planned"});
  shop.rule(live);
  shop.reload();
  shop.run_to("2026-03-20 11:00");
  CHECK(shop.ledger() == Lines{"email:welcome anna would-send", "email:second anna would-send"});
  CHECK(shop.sent().empty());
}

TEST_CASE("semantics 09: within one state only repeat sends again", "[semantics]") {
  Shop shop;
  shop.rule(unresolved("    repeat: {every: 24 hours, at-most: 2}\nonce-per: ticket\n"));
  shop.start();
  shop.ticket("t1", "open");
  shop.run_to("2026-03-20 10:00");
  CHECK(shop.sent() == Lines{"2026-03-04 10:00 reminder support@example.com",
                             "2026-03-05 10:00 reminder support@example.com",
                             "2026-03-06 10:00 reminder support@example.com"});
}

TEST_CASE("semantics 09: of several occurrences of one tick only the first gets the place",
          "[semantics]") {
  Shop shop;
  shop.rule(thanks("once-per: customer\n"));
  for (const char* key : {"anna", "ben"}) shop.customer(key);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  for (const char* key : {"o1", "o2", "o3"}) shop.order(key, "anna");
  shop.order("o4", "ben");
  shop.run_to("2026-03-20 11:00");
  CHECK(shop.ledger() == Lines{"email:thanks o1 sent", "- o2 already-sent", "- o3 already-sent",
                               "email:thanks o4 sent"});
}

TEST_CASE("semantics 09: an occurrence taken up during one that is on its way has no place",
          "[semantics]") {
  Shop shop;
  shop.rule(at_once("once-per: customer\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.world->mail().latency = std::chrono::hours(2);
  shop.order("o1", "anna");
  shop.run_to("2026-03-02 11:30");
  shop.order("o2", "anna");
  shop.run_to("2026-03-02 14:30");
  CHECK(shop.ledger() == Lines{"email:welcome o1 sent", "- o2 already-sent"});
}

TEST_CASE("semantics 09: a state that ends while its message is on its way keeps the place",
          "[semantics]") {
  Shop shop;
  shop.rule(unresolved("once-per: ticket\n"));
  shop.start();
  shop.ticket("t1", "open");
  shop.world->mail().latency = std::chrono::hours(2);
  shop.run_to("2026-03-04 11:00");
  shop.ticket("t1", "solved");
  CHECK(shop.ledger() == Lines{"reminder t1 handed"});
  shop.run_to("2026-03-04 13:00");
  CHECK(shop.ledger() == Lines{"reminder t1 sent"});
  shop.ticket("t1", "open");
  shop.run_to("2026-03-10 13:00");
  CHECK(shop.ledger() == Lines{"reminder t1 sent", "- t1 already-sent"});
}
