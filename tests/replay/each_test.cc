#include <catch2/catch.hpp>

#include "rules.h"
#include "store/passes.h"

using namespace retaind;
using namespace retaind::test;
using Catch::Matchers::Contains;

namespace {

std::string weekly(const std::string& more = "", const std::string& each = "customer",
                   const std::string& steps = "  - email: thanks\n") {
  return "rule: weekly\npurpose: marketing\nstatus: live\nwhen:\n  every: monday\n  at: 12:00\n"
         "  each: " +
         each + "\nthen:\n" + steps + more;
}

constexpr const char* two_orders = "if: customer.orders_count >= 2\n";

/// anna has two orders, berta one, clara two and no consent.
void three_customers(Shop& shop) {
  for (const char* name : {"anna", "berta"}) shop.customer(name);
  shop.customer("clara", "");
  for (const char* name : {"anna", "berta", "clara"}) shop.order(std::string("o-") + name, name);
  shop.order("o2-anna", "anna");
  shop.order("o2-clara", "clara");
}

std::string counts(Shop& shop) {
  return shop.ask(
      "SELECT group_concat(reason || ' ' || line || ' ' || narrowed || ' ' || rows, ', ') FROM "
      "(SELECT * FROM pass_count ORDER BY pass, reason)");
}

}  // namespace

TEST_CASE("a pass mails each customer whose conditions are true, and counts the others by reason",
          "[each]") {
  Shop shop;
  three_customers(shop);
  shop.rule(weekly(two_orders));
  shop.start();
  shop.run_to("2026-03-02 11:59");
  CHECK(shop.sent().empty());
  shop.run_to("2026-03-02 12:01");
  CHECK(shop.sent() == Lines{"2026-03-02 12:00 email:thanks anna@example.com"});
  // Nobody but anna has a row in the ledger; the balance adds up when the shop ends.
  CHECK(shop.ask("SELECT count(*) FROM firing") == "1");
  CHECK(shop.ask("SELECT count(*) FROM pass WHERE ended IS NOT NULL") == "1");
  CHECK(counts(shop) == std::to_string(static_cast<int>(Reason::no_consent)) + " -1 0 1, " +
                            std::to_string(static_cast<int>(Reason::condition_false)) + " 0 0 1");
  // A week later again, and berta has bought.
  shop.order("o2-berta", "berta");
  shop.run_to("2026-03-09 13:00");
  CHECK(shop.sent() == Lines{"2026-03-09 12:00 email:thanks anna@example.com",
                             "2026-03-09 12:00 email:thanks berta@example.com"});
}

namespace {

/// `count` customers who agreed to everything, in one transaction; each created a minute after the
/// one before, from 2026-01-01 on.
void many_customers(Shop& shop, int count, const std::string& prefix = "c") {
  shop.write([&](store::Facts& facts) {
    for (int i = 0; i < count; ++i) {
      CustomerFact fact;
      fact.key = prefix + std::to_string(i);
      fact.email = fact.key + "@example.com";
      fact.first_name = "Guest";
      fact.created_at = shop.at("2026-01-01 00:00") + std::chrono::minutes(i);
      Shop::expect_ok(facts.put(fact));
      ConsentFact said;
      said.customer = fact.key;
      said.purpose = "marketing";
      said.granted = true;
      said.at = shop.clock.now();
      Shop::expect_ok(facts.put(said));
    }
  });
}

std::int64_t number(Shop& shop, const std::string& sql) { return std::stoll(shop.ask(sql)); }

}  // namespace

TEST_CASE(
    "a daemon killed in the middle of a pass goes on behind its cursor: nobody twice, nobody "
    "left out",
    "[each]") {
  for (const bool narrowed : {false, true}) {
    DYNAMIC_SECTION((narrowed ? "found by the index" : "by id")) {
      Shop shop;
      shop.site.cap = {100, Span{0, 1, Duration{0}, false}};
      many_customers(shop, 5000);
      shop.rule(weekly(narrowed ? "if: customer.created_at within last 90 days\n" : "", "customer",
                       "  - email: thanks\n"));
      shop.start();
      shop.clock.advance_to(shop.at("2026-03-02 12:00"));
      std::int64_t cursor = 0;
      int kills = 0;
      // Killed after every third slice, until a process lives long enough.
      for (int i = 0; i < 400; ++i) {
        auto pass = shop.world->core().run_due();
        Shop::expect_ok(pass);
        shop.world->mail().answer_due();
        const std::int64_t now_at = number(shop, "SELECT coalesce(max(last_row), 0) FROM pass");
        CHECK(now_at >= cursor);
        cursor = now_at;
        if (i % 3 == 2 && cursor < 5000) {
          shop.world->crash();
          Shop::expect_ok(shop.world->start());
          ++kills;
        }
      }
      Shop::expect_ok(shop.world->settle());
      CHECK(kills >= 2);
      CHECK(cursor == 5000);
      CHECK(number(shop, "SELECT count(*) FROM pass") == 1);
      CHECK(number(shop, "SELECT count(*) FROM firing") == 5000);
      CHECK(number(shop, "SELECT count(DISTINCT row) FROM firing") == 5000);
      // Of marketing what was on its way when the process died is unknown and not sent again.
      CHECK(number(shop, "SELECT count(*) FROM message WHERE state IN (4, 5)") == 5000);
      CHECK(number(shop, "SELECT count(*) FROM message") == 5000);
    }
  }
}

TEST_CASE("a pass over many goes in slices, and another rule's message does not wait for its end",
          "[each]") {
  Shop shop;
  many_customers(shop, 6000);
  shop.rule(weekly("if: customer.orders_count >= 1\n"));
  shop.rule(at_once());
  shop.start();
  shop.clock.advance_to(shop.at("2026-03-02 12:00"));
  Shop::expect_ok(shop.world->core().run_due());
  CHECK(number(shop, "SELECT last_row FROM pass") < 2000);
  // It becomes due while the pass is under way.
  auto transaction = store::Transaction::begin(shop.database);
  store::Facts facts{shop.database, shop.clock.now()};
  OrderFact order;
  order.key = "o1";
  order.customer = "c17";
  order.status = "completed";
  order.placed_at = order.completed_at = shop.clock.now();
  Shop::expect_ok(facts.put(order));
  Shop::expect_ok(transaction->commit());
  Shop::expect_ok(shop.world->core().run_due());
  Shop::expect_ok(shop.world->core().run_due());
  CHECK(shop.handed.size() == 1);
  CHECK(number(shop, "SELECT count(*) FROM pass WHERE ended IS NULL") == 1);
  Shop::expect_ok(shop.world->settle());
  CHECK(number(shop, "SELECT count(*) FROM pass WHERE ended IS NULL") == 0);
}

TEST_CASE("an index leaves out who cannot pass, and the pass counts them", "[each]") {
  Shop shop;
  many_customers(shop, 300);
  for (const char* name : {"anna", "berta"}) shop.customer(name);
  shop.order("old", "anna", "2025-06-01 10:00");
  shop.order("new", "berta", "2026-02-27 10:00");
  shop.rule(weekly("if: customer.last_active_at within last 7 days\n"));
  shop.start();
  shop.run_to("2026-03-02 12:30");
  CHECK(shop.sent() == Lines{"2026-03-02 12:00 email:thanks berta@example.com"});
  CHECK(counts(shop) == std::to_string(static_cast<int>(Reason::condition_false)) + " 0 1 301");
}

TEST_CASE("while the window is closed a pass plans messages for those alone who match", "[each]") {
  Shop shop;
  three_customers(shop);
  std::string rule = weekly(std::string(two_orders) + "send-window: daytime\n");
  rule.replace(rule.find("12:00"), 5, "23:00");
  shop.rule(rule);
  shop.start();
  shop.run_to("2026-03-03 08:59");
  CHECK(shop.ledger() == Lines{"email:thanks anna held outside-window"});
  shop.run_to("2026-03-03 09:30");
  CHECK(shop.sent() == Lines{"2026-03-03 09:00 email:thanks anna@example.com"});
}

TEST_CASE("conditions are read again before a message of a pass leaves", "[each]") {
  Shop shop;
  three_customers(shop);
  shop.rule(
      weekly(std::string("hold-while: customer.open_tickets > 0\nunless: customer.city = "
                         "'Rome'\nif: customer.city is not empty\n")));
  CustomerFact moved;
  moved.key = "anna";
  moved.city = "Berlin";
  shop.put(moved);
  shop.ticket("t1", "new", "anna");
  shop.start();
  shop.run_to("2026-03-02 13:00");
  CHECK(shop.ledger() == Lines{"email:thanks anna held hold-while"});
  moved.city = "Rome";
  shop.put(moved);
  shop.ticket("t1", "solved", "anna");
  shop.run_to("2026-03-02 14:00");
  CHECK(shop.ledger() == Lines{"email:thanks anna condition-false"});
}

TEST_CASE("of slots missed while the daemon was down the last alone is passed through", "[each]") {
  Shop shop;
  shop.customer("anna");
  shop.site.cap = {100, Span{0, 1, Duration{0}, false}};
  std::string rule = weekly();
  rule.replace(rule.find("monday"), 6, "day");
  shop.rule(rule);
  shop.start();
  shop.run_to("2026-03-02 12:30");
  CHECK(shop.sent().size() == 1);
  shop.down("2026-03-06 13:00");
  CHECK(shop.sent() == Lines{"2026-03-06 13:00 email:thanks anna@example.com"});
  CHECK(counts(shop) == std::to_string(static_cast<int>(Reason::late_limit)) + " -1 0 1, " +
                            std::to_string(static_cast<int>(Reason::late_limit)) + " -1 0 1, " +
                            std::to_string(static_cast<int>(Reason::late_limit)) + " -1 0 1");
  // Longer than the late limit behind the last slot: nobody.
  shop.down("2026-03-06 14:00");
  rule.replace(rule.find("every: day"), 10, "every: saturday");
  shop.rule(rule);
  shop.reload();
  shop.down("2026-03-10 13:30");
  CHECK(shop.sent().empty());
}

TEST_CASE("a slot that comes while a pass is under way ends it", "[each]") {
  Shop shop;
  many_customers(shop, 3000);
  std::string rule = weekly("if: customer.orders_count >= 1\n");
  rule.replace(rule.find("monday"), 6, "day");
  shop.rule(rule);
  shop.start();
  shop.clock.advance_to(shop.at("2026-03-02 12:00"));
  Shop::expect_ok(shop.world->core().run_due());
  const std::int64_t seen = number(shop, "SELECT last_row FROM pass");
  CHECK(seen > 0);
  CHECK(seen < 3000);
  shop.crash("2026-03-03 12:05");
  CHECK(number(shop, "SELECT count(*) FROM pass WHERE ended IS NULL") == 0);
  CHECK(number(shop, "SELECT sum(rows) FROM pass_count WHERE reason = " +
                         std::to_string(static_cast<int>(Reason::late_limit))) == 3000 - seen);
}

TEST_CASE("a pass goes through tickets, also those of nobody, and names each in one digest",
          "[each]") {
  Shop shop;
  shop.customer("anna");
  shop.ticket("t1", "new", "anna", "2026-02-20 10:00");
  shop.ticket("t2", "open", "", "2026-02-25 10:00");
  shop.ticket("t3", "solved", "anna", "2026-02-20 10:00");
  shop.rule(
      "rule: open-tickets\npurpose: internal\nstatus: live\nwhen:\n  every: weekday\n  at: 11:00\n"
      "  each: ticket\nif: ticket.unresolved_since is not empty\nthen:\n  - notify: support\n"
      "    template: ticket-reminder\n    digest: 15 minutes\n");
  shop.start();
  shop.run_to("2026-03-02 11:30");
  CHECK(shop.sent() == Lines{"2026-03-02 11:15 notify:ticket-reminder support@example.com"});
  CHECK(number(shop, "SELECT count(*) FROM firing") == 2);
}

TEST_CASE("once-per and again-after hold over the slots of a pass", "[each]") {
  Shop shop;
  shop.customer("anna");
  std::string rule = weekly("once-per: customer\nagain-after: 20 days\n");
  shop.rule(rule);
  shop.start();
  shop.run_to("2026-03-31 13:00");
  CHECK(shop.sent() == Lines{"2026-03-02 12:00 email:thanks anna@example.com",
                             "2026-03-23 12:00 email:thanks anna@example.com"});
}

TEST_CASE("in the hour that clocks skip or repeat a pass is made once", "[each]") {
  Shop shop;
  shop.customer("anna");
  shop.site.cap = {100, Span{0, 1, Duration{0}, false}};
  std::string rule = weekly();
  rule.replace(rule.find("12:00"), 5, "02:30");
  rule.replace(rule.find("monday"), 6, "sunday");
  shop.rule(rule);
  shop.start();
  shop.run_to("2026-03-28 12:00");
  (void)shop.sent();
  shop.run_to("2026-03-29 12:00");
  CHECK(shop.sent() == Lines{"2026-03-29 03:00 email:thanks anna@example.com"});
  shop.run_to("2026-10-24 12:00");
  (void)shop.sent();
  shop.run_to("2026-10-25 12:00");
  CHECK(shop.sent() == Lines{"2026-10-25 02:30 email:thanks anna@example.com"});
}

TEST_CASE("a draft of a pass notes what it would send, and goes live with the next slot",
          "[each]") {
  Shop shop;
  three_customers(shop);
  std::string rule = weekly(two_orders);
  rule.replace(rule.find("live"), 4, "draft");
  shop.rule(rule);
  shop.start();
  shop.run_to("2026-03-02 12:30");
  CHECK(shop.ledger() == Lines{"email:thanks anna would-send"});
  shop.rule(weekly(two_orders));
  shop.reload();
  shop.run_to("2026-03-02 18:00");
  CHECK(shop.sent().empty());
  shop.run_to("2026-03-09 18:00");
  CHECK(shop.sent() == Lines{"2026-03-09 12:00 email:thanks anna@example.com"});
}

TEST_CASE("a pass whose rule gets another time ends, and what it had not come to is counted",
          "[each]") {
  Shop shop;
  many_customers(shop, 3000);
  shop.rule(weekly("if: customer.orders_count >= 1\n"));
  shop.start();
  shop.clock.advance_to(shop.at("2026-03-02 12:00"));
  Shop::expect_ok(shop.world->core().run_due());
  const std::int64_t seen = number(shop, "SELECT last_row FROM pass");
  std::string rule = weekly("if: customer.orders_count >= 1\n");
  rule.replace(rule.find("12:00"), 5, "15:00");
  shop.rule(rule);
  shop.reload();
  CHECK(number(shop, "SELECT sum(rows) FROM pass_count WHERE reason = " +
                         std::to_string(static_cast<int>(Reason::rule_removed))) == 3000 - seen);
  shop.run_to("2026-03-02 16:00");
  CHECK(number(shop, "SELECT count(*) FROM pass WHERE ended IS NOT NULL") == 2);
}

TEST_CASE("a step whose own if is false leaves the others of a pass their way", "[each]") {
  Shop shop;
  three_customers(shop);
  shop.rule(weekly("", "customer",
                   "  - email: thanks\n    if: customer.orders_count >= 2\n  - wait: 1 day\n  - "
                   "email: second\n"));
  shop.start();
  shop.run_to("2026-03-05 12:30");
  CHECK(shop.sent() == Lines{"2026-03-02 12:00 email:thanks anna@example.com",
                             "2026-03-03 12:00 email:second berta@example.com",
                             "2026-03-03 12:00 email:second anna@example.com"});
}
