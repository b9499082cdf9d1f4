#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <regex>

#include "app/explain_report.h"
#include "replay/then.h"
#include "support/directory.h"
#include "support/lived_site.h"
#include "support/sanitized.h"
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

/// A directory with the templates that the rules below name.
struct Texts {
  Texts() {
    std::filesystem::create_directory(directory / "templates");
    for (const char* name : {"thanks", "ticket-reminder"})
      std::ofstream(directory / "templates" / (std::string(name) + ".en.liquid"))
          << "---\nsubject: About you\n---\nHello\n{{ unsubscribe.link }}\n";
  }
  test::Directory directory;
};

std::string said_now(Shop& shop, const Texts& texts, const std::string& rule,
                     const std::string& customer) {
  const auto report = app::make_explain(shop.database, shop.site, texts.directory.path(),
                                        {rule, customer, shop.clock.now()});
  if (!report) return report.error().message;
  return plain(app::to_text(*report));
}

std::string said_then(Shop& shop, const Texts& texts, const std::string& rule,
                      const std::string& customer, Time at) {
  const auto report = app::make_explain_past(shop.database, shop.site, texts.directory.path(),
                                             {rule, customer, at});
  if (!report) return report.error().message;
  CHECK_FALSE(report->places_assumed);
  return plain(app::to_text(*report));
}

}  // namespace

TEST_CASE("explain of a past time knows who had the places of a limit") {
  const Texts texts;
  Shop shop;
  shop.rule(
      "rule: limited\npurpose: feedback\nstatus: live\nwhen:\n  event: order.completed\nthen:\n"
      "  - email: thanks\nlimit: 1 per day\n");
  for (const char* name : {"anna", "berta"}) shop.customer(name);
  shop.start();
  shop.run_to("2026-03-02 10:30");
  shop.order("o1", "anna");
  shop.run_to("2026-03-02 11:00");
  shop.order("o2", "berta");
  shop.run_to("2026-03-02 12:00");
  const Time then = shop.clock.now();
  const std::string anna = said_now(shop, texts, "limited", "anna");
  const std::string berta = said_now(shop, texts, "limited", "berta");
  INFO(anna << berta);
  CHECK(anna.find("result      was sent on 2026-03-02 10:30") != std::string::npos);
  CHECK(berta.find("email:thanks held (limit), due 2026-03-03 00:00") != std::string::npos);
  shop.run_to("2026-03-05 10:00");
  CHECK(said_now(shop, texts, "limited", "berta") != berta);
  CHECK(said_then(shop, texts, "limited", "anna", then) == anna);
  CHECK(said_then(shop, texts, "limited", "berta", then) == berta);
  // Of more facts than are lived through again, the others' places are assumed to be free.
  for (const std::size_t most : {std::size_t{1}, std::size_t{1000}}) {
    auto lived = replay::live_until(
        shop.database, shop.site, texts.directory.path(), "limited",
        shop.ask("SELECT id FROM customers WHERE key = 'berta'") == "2" ? 2 : 0, then, most);
    REQUIRE(lived);
    CHECK(lived->places_assumed == (most == 1));
  }
}

TEST_CASE("explain of a past time knows when a digest closed that another's ticket opened") {
  const Texts texts;
  Shop shop;
  shop.rule(
      "rule: unresolved\npurpose: internal\nstatus: live\nwhen:\n  ticket: unresolved\n  for: 48 "
      "hours\nthen:\n  - notify: support\n    template: ticket-reminder\n    digest: 15 minutes\n");
  for (const char* name : {"anna", "berta"}) shop.customer(name);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.ticket("t1", "open", "anna");
  shop.run_to("2026-03-02 11:10");
  shop.ticket("t2", "open", "berta");
  shop.run_to("2026-03-04 11:12");
  const Time then = shop.clock.now();
  const std::string berta = said_now(shop, texts, "unresolved", "berta");
  INFO(berta);
  CHECK(
      berta.find("  ledger      message: notify:ticket-reminder held, due 2026-03-04 11:10, in the "
                 "digest that closes 2026-03-04 11:15\n") != std::string::npos);
  CHECK(
      berta.find("  result      waits for its digest to close on 2026-03-04 11:15, and goes out in "
                 "it\n") != std::string::npos);
  CHECK(berta.find("  can change  2026-03-04 11:15, when the digest closes;") != std::string::npos);
  shop.run_to("2026-03-04 12:00");
  const Time later = shop.clock.now();
  const std::string gone = said_now(shop, texts, "unresolved", "berta");
  INFO(gone);
  CHECK(gone.find("was sent on 2026-03-04 11:15") != std::string::npos);
  shop.run_to("2026-03-06 12:00");
  CHECK(said_then(shop, texts, "unresolved", "berta", then) == berta);
  CHECK(said_then(shop, texts, "unresolved", "berta", later) == gone);
}

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
  constexpr std::size_t most = RETAIND_SANITIZED ? 60 : 150;
  for (Time at = begin; asked.size() < most;) {
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
          app::make_explain(demo.live(), site, demo.directory, {rule, customer, at});
      REQUIRE(report);
      asked.push_back({rule, customer, at, app::to_text(*report)});
      waited += asked.back().said.find("  result      waits") != std::string::npos ? 1 : 0;
      sent += asked.back().said.find("  result      was sent") != std::string::npos ? 1 : 0;
    }
  }
  CHECK(asked.size() >= most / 3 * 2);
  CHECK(sent >= static_cast<int>(most * 2 / 15));
  CHECK(waited >= static_cast<int>(most / 30));
  demo.live_to(demo.now);
  for (const Asked& one : asked) {
    CAPTURE(one.rule, one.customer, to_iso(one.at));
    const auto again =
        app::make_explain_past(demo.live(), site, demo.directory, {one.rule, one.customer, one.at});
    REQUIRE(again);
    CHECK(plain(app::to_text(*again)) == plain(one.said));
  }
}
