#include "language/narrow.h"

#include <algorithm>

namespace retaind::language {
namespace {

bool is_indexed(const Field& field) {
  const auto times = indexed_times(field.subject);
  return std::find(times.begin(), times.end(), field.column) != times.end();
}

/// A time that the reader of the index knows, too.
bool is_fixed(const Node& node) {
  return node.op == Op::now || (node.op == Op::constant && node.type == Type::time);
}

class Search {
 public:
  Search(const Rule& rule, const Condition& condition) : rule_(rule), condition_(condition) {}

  /// Of all that must hold, the test that leaves the fewest.
  void look(std::uint16_t index, std::optional<Narrow>& best) const {
    const Node& node = condition_.nodes[index];
    if (node.op == Op::both) {
      for (const std::uint16_t child : node.children) look(child, best);
      return;
    }
    const Field* field = field_of(node);
    if (field == nullptr || !is_indexed(*field)) return;
    if (rule_.purpose == Purpose::internal && !is_certain(node)) return;
    if (!best || rank(node) > rank(*best->test)) best = Narrow{field, &condition_, &node};
  }

 private:
  [[nodiscard]] const Field* own_field(const Node& node) const {
    if (node.op != Op::field || node.of_row) return nullptr;
    const Field* field = rule_.slots[node.slot].field;
    return field->subject == rule_.trigger.subject ? field : nullptr;
  }

  /// The field that the test compares; nullptr when no range of its column says as much.
  [[nodiscard]] const Field* field_of(const Node& node) const {
    switch (node.op) {
      case Op::field: {
        const Field* field = own_field(node);
        return field != nullptr && field->derivation == Derivation::dated_flag ? field : nullptr;
      }
      case Op::older_than:
      case Op::within_last:
      case Op::within_next:
      case Op::is_not_empty: return time_field(condition_.nodes[node.children[0]]);
      case Op::less:
      case Op::less_equal:
      case Op::greater:
      case Op::greater_equal: {
        const Node& left = condition_.nodes[node.children[0]];
        const Node& right = condition_.nodes[node.children[1]];
        if (is_fixed(right)) return time_field(left);
        return is_fixed(left) ? time_field(right) : nullptr;
      }
      default: return nullptr;
    }
  }

  [[nodiscard]] const Field* time_field(const Node& node) const {
    const Field* field = own_field(node);
    return field != nullptr && field->type == Type::time ? field : nullptr;
  }

  static bool is_certain(const Node& node) {
    return node.op == Op::field || node.op == Op::is_not_empty;
  }

  static int rank(const Node& node) {
    switch (node.op) {
      case Op::within_last:
      case Op::within_next: return 2;
      case Op::field:
      case Op::is_not_empty: return 0;
      default: return 1;
    }
  }

  const Rule& rule_;
  const Condition& condition_;
};

}  // namespace

std::vector<std::string_view> indexed_times(Subject subject) {
  std::vector<std::string_view> columns;
  for (const StateAnchor& anchor : state_anchors())
    if (anchor.subject == subject) columns.push_back(anchor.column);
  for (const DateKind& date : date_kinds())
    if (date.subject == subject && !date.yearly) columns.push_back(date.column);
  return columns;
}

std::optional<Narrow> narrow_of(const Rule& rule) {
  std::optional<Narrow> best;
  for (const Condition& condition : rule.if_all) Search(rule, condition).look(condition.root, best);
  return best;
}

}  // namespace retaind::language
