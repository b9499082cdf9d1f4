#include <catch2/catch.hpp>

#include "rule_text.h"

// What is warned of is certain, and what may be meant is left alone. The texts are in the goldens.

namespace {

std::string codes_of(const std::string& lines) {
  const auto checked = rule_text::check(rule_text::completed(lines));
  INFO(checked.text());
  CHECK(checked.rule);
  std::string codes;
  for (const auto& diagnostic : checked.diagnostics)
    codes += (codes.empty() ? "" : " ") + diagnostic.code;
  return codes;
}

std::string conditions(const std::string& lines) { return codes_of("if:\n" + lines); }

}  // namespace

TEST_CASE("lines that leave nobody are found, of every comparison") {
  for (const char* lines :
       {"  - customer.orders_count > 5\n  - customer.orders_count <= 5\n",
        "  - customer.orders_count = 1\n  - customer.orders_count = 2\n",
        "  - customer.orders_count >= 2 and customer.orders_count < 2\n",
        "  - order.total > 50 EUR\n  - order.total < 20 EUR\n",
        "  - order.status = completed\n  - order.status != completed\n",
        "  - order.status in [paid, shipped]\n  - order.status not in [shipped, paid]\n",
        "  - order.status in [paid, shipped]\n  - order.status = completed\n",
        "  - order.refunded\n  - not order.refunded\n",
        "  - customer.first_name is empty\n  - customer.first_name = 'Anna'\n",
        "  - customer.birthday is empty\n  - customer.birthday < 2000-01-01\n",
        "  - customer.birthday > 2000-01-01\n  - customer.birthday < 1990-01-01\n",
        "  - order.placed_at older than 30 days\n  - order.placed_at within last 10 days\n",
        "  - order.placed_at within next 10 days\n  - order.placed_at within last 10 days\n",
        "  - not (order.refunded or customer.orders_count > 1)\n  - customer.orders_count = 2\n",
        "  - 2 < customer.orders_count\nunless:\n  - customer.orders_count >= 2\n",
        "  - order.paid or order.shipped\nstop-if:\n  - order.paid or order.shipped\n",
        "  - order.status = paid\nhold-while:\n  - order.status = paid\n"}) {
    CAPTURE(lines);
    CHECK(conditions(lines) == "R062");
  }
}

TEST_CASE("lines that somebody can meet are left alone") {
  for (const char* lines :
       {"  - customer.orders_count > 5\n  - customer.orders_count < 7\n",
        "  - customer.orders_count >= 2\n  - customer.orders_count <= 2\n",
        "  - customer.orders_count > 5 or customer.orders_count < 3\n",
        "  - customer.orders_count = 1\n  - customer.open_tickets = 2\n",
        "  - order.status in [paid, shipped]\n  - order.status in [shipped, completed]\n",
        "  - order.status in [paid, shipped]\n  - order.status != paid\n",
        "  - order.total > 50 EUR\n  - order.total <= 50.01 EUR\n",
        "  - customer.first_name is not empty\n  - customer.first_name != 'Anna'\n",
        "  - order.placed_at older than 10 days\n  - order.placed_at within last 30 days\n",
        "  - order.placed_at older than 30 days\n  - order.placed_at within last 1 month\n",
        "  - count(orders where order.paid) = 1\n  - count(orders where order.shipped) = 2\n",
        "  - customer.orders_count = 1\nunless:\n  - customer.orders_count > 1\n",
        "  - order.paid\nunless:\n  - order.paid and order.refunded\n"}) {
    CAPTURE(lines);
    CHECK(conditions(lines).empty());
  }
}

TEST_CASE("of a rule that unknown data does not stop, no lines leave nobody") {
  CHECK(codes_of(
            "purpose: internal\nwhen:\n  ticket: unresolved\n  for: 4 hours\nif:\n  - "
            "ticket.assignee is empty\nunless:\n  - ticket.assignee = 'boss'\nthen:\n  - notify: "
            "support\n    template: ticket-reminder\n")
            .empty());
}

TEST_CASE("a step of its own may ask for what another one does not") {
  CHECK(codes_of("then:\n  - email: thanks\n    if: customer.orders_count = 1\n  - email: welcome\n"
                 "    if: customer.orders_count > 1\n")
            .empty());
}

TEST_CASE("a step is early only when its own time is the shorter one, counted alike") {
  const auto steps = [](const std::string& own, const std::string& step) {
    return codes_of("when:\n  event: order.completed\n  after: " + own +
                    "\nthen:\n  - email: thanks\n  - email: welcome\n    after: " + step +
                    "\nsend-window: daytime\n");
  };
  CHECK(steps("7 days", "6 days") == "R063");
  CHECK(steps("7 days", "7 days").empty());
  CHECK(steps("7 days", "200 hours").empty());
  CHECK(steps("20 business hours", "2 days").empty());
  CHECK(steps("20 business hours", "19 business hours") == "R063");
  // How long a business day is, only the calendar knows.
  CHECK(steps("2 business days", "20 business hours").empty());
  // 10:00 a day later may be 30 hours behind the anchor.
  CHECK(codes_of("when:\n  date: subscription.renews_at\n  after: 1 day\n  at: 10:00\nthen:\n  - "
                 "email: thanks\n  - email: welcome\n    after: 20 hours\n")
            .empty());
}

TEST_CASE("a win-back after a date needs a line that a purchase turns") {
  const auto win_back = [](const std::string& more, const std::string& when = "after: 30 days",
                           const std::string& purpose = "marketing") {
    return codes_of("purpose: " + purpose + "\nwhen:\n  date: subscription.renews_at\n  " + when +
                    "\n" + more);
  };
  CHECK(win_back("") == "R066");
  CHECK(win_back("if: customer.orders_count >= 2\n") == "R066");
  CHECK(win_back("if: customer.country = 'DE'\n") == "R066");
  CHECK(win_back("unless: customer.last_order_at within last 30 days\n").empty());
  CHECK(win_back("stop-if: subscription.status = active\n").empty());
  CHECK(win_back("if: customer.last_order_at older than 30 days\n").empty());
  CHECK(win_back("if: count(orders where order.placed_at within last 30 days) = 0\n").empty());
  CHECK(win_back("", "before: 14 days").empty());
  // A few days behind a renewal somebody thanks for it.
  CHECK(win_back("", "after: 13 days").empty());
  CHECK(win_back("", "after: 14 days") == "R066");
  CHECK(win_back("", "after: 30 days", "transactional").empty());
  // A state ends with the purchase.
  CHECK(codes_of("purpose: marketing\nwhen:\n  customer: inactive\n  for: 90 days\n").empty());
}

TEST_CASE("business time is counted where a rule counts, and written back as it was") {
  const auto read = [](const std::string& text) {
    const auto checked = rule_text::check(rule_text::completed(
        "when:\n  event: order.completed\n  after: " + text + "\nsend-window: support-hours\n"));
    INFO(checked.text());
    REQUIRE(checked.rule);
    CHECK(checked.rule->business.has_value());
    return to_string(checked.rule->trigger.offset);
  };
  CHECK(read("16 business hours") == "16 business hours");
  CHECK(read("1 business hour") == "1 business hour");
  CHECK(read("2 business days") == "2 business days");
  CHECK(read("90  business  minutes") == "1 business hour 30 business minutes");
}
