#include "engine/explain.h"

#include <catch2/catch.hpp>

#include "base/rng.h"
#include "rules.h"

using namespace retaind;
using namespace retaind::test;
using engine::Decision;
using engine::Explained;
using engine::Explainer;
using engine::Verdict;

namespace {

/// The rules of a shop as they run, asked about.
struct Asked {
  explicit Asked(Shop& asked) : shop(asked), files(*asked.files()) {}

  const language::Rule& rule(std::string_view id) const {
    for (const language::Rule& rule : files.rules) {
      if (rule.id == id) return rule;
    }
    FAIL("no rule");
    return files.rules.front();
  }
  Explainer::Answer about(std::string_view id, std::int64_t customer, Time at,
                          std::size_t most = 100) {
    for (const store::RuleRow& row : store::Ledger(shop.database).rules()) {
      if (row.name == id)
        return Explainer(shop.database, files.site, rule(id), row).explain(customer, at, most);
    }
    FAIL("not running");
    return {};
  }
  std::int64_t id_of(const std::string& customer) {
    return *store::Ledger(shop.database).customer_by_key(customer);
  }
  Explained one(std::string_view id, const std::string& customer) {
    auto answer = about(id, id_of(customer), shop.clock.now());
    REQUIRE(answer.occurrences.size() == 1);
    return answer.occurrences.front();
  }

  Shop& shop;
  delivery::SiteFiles files;
};

std::string said(const Decision& decision) {
  constexpr std::string_view verdicts[] = {"send", "wait", "skip"};
  return std::string(verdicts[static_cast<std::size_t>(decision.verdict)]) + " " +
         std::string(name_of(decision.reason));
}

std::string answer_at(Asked& asked, std::string_view rule, std::int64_t customer,
                      const Explained& about, Time at) {
  for (const Explained& e : asked.about(rule, customer, at).occurrences) {
    if (e.row == about.row && e.part == about.part)
      return said(e.decision) + " " + std::to_string(e.decision.line);
  }
  return "no occurrence";
}

}  // namespace

TEST_CASE("explain says what the ledger says: an occurrence that waits, then is sent") {
  Shop shop;
  shop.rule(thanks("send-window: daytime\n", "6 days"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 22:00");
  shop.order("o1", "anna");
  shop.run_to("2026-03-08 12:00");
  Asked asked(shop);
  Explained e = asked.one("thanks", "anna");
  CHECK(e.row == "o1");
  CHECK_FALSE(e.firing);
  CHECK(said(e.decision) == "wait none");
  REQUIRE(e.when_due);
  CHECK(said(*e.when_due) == "wait outside-window");
  CHECK(e.changes_at == shop.at("2026-03-08 22:00"));
  shop.run_to("2026-03-08 23:00");
  e = asked.one("thanks", "anna");
  REQUIRE(e.messages.size() == 1);
  CHECK(e.messages[0].message.state == MessageState::held);
  CHECK(said(e.decision) == "wait outside-window");
  CHECK(e.changes_at == shop.at("2026-03-09 09:00"));
  CHECK(said(e.checks.back().hit.value_or(Decision{})) == "send none");
  shop.run_to("2026-03-09 09:00");
  e = asked.one("thanks", "anna");
  CHECK(e.over);
  CHECK(e.messages[0].message.state == MessageState::sent);
  CHECK_FALSE(e.changes_at);
}

TEST_CASE("explain has each condition with the value read, and the line that decides") {
  Shop shop;
  shop.rule(
      thanks("if:\n  - customer.orders_count >= 2\n  - customer.country = 'DE'\n"
             "unless:\n  - order.refunded\n",
             "0 days"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 10:01");
  shop.order("o1", "anna");
  shop.run_to("2026-03-02 10:02");
  Asked asked(shop);
  const Explained e = asked.one("thanks", "anna");
  CHECK(e.over);
  REQUIRE(e.firing);
  CHECK(name_of(e.firing->reason) == "condition-false");
  REQUIRE(e.lines.size() == 3);
  CHECK(e.lines[0].truth == engine::Truth::no);
  CHECK(e.lines[0].values == "customer.orders_count = 1");
  CHECK(e.lines[1].truth == engine::Truth::unknown);
  CHECK(e.lines[2].truth == engine::Truth::no);
  CHECK(e.decision.line == 0);
}

TEST_CASE("explain tells an occurrence that the rule leaves out from one that it takes") {
  Shop shop;
  shop.customer("anna");
  shop.order("o1", "anna");
  shop.run_to("2026-03-05 10:00");
  shop.rule(thanks("", "1 day"));
  shop.start();
  shop.order("o2", "anna");
  shop.run_to("2026-03-05 11:00");
  Asked asked(shop);
  const auto answer = asked.about("thanks", asked.id_of("anna"), shop.clock.now());
  REQUIRE(answer.occurrences.size() == 2);
  CHECK(answer.occurrences[0].admission == engine::Engine::Admission::none);
  CHECK(answer.occurrences[1].admission == engine::Engine::Admission::regular);
}

TEST_CASE("explain asks every check in decide's order, and its first hit is decide's answer") {
  Shop shop;
  shop.rule(thanks("send-window: daytime\nif:\n  - customer.orders_count >= 2\n", "0 days"));
  shop.customer("anna", "");
  shop.start();
  shop.run_to("2026-03-02 22:00");
  shop.order("o1", "anna");
  Asked asked(shop);
  const Explained e = asked.one("thanks", "anna");
  std::string hits;
  for (const engine::Checked& checked : e.checks) {
    if (checked.hit) hits += std::string(name_of(checked.hit->reason)) + " ";
  }
  CHECK(hits == "no-consent outside-window condition-false ");
  CHECK(said(e.decision) == "skip no-consent");
}

namespace {

/// Asks each of a shop's open occurrences until when its answer stays, and at that time and before.
struct Watched {
  std::int64_t asked = 0;
  std::int64_t changes = 0;
  std::map<std::string, int> seen;

  void look(Shop& shop, const std::vector<std::string>& names, Rng& rng) {
    Asked asking(shop);
    for (const language::Rule& rule : asking.files.rules) {
      for (const std::string& name : names) {
        const std::int64_t id = asking.id_of(name);
        for (const Explained& e : asking.about(rule.id, id, shop.clock.now()).occurrences) {
          if (!e.over) look(asking, rule.id, id, e, rng);
        }
      }
    }
  }

  /// From change to change, as far as the facts of now reach.
  void look(Asked& asking, const std::string& rule, std::int64_t id, Explained e, Rng& rng) {
    Time at = asking.shop.clock.now();
    for (int depth = 0; depth < 6; ++depth) {
      stays(asking, rule, id, e, at, rng);
      if (!e.changes_at) return;
      at = *e.changes_at;
      auto later = asking.about(rule, id, at).occurrences;
      const auto same = std::find_if(later.begin(), later.end(), [&](const Explained& o) {
        return o.row == e.row && o.part == e.part;
      });
      REQUIRE(same != later.end());
      CHECK_FALSE(said(same->decision) + std::to_string(same->decision.line) ==
                  said(e.decision) + std::to_string(e.decision.line));
      ++changes;
      e = std::move(*same);
    }
  }

  void stays(Asked& asking, const std::string& rule, std::int64_t id, const Explained& e, Time now,
             Rng& rng) {
    const Zone& zone = asking.shop.site.zone;
    const std::string here = said(e.decision) + " " + std::to_string(e.decision.line);
    INFO(to_local_text(now, zone) << " " << rule << " of " << e.row << ": " << here);
    const Time until = e.changes_at.value_or(now + std::chrono::hours(24 * 700));
    for (int i = 0; i < 4; ++i) {
      const auto ahead = static_cast<std::uint64_t>((until - now).count());
      const Time at = i == 0 ? until - Duration{1}
                             : now + Duration{static_cast<std::int64_t>(rng.below(ahead))};
      CAPTURE(to_local_text(at, zone));
      CHECK(answer_at(asking, rule, id, e, at) == here);
      ++asked;
    }
    ++seen[said(e.decision)];
  }
};

}  // namespace

TEST_CASE("explain: until it can next change the answer stays, and then it differs") {
  const std::string rules[] = {
      thanks("send-window: daytime\nlate-limit: 2 days\nif:\n  - customer.created_at older than 1 "
             "month\n",
             "3 days"),
      win_back("if:\n  - customer.last_order_at older than 90 days\nunless:\n  - "
               "customer.created_at within last 2 months\nonce-per: customer\nagain-after: 120 "
               "days\nsend-window: daytime\n"),
      escalated("hold-while:\n  - ticket.status = waiting_for_customer and ticket.opened_at within "
                "last 1 month\nsend-window: support-hours\n"),
      drip("stop-if:\n  - customer.created_at older than 3 days\nlimit: 1 per day\n"),
      R"(rule: soon
purpose: marketing
status: live
when:
  event: customer.created
then:
  - email: welcome
if:
  - customer.created_at older than 2 days
hold-while:
  - customer.created_at within last 1 month or customer.last_order_at within last 45 days
late-limit: 3 months
)",
  };
  const std::vector<std::string> names{"anna", "ben", "cleo", "dora"};
  Rng rng{20260302};
  Watched watched;
  for (int round = 0; round < 12; ++round) {
    // The end of October sets the clocks back, that of March forward, and February is short.
    constexpr std::string_view starts[] = {"2026-01-28 10:00", "2026-10-20 10:00",
                                           "2026-03-20 10:00"};
    Shop shop(starts[round % 3]);
    for (const std::string& rule : rules) shop.rule(rule);
    shop.site.cap = {1, Span{0, 7, Duration{0}, false}};
    shop.start();
    for (const std::string& name : names) {
      Shop::expect_ok(
          shop.world->run_to(shop.clock.now() + std::chrono::minutes(1 + rng.below(3000))));
      shop.customer(name, rng.below(5) == 0 ? "" : "marketing feedback");
      if (rng.below(2) == 0) shop.order("o-" + name, name);
      if (rng.below(2) == 0)
        shop.ticket("t-" + name, rng.below(2) == 0 ? "open" : "waiting_for_customer", name);
    }
    if (round == 4) shop.hold("customer", "anna", "2027-01-01");
    for (int look = 0; look < 3; ++look) {
      Shop::expect_ok(
          shop.world->run_to(shop.clock.now() + std::chrono::hours(rng.below(24 * 12))));
      watched.look(shop, names, rng);
    }
  }
  for (const auto& [what, count] : watched.seen) UNSCOPED_INFO(what << ": " << count);
  UNSCOPED_INFO(watched.asked << " times asked, " << watched.changes << " changes");
  CHECK(watched.asked >= 1000);
  CHECK(watched.changes >= 200);
  CHECK(watched.seen.size() >= 6);
}
