#include <catch2/catch.hpp>

#include "rules.h"

// Conditions that count over the rows of a customer, from the rule file to the mail.

using namespace retaind;
using namespace retaind::test;

namespace {

OrderFact order(Shop& shop, const std::string& key, const std::string& customer,
                std::int64_t minor) {
  OrderFact fact{.key = key, .customer = customer, .placed_at = shop.clock.now()};
  fact.total_minor = minor;
  fact.currency = "EUR";
  return fact;
}

}  // namespace

TEST_CASE("only orders that fit are counted, of this customer only", "[replay]") {
  Shop shop;
  shop.rule(
      at_once("if: count(orders where order.total >= 50 EUR and order.placed_at within last "
              "30 days) >= 2\n"));
  shop.customer("anna");
  shop.customer("bert");
  shop.start();
  shop.put(order(shop, "old", "anna", 9000));
  shop.run_to("2026-04-10 10:00");
  shop.put(order(shop, "large", "anna", 5000));
  shop.put(order(shop, "small", "anna", 4999));
  shop.put(order(shop, "others", "bert", 9000));
  shop.run_to("2026-04-11 10:00");
  shop.order("o1", "anna");  // 49 EUR
  CHECK(shop.ledger() == Lines{"- o1 condition-false"});
  shop.run_to("2026-04-12 10:00");
  OrderFact first = order(shop, "o1", "anna", 100);
  first.placed_at.reset();
  shop.put(first);
  OrderFact second = order(shop, "o2", "anna", 7000);
  second.completed_at = shop.clock.now();
  shop.put(second);
  CHECK(shop.ledger() == Lines{"- o1 condition-false", "email:welcome o2 sent"});
  OrderFact third = order(shop, "o3", "bert", 7000);
  third.completed_at = shop.clock.now();
  shop.put(third);
  CHECK(shop.ledger().back() == "email:welcome o3 sent");
}

TEST_CASE("items of a rule about an order are that order's", "[replay]") {
  Shop shop;
  shop.rule(at_once("if: count(items where item.sku = 'A-1') = 1\n"));
  shop.rule(
      "rule: everything-bought\npurpose: transactional\nstatus: live\nwhen:\n  event: "
      "ticket.opened\nif: sum(items.quantity where item.sku = 'A-1' and not order.cancelled) = "
      "3\nthen:\n  - email: thanks\n");
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.put(OrderFact{.key = "before", .customer = "anna", .placed_at = shop.clock.now()});
  shop.put(ItemFact{.order = "before", .key = "1", .sku = "A-1", .quantity = 1});
  shop.put(ItemFact{.order = "before", .key = "2", .sku = "A-1", .quantity = 1});
  shop.put(OrderFact{.key = "o1", .customer = "anna", .placed_at = shop.clock.now()});
  shop.put(ItemFact{.order = "o1", .key = "1", .sku = "A-1", .quantity = 1});
  shop.put(ItemFact{.order = "o1", .key = "2", .sku = "B-2", .quantity = 9});
  shop.put(OrderFact{.key = "o1", .completed_at = shop.clock.now()});
  CHECK(shop.ledger("at-once") == Lines{"email:welcome o1 sent"});
  shop.put(OrderFact{.key = "void",
                     .customer = "anna",
                     .placed_at = shop.clock.now(),
                     .cancelled_at = shop.clock.now()});
  shop.put(ItemFact{.order = "void", .key = "1", .sku = "A-1", .quantity = 5});
  shop.ticket("t1", "open", "anna");
  shop.ticket("t2", "open");  // nobody's: no customer whose items could be counted
  CHECK(shop.ledger("everything-bought").front() == "email:thanks t1 sent");
}

TEST_CASE("a message held by an aggregate goes when a row of the customer changes", "[replay]") {
  Shop shop;
  shop.rule(
      at_once("hold-while: count(tickets where ticket.priority = urgent and ticket.status != "
              "solved) > 0\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  TicketFact urgent{.key = "t1", .customer = "anna", .status = "open", .priority = "urgent"};
  urgent.opened_at = shop.clock.now();
  shop.put(urgent);
  shop.order("o1", "anna");
  shop.run_to("2026-03-02 15:00");
  CHECK(shop.ledger() == Lines{"email:welcome o1 held hold-while"});
  CHECK(shop.sent().empty());
  shop.put(TicketFact{.key = "t1", .priority = "low"});
  shop.run_to("2026-03-02 15:01");
  CHECK(shop.sent() == Lines{"2026-03-02 15:00 email:welcome anna@example.com"});
}

TEST_CASE("a message held by an aggregate over times goes when time lets a row drop out",
          "[replay]") {
  Shop shop;
  shop.rule(at_once("hold-while: count(events where event.at within last 2 hours) > 0\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.event("e1", "anna", "app.opened");
  shop.run_to("2026-03-02 11:30");
  shop.order("o1", "anna");
  shop.run_to("2026-03-03 11:00");
  const Lines sent = shop.sent();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0] == "2026-03-02 13:00:00.001 email:welcome anna@example.com");
}

TEST_CASE("the record of a decision says what an aggregate came to", "[replay]") {
  Shop shop;
  shop.rule(at_once("if: count(orders where order.completed) >= 1\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  CHECK(shop.ask("SELECT group_concat(\"values\") FROM decision")
            .find("count(orders where order.completed) = 1") != std::string::npos);
}
