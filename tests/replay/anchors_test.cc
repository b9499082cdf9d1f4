#include <catch2/catch.hpp>

#include "model/fields.h"
#include "rules.h"

using namespace retaind;
using namespace retaind::test;

namespace {

/// How SQLite looks for the next anchor.
std::string way_to(Shop& shop, Subject subject, std::string_view column) {
  const std::string table{table_of(subject)};
  const std::string sql = "EXPLAIN QUERY PLAN SELECT min(s." + std::string(column) + ") FROM " +
                          table + " s WHERE s." + std::string(column) + " > 1";
  store::Statement& plan = shop.database.prepared(sql);
  REQUIRE(plan.step());
  std::string detail{plan.text(3)};
  plan.reset();
  return detail;
}

std::string rule_of(std::string_view when, const std::string& more) {
  return "rule: waiting\npurpose: transactional\nstatus: live\nwhen:\n  " + std::string(when) +
         "\n" + more + "then:\n  - webhook: desk\n";
}

}  // namespace

TEST_CASE("a rule finds what is due by an index, whatever time it waits for") {
  for (const EventKind& event : event_kinds()) {
    INFO(event.name);
    Shop shop;
    shop.rule(rule_of("event: " + std::string(event.name), "  after: 1 day\n"));
    shop.start();
    CHECK_THAT(way_to(shop, event.subject, event.anchor),
               Catch::Matchers::StartsWith("SEARCH s USING COVERING INDEX"));
  }
}

TEST_CASE("the index of a rare time is made once, and a restart finds it") {
  Shop shop;
  CHECK_THAT(way_to(shop, Subject::order, "refunded_at"), !Catch::Matchers::Contains("INDEX"));
  shop.rule(rule_of("event: order.refunded", ""));
  shop.start();
  const std::string made = shop.ask("SELECT count(*) FROM sqlite_schema WHERE type = 'index'");
  shop.reload();
  CHECK(shop.ask("SELECT count(*) FROM sqlite_schema WHERE type = 'index'") == made);
}
