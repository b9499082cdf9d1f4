#include <catch2/catch.hpp>

#include "support/shop.h"

// A peer that is away, and a message that drives it away.
using namespace retaind;
using namespace retaind::test;
using delivery::Outcome;
using delivery::OutcomeKind;

namespace {

constexpr const char* welcome =
    "rule: welcome\npurpose: transactional\nstatus: live\nwhen:\n  event: order.completed\n"
    "then:\n  - email: welcome\nlate-limit: 3 days\n";

}  // namespace

TEST_CASE("a message on which the peer always goes away is its own failure and blocks no other") {
  Shop shop;
  shop.rule(welcome);
  for (const char* name : {"anna", "bela", "cleo"}) shop.customer(name);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  std::map<std::string, int> tries;
  bool poisoned = true;
  // One connection: who comes first is tried first, and when it breaks nobody else goes.
  shop.world->mail().places = 1;
  shop.world->mail().answer = [&](const delivery::Outgoing& message) {
    ++tries[message.envelope_to.front()];
    if (poisoned && message.envelope_to.front() == "anna@example.com")
      return Outcome{OutcomeKind::deferred, 0, "the server closed the connection", true, {}, true};
    return Outcome{OutcomeKind::sent, 250, "ok", false, {}};
  };
  shop.order("o1", "anna");
  shop.order("o2", "bela");
  shop.order("o3", "cleo");
  shop.run_to("2026-03-02 11:01");
  CHECK(tries["anna@example.com"] == 3);
  CHECK(shop.ask("SELECT attempts FROM message WHERE recipient = 'anna@example.com'") == "1");
  CHECK(shop.ledger() ==
        Lines{"email:welcome o1 planned", "email:welcome o2 sent", "email:welcome o3 sent"});
  SECTION("at last it fails") {
    shop.run_to("2026-03-06 12:00");
    CHECK(shop.ledger("welcome").front() == "email:welcome o1 failed expired");
    CHECK(tries["anna@example.com"] < 20);
  }
  SECTION("unless the peer can do it after all") {
    poisoned = false;
    shop.run_to("2026-03-02 12:00");
    CHECK(shop.ledger("welcome").front() == "email:welcome o1 sent");
  }
}

TEST_CASE("a host that breaks off now and then charges no message") {
  Shop shop;
  shop.rule(welcome);
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  int tries = 0;
  shop.world->mail().answer = [&](const delivery::Outgoing&) {
    const bool breaks = ++tries <= 2;
    return breaks ? Outcome{OutcomeKind::deferred, 0, "closed", true, {}, true}
                  : Outcome{OutcomeKind::sent, 250, "ok", false, {}};
  };
  shop.order("o1", "anna");
  shop.run_to("2026-03-02 11:01");
  CHECK(shop.ask("SELECT attempts FROM message") == "1");
  CHECK(shop.ledger() == Lines{"email:welcome o1 sent"});
}

TEST_CASE("what ends while the peer is away does not wait for it") {
  Shop shop;
  shop.rule(welcome);
  for (const char* name : {"anna", "bela", "cleo"}) shop.customer(name);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.world->mail().away = true;
  shop.order("o1", "anna");
  shop.order("o2", "bela");
  shop.order("o3", "cleo");
  shop.run_to("2026-03-02 12:00");
  CHECK(shop.ledger() ==
        Lines{"email:welcome o1 planned", "email:welcome o2 planned", "email:welcome o3 planned"});
  shop.suppress("bela@example.com");
  shop.hold("customer", "cleo");
  shop.run_to("2026-03-02 13:00");
  CHECK(shop.ledger() == Lines{"email:welcome o1 planned", "email:welcome o2 suppressed",
                               "email:welcome o3 held on-hold"});
  shop.run_to("2026-03-05 12:00");
  CHECK(shop.ledger().front() == "email:welcome o1 late-limit");
  CHECK(shop.ask("SELECT max(attempts) FROM message") == "0");
  CHECK(shop.world->passes() < 1000);
}
