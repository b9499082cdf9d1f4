#include <catch2/catch.hpp>

#include "base/rng.h"
#include "engine/evaluate.h"

using namespace retaind;
using engine::Truth;
using language::Op;

namespace {

language::Condition about(Op op, const Span& span) {
  language::Condition condition;
  language::Node value;
  value.op = Op::field;
  value.type = Type::time;
  language::Node test;
  test.op = op;
  test.children = {0};
  test.span = span;
  condition.nodes = {value, test};
  condition.root = 1;
  return condition;
}

}  // namespace

TEST_CASE(
    "between two turns a condition about time says the same, also at month ends and changes "
    "of the clocks") {
  const Zone zone = *Zone::find("Europe/Berlin");
  Rng rng{31};
  const Span spans[] = {{1, 0, Duration{0}, false},
                        {2, 0, Duration{0}, false},
                        {0, 1, Duration{0}, false},
                        {0, 30, Duration{0}, false},
                        {0, 0, std::chrono::hours(48), false}};
  // Each value meets a short month or a change of the clocks, before or behind the span.
  constexpr std::string_view values[] = {"2026-01-28 12:00", "2026-01-29 23:30", "2026-01-31 12:00",
                                         "2026-02-28 12:00", "2026-03-28 02:30", "2026-03-31 00:10",
                                         "2026-08-31 09:00", "2026-09-25 02:30", "2026-10-24 02:15",
                                         "2026-10-25 02:30", "2025-12-29 08:00"};
  int turns = 0;
  int again = 0;  // a condition that was true, false and true once more
  for (const std::string_view text : values) {
    const Time value = *parse_time(text, zone);
    const std::vector<Cell> cells = {Cell::of(to_ms(value))};
    for (const Span& span : spans) {
      for (const Op op : {Op::older_than, Op::within_last, Op::within_next}) {
        const auto condition = about(op, span);
        const auto says = [&](Time at) { return engine::evaluate(condition, cells, at, zone); };
        const Time edge = zone.add(value, op == Op::within_next ? span.negated() : span);
        const Time last = edge + std::chrono::hours(24 * 6);
        Time at = edge - std::chrono::hours(24 * 6) -
                  Duration{static_cast<std::int64_t>(rng.below(86'400'000))};
        int here = 0;
        while (at < last) {
          const auto next = engine::next_turn(condition, cells, at, last, zone);
          const Time until = next.value_or(last);
          INFO(text << ", " << to_string(span) << ", asked at " << to_local_text(at, zone)
                    << ", turns at " << to_local_text(until, zone));
          const Truth now = says(at);
          for (Time tried = at; tried < until; tried += std::chrono::minutes(7)) {
            if (says(tried) != now) FAIL("turned before: " << to_local_text(tried, zone));
          }
          CHECK(says(until - Duration{1}) == now);
          if (says(until) != now) ++here;
          at = until;
        }
        turns += here;
        if (here > 2) ++again;
      }
    }
  }
  CHECK(turns >= 200);
  CHECK(again >= 5);
}
