#include <catch2/catch.hpp>

#include "rules.h"

using namespace retaind;
using namespace retaind::test;

TEST_CASE("semantics 06: hold-while ends by the clock as well as by the facts", "[semantics]") {
  Shop shop;
  shop.rule(at_once("hold-while:\n  - order.completed_at within last 3 hours\n", "recent"));
  shop.rule(at_once(
      "hold-while:\n  - order.completed_at within last 1 month\nlate-limit: 60 days\n", "month"));
  shop.rule(
      at_once("hold-while:\n  - order.placed_at within last 2 days\nlate-limit: 1 day\n", "late"));
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.customer("anna");
  shop.order("o1", "anna");
  shop.run_to("2026-03-02 13:59");
  CHECK(shop.sent().empty());
  shop.run_to("2026-03-02 14:01");
  CHECK(shop.sent() == Lines{"2026-03-02 14:00:00.001 email:welcome anna@example.com"});
  shop.run_to("2026-04-10 12:00");
  CHECK(shop.sent() == Lines{"2026-04-02 11:00:00.001 email:welcome anna@example.com"});
  CHECK(shop.ledger("late") == Lines{"email:welcome o1 late-limit"});
}

TEST_CASE("semantics 06: hold-while ends when the month is over, not a day after its shortest one",
          "[semantics]") {
  Shop shop("2026-01-20 10:00");
  shop.rule(
      at_once("hold-while:\n  - not order.placed_at older than 1 month\nlate-limit: 60 "
              "days\n",
              "month"));
  shop.start();
  shop.customer("anna");
  shop.run_to("2026-01-31 10:00");
  shop.order("o1", "anna");
  // A month before any time of 28 February lies on 28 January, and before 1 March on 1 February.
  shop.run_to("2026-02-28 23:59");
  CHECK(shop.sent().empty());
  shop.run_to("2026-03-02 10:00");
  CHECK(shop.sent() == Lines{"2026-03-01 00:00 email:welcome anna@example.com"});
}
