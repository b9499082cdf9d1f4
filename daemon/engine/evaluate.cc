#include "engine/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "language/typing.h"

namespace retaind::engine {
namespace {

using language::Aggregate;
using language::Condition;
using language::Fold;
using language::Node;
using language::Op;

Truth from(bool value) { return value ? Truth::yes : Truth::no; }

Truth negate(Truth truth) {
  if (truth == Truth::unknown) return truth;
  return truth == Truth::yes ? Truth::no : Truth::yes;
}

double real_of(const Cell& cell) {
  return cell.kind == Cell::Kind::integer ? static_cast<double>(cell.integer) : cell.real;
}

bool is_plain_zero(const Cell& cell) { return cell.currency.empty() && real_of(cell) == 0; }

// The checker has settled that both sides have one type, so the kind of the stored value decides.
std::optional<int> compare(const Cell& a, const Cell& b) {
  if (a.is_null() || b.is_null()) return std::nullopt;
  // EUR against USD is never guessed; a sum over nothing is 0 in any currency.
  if (!(a.currency.empty() && b.currency.empty()) && !(a.currency == b.currency) &&
      !is_plain_zero(a) && !is_plain_zero(b))
    return std::nullopt;
  if (a.kind == Cell::Kind::text || b.kind == Cell::Kind::text) {
    if (a.kind != b.kind) return std::nullopt;
    const int order = a.text.compare(b.text);
    return order < 0 ? -1 : (order > 0 ? 1 : 0);
  }
  if (a.kind == Cell::Kind::integer && b.kind == Cell::Kind::integer) {
    return a.integer < b.integer ? -1 : (a.integer > b.integer ? 1 : 0);
  }
  const double x = real_of(a);
  const double y = real_of(b);
  return x < y ? -1 : (x > y ? 1 : 0);
}

/// count, sum, max, min or avg so far.
struct Folded {
  const Aggregate& aggregate;
  std::int64_t rows = 0;
  Cell so_far = {};
  std::optional<Currency> currency = {};

  /// False: the result cannot be known.
  bool take(const Cell& value) {
    if (aggregate.fold == Fold::count) {
      ++rows;
      return true;
    }
    if (value.is_null()) return aggregate.fold != Fold::sum;
    // 0 of no currency is less or more than any amount, and must not hide that others differ.
    if (!is_plain_zero(value)) {
      if (currency && !(*currency == value.currency)) return false;
      currency = value.currency;
    }
    if (rows++ == 0) {
      so_far = value;
      return true;
    }
    if (aggregate.fold == Fold::max || aggregate.fold == Fold::min) {
      const auto order = compare(value, so_far);
      if (!order) return false;
      if (aggregate.fold == Fold::max ? *order > 0 : *order < 0) so_far = value;
      return true;
    }
    if (!(value.currency == so_far.currency)) return false;
    if (value.kind == Cell::Kind::integer && so_far.kind == Cell::Kind::integer)
      return !__builtin_add_overflow(so_far.integer, value.integer, &so_far.integer);
    so_far.real = real_of(so_far) + real_of(value);
    so_far.kind = Cell::Kind::real;
    return true;
  }

  [[nodiscard]] Cell result() const {
    if (aggregate.fold == Fold::count) return Cell::of(rows);
    if (rows == 0 && aggregate.fold == Fold::sum) {
      Cell nothing = Cell::of(std::int64_t{0});
      if (aggregate.field->type == Type::money) nothing.currency = aggregate.currency;
      return nothing;
    }
    if (rows == 0 || aggregate.fold != Fold::avg) return so_far;
    Cell mean = Cell::of(real_of(so_far) / static_cast<double>(rows));
    mean.currency = so_far.currency;
    return mean;
  }
};

struct Evaluator {
  const Condition& condition;
  const Readings& readings;
  Time now;
  const Zone& zone;
  std::span<const Cell> row = {};  // of an aggregate, inside its `where`

  const Node& node(std::uint16_t index) const { return condition.nodes[index]; }

  // What is no cell of its own is put into `made`. `inline`: every test begins here.
  [[gnu::always_inline]] inline const Cell& value(const Node& n, Cell& made) const {
    if (n.op == Op::field) return n.of_row ? row[n.slot] : readings.cells[n.slot];
    return computed(n, made);
  }

  [[gnu::noinline]] const Cell& computed(const Node& n, Cell& made) const {
    switch (n.op) {
      case Op::aggregate: return made = fold(readings.aggregates[n.slot], readings.rows[n.slot]);
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

  Cell fold(const Aggregate& aggregate, const store::RowSet& set) const {
    if (!set.known) return {};
    Folded folded{aggregate};
    for (std::size_t i = 0; i < set.rows; ++i) {
      if (!aggregate.where.nodes.empty()) {
        const Evaluator inside{aggregate.where, readings, now, zone, set.row(i)};
        const Truth truth = inside.test(aggregate.where.nodes[aggregate.where.root]);
        if (truth == Truth::unknown) return {};
        if (truth == Truth::no) continue;
      }
      if (!folded.take(aggregate.field == nullptr ? Cell{} : set.row(i)[0])) return {};
    }
    return folded.result();
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
    const auto order = compare_sides(n);
    if (!order) return Truth::unknown;
    return from((*order == 0) == wanted);
  }

  std::optional<int> compare_sides(const Node& n) const {
    const Node& left = node(n.children[0]);
    const Node& right = node(n.children[1]);
    Cell made[2];
    return compare(operand(left, right, made[0]), operand(right, left, made[1]));
  }

  // A time against a date compares the local date of the time.
  const Cell& operand(const Node& mine, const Node& other, Cell& made) const {
    const Cell& cell = value(mine, made);
    if (mine.type == Type::date && other.type == Type::time && !cell.is_null()) {
      if (const auto at = instant(mine)) return made = Cell::of(to_ms(*at));
    }
    return cell;
  }

  Truth order(const Node& n) const {
    const auto result = compare_sides(n);
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
        const bool empty = (cell.is_null() && !cell.is_unfit()) ||
                           (cell.kind == Cell::Kind::text && cell.text.empty());
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

bool is_span(const Node& node) {
  return node.op == Op::older_than || node.op == Op::within_last || node.op == Op::within_next;
}

/// Every test of a condition that looks at the clock, with the time that it compares: also inside
/// an aggregate, once for each row. `visit_begin` gets when a further row begins.
template <class Visit, class VisitBegin>
void each_clock_test(const Evaluator& evaluator, const Visit& visit,
                     const VisitBegin& visit_begin) {
  for (const Node& node : evaluator.condition.nodes) {
    if (node.op == Op::aggregate) {
      const Aggregate& aggregate = evaluator.readings.aggregates[node.slot];
      const store::RowSet& set = evaluator.readings.rows[node.slot];
      if (set.next_begins) visit_begin(*set.next_begins);
      for (std::size_t i = 0; !aggregate.where.nodes.empty() && i < set.rows; ++i)
        each_clock_test(Evaluator{aggregate.where, evaluator.readings, evaluator.now,
                                  evaluator.zone, set.row(i)},
                        visit, visit_begin);
    }
    const auto is_now = [&](std::uint16_t child) { return evaluator.node(child).op == Op::now; };
    if (!is_span(node) && std::none_of(node.children.begin(), node.children.end(), is_now))
      continue;
    for (const auto child : node.children) {
      if (is_now(child)) continue;
      if (const auto at = evaluator.instant(evaluator.node(child)))
        visit(evaluator, node, evaluator.node(child), *at);
    }
  }
}

std::string show(Type type, const Cell& cell) {
  if (cell.is_unfit())
    return fmt::format("unknown (`{}` in the data is not {})", cell.text, language::name_of(type));
  if (cell.is_null()) return "unknown";
  switch (type) {
    case Type::boolean: return cell.integer != 0 ? "yes" : "no";
    case Type::money: {
      const auto minor = cell.kind == Cell::Kind::real ? std::llround(cell.real) : cell.integer;
      return fmt::format("{} {}", decimal({minor, cell.currency}), cell.currency.view());
    }
    case Type::time: return to_iso(from_ms(cell.integer));
    default: break;
  }
  if (cell.kind == Cell::Kind::text) return std::string(cell.text);
  if (cell.kind == Cell::Kind::real) return fmt::format("{:.10g}", cell.real);
  return fmt::format("{}", cell.integer);
}

}  // namespace

Truth evaluate(const Condition& condition, const Readings& readings, Time now, const Zone& zone) {
  const Evaluator evaluator{condition, readings, now, zone};
  return evaluator.test(condition.nodes[condition.root]);
}

namespace {

/// Of a test against a span of days or months: adding the span is no plain shift near a change of
/// the clocks or at a month's end, where several dates become one and a test may turn more than
/// once. All of that happens at quarters of an hour, and between two it turns once at most.
std::optional<Time> first_turn(const Evaluator& given, const Node& node, Time edge, Time until) {
  using namespace std::chrono_literals;
  constexpr Duration quarter = 15min;
  const Duration around = node.span.months != 0 ? Duration{5 * 24h} : Duration{27h};
  const auto says = [&](Time at) {
    return Evaluator{given.condition, given.readings, at, given.zone, given.row}.timing(node);
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

std::optional<Time> next_turn(const Condition& condition, const Readings& readings, Time now,
                              Time until, const Zone& zone) {
  std::optional<Time> next;
  const auto consider = [&](Time at) {
    if (at > now && at <= until && (!next || at < *next)) next = at;
  };
  const auto look = [&](const Evaluator& evaluator, const Node& node, const Node&, Time at) {
    consider(at);
    consider(at + Duration{1});
    if (!is_span(node)) return;
    const Time edge = zone.add(at, node.op == Op::within_next ? node.span.negated() : node.span);
    consider(edge);
    consider(edge + Duration{1});
    if (node.span.months == 0 && node.span.days == 0) return;
    if (const auto turn = first_turn(evaluator, node, edge, until)) consider(*turn);
  };
  each_clock_test(Evaluator{condition, readings, now, zone}, look, consider);
  return next;
}

std::string describe_values(const Condition& condition, const language::Rule& rule,
                            const Readings& readings, Time now, const Zone& zone) {
  const Evaluator evaluator{condition, readings, now, zone};
  std::string text;
  std::vector<std::string> seen;
  for (const Node& node : condition.nodes) {
    if (node.op != Op::field && node.op != Op::aggregate) continue;
    std::string name = node.text;
    if (node.op == Op::field) {
      const Field& field = *rule.slots[node.slot].field;
      name = fmt::format("{}.{}", name_of(field.subject), field.name);
    }
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
    Cell made;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} = {}", name, show(node.type, evaluator.value(node, made)));
    seen.push_back(std::move(name));
  }
  return text;
}

}  // namespace retaind::engine
