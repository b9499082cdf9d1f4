#include "engine/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace retaind::engine {
namespace {

using language::Condition;
using language::Node;
using language::Op;

Truth from(bool value) { return value ? Truth::yes : Truth::no; }

Truth negate(Truth truth) {
  if (truth == Truth::unknown) return truth;
  return truth == Truth::yes ? Truth::no : Truth::yes;
}

// The checker has settled that both sides have one type, so the kind of the stored value decides.
std::optional<int> compare(const Cell& a, const Cell& b) {
  if (a.is_null() || b.is_null()) return std::nullopt;
  if (!(a.currency == b.currency)) return std::nullopt;  // EUR against USD is never guessed
  if (a.kind == Cell::Kind::text || b.kind == Cell::Kind::text) {
    if (a.kind != b.kind) return std::nullopt;
    const int order = a.text.compare(b.text);
    return order < 0 ? -1 : (order > 0 ? 1 : 0);
  }
  if (a.kind == Cell::Kind::integer && b.kind == Cell::Kind::integer) {
    return a.integer < b.integer ? -1 : (a.integer > b.integer ? 1 : 0);
  }
  const double x = a.kind == Cell::Kind::integer ? static_cast<double>(a.integer) : a.real;
  const double y = b.kind == Cell::Kind::integer ? static_cast<double>(b.integer) : b.real;
  return x < y ? -1 : (x > y ? 1 : 0);
}

struct Evaluator {
  const Condition& condition;
  std::span<const Cell> cells;
  Time now;
  const Zone& zone;

  const Node& node(std::uint16_t index) const { return condition.nodes[index]; }

  // What is no cell of its own is put into `made`.
  const Cell& value(const Node& n, Cell& made) const {
    switch (n.op) {
      case Op::field: return cells[n.slot];
      case Op::now: return made = Cell::of(to_ms(now));
      case Op::constant:
        if (n.type != Type::text && n.type != Type::enumeration && n.type != Type::date)
          return n.value;
        return made = Cell::of(std::string_view(n.text));
      default: {
        const Truth truth = test(n);
        if (truth == Truth::unknown) return made = {};
        return made = Cell::of(std::int64_t{truth == Truth::yes});
      }
    }
  }

  // A date counts from the start of its day, a time as it is.
  std::optional<Time> instant(const Node& n) const {
    Cell made;
    const Cell& cell = value(n, made);
    if (cell.is_null()) return std::nullopt;
    if (cell.kind == Cell::Kind::text) {
      const auto date = parse_date(cell.text);
      if (!date) return std::nullopt;
      return zone.start_of(*date);
    }
    return from_ms(cell.integer);
  }

  Truth equality(const Node& n, bool wanted) const {
    Cell made[2];
    const auto order = compare(operand(n, 0, made[0]), operand(n, 1, made[1]));
    if (!order) return Truth::unknown;
    return from((*order == 0) == wanted);
  }

  // A time against a date compares the local date of the time.
  const Cell& operand(const Node& n, std::size_t side, Cell& made) const {
    const Node& mine = node(n.children[side]);
    const Node& other = node(n.children[1 - side]);
    const Cell& cell = value(mine, made);
    if (mine.type == Type::date && other.type == Type::time && !cell.is_null()) {
      if (const auto at = instant(mine)) return made = Cell::of(to_ms(*at));
    }
    return cell;
  }

  Truth order(const Node& n) const {
    Cell made[2];
    const auto result = compare(operand(n, 0, made[0]), operand(n, 1, made[1]));
    if (!result) return Truth::unknown;
    switch (n.op) {
      case Op::less: return from(*result < 0);
      case Op::less_equal: return from(*result <= 0);
      case Op::greater: return from(*result > 0);
      default: return from(*result >= 0);
    }
  }

  Truth member(const Node& n) const {
    Cell made[2];
    const Cell& wanted = value(node(n.children[0]), made[0]);
    if (wanted.is_null()) return Truth::unknown;
    bool unknown = false;
    for (std::size_t i = 1; i < n.children.size(); ++i) {
      const auto result = compare(wanted, value(node(n.children[i]), made[1]));
      if (!result) unknown = true;
      if (result && *result == 0) return Truth::yes;
    }
    return unknown ? Truth::unknown : Truth::no;
  }

  Truth timing(const Node& n) const {
    const auto at = instant(node(n.children[0]));
    if (!at) return Truth::unknown;
    switch (n.op) {
      case Op::older_than: return from(*at < zone.add(now, n.span.negated()));
      case Op::within_last: return from(*at <= now && *at >= zone.add(now, n.span.negated()));
      default: return from(*at > now && *at <= zone.add(now, n.span));
    }
  }

  Truth contains(const Node& n) const {
    Cell made[2];
    const Cell& text = value(node(n.children[0]), made[0]);
    const Cell& part = value(node(n.children[1]), made[1]);
    if (text.is_null() || part.is_null()) return Truth::unknown;
    return from(text.text.find(part.text) != std::string_view::npos);
  }

  Truth combine(const Node& n, Truth decisive) const {
    bool unknown = false;
    for (const auto child : n.children) {
      const Truth truth = test(node(child));
      if (truth == decisive) return decisive;
      if (truth == Truth::unknown) unknown = true;
    }
    return unknown ? Truth::unknown : negate(decisive);
  }

  Truth test(const Node& n) const {
    switch (n.op) {
      case Op::both: return combine(n, Truth::no);
      case Op::either: return combine(n, Truth::yes);
      case Op::negation: return negate(test(node(n.children[0])));
      case Op::equal: return equality(n, true);
      case Op::not_equal: return equality(n, false);
      case Op::less:
      case Op::less_equal:
      case Op::greater:
      case Op::greater_equal: return order(n);
      case Op::in: return member(n);
      case Op::not_in: return negate(member(n));
      case Op::older_than:
      case Op::within_last:
      case Op::within_next: return timing(n);
      case Op::is_empty:
      case Op::is_not_empty: {
        Cell made;
        const Cell& cell = value(node(n.children[0]), made);
        const bool empty = cell.is_null() || (cell.kind == Cell::Kind::text && cell.text.empty());
        return from(empty == (n.op == Op::is_empty));
      }
      case Op::contains: return contains(n);
      default: {
        Cell made;
        const Cell& cell = value(n, made);
        if (cell.is_null()) return Truth::unknown;
        return from(cell.integer != 0);
      }
    }
  }
};

std::string show(const Field& field, const Cell& cell) {
  if (cell.is_null()) return "unknown";
  switch (field.type) {
    case Type::boolean: return cell.integer != 0 ? "yes" : "no";
    case Type::money:
      return fmt::format("{} {}", decimal({cell.integer, cell.currency}), cell.currency.view());
    case Type::time: return to_iso(from_ms(cell.integer));
    default: break;
  }
  if (cell.kind == Cell::Kind::text) return std::string(cell.text);
  if (cell.kind == Cell::Kind::real) return fmt::format("{}", cell.real);
  return fmt::format("{}", cell.integer);
}

}  // namespace

Truth evaluate(const Condition& condition, std::span<const Cell> cells, Time now,
               const Zone& zone) {
  const Evaluator evaluator{condition, cells, now, zone};
  return evaluator.test(condition.nodes[condition.root]);
}

namespace {

bool is_span(const Node& node) {
  return node.op == Op::older_than || node.op == Op::within_last || node.op == Op::within_next;
}

/// Of a test against a span of days or months: adding the span is no plain shift near a change of
/// the clocks or at a month's end, where several dates become one and a test may turn more than
/// once. All of that happens at quarters of an hour, and between two it turns once at most.
std::optional<Time> first_turn(const Evaluator& given, const Node& node, Time edge, Time until) {
  using namespace std::chrono_literals;
  constexpr Duration quarter = 15min;
  const Duration around = node.span.months != 0 ? Duration{5 * 24h} : Duration{27h};
  const auto says = [&](Time at) {
    return Evaluator{given.condition, given.cells, at, given.zone}.timing(node);
  };
  Time before = std::max(given.now, edge - around);
  const Time last = std::min(until, edge + around);
  const Truth now = says(given.now);
  if (before < last && says(before) != now) return before;
  while (before < last) {
    Time after{(before.time_since_epoch() / quarter + 1) * quarter};
    if (says(after) != now) {
      while (after - before > Duration{1}) {
        const Time middle = before + (after - before) / 2;
        (says(middle) == now ? before : after) = middle;
      }
      return after;
    }
    before = after;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Time> next_turn(const Condition& condition, std::span<const Cell> cells, Time now,
                              Time until, const Zone& zone) {
  const Evaluator evaluator{condition, cells, now, zone};
  std::optional<Time> next;
  const auto consider = [&](Time at) {
    if (at > now && at <= until && (!next || at < *next)) next = at;
  };
  for (const Node& node : condition.nodes) {
    const bool span = is_span(node);
    const auto child_is_now = [&](std::uint16_t child) {
      return condition.nodes[child].op == Op::now;
    };
    if (!span && std::none_of(node.children.begin(), node.children.end(), child_is_now)) continue;
    for (const auto child : node.children) {
      if (child_is_now(child)) continue;
      const auto at = evaluator.instant(condition.nodes[child]);
      if (!at) continue;
      consider(*at);
      consider(*at + Duration{1});
      if (!span) continue;
      const Time edge = zone.add(*at, node.op == Op::within_next ? node.span.negated() : node.span);
      consider(edge);
      consider(edge + Duration{1});
      if (node.span.months == 0 && node.span.days == 0) continue;
      if (const auto turn = first_turn(evaluator, node, edge, until)) consider(*turn);
    }
  }
  return next;
}

std::optional<Time> next_change(const Condition& condition, std::span<const Cell> cells, Time now,
                                const Zone& zone) {
  constexpr Duration soonest{60'000};
  const Evaluator evaluator{condition, cells, now, zone};
  std::optional<Time> next;
  const auto consider = [&](Time at) {
    if (at > now && (!next || at < *next)) next = at;
  };
  // A span back from a later time may land a day beside it: months differ, clocks change.
  const auto consider_about = [&](Time at) {
    for (const Time near : {at - std::chrono::hours(24), at + std::chrono::hours(24)})
      if (near > now) consider(std::max(near, now + soonest));
  };
  for (const Node& node : condition.nodes) {
    const bool span =
        node.op == Op::older_than || node.op == Op::within_last || node.op == Op::within_next;
    const auto child_is_now = [&](std::uint16_t child) {
      return condition.nodes[child].op == Op::now;
    };
    if (!span && std::none_of(node.children.begin(), node.children.end(), child_is_now)) continue;
    for (const auto child : node.children) {
      if (child_is_now(child)) continue;
      const auto at = evaluator.instant(condition.nodes[child]);
      if (!at) continue;
      consider(*at);
      consider(*at + Duration{1});
      if (condition.nodes[child].type == Type::date)
        consider(zone.start_of(zone.date_of(*at + std::chrono::hours(36))));
      if (!span) continue;
      const Time edge = zone.add(*at, node.op == Op::within_next ? node.span.negated() : node.span);
      consider(edge);
      consider(edge + Duration{1});
      consider_about(edge);
    }
  }
  return next;
}

std::string describe_values(const Condition& condition, const std::vector<language::Slot>& slots,
                            std::span<const Cell> cells) {
  std::string text;
  std::vector<std::uint16_t> seen;
  for (const Node& node : condition.nodes) {
    if (node.op != Op::field || std::find(seen.begin(), seen.end(), node.slot) != seen.end())
      continue;
    seen.push_back(node.slot);
    const Field& field = *slots[node.slot].field;
    if (!text.empty()) text += ", ";
    text += fmt::format("{}.{} = {}", name_of(field.subject), field.name,
                        show(field, cells[node.slot]));
  }
  return text;
}

}  // namespace retaind::engine
