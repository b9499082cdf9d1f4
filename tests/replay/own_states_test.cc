#include <catch2/catch.hpp>

#include "rules.h"

// Named states of the site's own: what begins an occurrence, what ends it, and what is counted.

using namespace retaind;
using namespace retaind::test;

namespace {

const StateAnchor& since(Subject subject, std::string_view column) {
  for (const StateAnchor& anchor : state_anchors())
    if (anchor.subject == subject && anchor.column == column) return anchor;
  throw std::runtime_error("no such anchor");
}

struct StateShop : Shop {
  StateShop() {
    auto made = std::make_shared<Vocabulary>();
    Field tier{};
    tier.name = "tier";
    tier.type = Type::enumeration;
    tier.words = "gold|silver";
    made->add(tier);
    made->add_state("customer.silent-gold", "customer.tier = gold",
                    since(Subject::customer, "last_active_at"), "");
    made->add_state("ticket.urgent",
                    "ticket.priority = urgent and ticket.status not in [solved, closed]",
                    since(Subject::ticket, "unresolved_since"), "");
    made->add_state("order.in-transit", "order.status = shipped",
                    since(Subject::order, "placed_at"), "");
    site.vocabulary = std::move(made);
  }

  void tier(const std::string& key, const std::string& word) {
    put(CustomerFact{.key = key, .attributes = "{\"tier\":\"" + word + "\"}"});
  }
};

std::string silent(const std::string& more = "") {
  return "rule: silent\npurpose: transactional\nstatus: live\nwhen:\n  customer: silent-gold\n  "
         "for: 30 days\nthen:\n  - email: welcome\n" +
         more;
}

std::string urgent(const std::string& more = "") {
  return "rule: urgent\npurpose: internal\nstatus: live\nwhen:\n  ticket: urgent\n  for: 2 "
         "hours\nthen:\n  - notify: support\n    template: ticket-reminder\n    step: reminder\n" +
         more;
}

}  // namespace

TEST_CASE("only rows in the state are matched when they become due", "[replay]") {
  StateShop shop;
  shop.rule(silent());
  for (const char* key : {"anna", "bert", "carl", "dora"}) shop.customer(key);
  shop.tier("anna", "gold");
  shop.tier("bert", "silver");
  shop.tier("carl", "platinum");  // does not fit: unknown is no state
  shop.start();
  for (const char* key : {"anna", "bert", "carl", "dora"}) shop.order("o-" + std::string(key), key);
  shop.run_to("2026-04-01 09:59");
  CHECK(shop.ledger().empty());
  shop.run_to("2026-04-02 10:00");
  CHECK(shop.ledger() == Lines{"email:welcome anna sent"});
}

TEST_CASE("a change of an attribute begins the state, counted from its time", "[replay]") {
  StateShop shop;
  shop.rule(silent());
  shop.customer("anna");
  shop.tier("anna", "silver");
  shop.start();
  shop.order("o1", "anna");
  shop.run_to("2026-04-02 12:00");
  CHECK(shop.ledger().empty());
  shop.tier("anna", "gold");  // silent for 31 days: due yesterday, and within the late limit
  CHECK(shop.ledger() == Lines{"email:welcome anna sent"});
  shop.tier("anna", "silver");
  shop.tier("anna", "gold");  // the same silence is the same episode
  CHECK(shop.ledger() == Lines{"email:welcome anna sent"});
  shop.order("o2", "anna");  // an order ends the silence and begins the next
  shop.run_to("2026-05-02 11:00");
  CHECK(shop.ledger() == Lines{"email:welcome anna sent"});
  shop.run_to("2026-05-03 12:30");
  CHECK(shop.ledger() == Lines{"email:welcome anna sent", "email:welcome anna sent"});
}

TEST_CASE("what waits ends when the state does", "[replay]") {
  StateShop shop;
  shop.rule(
      urgent("  - after: 6 hours\n    notify: support-lead\n    template: "
             "ticket-escalation\n    step: escalation\n"));
  shop.customer("anna");
  shop.start();
  const auto ticket = [&](const std::string& key, const std::string& priority) {
    shop.put(TicketFact{
        .key = key, .customer = "anna", .priority = priority, .as_of = shop.clock.now()});
  };
  shop.run_to("2026-03-02 11:00");
  shop.ticket("t1", "open", "anna");
  shop.ticket("t2", "open", "anna");
  shop.ticket("t3", "open", "anna");
  ticket("t1", "urgent");
  ticket("t2", "urgent");
  shop.run_to("2026-03-02 13:30");
  CHECK(shop.ledger() == Lines{"reminder t1 sent", "escalation t1 planned", "reminder t2 sent",
                               "escalation t2 planned"});
  ticket("t1", "low");
  CHECK(shop.ledger()[1] == "escalation t1 state-ended");
  shop.run_to("2026-03-02 18:00");
  CHECK(shop.ledger() == Lines{"reminder t1 sent", "escalation t1 state-ended", "reminder t2 sent",
                               "escalation t2 sent"});
  ticket("t1", "urgent");  // not solved in between: the same episode, which has ended
  shop.run_to("2026-03-03 18:00");
  CHECK(shop.ledger()[1] == "escalation t1 state-ended");
  shop.ticket("t1", "solved");
  shop.run_to("2026-03-03 19:00");
  shop.ticket("t1", "open");
  shop.run_to("2026-03-03 22:00");
  CHECK(shop.ledger().size() == 6);  // reopened: a new one
}

TEST_CASE("a state that ends before its time is no occurrence, and one that ended stays counted",
          "[replay]") {
  StateShop shop;
  shop.rule(silent());
  shop.customer("anna");
  shop.customer("bert");
  shop.tier("anna", "gold");
  shop.tier("bert", "gold");
  shop.start();
  shop.order("o1", "anna");
  shop.order("o2", "bert");
  shop.run_to("2026-04-01 09:00");
  shop.tier("anna", "silver");
  shop.run_to("2026-04-01 12:00");
  CHECK(shop.ledger() == Lines{"email:welcome bert sent"});
  shop.tier("bert", "silver");
  shop.check_balance();
  CHECK(shop.ask("SELECT count(*) FROM firing WHERE withdrawn = 0") == "1");
  shop.crash();
  shop.run_to("2026-04-03 12:00");
  CHECK(shop.ledger() == Lines{"email:welcome bert sent"});
}
