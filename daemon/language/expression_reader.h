#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "language/expression.h"
#include "language/lexer.h"
#include "language/typing.h"

namespace retaind::language {

/// Recursive descent over the tokens of one condition. A mistake in the words ends it (Stop); a
/// mistake in the types is reported and the rest is still read.
class ExpressionReader {
 public:
  ExpressionReader(Report& report, const YamlNode& scalar, const Scope& scope, Reads reads)
      : report_(report), scalar_(scalar), scope_(scope), reads_(reads), typing_(nodes_, scope_) {}

  std::optional<Condition> run();

 private:
  struct Stop {};

  [[nodiscard]] const Token& peek() const { return tokens_[next_]; }
  [[nodiscard]] const Token& peek(std::size_t ahead) const;
  const Token& advance() { return tokens_[next_ + 1 < tokens_.size() ? next_++ : next_]; }
  bool accept(std::string_view text);

  [[nodiscard]] Range in_file(Range at) const;
  void fail(Range at, Code code, std::string message, std::string remedy);
  [[noreturn]] void stop(Range at, Code code, std::string message, std::string remedy);
  bool take(std::optional<Typing::Mistake> wrong);

  std::uint16_t add(Op op, Type type, Range at, std::vector<std::uint16_t> children = {});
  Operand expression() { return joined("or", Op::either, &ExpressionReader::all_of); }
  Operand all_of() { return joined("and", Op::both, &ExpressionReader::negated); }

  Operand joined(std::string_view word, Op op, Operand (ExpressionReader::*part)());
  Operand condition(Op op, Range at, std::vector<std::uint16_t> children);
  Operand negated();
  Operand test();
  Operand comparison(Op op, Operand& left);
  Operand membership(Op op, Operand& left);
  Operand age(Operand& left, std::string_view second, Op op);
  Span duration(std::size_t& end);
  Operand emptiness(Operand& left);
  Operand value();
  Operand parenthesis(Range at);
  Operand constant(Type type, Range at, Cell cell, std::string text);
  Operand raw_constant(Type type, Range at, Cell cell, std::string text);
  Operand number();
  static double real(const Token& token);
  Operand with_unit(const Token& token);
  Operand field();
  const Field* resolve_field(const Token& token, std::string_view subject_name, Range subject_at);
  void out_of_reach(const Token& token, Subject subject);
  void unknown_field(const Token& token, Subject subject, std::string_view name);
  void no_property(const Token& token, std::string_view name);
  void bind(Node& node, const Field* field);
  Operand word();

  Operand aggregate();
  void over(Aggregate& made);
  void value_of(Aggregate& made, const Token& token);
  void where(Aggregate& made);
  [[nodiscard]] Type type_of(const Aggregate& made) const;
  [[noreturn]] void refuse_call(const Token& token);
  [[noreturn]] void refuse_amount(Range at, std::string_view number, Currency currency);
  void refuse_bare_fold(const Token& token, const Token& next);

  [[noreturn]] void unexpected(std::string_view wanted = "");

  Report& report_;
  const YamlNode& scalar_;
  Scope scope_;  ///< inside an aggregate: with its row
  Reads reads_;
  Aggregate* inside_ = nullptr;
  std::vector<Node> nodes_;
  Typing typing_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  int depth_ = 0;
  bool reads_something_ = false;
};

/// Whether a name inside `where` means the counted row: of an item also its order.
bool is_of_row(const Relation& relation, Subject subject);

/// Words that are never values.
bool is_reserved(std::string_view word);

}  // namespace retaind::language
