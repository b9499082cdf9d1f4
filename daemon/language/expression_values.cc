#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/currencies.h"
#include "base/text.h"
#include "language/expression_reader.h"

namespace retaind::language {
namespace {

constexpr std::array<std::string_view, 14> reserved{"and",   "or",       "not",    "in",   "is",
                                                    "older", "than",     "within", "last", "next",
                                                    "empty", "contains", "where",  "each"};

}  // namespace

bool is_reserved(std::string_view word) {
  return std::find(reserved.begin(), reserved.end(), word) != reserved.end();
}

Span ExpressionReader::duration(std::size_t& end) {
  const Token& number = peek();
  if (number.kind != Token::Kind::number)
    stop(number.at, Code::bad_expression, "a duration must follow here",
         "write a number and a unit, such as `30 days`");
  advance();
  Range at = number.at;
  std::string_view unit;
  if (peek().kind == Token::Kind::word && !is_reserved(peek().text)) {
    at.end = peek().at.end;
    unit = advance().text;
  }
  std::string open_time;
  if ((unit == "business" || unit == "working") && peek().kind == Token::Kind::word &&
      is_unit(peek().text)) {
    at.end = peek().at.end;
    open_time = fmt::format("{} {}", unit, advance().text);
    unit = open_time;
  }
  Fault fault;
  const auto span = read_span(number.text, unit, fault);
  if (!span) stop(at, fault.code, fault.message, fault.remedy);
  if (span->business)
    stop(at, Code::business_time, "conditions count all time, not opening hours",
         fmt::format("write elapsed time, such as `{}`", in_all_time(*span)));
  end = at.end;
  return *span;
}

Operand ExpressionReader::value() {
  const Token& token = peek();
  switch (token.kind) {
    case Token::Kind::number: return number();
    case Token::Kind::field: return field();
    case Token::Kind::text:
      return constant(Type::text, token.at, Cell{Cell::Kind::text, {}, 0, 0, {}}, token.value);
    case Token::Kind::date:
      return constant(Type::date, token.at, Cell{Cell::Kind::text, {}, 0, 0, {}},
                      std::string(token.text));
    case Token::Kind::word: return word();
    default: break;
  }
  if (accept("(")) return parenthesis(token.at);
  stop(token.at, Code::bad_expression,
       token.kind == Token::Kind::end ? "the condition ends where a value must follow"
                                      : fmt::format("a value is missing before `{}`", token.text),
       "write a field such as `order.total`, a number, a date or 'text'");
}

Operand ExpressionReader::parenthesis(Range at) {
  if (++depth_ > expression_limits::nesting)
    stop(at, Code::expression_too_large, "too many parentheses in each other",
         fmt::format("at most {}", expression_limits::nesting));
  Operand inner = expression();
  inner.at = {at.begin, peek().at.end};
  if (!accept(")")) unexpected(")");
  --depth_;
  return inner;
}

Operand ExpressionReader::constant(Type type, Range at, Cell cell, std::string text) {
  Operand result = raw_constant(type, at, cell, std::move(text));
  advance();
  return result;
}

Operand ExpressionReader::raw_constant(Type type, Range at, Cell cell, std::string text) {
  Operand result;
  result.node = add(Op::constant, type, at);
  result.type = type;
  result.constant = true;
  result.at = at;
  nodes_[result.node].value = cell;
  nodes_[result.node].text = std::move(text);
  return result;
}

/// Too many digits behind the point, or in front of it.
void ExpressionReader::refuse_amount(Range at, std::string_view number, Currency currency) {
  const std::size_t point = number.find('.');
  const std::size_t behind = point == std::string_view::npos ? 0 : number.size() - point - 1;
  const bool fine = behind > static_cast<std::size_t>(minor_digits(currency));
  stop(at, Code::bad_money, fmt::format("`{} {}` is no amount", number, currency.view()),
       fine ? fmt::format("{} has {} digits behind the point", currency.view(),
                          minor_digits(currency))
            : fmt::format("write at most `{} {}`",
                          decimal({std::numeric_limits<std::int64_t>::max(), currency}),
                          currency.view()));
}

Operand ExpressionReader::number() {
  const Token token = advance();
  if (accept("%"))
    return raw_constant(Type::percent, {token.at.begin, tokens_[next_ - 1].at.end},
                        Cell::of(real(token)), std::string(token.text));
  const Token& unit = peek();
  if (unit.kind == Token::Kind::word && !is_reserved(unit.text)) return with_unit(token);
  const bool whole = token.text.find('.') == std::string_view::npos;
  std::int64_t integer = 0;
  const char* end = token.text.data() + token.text.size();
  if (whole && std::from_chars(token.text.data(), end, integer).ec != std::errc{})
    stop(token.at, Code::bad_number, "this number is too large", "write a smaller one");
  return raw_constant(Type::number, token.at, whole ? Cell::of(integer) : Cell::of(real(token)),
                      std::string(token.text));
}

double ExpressionReader::real(const Token& token) {
  double value = 0;
  std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
  return value;
}

Operand ExpressionReader::with_unit(const Token& token) {
  const Token& unit = advance();
  const Range at{token.at.begin, unit.at.end};
  const auto currency = find_currency(unit.text);
  if (currency && currency->view() == unit.text) {
    const auto minor = parse_minor(token.text, *currency);
    if (!minor) refuse_amount(at, token.text, *currency);
    Cell cell = Cell::of(*minor);
    cell.currency = *currency;
    return raw_constant(Type::money, at, cell, std::string(token.text));
  }
  if (currency && !is_unit(unit.text))
    stop(unit.at, Code::bad_money, "a currency is written in capitals",
         fmt::format("write `{} {}`", token.text, currency->view()));
  const bool capitals =
      unit.text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
  const auto near = capitals ? nearest_currency(unit.text) : std::nullopt;
  if (near)
    stop(unit.at, Code::bad_money, fmt::format("`{}` is no currency", unit.text),
         fmt::format("did you mean `{} {}`?", token.text, *near));
  Fault fault;
  const auto span = read_span(token.text, unit.text, fault);
  if (!span && fault.remedy.starts_with("did you mean"))
    stop(at, fault.code, fault.message, fault.remedy);
  if (!span)
    stop(unit.at, fault.code, fault.message,
         "write a unit (`days`, `hours`) or a currency (`EUR`) behind a number, and `and` or `or` "
         "between two conditions");
  const Operand result = raw_constant(Type::duration, at, Cell{}, std::string(token.text));
  nodes_[result.node].span = *span;
  return result;
}

Operand ExpressionReader::field() {
  const Token token = advance();
  Operand result;
  result.at = token.at;
  const std::size_t dot = token.text.find('.');
  const Range subject_at{token.at.begin, token.at.begin + dot};
  result.field = resolve_field(token, token.text.substr(0, dot), subject_at);
  reads_something_ = true;
  if (result.field == nullptr) {
    result.node = add(Op::field, Type::boolean, token.at);
    return result;
  }
  result.type = result.field->type;
  result.node = add(Op::field, result.field->type, token.at);
  bind(nodes_[result.node], result.field);
  return result;
}

const Field* ExpressionReader::resolve_field(const Token& token, std::string_view subject_name,
                                             Range subject_at) {
  const std::string_view name = token.text.substr(subject_name.size() + 1);
  const auto subject = find_subject(subject_name);
  if (!subject) {
    std::vector<std::string_view> views;
    for (const auto known : scope_.subjects) views.push_back(retaind::name_of(known));
    fail(subject_at, Code::unknown_subject,
         fmt::format("`{}` is nothing that a rule can read", subject_name),
         suggestion(subject_name, views));
    return nullptr;
  }
  if (std::find(scope_.subjects.begin(), scope_.subjects.end(), *subject) ==
      scope_.subjects.end()) {
    out_of_reach(token, *subject);
    return nullptr;
  }
  const Field* found = scope_.vocabulary->field(*subject, name);
  if (found == nullptr) {
    unknown_field(token, *subject, name);
  } else if (inside_ == nullptr && *subject == Subject::event &&
             !scope_.vocabulary->has_property(scope_.event, *found)) {
    no_property(token, name);
    return nullptr;
  }
  return found;
}

void ExpressionReader::out_of_reach(const Token& token, Subject subject) {
  std::vector<std::string_view> names;
  for (const auto known : scope_.subjects) names.push_back(retaind::name_of(known));
  fail(token.at, Code::subject_out_of_reach,
       fmt::format("`{}` has no one {} to read", scope_.trigger, retaind::name_of(subject)),
       names.empty() ? "a schedule alone has nothing to read: write `each: customer` beside `every`"
                     : fmt::format("this trigger can read fields of {}", alternatives(names)));
}

void ExpressionReader::unknown_field(const Token& token, Subject subject, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Field* field : scope_.vocabulary->fields(subject)) names.push_back(field->name);
  const auto near = nearest(name, names);
  fail(token.at, Code::unknown_field, fmt::format("unknown field `{}`", token.text),
       near ? fmt::format("did you mean `{}.{}`?", retaind::name_of(subject), *near)
            : fmt::format("{} has {}; a field of your own is declared in vocabulary.yaml: `fields: "
                          "{{{}: text}}`",
                          retaind::name_of(subject), alternatives(names, 20), token.text));
}

void ExpressionReader::no_property(const Token& token, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Field* field : scope_.vocabulary->properties(scope_.event))
    names.push_back(field->name);
  const auto near = nearest(name, names);
  fail(token.at, Code::unknown_field,
       fmt::format("events `{}` bring no `{}` along", scope_.event, name),
       near ? fmt::format("did you mean `event.{}`?", *near)
            : fmt::format("declare it in vocabulary.yaml under `{}: properties:`, as it is for "
                          "another event",
                          scope_.event));
}

/// Inside an aggregate the names of its row mean that row, all others what they mean outside.
void ExpressionReader::bind(Node& node, const Field* field) {
  node.of_row = inside_ != nullptr && is_of_row(*inside_->relation, field->subject);
  std::vector<Slot>& slots = node.of_row ? inside_->slots : *reads_.slots;
  const auto found = std::find_if(slots.begin(), slots.end(),
                                  [&](const Slot& slot) { return slot.field == field; });
  node.slot = static_cast<std::uint16_t>(found - slots.begin());
  if (found == slots.end()) slots.push_back({field});
}

Operand ExpressionReader::word() {
  const Token& token = peek();
  if (token.text == "true" || token.text == "false")
    return constant(Type::boolean, token.at, Cell::of(std::int64_t{token.text == "true"}),
                    std::string(token.text));
  if (token.text == "now") {
    reads_something_ = true;
    advance();
    Operand result;
    result.node = add(Op::now, Type::time, token.at);
    result.type = Type::time;
    result.at = token.at;
    return result;
  }
  if (is_reserved(token.text))
    stop(token.at, Code::bad_expression, fmt::format("a value is missing before `{}`", token.text),
         "write a field such as `order.total`, a number, a date or 'text'");
  if (peek(1).is("(")) return aggregate();
  refuse_bare_fold(token, peek(1));
  Operand result = constant(Type::enumeration, token.at, Cell{Cell::Kind::text, {}, 0, 0, {}},
                            std::string(token.text));
  result.type.reset();
  result.bare_word = true;
  return result;
}

}  // namespace retaind::language
