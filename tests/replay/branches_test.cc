#include <catch2/catch.hpp>

#include "rules.h"

// Steps with an `if` of their own.

using namespace retaind;
using namespace retaind::test;

namespace {

std::string branched(const std::string& steps, const std::string& more = "") {
  return "rule: branched\npurpose: transactional\nstatus: live\nwhen:\n  event: order.completed\n"
         "then:\n" +
         steps + more;
}

constexpr const char* first_or_again =
    "  - email: welcome\n    if: customer.orders_count = 1\n"
    "  - email: thanks\n    if: customer.orders_count > 1\n";

}  // namespace

TEST_CASE("a step's own `if` picks who gets it, and the steps behind it go on", "[replay]") {
  Shop shop;
  shop.rule(branched(first_or_again));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  CHECK(shop.sent() == Lines{"2026-03-02 11:00 email:welcome anna@example.com"});
  shop.run_to("2026-03-02 12:00");
  shop.order("o2", "anna");
  CHECK(shop.sent() == Lines{"2026-03-02 12:00 email:thanks anna@example.com"});
  CHECK(shop.ledger() == Lines{"email:welcome o1 sent", "email:thanks o1 condition-false",
                               "email:welcome o2 condition-false", "email:thanks o2 sent"});
}

TEST_CASE("a wait behind a step that was left out counts from where it ended", "[replay]") {
  Shop shop;
  shop.rule(
      branched("  - email: welcome\n    if: customer.orders_count > 1\n"
               "  - wait: 2 days\n  - email: thanks\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  shop.run_to("2026-03-10 11:00");
  CHECK(shop.sent() == Lines{"2026-03-04 11:00 email:thanks anna@example.com"});
}

TEST_CASE("the rule's lines hold for each step, and an unknown value sends nothing", "[replay]") {
  Shop shop;
  shop.rule(
      branched("  - email: welcome\n    if:\n      - order.total >= 49 EUR\n"
               "      - customer.city = 'Kyoto'\n  - email: thanks\n",
               "unless: order.refunded\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  CHECK(shop.ledger() == Lines{"email:welcome o1 unknown-data", "email:thanks o1 sent"});
  shop.put(OrderFact{.key = "o2",
                     .customer = "anna",
                     .placed_at = shop.clock.now(),
                     .completed_at = shop.clock.now(),
                     .refunded_at = shop.clock.now()});
  CHECK(shop.ledger("branched").back() == "email:thanks o2 condition-false");
}

TEST_CASE("the line that decided is the step's own", "[replay]") {
  Shop shop;
  shop.rule(
      branched(first_or_again, "unless:\n  - order.refunded\nstop-if:\n  - order.cancelled\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  // unless is line 0, stop-if line 1, the first step's line 2, the second's line 3
  CHECK(shop.ask("SELECT line FROM message WHERE step = 'email:thanks'") == "3");
}

TEST_CASE("one message with its own `if` is one compact row when it is false", "[replay]") {
  Shop shop;
  shop.rule(branched("  - email: thanks\n    if: customer.orders_count > 1\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  CHECK(shop.ledger() == Lines{"- o1 condition-false"});
}
