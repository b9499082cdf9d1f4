#include "language/contradiction.h"

#include <algorithm>

#include "language/spans.h"

namespace retaind::language {
namespace {

/// A comparison of one field with constants that must hold.
struct Atom {
  std::size_t need = 0;  ///< whose part it is
  const Field* field = nullptr;
  Op op = Op::equal;
  std::vector<Cell> values;
  Span span;
  bool impossible = false;  ///< whatever is stored
};

Op opposite(Op op) {
  switch (op) {
    case Op::equal: return Op::not_equal;
    case Op::not_equal: return Op::equal;
    case Op::less: return Op::greater_equal;
    case Op::less_equal: return Op::greater;
    case Op::greater: return Op::less_equal;
    case Op::greater_equal: return Op::less;
    case Op::in: return Op::not_in;
    case Op::not_in: return Op::in;
    case Op::is_empty: return Op::is_not_empty;
    default: return Op::is_empty;
  }
}

/// The operator with its sides exchanged.
Op mirrored(Op op) {
  switch (op) {
    case Op::less: return Op::greater;
    case Op::less_equal: return Op::greater_equal;
    case Op::greater: return Op::less;
    case Op::greater_equal: return Op::less_equal;
    default: return op;
  }
}

class Atoms {
 public:
  Atoms(const Need& need, std::size_t number, std::vector<Atom>& out)
      : need_(need), number_(number), out_(out) {}

  void collect(std::uint16_t index, bool wanted) {
    const Node& node = at(index);
    switch (node.op) {
      case Op::both:
      case Op::either:
        if ((node.op == Op::both) == wanted)
          for (const auto child : node.children) collect(child, wanted);
        break;
      case Op::negation: collect(node.children[0], !wanted); break;
      case Op::field: add(node, Op::equal, {Cell::of(std::int64_t{wanted})}); break;
      case Op::equal:
      case Op::not_equal:
      case Op::less:
      case Op::less_equal:
      case Op::greater:
      case Op::greater_equal: compare(node, wanted); break;
      case Op::in:
      case Op::not_in: {
        std::vector<Cell> values;
        for (std::size_t i = 1; i < node.children.size(); ++i) {
          if (at(node.children[i]).op != Op::constant) return;
          values.push_back(constant_of(at(node.children[i])));
        }
        add(at(node.children[0]), wanted ? node.op : opposite(node.op), std::move(values));
        break;
      }
      case Op::is_empty:
      case Op::is_not_empty:
        add(at(node.children[0]), wanted ? node.op : opposite(node.op), {});
        break;
      case Op::older_than:
      case Op::within_last:
      case Op::within_next:
        if (wanted) add(at(node.children[0]), node.op, {}, node.span);
        break;
      default: break;
    }
  }

 private:
  [[nodiscard]] const Node& at(std::uint16_t index) const { return need_.condition->nodes[index]; }

  void compare(const Node& node, bool wanted) {
    const Node* left = &at(node.children[0]);
    const Node* right = &at(node.children[1]);
    Op op = wanted ? node.op : opposite(node.op);
    if (left->op == Op::constant) {
      std::swap(left, right);
      op = mirrored(op);
    }
    const bool strict = op == Op::less || op == Op::greater || op == Op::not_equal;
    if ((strict && same_value(*left, *right)) ||
        (right->op == Op::constant && is_count(*left) && leaves_no_count(op, constant_of(*right))))
      out_.push_back({number_, nullptr, op, {}, {}, true});
    if (right->op == Op::constant) add(*left, op, {constant_of(*right)});
  }

  static bool same_value(const Node& left, const Node& right) {
    if (left.op != right.op) return false;
    return left.op == Op::now ||
           (left.op == Op::field && left.slot == right.slot && left.of_row == right.of_row);
  }

  /// Of rows, so never below 0.
  [[nodiscard]] bool is_count(const Node& node) const {
    if (node.op == Op::aggregate) return need_.rule->aggregates[node.slot].fold == Fold::count;
    if (node.op != Op::field || node.of_row) return false;
    const Field& field = *need_.rule->slots[node.slot].field;
    return field.derivation == Derivation::roll_up && field.type == Type::number;
  }

  static bool leaves_no_count(Op op, const Cell& value) {
    const double bound =
        value.kind == Cell::Kind::integer ? static_cast<double>(value.integer) : value.real;
    if (op == Op::less) return bound <= 0;
    return (op == Op::less_equal || op == Op::equal) && bound < 0;
  }

  void add(const Node& field, Op op, std::vector<Cell> values, Span span = {}) {
    if (field.op != Op::field || field.of_row) return;
    out_.push_back({number_, need_.rule->slots[field.slot].field, op, std::move(values), span});
  }

  const Need& need_;
  std::size_t number_;
  std::vector<Atom>& out_;
};

double real_of(const Cell& cell) {
  return cell.kind == Cell::Kind::integer ? static_cast<double>(cell.integer) : cell.real;
}

std::optional<int> order_of(const Cell& a, const Cell& b) {
  if (a.is_null() || b.is_null() || !(a.currency == b.currency)) return std::nullopt;
  if ((a.kind == Cell::Kind::text) != (b.kind == Cell::Kind::text)) return std::nullopt;
  if (a.kind == Cell::Kind::text) {
    const int order = a.text.compare(b.text);
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  }
  const double x = real_of(a);
  const double y = real_of(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

bool is_finite(const Atom& atom) { return atom.op == Op::equal || atom.op == Op::in; }
bool is_upper(const Atom& atom) { return atom.op == Op::less || atom.op == Op::less_equal; }
bool is_lower(const Atom& atom) { return atom.op == Op::greater || atom.op == Op::greater_equal; }
bool is_age(const Atom& atom) {
  return atom.op == Op::older_than || atom.op == Op::within_last || atom.op == Op::within_next;
}

/// Whether a value may meet the atom; true when that is not certain.
bool may_meet(const Cell& value, const Atom& atom) {
  const auto is = [&](const Cell& other) { return order_of(value, other).value_or(0) == 0; };
  const auto is_not = [&](const Cell& other) { return order_of(value, other) != 0; };
  if (atom.op == Op::in) return std::any_of(atom.values.begin(), atom.values.end(), is);
  if (atom.op == Op::not_in) return std::all_of(atom.values.begin(), atom.values.end(), is_not);
  if (atom.values.size() != 1) return true;
  const auto order = order_of(value, atom.values.front());
  if (!order) return true;
  switch (atom.op) {
    case Op::equal: return *order == 0;
    case Op::not_equal: return *order != 0;
    case Op::less: return *order < 0;
    case Op::less_equal: return *order <= 0;
    case Op::greater: return *order > 0;
    case Op::greater_equal: return *order >= 0;
    default: return true;
  }
}

bool any_meets(const Atom& finite, const Atom& other) {
  return std::any_of(finite.values.begin(), finite.values.end(),
                     [&](const Cell& value) { return may_meet(value, other); });
}

Duration at_most(const Span& span) {
  return span.elapsed + std::chrono::hours(25) * span.days +
         std::chrono::hours(24 * 31 + 1) * span.months;
}

/// Ages of one time: before now, or behind it.
bool ages_meet(const Atom& a, const Atom& b) {
  if (a.op == b.op) return true;
  if (a.op == Op::within_next || b.op == Op::within_next) return false;
  const Atom& older = a.op == Op::older_than ? a : b;
  const Atom& within = a.op == Op::older_than ? b : a;
  // An hour for the change of the clocks.
  return at_least(older.span) - std::chrono::hours(1) < at_most(within.span);
}

bool may_both_hold(const Atom& a, const Atom& b) {
  if (a.field != b.field || a.field == nullptr) return true;
  // A comparison with nothing is unknown, which is not enough.
  if (a.op == Op::is_empty || b.op == Op::is_empty) return a.op == b.op;
  if (is_finite(a) && is_finite(b)) return any_meets(a, b);
  if (is_finite(a)) return is_age(b) || any_meets(a, b);
  if (is_finite(b)) return is_age(a) || any_meets(b, a);
  if (is_age(a) && is_age(b)) return ages_meet(a, b);
  if ((is_upper(a) && is_lower(b)) || (is_lower(a) && is_upper(b))) {
    const Atom& upper = is_upper(a) ? a : b;
    const Atom& lower = is_upper(a) ? b : a;
    const auto order = order_of(lower.values.front(), upper.values.front());
    const bool closed = upper.op == Op::less_equal && lower.op == Op::greater_equal;
    return !order || *order < 0 || (closed && *order == 0);
  }
  return true;
}

bool same_tree(const Need& a, std::uint16_t in_a, const Need& b, std::uint16_t in_b) {
  const Node& x = a.condition->nodes[in_a];
  const Node& y = b.condition->nodes[in_b];
  if (x.op != y.op || x.text != y.text || !(x.span == y.span) || x.of_row != y.of_row ||
      x.children.size() != y.children.size() || x.value.kind != y.value.kind ||
      x.value.integer != y.value.integer || x.value.real != y.value.real ||
      !(x.value.currency == y.value.currency))
    return false;
  // What an aggregate goes over is not compared between rules.
  if (x.op == Op::aggregate && (a.rule != b.rule || x.slot != y.slot)) return false;
  if (x.op == Op::field && a.rule->slots[x.slot].field != b.rule->slots[y.slot].field) return false;
  for (std::size_t i = 0; i < x.children.size(); ++i)
    if (!same_tree(a, x.children[i], b, y.children[i])) return false;
  return true;
}

}  // namespace

std::vector<Need> needs_of(const Rule& rule, const Step* step) {
  std::vector<Need> needs;
  const auto all = [&](const std::vector<Condition>& conditions, bool wanted) {
    for (const Condition& condition : conditions) needs.push_back({&rule, &condition, wanted});
  };
  all(rule.if_all, true);
  all(rule.unless_any, false);
  all(rule.stop_if, false);
  all(rule.hold_while, false);
  if (step != nullptr) all(step->if_all, true);
  return needs;
}

std::optional<std::pair<Need, Need>> find_contradiction(const std::vector<Need>& needs) {
  std::vector<Atom> atoms;
  for (std::size_t i = 0; i < needs.size(); ++i)
    Atoms(needs[i], i, atoms).collect(needs[i].condition->root, needs[i].wanted);
  for (const Atom& atom : atoms)
    if (atom.impossible) return std::pair{needs[atom.need], needs[atom.need]};
  for (std::size_t second = 0; second < atoms.size(); ++second)
    for (std::size_t first = 0; first < second; ++first)
      if (!may_both_hold(atoms[first], atoms[second]))
        return std::pair{needs[atoms[first].need], needs[atoms[second].need]};
  for (std::size_t second = 0; second < needs.size(); ++second)
    for (std::size_t first = 0; first < second; ++first)
      if (needs[first].wanted != needs[second].wanted &&
          same_tree(needs[first], needs[first].condition->root, needs[second],
                    needs[second].condition->root))
        return std::pair{needs[first], needs[second]};
  return std::nullopt;
}

bool asks_for(const std::vector<Need>& needs, const Field& field) {
  std::vector<Atom> atoms;
  for (std::size_t i = 0; i < needs.size(); ++i)
    Atoms(needs[i], i, atoms).collect(needs[i].condition->root, needs[i].wanted);
  return std::any_of(atoms.begin(), atoms.end(), [&](const Atom& atom) {
    // Of an internal message what is unknown passes; and a text that is not another may be empty.
    const bool known = needs[atom.need].rule->purpose != Purpose::internal &&
                       atom.op != Op::not_equal && atom.op != Op::not_in;
    return atom.field == &field && atom.op != Op::is_empty &&
           (known || atom.op == Op::is_not_empty);
  });
}

}  // namespace retaind::language
