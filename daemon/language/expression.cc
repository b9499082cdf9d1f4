#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "language/expression_reader.h"
#include "language/words.h"

namespace retaind::language {
namespace {

/// What people write instead of an operator.
struct Habit {
  std::string_view written;
  std::string_view remedy;
};
constexpr std::array<Habit, 13> habits{{
    {"is", "write `=` for equal, or `is empty`"},
    {"equals", "write `=`"},
    {"equal", "write `=`"},
    {"has", "write `contains`"},
    {"includes", "write `contains`"},
    {"like", "write `contains 'text'`"},
    {"between", "write two comparisons: `a >= 1 and a <= 9`"},
    {"more", "write `>`"},
    {"greater", "write `>`"},
    {"less", "write `<`"},
    {"before", "write `<`"},
    {"after", "write `>=`"},
    {"newer", "write `within last 30 days`"},
}};

}  // namespace

std::optional<Condition> ExpressionReader::run() {
  const int before = report_.errors();
  const std::size_t slots_before = reads_.slots->size();
  const std::size_t aggregates_before = reads_.aggregates ? reads_.aggregates->size() : 0;
  if (scalar_.text.size() > expression_limits::bytes) {
    fail({0, 1}, Code::expression_too_large, "this condition is too long",
         fmt::format("at most {} bytes: split it into several lines", expression_limits::bytes));
    return std::nullopt;
  }
  Tokens cut = tokenize(scalar_.text);
  if (cut.fault) {
    fail(cut.fault_at, cut.fault->code, cut.fault->message, cut.fault->remedy);
    return std::nullopt;
  }
  tokens_ = std::move(cut.tokens);
  try {
    Operand whole = expression();
    if (peek().kind != Token::Kind::end) unexpected();
    take(typing_.needs_condition(whole));
    if (report_.errors() == before && !reads_something_)
      fail({0, scalar_.text.size()}, Code::not_a_condition,
           "this reads no field and is always the same",
           "write a field, such as `customer.orders_count >= 2`");
    if (report_.errors() == before)
      return Condition{std::move(nodes_), whole.node, scalar_.text, report_.where(scalar_.at)};
  } catch (const Stop&) {
  }
  reads_.slots->resize(slots_before);
  if (reads_.aggregates != nullptr) reads_.aggregates->resize(aggregates_before);
  return std::nullopt;
}

const Token& ExpressionReader::peek(std::size_t ahead) const {
  return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
}

bool ExpressionReader::accept(std::string_view text) {
  if (!peek().is(text)) return false;
  advance();
  return true;
}

Range ExpressionReader::in_file(Range at) const {
  const std::string_view source = report_.text();
  const std::size_t begin = offset_in_source(source, scalar_, at.begin);
  const std::size_t end = offset_in_source(source, scalar_, at.end);
  return {begin, std::max(end, begin + (at.end > at.begin ? 1 : 0))};
}

void ExpressionReader::fail(Range at, Code code, std::string message, std::string remedy) {
  report_.error(code, in_file(at), std::move(message), std::move(remedy));
}

void ExpressionReader::stop(Range at, Code code, std::string message, std::string remedy) {
  fail(at, code, std::move(message), std::move(remedy));
  throw Stop{};
}

bool ExpressionReader::take(std::optional<Typing::Mistake> wrong) {
  if (!wrong) return false;
  fail(wrong->at, wrong->fault.code, wrong->fault.message, wrong->fault.remedy);
  return true;
}

std::uint16_t ExpressionReader::add(Op op, Type type, Range at,
                                    std::vector<std::uint16_t> children) {
  Node node;
  node.op = op;
  node.type = type;
  node.children = std::move(children);
  node.text = scalar_.text.substr(at.begin, at.end - at.begin);
  node.where = report_.where(in_file(at));
  nodes_.push_back(std::move(node));
  return static_cast<std::uint16_t>(nodes_.size() - 1);
}

Operand ExpressionReader::joined(std::string_view word, Op op,
                                 Operand (ExpressionReader::*part)()) {
  Operand first = (this->*part)();
  if (!peek().is(word)) return first;
  std::vector<std::uint16_t> children{first.node};
  take(typing_.needs_condition(first));
  Range at = first.at;
  while (accept(word)) {
    Operand next = (this->*part)();
    take(typing_.needs_condition(next));
    children.push_back(next.node);
    at.end = next.at.end;
  }
  return condition(op, at, std::move(children));
}

Operand ExpressionReader::condition(Op op, Range at, std::vector<std::uint16_t> children) {
  Operand result;
  result.node = add(op, Type::boolean, at, std::move(children));
  result.type = Type::boolean;
  result.at = at;
  return result;
}

Operand ExpressionReader::negated() {
  const Range at = peek().at;
  if (!accept("not")) return test();
  if (peek().is("not"))
    stop(peek().at, Code::bad_expression, "`not not` says nothing", "delete both");
  Operand inner = test();
  take(typing_.needs_condition(inner));
  return condition(Op::negation, {at.begin, inner.at.end}, {inner.node});
}

Operand ExpressionReader::test() {
  Operand left = value();
  const Token& token = peek();
  static constexpr std::array<std::pair<std::string_view, Op>, 6> comparisons{{
      {"=", Op::equal},
      {"!=", Op::not_equal},
      {"<", Op::less},
      {"<=", Op::less_equal},
      {">", Op::greater},
      {">=", Op::greater_equal},
  }};
  for (const auto& [text, op] : comparisons)
    if (accept(text)) return comparison(op, left);
  if (token.is("in")) return membership(Op::in, left);
  if (token.is("not") && peek(1).is("in")) {
    advance();
    return membership(Op::not_in, left);
  }
  if (token.is("older")) return age(left, "than", Op::older_than);
  if (token.is("within")) return age(left, "", Op::within_last);
  if (token.is("is") && (peek(1).is("empty") || peek(1).is("not"))) return emptiness(left);
  if (accept("contains")) {
    Operand right = value();
    take(typing_.contains(left, right));
    return condition(Op::contains, {left.at.begin, right.at.end}, {left.node, right.node});
  }
  return left;
}

Operand ExpressionReader::comparison(Op op, Operand& left) {
  Operand right = value();
  take(typing_.compare(op, left, right));
  return condition(op, {left.at.begin, right.at.end}, {left.node, right.node});
}

Operand ExpressionReader::membership(Op op, Operand& left) {
  advance();
  if (!accept("["))
    stop(peek().at, Code::bad_expression, "a list must follow `in`", "write `in [open, new]`");
  std::vector<std::uint16_t> children{left.node};
  bool wrong = false;
  while (true) {
    Operand element = value();
    // One mistake in a list is enough: the others are often the same one.
    if (!wrong) wrong = take(typing_.compare(Op::equal, left, element));
    children.push_back(element.node);
    if (children.size() > expression_limits::list + 1)
      stop(element.at, Code::expression_too_large, "this list is too long",
           fmt::format("at most {} values", expression_limits::list));
    if (accept(",")) continue;
    const Range at{left.at.begin, peek().at.end};
    if (accept("]")) return condition(op, at, std::move(children));
    stop(peek().at, Code::bad_expression, "the list goes on without a comma or is not closed",
         "write `, ` between the values and `]` behind the last");
  }
}

Operand ExpressionReader::age(Operand& left, std::string_view second, Op op) {
  const std::size_t from = next_;
  advance();
  if (op == Op::within_last && peek().is("next")) op = Op::within_next;
  if (!accept(second.empty() ? op == Op::within_next ? "next" : "last" : second))
    stop(peek().at, Code::bad_expression, fmt::format("`{}` stands alone", tokens_[from].text),
         second.empty() ? "write `within last 30 days` or `within next 30 days`"
                        : "write `older than 30 days`");
  const std::string what = fmt::format("{} {}", tokens_[from].text, tokens_[next_ - 1].text);
  take(typing_.needs_time(left, what));
  Range at = left.at;
  const Span span = duration(at.end);
  const Operand result = condition(op, at, {left.node});
  nodes_[result.node].span = span;
  return result;
}

Operand ExpressionReader::emptiness(Operand& left) {
  advance();
  const bool negative = accept("not");
  const Range at{left.at.begin, peek().at.end};
  if (!accept("empty"))
    stop(peek().at, Code::bad_expression, "only `empty` can follow `is not`", "write `!=`");
  take(typing_.needs_field(left));
  return condition(negative ? Op::is_not_empty : Op::is_empty, at, {left.node});
}

void ExpressionReader::unexpected(std::string_view wanted) {
  const Token& token = peek();
  for (const auto& habit : habits)
    if (token.is(habit.written))
      stop(token.at, Code::bad_expression, fmt::format("`{}` is no operator here", token.text),
           std::string(habit.remedy));
  if (token.kind == Token::Kind::end)
    stop(token.at, Code::bad_expression, fmt::format("`{}` is missing at the end", wanted),
         fmt::format("write `{}`", wanted));
  const auto near =
      token.kind == Token::Kind::word ? nearest(token.text, words::operators) : std::nullopt;
  stop(token.at, Code::bad_expression, fmt::format("`{}` does not fit here", token.text),
       near ? fmt::format("did you mean `{}`?", *near)
            : "write `and` or `or` between two conditions, or begin a new line with `- `");
}

std::optional<Condition> read_condition(Report& report, const YamlNode& scalar, const Scope& scope,
                                        Reads reads) {
  return ExpressionReader(report, scalar, scope, reads).run();
}

std::optional<Condition> state_condition(const StateKind& state, const Scope& scope,
                                         std::vector<Slot>& slots) {
  if (state.is.empty()) return std::nullopt;
  std::vector<Diagnostic> diagnostics;
  Report report(std::make_shared<Source>(Source{std::string(state.name), std::string(state.is)}),
                diagnostics);
  YamlNode scalar;
  scalar.kind = YamlNode::Kind::scalar;
  scalar.text = std::string(state.is);
  scalar.at = {0, state.is.size()};
  return read_condition(report, scalar, scope, {&slots});
}

}  // namespace retaind::language
