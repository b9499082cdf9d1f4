#include <catch2/catch.hpp>

#include "base/digest.h"
#include "engine/variant.h"
#include "rules.h"

using namespace retaind;
using namespace retaind::test;
using delivery::Outcome;
using delivery::OutcomeKind;

namespace {

/// Planned at the order, and due an hour later.
std::string compared(const std::string& variants, const std::string& more = "") {
  return "rule: compared\npurpose: transactional\nstatus: live\nwhen:\n  event: "
         "order.completed\nthen:\n  - email: thanks\n    after: 1 hour\n" +
         (variants.empty() ? "" : "    variants: " + variants + "\n") + more;
}

/// The first of the customers c0, c1 … who gets this text at half and half.
std::string one_of(const std::string& text, const std::string& step = "email:thanks") {
  language::Step half;
  half.key = step;
  half.template_name = "thanks";
  half.variants = {{"short", 0.5}};
  for (int i = 0;; ++i)
    if (engine::variant_of("compared", half, "c" + std::to_string(i)) == text)
      return "c" + std::to_string(i);
}

struct Compared : Shop {
  Compared() {
    templates["short"] = "---\nsubject: In short\n---\n<p>Ta</p>";
    templates["long"] = "---\nsubject: At length\n---\n<p>Thank you ever so much</p>";
  }
  /// Subjects of what has arrived, in order.
  Lines subjects() {
    Lines found;
    for (const Arrived& mail : arrived) {
      const std::size_t at = mail.message.bytes.find("Subject: ") + 9;
      found.push_back(mail.message.bytes.substr(at, mail.message.bytes.find('\r', at) - at));
    }
    return found;
  }
  std::string variants() {
    return ask("SELECT group_concat(coalesce(variant, '-'), ' ') FROM message ORDER BY id");
  }
};

}  // namespace

TEST_CASE("a variant goes to its customers and the ledger knows who got which") {
  Compared shop;
  shop.rule(compared("{short: 50%}"));
  shop.customer(one_of("short"));
  shop.customer(one_of("thanks"));
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", one_of("short"));
  shop.order("o2", one_of("thanks"));
  shop.run_to("2026-03-02 13:00");
  CHECK(shop.variants() == "short thanks");
  CHECK(shop.ledger() == Lines{"email:thanks o1 sent", "email:thanks o2 sent"});
  const Lines subjects = shop.subjects();
  REQUIRE(subjects.size() == 2);
  CHECK(subjects[0] == "In short");
  CHECK(subjects[1] != "In short");
}

TEST_CASE("an edit of shares moves nobody whose message is planned, and never sends twice") {
  Compared shop;
  const std::string who = one_of("thanks");
  shop.rule(compared("{short: 50%}"));
  shop.customer(who);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", who);
  shop.run_to("2026-03-02 11:10");
  shop.rule(compared("{short: 100%}"));
  shop.reload();
  shop.order("o2", who);
  shop.run_to("2026-03-02 15:00");
  CHECK(shop.variants() == "thanks short");
  CHECK(shop.ledger() == Lines{"email:thanks o1 sent", "email:thanks o2 sent"});
  shop.rule(compared("{short: 10%}"));
  shop.reload();
  shop.run_to("2026-03-20 15:00");
  CHECK(shop.arrived.size() == 2);
}

TEST_CASE("a variant that is taken out of the rule goes to nobody any more") {
  Compared shop;
  const std::string who = one_of("short");
  shop.rule(compared("{short: 50%}"));
  shop.customer(who);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", who);
  shop.run_to("2026-03-02 11:10");
  shop.templates.erase("short");
  shop.rule(compared("{long: 1%}"));
  shop.reload();
  shop.run_to("2026-03-02 15:00");
  CHECK(shop.variants() == "thanks");
  CHECK(shop.ledger() == Lines{"email:thanks o1 sent"});
}

TEST_CASE("what was planned before a step had variants is no part of the comparison") {
  Compared shop;
  const std::string who = one_of("short");
  shop.rule(compared(""));
  shop.customer(who);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", who);
  shop.run_to("2026-03-02 11:10");
  shop.rule(compared("{short: 100%}"));
  shop.reload();
  shop.run_to("2026-03-02 15:00");
  CHECK(shop.variants() == "-");
  CHECK(shop.subjects() != Lines{"In short"});
}

TEST_CASE("a retry, a crash and a repetition carry the variant of the first") {
  Compared shop;
  const std::string who = one_of("short");
  shop.rule(compared("{short: 50%}", "    repeat: {every: 24 hours, at-most: 1}\n"));
  shop.customer(who);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", who);
  shop.run_to("2026-03-02 11:30");
  shop.crash("2026-03-02 11:50");
  shop.rule(compared("{short: 1%}", "    repeat: {every: 24 hours, at-most: 1}\n"));
  shop.reload();
  shop.run_to("2026-03-10 15:00");
  CHECK(shop.variants() == "short short");
  CHECK(shop.subjects() == Lines{"In short", "In short"});
}

TEST_CASE("the group is independent of the holdout, and who is held out is in one, too") {
  Compared shop;
  constexpr int customers = 200;
  shop.rule(compared("{short: 50%}", "holdout: 50%\nbrake: 1000\n"));
  shop.start();
  shop.run_to("2026-03-02 11:00");
  for (int i = 0; i < customers; ++i) {
    const std::string key = "c" + std::to_string(i);
    shop.customer(key);
    shop.order("o" + key, key);
  }
  shop.run_to("2026-03-02 15:00");
  const auto count = [&](const std::string& variant, const std::string& state) {
    return std::stoi(shop.ask("SELECT count(*) FROM message WHERE variant = '" + variant +
                              "' AND state = " + state));
  };
  for (const std::string variant : {"short", "thanks"})
    for (const std::string state : {"4", "7"}) {
      CAPTURE(variant, state);
      CHECK(count(variant, state) > 30);
    }
}

TEST_CASE(
    "a repetition does not carry a variant that was taken out while the first was under way") {
  Compared shop;
  const std::string repeated = "    repeat: {every: 24 hours, at-most: 1}\n";
  const std::string who = one_of("short");
  shop.rule(compared("{short: 50%}", repeated));
  shop.customer(who);
  shop.start();
  shop.world->mail().latency = std::chrono::minutes{10};
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", who);
  shop.run_to("2026-03-02 12:05");
  shop.templates.erase("short");
  shop.rule(compared("{long: 1%}", repeated));
  shop.reload();
  shop.run_to("2026-03-10 15:00");
  CHECK(shop.variants() == "short thanks");
  CHECK(shop.ledger() == Lines{"email:thanks o1 sent", "email:thanks#1 o1 sent"});
}
