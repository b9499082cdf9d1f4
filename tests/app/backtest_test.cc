#include <catch2/catch.hpp>
#include <cmath>

#include "app/backtest_report.h"
#include "support/shop.h"

using namespace retaind;
using namespace retaind::test;

namespace {

const std::string thanks =
    "rule: thanks\npurpose: marketing\nstatus: live\nwhen:\n  event: order.completed\n  after: 2 "
    "hours\nthen:\n  - email: thanks\n";
const std::string more =
    "rule: more\npurpose: marketing\nstatus: live\nwhen:\n  event: order.completed\n  after: 5 "
    "hours\nthen:\n  - email: welcome\n";
const std::string again =
    "rule: again\npurpose: marketing\nstatus: live\nwhen:\n  event: order.completed\n  after: 3 "
    "days\nthen:\n  - email: win-back\n";

/// A shop that knows its past and never ran.
struct Past : Shop {
  Past() : Shop("2026-06-01 10:00") {}

  /// Placed and completed then; known now.
  void bought(const std::string& key, const std::string& customer, const std::string& when) {
    clock.advance_to(std::max(clock.now(), at("2026-09-01 10:00")));
    OrderFact fact;
    fact.key = key;
    fact.customer = customer;
    fact.placed_at = fact.completed_at = at(when);
    put(fact);
  }
  app::BacktestReport report(const std::string& from, const std::string& to,
                             std::vector<std::string>* marks = nullptr) {
    auto made = files();
    if (!made) FAIL(made.error().message);
    app::BacktestReport report;
    report.from = at(from);
    report.to = at(to);
    report.zone = site.zone;
    report.cap = "2 in 7 days";
    const auto given = made->rules;
    app::BacktestCounts counts(database, site, given, report);
    replay::BacktestOptions options{at(from), at(to), {}, {}};
    auto done =
        replay::backtest(database, *std::move(made), options, [&](const store::OutcomeRow& row) {
          const std::string mark{counts.add(row)};
          if (marks != nullptr)
            marks->push_back(std::string(row.customer) + " " + std::string(name_of(row.reason)) +
                             ": " + mark);
        });
    if (!done) FAIL(done.error().message);
    report.summary = *std::move(done);
    counts.finish();
    return report;
  }
};

}  // namespace

TEST_CASE("a backtest counts the days of each rule and who got mails of two") {
  Past shop;
  shop.rule(thanks);
  shop.rule(more);
  shop.rule(again);
  for (const char* name : {"anna", "bert", "cora"}) shop.customer(name);
  shop.bought("o1", "anna", "2026-06-02 10:00");
  shop.bought("o2", "bert", "2026-06-02 23:30");
  const auto report = shop.report("2026-06-01 10:00", "2026-07-01 00:00");
  const auto& days = report.rules.at("thanks").sent;
  REQUIRE(days.size() == 2);
  CHECK(to_string(days.begin()->first) == "2026-06-02");
  CHECK(to_string(days.rbegin()->first) == "2026-06-03");
  CHECK(report.rules.at("more").all_sent == 2);
  // Two mails within 7 days are the cap: `again` finds no place and is too late before one is free.
  CHECK(report.summary.no_place.at("again").capped == 2);
  CHECK(report.summary.no_place.at("again").never == 2);
  CHECK(report.summary.no_place.count("thanks") == 0);
  REQUIRE(report.overlaps.size() == 1);
  CHECK(report.overlaps[0].a_day == 2);
  CHECK(report.overlaps[0].a_week == 2);
  const std::string text = app::to_text(report);
  INFO(text);
  CHECK(text.find("again: 2 waited because the customer had 2 in 7 days already; 2 of these never "
                  "went\n") != std::string::npos);
  CHECK(text.find("         2          2  more and thanks\n") != std::string::npos);
}

TEST_CASE("a backtest tells apart mails within a day from those within a week") {
  Past shop;
  shop.rule(thanks);
  shop.rule(again);
  shop.customer("anna");
  shop.bought("o1", "anna", "2026-06-02 10:00");
  const auto report = shop.report("2026-06-01 10:00", "2026-07-01 00:00");
  REQUIRE(report.overlaps.size() == 1);
  CHECK(report.overlaps[0].a_day == 0);
  CHECK(report.overlaps[0].a_week == 1);
}

TEST_CASE("a backtest shows a holdout's arms by who bought again, and says what that is worth") {
  Past shop;
  shop.rule(thanks + "once-per: customer\nholdout: 40%\n");
  for (int i = 0; i < 60; ++i) shop.customer("c" + std::to_string(i));
  for (int i = 0; i < 60; ++i) {
    const std::string name = "c" + std::to_string(i);
    shop.bought("o" + std::to_string(i), name, "2026-06-02 10:00");
    // Ten after 20 days, and ten after 40.
    if (i % 3 == 0)
      shop.bought("p" + std::to_string(i), name,
                  i % 2 == 0 ? "2026-06-22 10:00" : "2026-07-12 10:00");
  }
  const auto report = shop.report("2026-06-01 10:00", "2026-06-20 00:00");
  REQUIRE(report.holdouts.size() == 1);
  const app::HoldoutView& view = report.holdouts[0];
  CHECK_FALSE(view.planned);
  CHECK(view.written.customers + view.held_out.customers == 60);
  CHECK(view.held_out.customers > 10);
  CHECK(view.held_out.customers < 40);
  CHECK(view.written.bought + view.held_out.bought == 10);
  CHECK(view.left_out == 0);
  CHECK(view.detectable > 0.1);
  const std::string text = app::to_text(report);
  INFO(text);
  CHECK(text.find("Nobody was written to, so both arms should buy alike") != std::string::npos);
  CHECK(text.find("% interval") != std::string::npos);
}

TEST_CASE("a holdout leaves out whose time is not over when the data ends") {
  Past shop;
  shop.rule(thanks + "holdout: 40%\n");
  shop.customer("anna");
  shop.bought("o1", "anna", "2026-06-02 10:00");
  const auto report = shop.report("2026-06-01 10:00", "2026-06-20 00:00");
  REQUIRE(report.holdouts.size() == 1);
  CHECK(report.holdouts[0].left_out == 1);
  CHECK(app::to_text(report).find("1 customer left out: the data end before their 30 days do") !=
        std::string::npos);
}

TEST_CASE("the interval of two shares is Newcombe's, and what can be noticed the usual formula") {
  // The example of Newcombe (1998), table II, method 10: 56/70 against 48/80.
  const auto d = replay::difference_of({70, 56}, {80, 48});
  CHECK(d.difference == Approx(0.2));
  CHECK(d.low == Approx(0.0524).margin(0.0001));
  CHECK(d.high == Approx(0.3339).margin(0.0001));
  CHECK(replay::detectable(0.1, 900, 100) ==
        Approx(2.801585 * std::sqrt(0.09 * (1.0 / 900 + 0.01))));
  CHECK(replay::detectable(0.1, 900, 0) == 0);
}

TEST_CASE("a backtest marks what rests on a field whose past the data does not hold") {
  Past shop;
  shop.rule(thanks + "if:\n  - customer.country = 'DE'\nunless:\n  - order.refunded\n");
  CustomerFact anna;
  anna.key = "anna";
  anna.email = "anna@example.com";
  anna.country = "DE";
  shop.customer(anna);
  shop.consent("anna", "marketing", true);
  CustomerFact bert = anna;
  bert.key = "bert";
  bert.email = "bert@example.com";
  shop.customer(bert);
  shop.bought("o1", "anna", "2026-06-02 10:00");
  shop.bought("o2", "bert", "2026-06-02 10:00");
  std::vector<std::string> marks;
  const auto report = shop.report("2026-06-01 10:00", "2026-06-20 00:00", &marks);
  // What ended for want of consent never came to the country.
  CHECK(marks == std::vector<std::string>{"anna sent: customer.country", "bert no-consent: "});
  CHECK(report.rules.at("thanks").assumed == 1);
  CHECK(app::to_text(report).find("         1  thanks: customer.country\n") != std::string::npos);
}

TEST_CASE("the picture is a document of its own, with a title and without a script") {
  Past shop;
  shop.rule(thanks);
  shop.customer("anna");
  shop.bought("o1", "anna", "2026-06-02 10:00");
  const auto report = shop.report("2026-06-01 10:00", "2026-06-20 00:00");
  const std::string svg = app::picture(report);
  CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(svg.find("<title id=\"title\">Messages a day had these rules been live, 2026-06-01 to "
                 "2026-06-19</title>") != std::string::npos);
  CHECK(svg.find("<title>2026-06-02 thanks: 1</title>") != std::string::npos);
  CHECK(svg.find("<script") == std::string::npos);
}

TEST_CASE("in steps a backtest comes to the same outcomes, each at the end of its step") {
  Past shop;
  shop.rule(thanks + "if:\n  - order.total > 20 EUR\n");
  shop.rule(again);
  for (int i = 0; i < 40; ++i) shop.customer("c" + std::to_string(i));
  for (int i = 0; i < 40; ++i) {
    const std::string number = std::to_string(i);
    shop.bought("o" + number, "c" + number, "2026-06-" + std::to_string(10 + i % 9) + " 10:07");
  }
  const auto outcomes = [&](Duration step) {
    auto made = shop.files();
    if (!made) FAIL(made.error().message);
    replay::BacktestOptions options{
        shop.at("2026-06-02 00:00"), shop.at("2026-07-01 00:00"), {}, {}};
    options.step_for = [&](std::size_t) { return step; };
    struct Row {
      std::string what;
      Time at;
      bool has_message;
    };
    std::vector<Row> rows;
    const auto done = replay::backtest(
        shop.database, *std::move(made), options, [&](const store::OutcomeRow& row) {
          rows.push_back({std::string(row.rule) + " " + std::string(row.subject) + " " +
                              std::string(name_of(row.reason)) + " " + to_iso(row.due),
                          *row.at, row.message != 0});
        });
    REQUIRE(done);
    return rows;
  };
  const auto exact = outcomes(Duration{0});
  const auto coarse = outcomes(std::chrono::minutes(15));
  REQUIRE(exact.size() == 80);
  REQUIRE(coarse.size() == exact.size());
  for (std::size_t i = 0; i < exact.size(); ++i) {
    CHECK(coarse[i].what == exact[i].what);
    // What came to no message is dated by its due time.
    CHECK(coarse[i].at - exact[i].at == std::chrono::minutes(exact[i].has_message ? 8 : 0));
  }
}

TEST_CASE("a backtest reads a field as it was before it changed, and knows since when it is kept") {
  Past shop;
  shop.rule(thanks + "if:\n  - customer.country = 'DE'\n");
  shop.customer("anna");
  CustomerFact lives;
  lives.key = "anna";
  lives.country = "DE";
  shop.put(lives);
  shop.clock.advance_to(shop.at("2026-06-20 10:00"));
  shop.order("o1", "anna");
  shop.clock.advance_to(shop.at("2026-06-22 10:00"));
  lives.country = "FR";
  shop.put(lives);
  shop.order("o2", "anna");
  std::vector<std::string> marks;
  shop.report("2026-06-18 00:00", "2026-06-24 10:00", &marks);
  CHECK(marks == std::vector<std::string>{"anna sent: ", "anna condition-false: "});
}

TEST_CASE("a backtest goes through all customers at each slot, by the facts of that time") {
  Past shop;
  shop.rule(
      "rule: weekly\npurpose: marketing\nstatus: live\nwhen:\n  every: monday\n  at: 12:00\n  "
      "each: "
      "customer\nif:\n  - customer.orders_count >= 2\n  - customer.last_active_at within last 30 "
      "days\nthen:\n  - email: thanks\n");
  for (const char* name : {"anna", "bert", "cora"}) shop.customer(name);
  shop.bought("o1", "anna", "2026-06-02 10:00");
  shop.bought("o2", "anna", "2026-06-10 10:00");
  shop.bought("o3", "bert", "2026-06-01 11:00");
  shop.bought("o4", "bert", "2026-06-15 12:00");
  shop.bought("o5", "cora", "2026-06-16 10:00");
  std::vector<std::string> marks;
  const auto report = shop.report("2026-06-01 10:00", "2026-07-21 00:00", &marks);
  const auto& days = report.rules.at("weekly").sent;
  std::string text;
  for (const auto& [day, count] : days) text += to_string(day) + " " + std::to_string(count) + "\n";
  // Anna has two orders from 10 June on, bert from 15 June, 12:00, on; both until 30 days later.
  CHECK(text == "2026-06-15 2\n2026-06-22 2\n2026-06-29 2\n2026-07-06 2\n2026-07-13 1\n");
  CHECK(report.rules.at("weekly").all_sent == 9);
  for (const std::string& mark : marks) CHECK(mark.find("cora") == std::string::npos);
}
