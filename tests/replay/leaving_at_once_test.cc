#include <algorithm>
#include <catch2/catch.hpp>

#include "rules.h"

// What can leave when it is planned is written once. That it is the same as planning first and
// claiming then is shown by every other test here, and by the simulation.
using namespace retaind;
using namespace retaind::test;

namespace {

/// Notes with which state each message is first written.
void watch_inserts(Shop& shop) {
  Shop::expect_ok(shop.database.execute(
      "CREATE TEMP TABLE first_written (state INTEGER); CREATE TEMP TRIGGER written AFTER INSERT "
      "ON message BEGIN INSERT INTO first_written VALUES (NEW.state); END"));
}

std::string first_written(Shop& shop, MessageState state) {
  return shop.ask("SELECT count(*) FROM first_written WHERE state = " +
                  std::to_string(static_cast<int>(state)));
}

void orders_at_once(Shop& shop, int count) {
  shop.write([&](store::Facts& facts) {
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(i);
      Shop::expect_ok(facts.put(CustomerFact{.key = "c" + number,
                                             .email = "c" + number + "@example.com",
                                             .created_at = shop.clock.now()}));
      Shop::expect_ok(facts.put(OrderFact{.key = "o" + number,
                                          .customer = "c" + number,
                                          .status = "completed",
                                          .completed_at = shop.clock.now()}));
    }
  });
}

}  // namespace

TEST_CASE("A message that can leave at once is written once, as it leaves") {
  Shop shop;
  shop.rule(at_once("once-per: order\nbrake: 10000\n"));
  shop.customer("anna");
  shop.start();
  watch_inserts(shop);
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  shop.run_to("2026-03-02 11:01");
  CHECK(shop.sent() == Lines{"2026-03-02 11:00 email:welcome anna@example.com"});
  CHECK(first_written(shop, MessageState::handed) == "1");
  CHECK(first_written(shop, MessageState::planned) == "0");
}

TEST_CASE("What has no room, or is to wait, is planned first") {
  Shop shop;
  shop.rule(at_once("once-per: order\nbrake: 10000\nsend-window: daytime\n"));
  shop.customer("anna");
  shop.start();
  watch_inserts(shop);
  SECTION("outside the window") {
    shop.run_to("2026-03-02 22:00");
    shop.order("o1", "anna");
    shop.run_to("2026-03-03 10:00");
    CHECK(shop.sent() == Lines{"2026-03-03 09:00 email:welcome anna@example.com"});
  }
  SECTION("no connection") {
    shop.world->mail().away = true;
    shop.run_to("2026-03-02 11:00");
    shop.order("o1", "anna");
    shop.run_to("2026-03-02 11:30");
    CHECK(shop.sent().empty());
    shop.world->mail().away = false;
    shop.run_to("2026-03-02 11:40");
    CHECK(shop.sent().size() == 1);
  }
  CHECK(first_written(shop, MessageState::handed) == "0");
  CHECK(first_written(shop, MessageState::planned) == "1");
}

TEST_CASE("Of a rule with more due than there are places the rest is planned when one is free") {
  Shop shop;
  shop.rule(at_once("once-per: order\nbrake: 10000\n"));
  shop.start();
  shop.world->mail().places = 8;
  shop.world->mail().latency = std::chrono::seconds{1};
  watch_inserts(shop);
  shop.run_to("2026-03-02 11:00");
  // All at one instant: a scan goes on among rows of one anchor.
  orders_at_once(shop, 400);
  shop.run_to("2026-03-02 11:00:10");
  CHECK(shop.sent().size() == 80);
  CHECK(std::stoi(shop.ask("SELECT count(*) FROM firing")) <= 88);
  shop.run_to("2026-03-02 12:00");
  CHECK(shop.sent().size() == 320);
  CHECK(shop.ask("SELECT count(DISTINCT row) FROM firing") == "400");
  CHECK(first_written(shop, MessageState::handed) == "400");
}

TEST_CASE("Of two rules that are due at once, the one with priority leaves first") {
  Shop shop;
  shop.rule(at_once("once-per: order\nbrake: 10000\n"));
  shop.rule(at_once("once-per: order\nbrake: 10000\npriority: 5\n", "urgent"));
  shop.customer("anna");
  shop.start();
  watch_inserts(shop);
  shop.world->mail().places = 1;
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  shop.run_to("2026-03-02 11:01");
  REQUIRE(shop.handed.size() == 2);
  CHECK(shop.ask("SELECT r.name FROM message m JOIN rule r ON r.id = m.rule WHERE m.id = " +
                 std::to_string(shop.handed[0].id)) == "urgent");
  CHECK(first_written(shop, MessageState::planned) == "2");
}

TEST_CASE("What a late row makes due leaves before what is found due, if it has priority") {
  Shop shop;
  shop.rule(at_once("once-per: order\nbrake: 10000\n"));
  std::string urgent =
      at_once("once-per: order\nbrake: 10000\nbacklog: all\npriority: 5\n", "urgent");
  const std::string completed = "order.completed";
  urgent.replace(urgent.find(completed), completed.size(), "order.refunded");
  shop.rule(urgent);
  shop.customer("anna");
  shop.start();
  shop.world->mail().places = 1;
  shop.run_to("2026-03-02 11:00");
  shop.write([&](store::Facts& facts) {
    OrderFact earlier{.key = "o0", .customer = "anna", .status = "refunded"};
    earlier.refunded_at = shop.clock.now() - std::chrono::hours{1};
    Shop::expect_ok(facts.put(earlier));
    Shop::expect_ok(facts.put(OrderFact{
        .key = "o1", .customer = "anna", .status = "completed", .completed_at = shop.clock.now()}));
  });
  shop.run_to("2026-03-02 11:01");
  REQUIRE(shop.handed.size() == 2);
  CHECK(shop.ask("SELECT r.name FROM message m JOIN rule r ON r.id = m.rule WHERE m.id = " +
                 std::to_string(shop.handed[0].id)) == "urgent");
}

TEST_CASE("What is corrected to a time before the rule began is backlog as if it had come so") {
  Shop shop;
  shop.rule(at_once("once-per: order\nbacklog: all\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.world->mail().away = true;
  shop.order("o1", "anna");
  shop.run_to("2026-03-02 11:01");
  shop.order("o1", "anna", "2026-02-01 11:00");
  shop.run_to("2026-03-02 11:02");
  shop.world->mail().away = false;
  shop.run_to("2026-03-02 12:00");
  CHECK(shop.sent().size() == 1);
}

TEST_CASE("What falls due does not wait for the rest of a backlog") {
  Shop shop;
  shop.rule(at_once("once-per: order\nbrake: 10000\nbacklog: all\n"));
  orders_at_once(shop, 400);
  shop.run_to("2026-03-02 11:00");
  shop.world->mail().places = 4;
  shop.world->mail().latency = std::chrono::seconds{1};
  shop.customer("anna");
  shop.customer("berta");
  const auto arrived = [&](const std::string& who) {
    const Lines sent = shop.sent();
    return std::count_if(sent.begin(), sent.end(), [&](const std::string& line) {
      return line.find(who + "@example.com") != std::string::npos;
    });
  };
  shop.start();
  shop.run_to("2026-03-02 11:00:10");
  SECTION("it is known when it falls due") {
    shop.order("o-anna", "anna");
    shop.run_to("2026-03-02 11:00:13");
    CHECK(arrived("anna") == 1);
    SECTION("it was found late") {
      OrderFact late{.key = "late", .customer = "berta", .status = "completed"};
      late.completed_at = shop.clock.now() - std::chrono::seconds{2};
      shop.put(late);
      shop.run_to("2026-03-02 11:00:16");
      CHECK(arrived("berta") == 1);
    }
    CHECK(std::stoi(shop.ask("SELECT count(*) FROM firing")) < 100);
  }
  SECTION("it fell due while the daemon was away") {
    shop.crash();
    shop.order("o-anna", "anna");
    shop.crash("2026-03-02 11:01");
    shop.world->mail().places = 4;
    shop.run_to("2026-03-02 11:01:03");
    CHECK(arrived("anna") == 1);
  }
  shop.run_to("2026-03-02 11:10");
  CHECK(std::stoi(shop.ask("SELECT count(DISTINCT row) FROM firing")) ==
        std::stoi(shop.ask("SELECT count(*) FROM orders")));
  CHECK(shop.ask("SELECT count(*) FROM message WHERE state NOT IN (4, 5)") == "0");
}
