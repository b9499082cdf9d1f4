#include "engine/range.h"

namespace retaind::engine {
namespace {

using namespace std::chrono_literals;
using language::Node;
using language::Op;

// Months are up to three days shorter than their neighbours, and a day begins up to 26 hours apart
// around the Earth.
constexpr Duration spare = 5 * 24h;
// Of SQLite's integers; no time is near them.
constexpr TimeRange everything{Time::min(), Time::max()};

/// What a comparison has on its other side: the beginning of a day, or now.
Time fixed(const Node& node, Time now) {
  return node.op == Op::now ? now : from_ms(node.value.integer);
}

bool is_below(Op op) { return op == Op::less || op == Op::less_equal; }

TimeRange compared(const language::Narrow& narrow, Time now) {
  const Node& test = *narrow.test;
  const Node& left = narrow.condition->nodes[test.children[0]];
  const Node& right = narrow.condition->nodes[test.children[1]];
  const bool field_first = left.op == Op::field;
  const Time at = fixed(field_first ? right : left, now);
  if (is_below(test.op) == field_first) return {everything.after, at + spare};
  return {at - spare, everything.through};
}

}  // namespace

TimeRange range_of(const language::Narrow& narrow, Time now, const Zone& zone) {
  const Span& span = narrow.test->span;
  switch (narrow.test->op) {
    case Op::field: return {everything.after, now};
    case Op::older_than: return {everything.after, zone.add(now, span.negated()) + spare};
    case Op::within_last: return {zone.add(now, span.negated()) - spare, now};
    case Op::within_next: return {now, zone.add(now, span) + spare};
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal: return compared(narrow, now);
    default: return everything;
  }
}

}  // namespace retaind::engine
