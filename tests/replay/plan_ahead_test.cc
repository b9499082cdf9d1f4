#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "replay/plan.h"
#include "rules.h"
#include "store/dated_facts.h"

// A plan decides ahead what ends at once. Here are those whose decision hangs on what happens until
// they are due; tests/app/plan_test holds the two sides together over whole shops.
using namespace retaind;
using namespace retaind::test;

namespace {

template <class Row>
std::string line_of(const Row& row) {
  std::string line{row.rule};
  line += " " + std::string(row.subject) + " " + std::string(name_of(row.state));
  line += " " + std::string(name_of(row.reason)) + " " + to_iso(row.due) + " ";
  return line + (row.at && is_final(row.state) ? to_iso(*row.at) : "-");
}

/// Plans until then in a shadow of the shop as it is; then the shop lives until then, and must have
/// done just that. What was planned.
std::multiset<std::string> plan_and_live(Shop& shop, std::string_view until) {
  const Time to = shop.at(until);
  auto files = shop.files();
  Shop::expect_ok(files);
  std::multiset<std::string> planned, lived;
  {
    store::Database shadow = shop.shadow();
    const auto plan = replay::plan(shadow, *std::move(files), shop.clock.now(), to);
    Shop::expect_ok(plan);
    CHECK(plan->even());
    for (const replay::PlannedRow& row : plan->rows) planned.insert(line_of(row));
  }
  // An edit moves the due of what is over, too.
  std::set<std::string> over;
  const auto key = [](const store::OutcomeRow& row) {
    return std::string(row.rule) + " " + std::string(row.step) + " " + std::string(row.subject);
  };
  store::each_outcome(shop.database, [&](const store::OutcomeRow& row) {
    if (is_final(row.state)) over.insert(key(row));
  });
  shop.reload();
  shop.run_to(until);
  store::each_outcome(shop.database, [&](const store::OutcomeRow& row) {
    if ((is_final(row.state) || row.due <= to) && over.count(key(row)) == 0)
      lived.insert(line_of(row));
  });
  CHECK(planned == lived);
  return planned;
}

int count(const std::multiset<std::string>& lines, std::string_view word) {
  return static_cast<int>(std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.find(word) != std::string::npos;
  }));
}

void order(Shop& shop, const std::string& key, const std::string& customer,
           std::string_view refunded = "") {
  OrderFact fact{.key = key,
                 .customer = customer,
                 .number = key,
                 .status = "completed",
                 .placed_at = shop.clock.now(),
                 .completed_at = shop.clock.now()};
  if (!refunded.empty()) fact.refunded_at = shop.at(refunded);
  shop.put(fact);
}

std::string_view not_refunded = "unless:\n  - order.refunded\nlate-limit: none\n";

}  // namespace

TEST_CASE("A plan knows that a place is taken before an occurrence is due") {
  Shop shop;
  shop.rule(thanks(std::string(not_refunded) + "once-per: customer\n", "2 days"));
  shop.customer("anna");
  shop.customer("ben");
  shop.start();
  order(shop, "o1", "anna");
  shop.run_to("2026-03-02 12:00");
  order(shop, "o2", "anna", "2026-03-02 12:00");
  order(shop, "o3", "ben", "2026-03-02 12:00");
  shop.run_to("2026-03-02 13:00");
  const auto planned = plan_and_live(shop, "2026-03-06 10:00");
  CHECK(count(planned, "o1 sent") == 1);
  CHECK(count(planned, "o2 skipped already-sent") == 1);
  CHECK(count(planned, "o3 skipped condition-false") == 1);
}

TEST_CASE("A plan knows that advertising is paused before an occurrence is due") {
  Shop shop;
  shop.rule(
      "rule: hush\npurpose: internal\nstatus: live\nwhen:\n  event: order.completed\n  after: 46 "
      "hours\nthen:\n  - pause-marketing: 3 days\n");
  shop.rule(
      "rule: more\npurpose: marketing\nstatus: live\nwhen:\n  event: order.completed\n  after: 2 "
      "days\nthen:\n  - email: welcome\n" +
      std::string(not_refunded));
  shop.customer("anna");
  shop.start();
  order(shop, "o1", "anna", "2026-03-02 10:00");
  shop.run_to("2026-03-02 13:00");
  const auto planned = plan_and_live(shop, "2026-03-09 10:00");
  CHECK(count(planned, "more o1 skipped condition-false 2026-03-04T09:00:00Z 2026-03-07") == 1);
}

TEST_CASE("A plan knows that advertising is paused by what it does between two of one rule") {
  Shop shop;
  shop.rule(
      "rule: hush\npurpose: internal\nstatus: live\nwhen:\n  event: order.completed\n  after: 2 "
      "days\nif:\n  - order.number = 'o1'\nthen:\n  - pause-marketing: 3 days\n");
  shop.rule(
      "rule: more\npurpose: marketing\nstatus: live\nwhen:\n  event: order.completed\n  after: 2 "
      "days\nthen:\n  - email: welcome\nlate-limit: none\n");
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 12:00");
  order(shop, "o1", "anna");
  shop.run_to("2026-03-02 12:30");
  order(shop, "o2", "anna");
  shop.run_to("2026-03-02 13:00");
  const auto planned = plan_and_live(shop, "2026-03-09 10:00");
  CHECK(count(planned, "more o2 sent sent 2026-03-04T11:30:00Z 2026-03-07T") == 1);
}

TEST_CASE("A plan knows that the brake holds a rule before an occurrence is due") {
  Shop shop;
  shop.customer("anna");
  shop.customer("ben");
  shop.customer("cleo");
  shop.start();
  order(shop, "o1", "anna");
  order(shop, "o2", "ben");
  shop.run_to("2026-03-02 10:20");
  order(shop, "o3", "cleo", "2026-03-02 10:20");
  shop.run_to("2026-03-02 10:30");
  shop.rule(thanks(std::string(not_refunded) + "brake: 1\n", "40 minutes"));
  const auto planned = plan_and_live(shop, "2026-03-03 10:00");
  CHECK(count(planned, "held brake") == 3);
}

TEST_CASE("A plan reads a dated flag as it is when an occurrence is due") {
  Shop shop;
  shop.rule(thanks("if:\n  - order.refunded\n", "3 days"));
  shop.customer("anna");
  shop.start();
  order(shop, "o1", "anna", "2026-03-05 09:00");
  order(shop, "o2", "anna", "2026-03-05 11:00");
  shop.run_to("2026-03-02 13:00");
  const auto planned = plan_and_live(shop, "2026-03-09 10:00");
  CHECK(count(planned, "o1 sent") == 1);
  CHECK(count(planned, "o2 skipped condition-false") == 1);
}

TEST_CASE("A plan counts no occurrence again that an edit makes due once more") {
  Shop shop;
  shop.rule(thanks(std::string(not_refunded), "1 day"));
  shop.customer("anna");
  shop.start();
  shop.customer("ben");
  order(shop, "o1", "anna", "2026-03-02 10:00");
  order(shop, "o3", "ben");
  shop.run_to("2026-03-04 10:00");
  order(shop, "o2", "anna", "2026-03-02 10:00");
  shop.rule(thanks(std::string(not_refunded), "5 days"));
  const auto planned = plan_and_live(shop, "2026-03-20 10:00");
  CHECK(count(planned, "o1 ") == 0);
  CHECK(count(planned, "o3 ") == 0);
  CHECK(count(planned, "o2 skipped condition-false") == 1);
}

TEST_CASE("A plan goes on behind an instant at which something is sent") {
  // All of one instant, and more than one stop of one rule.
  Shop shop;
  shop.rule(thanks(std::string(not_refunded), "1 day"));
  for (const char* name : {"anna", "ben", "cleo", "dora"}) shop.customer(name);
  shop.start();
  order(shop, "o1", "anna", "2026-03-02 10:00");
  order(shop, "o2", "ben");
  order(shop, "o3", "cleo", "2026-03-02 10:00");
  shop.run_to("2026-03-02 11:00");
  order(shop, "o4", "ben", "2026-03-02 11:00");
  shop.run_to("2026-03-02 12:00");
  order(shop, "o5", "dora");
  order(shop, "o6", "anna", "2026-03-02 11:00");
  const auto planned = plan_and_live(shop, "2026-03-06 10:00");
  CHECK(count(planned, " sent ") == 2);
  CHECK(count(planned, "condition-false") == 4);
}

TEST_CASE("A plan tells which mails cannot be made, though it makes none") {
  Shop shop;
  shop.rule(thanks("", "1 day"));
  shop.templates["thanks"] =
      "---\nsubject: Hello\nreply-to: \"{{ order.number }}\"\nformat: text\n---\nHello {{ "
      "unsubscribe.link }}\n";
  shop.customer("anna");
  shop.customer("ben");
  shop.start();
  order(shop, "o1", "anna");
  order(shop, "o2@example.com", "ben");
  shop.run_to("2026-03-02 13:00");
  const auto planned = plan_and_live(shop, "2026-03-06 10:00");
  CHECK(count(planned, "o1 failed render-failed") == 1);
  CHECK(count(planned, "o2@example.com sent") == 1);
}

TEST_CASE("A plan counts what it has sent: for once-per, the cap and the limit of a day") {
  const auto on_days = [](Shop& shop, std::initializer_list<const char*> days) {
    int number = 0;
    shop.start();
    for (const char* day : days) {
      shop.run_to(std::string("2026-03-") + day);
      order(shop, "o" + std::to_string(++number), "anna");
    }
  };
  SECTION("once-per, and again-after from the first send") {
    Shop shop;
    shop.customer("anna");
    shop.rule(thanks("once-per: customer\nagain-after: 3 days\nlate-limit: none\n", "10 days"));
    on_days(shop, {"02 11:00", "03 12:00", "05 10:59", "05 11:00"});
    const auto planned = plan_and_live(shop, "2026-03-20 10:00");
    CHECK(count(planned, "o1 sent") == 1);
    CHECK(count(planned, "o2 skipped already-sent") == 1);
    CHECK(count(planned, "o3 skipped already-sent") == 1);
    CHECK(count(planned, "o4 sent") == 1);
  }
  SECTION("once-per of two rules, and for good") {
    Shop shop;
    shop.customer("anna");
    shop.rule(thanks("once-per: customer\nlate-limit: none\n", "10 days"));
    shop.rule(at_once("once-per: order\n"));
    on_days(shop, {"02 11:00", "03 12:00", "06 11:00"});
    const auto planned = plan_and_live(shop, "2026-03-20 10:00");
    CHECK(count(planned, "thanks o1 sent") == 1);
    CHECK(count(planned, "already-sent") == 2);
  }
  SECTION("once-per, for what was read before the place was taken") {
    Shop shop;
    shop.customer("anna");
    shop.rule(thanks("once-per: customer\nlate-limit: none\n", "10 days"));
    on_days(shop, {"02 11:00", "02 12:00", "02 13:00"});
    const auto planned = plan_and_live(shop, "2026-03-20 10:00");
    CHECK(count(planned, "thanks o1 sent") == 1);
    CHECK(count(planned, "already-sent") == 2);
  }
  SECTION("the cap") {
    Shop shop;
    shop.site.cap = {1, Span{0, 2, Duration{0}, false}};
    shop.customer("anna");
    shop.rule(thanks("late-limit: 1 hour\n", "10 days"));
    on_days(shop, {"02 11:00", "03 11:00", "04 11:00"});
    const auto planned = plan_and_live(shop, "2026-03-20 10:00");
    CHECK(count(planned, "o1 sent") == 1);
    CHECK(count(planned, "o2 skipped late-limit") == 1);
    CHECK(count(planned, "o3 sent") == 1);
  }
  SECTION("the limit of a day") {
    Shop shop;
    shop.customer("anna");
    shop.rule(thanks("limit: 1 per day\nlate-limit: none\n", "10 days"));
    on_days(shop, {"02 11:00", "02 12:00", "02 13:00", "03 12:00"});
    const auto planned = plan_and_live(shop, "2026-03-20 10:00");
    CHECK(count(planned, " sent ") == 4);
    CHECK(count(planned, "o2 sent sent 2026-03-12T11:00:00Z 2026-03-12") == 0);
  }
}

TEST_CASE("A plan repeats what it sends at once") {
  Shop shop;
  shop.customer("anna");
  shop.rule(
      "rule: again\npurpose: transactional\nstatus: live\nwhen:\n  event: order.completed\n  "
      "after: 2 "
      "days\nthen:\n  - email: welcome\n    repeat: {every: 24 hours, at-most: 2}\n");
  shop.start();
  order(shop, "o1", "anna");
  shop.run_to("2026-03-02 13:00");
  const auto planned = plan_and_live(shop, "2026-03-10 10:00");
  CHECK(count(planned, "again o1 sent") == 3);
}

TEST_CASE("A plan finds a birthday that nothing gives a time of day") {
  Shop shop;
  shop.rule(
      "rule: birthday\npurpose: transactional\nstatus: live\nwhen:\n  date: "
      "customer.birthday\nthen:\n  - email: birthday\n");
  for (const auto& [name, birthday] : {std::pair{"anna", "1980-03-05"}, {"ben", "1990-03-07"}}) {
    CustomerFact fact;
    fact.key = name;
    fact.email = std::string(name) + "@example.com";
    fact.birthday = birthday;
    shop.customer(fact);
  }
  shop.start();
  const auto planned = plan_and_live(shop, "2026-03-20 10:00");
  CHECK(count(planned, "birthday anna sent") == 1);
  CHECK(count(planned, "birthday ben sent") == 1);
}

TEST_CASE("A plan serves a recipient one message at a time, whom a limit then leaves out") {
  Shop shop;
  shop.customer("anna");
  shop.customer("ben");
  shop.start();
  for (const auto& [key, who] : {std::pair{"o1", "anna"}, {"o2", "anna"}, {"o3", "ben"}}) {
    order(shop, key, who);
    shop.run_to(shop.now() < "2026-03-02 10:01" ? "2026-03-02 10:01" : "2026-03-02 10:02");
  }
  shop.rule(at_once("limit: 2 per day\nlate-limit: none\nbacklog: all\n"));
  const auto planned = plan_and_live(shop, "2026-03-05 10:00");
  CHECK(count(planned, "o1 sent sent 2026-03-02T09:02:00Z 2026-03-02") == 1);
  CHECK(count(planned, "o3 sent sent 2026-03-02T09:02:00Z 2026-03-02") == 1);
}

TEST_CASE(
    "A plan tells whose unsubscribe link is too long for a mail, though it is not the first") {
  Shop shop;
  shop.rule(thanks("", "1 day"));
  const std::string longest(700, 'x');
  shop.start();
  for (const std::string& key : {std::string("anna"), longest, std::string("ben")}) {
    CustomerFact fact;
    fact.key = key;
    fact.email = key.substr(0, 4) + "@example.com";
    shop.customer(fact);
    shop.consent(key, "feedback", true);
    order(shop, "of-" + key.substr(0, 4), key);
    shop.run_to(key == "anna" ? "2026-03-02 11:00" : "2026-03-02 12:00");
  }
  const auto planned = plan_and_live(shop, "2026-03-06 10:00");
  CHECK(count(planned, "of-anna sent") == 1);
  CHECK(count(planned, "of-xxxx failed render-failed") == 1);
  CHECK(count(planned, "of-ben sent") == 1);
}
