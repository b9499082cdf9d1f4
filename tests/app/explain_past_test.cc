#include <catch2/catch.hpp>
#include <regex>

#include "app/explain_report.h"
#include "support/lived_site.h"
#include "support/shop.h"

using namespace retaind;
using namespace retaind::test;

namespace {

/// Without the ids of the ledger, the header's notes and the marks, which only a past has.
std::string plain(const std::string& text) {
  std::string out = std::regex_replace(text, std::regex("(message|firing) [0-9]+"), "$1");
  out = std::regex_replace(out, std::regex("  assumed: [^\n]*"), "");
  out = std::regex_replace(out, std::regex("(lived again|assumed:|the rule )[^\n]*\n"), "");
  return out;
}

struct Asked {
  std::string rule, customer;
  Time at;
  std::string said;
};

}  // namespace

TEST_CASE("explain of a past time says what explain said then") {
  DemoSite demo(11, "2026-03-29 12:00");
  const Time begin = demo.now - std::chrono::hours(24 * 40);
  demo.begin(begin);
  const Site site = demo.files().site;
  const std::string_view rules[] = {"thanks-and-feedback",  "win-back-90d", "welcome", "birthday",
                                    "detractor-to-support", "renewal-save"};
  Rng rng{3};
  std::vector<Asked> asked;
  int sent = 0;
  int waited = 0;
  for (Time at = begin; asked.size() < 150;) {
    at += std::chrono::minutes(30 + static_cast<int>(rng.below(60 * 20)));
    if (at > demo.now) break;
    demo.live_to(at);
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const char* sql :
         {"SELECT ?2, key FROM customers ORDER BY (id * 7919 + ?1) % 1009 LIMIT 1",
          "SELECT r.name, c.key FROM message m JOIN rule r ON r.id = m.rule JOIN customers c ON "
          "c.id "
          "= m.customer WHERE (r.name <> 'ticket-unresolved-48h' OR m.id % 8 = 0) AND ?2 <> '' "
          "ORDER BY (m.id * 7919 + ?1) % 1009 LIMIT 2",
          "SELECT r.name, c.key FROM message m JOIN rule r ON r.id = m.rule JOIN customers c ON "
          "c.id "
          "= m.customer WHERE m.next_at IS NOT NULL AND r.name <> 'ticket-unresolved-48h' AND ?2 "
          "<> "
          "'' ORDER BY (m.id * 7919 + ?1) % 1009 LIMIT 1"}) {
      auto& rows = demo.live().prepared(sql);
      rows.bind(1, static_cast<std::int64_t>(rng.below(1000)));
      rows.bind(2, rules[rng.below(std::size(rules))]);
      while (rows.step()) pairs.emplace_back(rows.text(0), rows.text(1));
    }
    for (const auto& [rule, customer] : pairs) {
      const auto report =
          app::make_explain(demo.live(), site, demo.directory, rule, customer, at, false, 3);
      REQUIRE(report);
      asked.push_back({rule, customer, at, app::to_text(*report, site)});
      waited += asked.back().said.find("  result      waits") != std::string::npos ? 1 : 0;
      sent += asked.back().said.find("  result      was sent") != std::string::npos ? 1 : 0;
    }
  }
  CHECK(asked.size() >= 100);
  CHECK(sent >= 20);
  CHECK(waited >= 5);
  demo.live_to(demo.now);
  for (const Asked& one : asked) {
    CAPTURE(one.rule, one.customer, to_iso(one.at));
    const auto again = app::make_explain_past(demo.live(), site, demo.directory, one.rule,
                                              one.customer, one.at, 3);
    REQUIRE(again);
    CHECK(plain(app::to_text(*again, site)) == plain(one.said));
  }
}
