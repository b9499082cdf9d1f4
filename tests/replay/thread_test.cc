#include <catch2/catch.hpp>

#include "rules.h"
#include "support/read_mail.h"

// An escalation and its repeats stand in the thread of the reminder that people have in their
// boxes.
using namespace retaind;
using namespace retaind::test;
using delivery::Outcome;
using delivery::OutcomeKind;

namespace {

/// Reminder after 48 hours, escalation after 72, repeated after 24 and 48 more.
std::string rule_with(const std::string& digest, const std::string& more = "") {
  return unresolved(
      digest +
      "  - after: 72 hours\n    notify: support-lead\n    template: ticket-escalation\n    step: "
      "escalation\n    repeat: {every: 24 hours, at-most: 2}\n" +
      more);
}

std::string own_id(const delivery::Outgoing& message) {
  CHECK(header(message.bytes, "Message-ID") == "<" + message.message_id + ">");
  return header(message.bytes, "Message-ID");
}

void stands_below(const delivery::Outgoing& message, const std::string& opening) {
  CHECK(header(message.bytes, "In-Reply-To") == opening);
  CHECK(header(message.bytes, "References") == opening);
  CHECK(own_id(message) != opening);
}

void opens_a_thread(const delivery::Outgoing& message) {
  CHECK(header(message.bytes, "In-Reply-To") == "(none)");
  CHECK(header(message.bytes, "References") == "(none)");
}

}  // namespace

TEST_CASE("an escalation and its repeats thread with the reminder", "[semantics][thread]") {
  Shop shop;
  shop.rule(rule_with(""));
  shop.start();
  shop.ticket("t1", "open", "", "2026-02-28 10:05");
  shop.ticket("t2", "open", "", "2026-02-28 11:05");
  shop.run_to("2026-03-06 10:00");
  REQUIRE(shop.sent() == Lines{"2026-03-02 10:05 reminder support@example.com",
                               "2026-03-02 11:05 reminder support@example.com",
                               "2026-03-03 10:05 escalation lead@example.com",
                               "2026-03-03 11:05 escalation lead@example.com",
                               "2026-03-04 10:05 escalation lead@example.com",
                               "2026-03-04 11:05 escalation lead@example.com",
                               "2026-03-05 10:05 escalation lead@example.com",
                               "2026-03-05 11:05 escalation lead@example.com"});
  const std::string first = own_id(shop.arrived[0].message);
  const std::string second = own_id(shop.arrived[1].message);
  CHECK(first != second);
  opens_a_thread(shop.arrived[0].message);
  opens_a_thread(shop.arrived[1].message);
  for (std::size_t i = 2; i < shop.arrived.size(); i += 2) {
    stands_below(shop.arrived[i].message, first);
    stands_below(shop.arrived[i + 1].message, second);
  }
}

TEST_CASE("an escalation and its repeats thread with the digest that named the ticket",
          "[semantics][thread]") {
  Shop shop;
  shop.rule(rule_with("    digest: 15 minutes\n"));
  shop.start();
  shop.ticket("t1", "open", "", "2026-02-28 10:05");
  shop.ticket("t2", "open", "", "2026-02-28 10:10");
  shop.ticket("t3", "open", "", "2026-02-28 11:05");
  shop.run_to("2026-03-06 10:00");
  REQUIRE(shop.sent() == Lines{"2026-03-02 10:20 reminder support@example.com",
                               "2026-03-02 11:20 reminder support@example.com",
                               "2026-03-03 10:05 escalation lead@example.com",
                               "2026-03-03 10:10 escalation lead@example.com",
                               "2026-03-03 11:05 escalation lead@example.com",
                               "2026-03-04 10:05 escalation lead@example.com",
                               "2026-03-04 10:10 escalation lead@example.com",
                               "2026-03-04 11:05 escalation lead@example.com",
                               "2026-03-05 10:05 escalation lead@example.com",
                               "2026-03-05 10:10 escalation lead@example.com",
                               "2026-03-05 11:05 escalation lead@example.com"});
  const std::string both = own_id(shop.arrived[0].message);
  const std::string alone = own_id(shop.arrived[1].message);
  for (std::size_t i = 2; i < shop.arrived.size(); i += 3) {
    stands_below(shop.arrived[i].message, both);
    stands_below(shop.arrived[i + 1].message, both);
    stands_below(shop.arrived[i + 2].message, alone);
  }
}

TEST_CASE("an escalation without a reminder opens a thread, in which its repeats stand",
          "[semantics][thread]") {
  const std::string digest = GENERATE("", "    digest: 15 minutes\n");
  Shop shop;
  shop.rule(rule_with(digest, "backlog: all\n"));
  // Overdue for both: only the latest goes.
  shop.ticket("t1", "open", "", "2026-02-27 09:00");
  shop.start();
  shop.run_to("2026-03-06 10:00");
  REQUIRE(shop.ledger().front() == "reminder t1 late-limit");
  REQUIRE(shop.arrived.size() == 3);
  opens_a_thread(shop.arrived[0].message);
  const std::string opening = own_id(shop.arrived[0].message);
  stands_below(shop.arrived[1].message, opening);
  stands_below(shop.arrived[2].message, opening);
}

TEST_CASE("nobody is pointed at a reminder that was refused", "[semantics][thread]") {
  const std::string digest = GENERATE("", "    digest: 15 minutes\n");
  CAPTURE(digest);
  Shop shop;
  shop.rule(rule_with(digest));
  shop.start();
  shop.world->mail().answer = [&](const delivery::Outgoing& message) {
    const bool reminder = message.envelope_to.front() == "support@example.com";
    return reminder ? Outcome{OutcomeKind::rejected, 550, "no such team", false, {}}
                    : Outcome{OutcomeKind::sent, 250, "ok", false, {}};
  };
  shop.ticket("t1", "open", "", "2026-02-28 10:05");
  shop.run_to("2026-03-06 10:00");
  REQUIRE(shop.ledger("unresolved").front() == "reminder t1 failed rejected");
  REQUIRE(shop.arrived.size() == 3);
  opens_a_thread(shop.arrived[0].message);
  stands_below(shop.arrived[1].message, own_id(shop.arrived[0].message));
}

TEST_CASE("a reminder of which nobody knows whether it came opens the thread all the same",
          "[semantics][thread]") {
  Shop shop;
  shop.rule(rule_with(""));
  shop.start();
  int tries = 0;
  shop.world->mail().answer = [&](const delivery::Outgoing&) {
    return ++tries == 1 ? Outcome{OutcomeKind::unknown, 0, "closed", false, {}}
                        : Outcome{OutcomeKind::sent, 250, "ok", false, {}};
  };
  shop.ticket("t1", "open", "", "2026-02-28 10:05");
  shop.run_to("2026-03-03 12:00");
  REQUIRE(shop.arrived.size() == 2);
  stands_below(shop.arrived[1].message, own_id(shop.handed[0]));
}
