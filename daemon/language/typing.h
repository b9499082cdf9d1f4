#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "language/expression.h"
#include "language/spans.h"

namespace retaind::language {

/// A part of a condition that has been read.
struct Operand {
  std::uint16_t node = 0;
  std::optional<Type> type;      ///< empty: a mistake in it has been reported
  const Field* field = nullptr;  ///< when it is nothing but a field
  bool bare_word = false;        ///< a word whose meaning its neighbour decides
  bool constant = false;
  Range at;  ///< bytes of the condition's text
};

/// Settles the types of a condition while it is read. Nothing is converted silently.
class Typing {
 public:
  Typing(std::vector<Node>& nodes, const Scope& scope) : nodes_(nodes), scope_(scope) {}

  struct Mistake {
    Fault fault;
    Range at;
  };

  /// For `=` and its like, and for each value of a list behind `in`.
  std::optional<Mistake> compare(Op op, Operand& left, Operand& right);
  /// For `older than`, `within last`, `within next`.
  std::optional<Mistake> needs_time(const Operand& operand, std::string_view what) const;
  std::optional<Mistake> needs_field(const Operand& operand) const;
  /// For the parts of and, or, not, and for a whole line.
  std::optional<Mistake> needs_condition(Operand& operand) const;
  std::optional<Mistake> contains(Operand& left, Operand& right);
  /// What a word without quotes means that stands where no field explains it.
  [[nodiscard]] Mistake stray_word(const Operand& operand) const;

 private:
  std::optional<Mistake> resolve_word(Operand& word, const Operand& other);
  std::optional<Mistake> money(const Operand& left, const Operand& right) const;
  std::optional<Mistake> time_and_date(Op op, Operand& time, Operand& date, bool reversed);
  [[nodiscard]] Mistake mismatch(const Operand& left, const Operand& right) const;
  [[nodiscard]] std::string_view text_of(const Operand& operand) const {
    return nodes_[operand.node].text;
  }

  std::vector<Node>& nodes_;
  const Scope& scope_;
};

std::string_view name_of(Type type);  // "an amount of money"
std::vector<std::string_view> words_of(const Field& field);
/// "customer.orders_count" for every field that the scope reaches.
std::vector<std::string> field_names(const Scope& scope);

}  // namespace retaind::language
