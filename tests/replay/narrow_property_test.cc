#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "engine/evaluate.h"
#include "engine/range.h"
#include "language/check.h"
#include "rules.h"

// Where an index leaves rows out of a pass, none of them is one that the condition lets through.
using namespace retaind;
using namespace retaind::test;
using namespace std::chrono_literals;

namespace {

struct Read {
  language::Rule rule;
  std::optional<language::Narrow> narrow;
};

void read_rule(Read& read, const Site& site, const std::string& condition) {
  std::vector<language::Diagnostic> found;
  auto source = std::make_shared<language::Source>(language::Source{
      "rules/r.yaml",
      "rule: r\npurpose: marketing\nwhen: {every: day, at: 10:00, each: customer}\nif: \"" +
          condition + "\"\nthen:\n  - email: thanks\n"});
  language::TemplateNames known;
  known.names.emplace_back("thanks");
  auto rule = language::check_rule(source, site, known, found);
  INFO(condition);
  REQUIRE(rule);
  read.rule = *std::move(rule);
  read.narrow = language::narrow_of(read.rule);
}

std::string condition_of(Rng& rng, const std::string& time) {
  const auto span = [&] {
    static constexpr const char* units[] = {"hours", "days", "weeks", "months", "years"};
    return fmt::format("{} {}", 1 + rng.below(40), units[rng.below(5)]);
  };
  const auto day = [&] {
    return fmt::format("20{:02}-{:02}-{:02}", 20 + rng.below(8), 1 + rng.below(12),
                       1 + rng.below(28));
  };
  std::string test;
  switch (rng.below(9)) {
    case 0: test = fmt::format("{} older than {}", time, span()); break;
    case 1: test = fmt::format("{} within last {}", time, span()); break;
    case 2: test = fmt::format("{} within next {}", time, span()); break;
    case 3: test = fmt::format("{} < {}", time, day()); break;
    case 4: test = fmt::format("{} >= {}", time, day()); break;
    case 5: test = fmt::format("{} < now", time); break;
    case 6: test = fmt::format("now <= {}", time); break;
    case 7: test = fmt::format("{} > {}", day(), time); break;
    default: test = fmt::format("{} is not empty", time); break;
  }
  switch (rng.below(3)) {
    case 0: return test;
    case 1: return fmt::format("customer.orders_count >= 0 and ({})", test);
    default: return fmt::format("{0} and ({0} or customer.orders_count > 3)", test);
  }
}

}  // namespace

TEST_CASE("what an index leaves out of a pass, the condition lets through in no time zone",
          "[each]") {
  Shop shop;
  Rng rng{11};
  std::int64_t inside = 0;
  std::int64_t passed = 0;
  std::int64_t tried = 0;
  for (const char* name : {"Europe/Berlin", "Pacific/Kiritimati", "America/St_Johns"}) {
    shop.site.zone = *Zone::find(name);
    for (int i = 0; i < 120; ++i) {
      const std::string condition = condition_of(rng, "customer.last_active_at");
      Read read;
      read_rule(read, shop.site, condition);
      INFO(condition << " in " << name);
      REQUIRE(read.narrow);
      for (int j = 0; j < 300; ++j) {
        const Time now = shop.at("2023-01-01 00:00") +
                         std::chrono::minutes(static_cast<std::int64_t>(rng.below(2'600'000)));
        const TimeRange range = engine::range_of(*read.narrow, now, shop.site.zone);
        // Half of them near the ends, where it matters.
        const Time end = rng.below(2) == 0 ? range.after : range.through;
        const bool open = end == Time::min() || end == Time::max();
        const Time value =
            j % 2 == 0 && !open
                ? end + std::chrono::minutes(static_cast<std::int64_t>(rng.below(20'000)) - 10'000)
                : now + std::chrono::minutes(static_cast<std::int64_t>(rng.below(4'000'000)) -
                                             2'000'000);
        std::vector<Cell> cells;
        for (const language::Slot& slot : read.rule.slots)
          cells.push_back(slot.field->type == Type::time ? Cell::of(to_ms(value))
                                                         : Cell::of(std::int64_t{2}));
        const bool truth = engine::evaluate(read.rule.if_all.front(), cells, now, shop.site.zone) ==
                           engine::Truth::yes;
        const bool found = value > range.after && value <= range.through;
        INFO("now " << to_iso(now) << ", value " << to_iso(value));
        if (truth) CHECK(found);
        ++tried;
        passed += truth ? 1 : 0;
        inside += found ? 1 : 0;
      }
    }
  }
  CHECK(tried > 100'000);
  CHECK(passed > tried / 5);
  // It does leave out.
  CHECK(inside < tried * 4 / 5);
}

TEST_CASE(
    "of a message that goes in spite of unknown data an index leaves nothing out that may be "
    "unknown",
    "[each]") {
  Shop shop;
  const auto narrowed = [&](const std::string& purpose, const std::string& condition) {
    std::vector<language::Diagnostic> found;
    auto source = std::make_shared<language::Source>(language::Source{
        "rules/r.yaml", "rule: r\npurpose: " + purpose +
                            "\nwhen: {every: day, at: 10:00, each: ticket}\nif: \"" + condition +
                            "\"\nthen:\n  - notify: support\n    template: ticket-reminder\n"});
    language::TemplateNames known;
    known.names.emplace_back("ticket-reminder");
    const auto rule = language::check_rule(source, shop.site, known, found);
    REQUIRE(rule);
    return language::narrow_of(*rule).has_value();
  };
  CHECK_FALSE(narrowed("internal", "ticket.opened_at older than 2 days"));
  CHECK(narrowed("internal", "ticket.unresolved_since is not empty"));
  // A line that one of two things satisfies says nothing for all.
  CHECK_FALSE(narrowed("internal", "ticket.opened_at is not empty or ticket.reopens > 1"));
  CHECK_FALSE(narrowed("internal", "not (ticket.opened_at is not empty)"));
}

TEST_CASE("each time by which a pass can be narrowed has an index that finds its rows", "[each]") {
  Shop shop;
  store::Statement& rows = shop.database.prepared(
      "SELECT group_concat(sql, ' ') FROM sqlite_schema WHERE type = 'index'");
  REQUIRE(rows.step());
  const std::string indexes(rows.text(0));
  rows.reset();
  const auto expect = [&](Subject subject, std::string_view column) {
    INFO(table_of(subject) << "." << column);
    CHECK(indexes.find(fmt::format("ON {} ({})", table_of(subject), column)) != std::string::npos);
  };
  for (const StateAnchor& anchor : state_anchors()) expect(anchor.subject, anchor.column);
  for (const DateKind& date : date_kinds())
    if (!date.yearly) expect(date.subject, date.column);
}
