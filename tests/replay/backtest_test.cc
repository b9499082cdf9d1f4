#include "replay/backtest.h"

#include <catch2/catch.hpp>

#include "rules.h"

using namespace retaind;
using namespace retaind::test;

namespace {

/// A shop whose facts are known on Monday 2026-03-16; it never ran.
struct Past : Shop {
  Past() : Shop("2026-03-16 10:00") {}

  /// What a source that dates its rows says: the status since then.
  void word(const std::string& key, const std::string& status, const std::string& since,
            const std::string& opened = "2026-03-02 09:00") {
    TicketFact fact;
    fact.key = key;
    fact.number = key;
    fact.opened_at = at(opened);
    fact.status = status;
    fact.as_of = at(since);
    put(fact);
  }
  /// "reminder T1 due 2026-03-04 09:00 sent" of every row that began by then.
  Lines rows(const std::string& from, const std::string& to = "2026-03-16 10:00") {
    auto made = files();
    if (!made) FAIL(made.error().message);
    Lines lines;
    const auto done = replay::backtest(
        database, *std::move(made), {at(from), at(to), {}, {}}, [&](const store::OutcomeRow& row) {
          lines.push_back(std::string(row.step) + " " + std::string(row.subject) + " due " +
                          to_local_text(row.due, site.zone) + " " +
                          std::string(name_of(row.reason)));
        });
    if (!done) FAIL(done.error().message);
    return lines;
  }
};

}  // namespace

TEST_CASE("a backtest that begins after a ticket was solved knows that it was", "[replay]") {
  Past shop;
  shop.rule(escalated("backlog: all\n"));
  shop.word("T1", "new", "2026-03-02 09:00");
  shop.word("T1", "solved", "2026-03-03 10:00");
  CHECK(shop.rows("2026-03-01 00:00").empty());
  CHECK(shop.rows("2026-03-03 12:00").empty());
  CHECK(shop.rows("2026-03-10 00:00").empty());
  shop.rule(escalated());
  CHECK(shop.rows("2026-03-03 12:00").empty());
}

TEST_CASE("a backtest counts from the reopening that was before its beginning", "[replay]") {
  Past shop;
  shop.rule(unresolved());
  shop.word("T1", "open", "2026-03-02 09:00");
  shop.word("T1", "solved", "2026-03-03 10:00");
  shop.word("T1", "open", "2026-03-09 11:00");
  CHECK(shop.rows("2026-03-10 00:00") == Lines{"reminder T1 due 2026-03-11 11:00 sent"});
}

TEST_CASE("a backtest sees the first answer to a ticket at its time", "[replay]") {
  Past shop;
  shop.rule(
      "rule: unanswered\npurpose: internal\nstatus: live\nwhen:\n  ticket: unanswered\n  for: 24 "
      "hours\nthen:\n  - notify: support\n    template: ticket-reminder\n    step: reminder\n");
  TicketFact fact;
  fact.key = "T1";
  fact.opened_at = shop.at("2026-03-02 09:00");
  fact.first_response_at = shop.at("2026-03-02 15:00");
  fact.status = "open";
  shop.put(fact);
  CHECK(shop.rows("2026-03-01 00:00").empty());
}

TEST_CASE("a backtest counts what has gone within the hour of the brake", "[replay]") {
  Past shop;
  shop.rule(at_once("brake: 1\n"));
  shop.customer("anna");
  for (const char* minute : {"10", "20", "30"}) {
    const std::string key = std::string("o") + minute;
    shop.order(key, "anna", std::string("2026-03-16 09:") + minute);
  }
  CHECK(shop.rows("2026-03-16 09:00") == Lines{"email:welcome o10 due 2026-03-16 09:10 sent",
                                               "email:welcome o20 due 2026-03-16 09:20 brake",
                                               "email:welcome o30 due 2026-03-16 09:30 brake"});
}

TEST_CASE("a backtest serves a recipient one message at a time", "[replay]") {
  Past shop;
  shop.rule(at_once("limit: 2 per day\nlate-limit: none\n"));
  shop.customer("anna");
  shop.customer("ben");
  for (const auto& [key, who] : {std::pair{"o1", "anna"}, {"o2", "anna"}, {"o3", "ben"}})
    shop.order(key, who, "2026-03-10 09:00");
  // What the limit leaves out gets another due time.
  CHECK(shop.rows("2026-03-09 09:00") == Lines{"email:welcome o1 due 2026-03-10 09:00 sent",
                                               "email:welcome o3 due 2026-03-10 09:00 sent",
                                               "email:welcome o2 due 2026-03-11 00:00 sent"});
}
