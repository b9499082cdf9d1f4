#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "language/expression_reader.h"

// count, sum, max, min and avg over the rows of a relation.
namespace retaind::language {
namespace {

struct FoldRow {
  std::string_view name;
  Fold fold;
};
constexpr std::array<FoldRow, 5> folds{{{"count", Fold::count},
                                        {"sum", Fold::sum},
                                        {"max", Fold::max},
                                        {"min", Fold::min},
                                        {"avg", Fold::avg}}};

const FoldRow* find_fold(std::string_view name) {
  const auto found = std::find_if(folds.begin(), folds.end(),
                                  [&](const FoldRow& row) { return row.name == name; });
  return found == folds.end() ? nullptr : found;
}

bool folds_type(Fold fold, Type type) {
  const bool amount = type == Type::number || type == Type::money;
  const bool ordered = amount || type == Type::time || type == Type::date;
  return fold == Fold::max || fold == Fold::min ? ordered : amount;
}

}  // namespace

bool is_of_row(const Relation& relation, Subject subject) {
  return subject == relation.of || (relation.of == Subject::item && subject == Subject::order);
}

void ExpressionReader::refuse_call(const Token& token) {
  std::vector<std::string_view> names;
  for (const FoldRow& row : folds) names.push_back(row.name);
  const auto near = nearest(token.text, names);
  stop(token.at, Code::bad_expression, fmt::format("`{}(…)` is not known", token.text),
       near ? fmt::format("did you mean `{}(…)`?", *near)
            : "write count, sum, max, min or avg, such as `count(orders) >= 3`");
}

/// `count orders`.
void ExpressionReader::refuse_bare_fold(const Token& token, const Token& next) {
  const FoldRow* row = find_fold(token.text);
  if (row == nullptr) return;
  const bool named = find_relation(next.text.substr(0, next.text.find('.'))) != nullptr;
  const std::string_view example = row->fold == Fold::count ? "orders" : "orders.total";
  stop({token.at.begin, named ? next.at.end : token.at.end}, Code::bad_expression,
       fmt::format("`{}` needs parentheses", token.text),
       fmt::format("write `{}({})`", token.text, named ? next.text : example));
}

Operand ExpressionReader::aggregate() {
  const Token name = peek();
  const FoldRow* row = find_fold(name.text);
  if (row == nullptr) refuse_call(name);
  if (inside_ != nullptr)
    stop(name.at, Code::bad_expression, fmt::format("`{}(…)` stands in another", name.text),
         "count and compare one after the other, joined by `and`");
  if (reads_.aggregates == nullptr || scope_.subjects.empty())
    stop(name.at, Code::subject_out_of_reach,
         fmt::format("`{}` has no customer whose rows could be counted", scope_.trigger),
         "delete the condition");
  advance();
  advance();
  Aggregate made;
  made.fold = row->fold;
  made.currency = scope_.currency;
  over(made);
  if (accept("where")) where(made);
  Operand result;
  result.at = {name.at.begin, peek().at.end};
  if (!accept(")")) unexpected(")");
  result.type = type_of(made);
  result.node = add(Op::aggregate, *result.type, result.at);
  nodes_[result.node].slot = static_cast<std::uint16_t>(reads_.aggregates->size());
  reads_.aggregates->push_back(std::move(made));
  reads_something_ = true;
  return result;
}

/// `orders`, or `orders.total`.
void ExpressionReader::over(Aggregate& made) {
  const Token token = peek();
  std::vector<std::string_view> names;
  for (const Relation& relation : relations()) names.push_back(relation.name);
  if (token.kind != Token::Kind::word && token.kind != Token::Kind::field)
    stop(token.at, Code::bad_expression, "what is counted must follow here",
         "write one of " + alternatives(names));
  advance();
  const std::string_view name = token.text.substr(0, token.text.find('.'));
  made.relation = find_relation(name);
  if (made.relation == nullptr)
    stop({token.at.begin, token.at.begin + name.size()}, Code::unknown_subject,
         fmt::format("`{}` is nothing that a rule can count", name), suggestion(name, names));
  if (token.kind == Token::Kind::field) return value_of(made, token);
  if (made.fold == Fold::count) return;
  stop(token.at, Code::bad_expression, "this does not say which field of the rows is meant",
       fmt::format("write it with a dot, such as `sum({}.{})`", name,
                   made.relation->of == Subject::feedback ? "score" : "total"));
}

void ExpressionReader::value_of(Aggregate& made, const Token& token) {
  const std::size_t dot = token.text.find('.');
  const std::string_view name = token.text.substr(dot + 1);
  const Range at{token.at.begin + dot + 1, token.at.end};
  const std::string_view plural = token.text.substr(0, dot);
  if (made.fold == Fold::count)
    stop(at, Code::bad_expression, "`count` counts rows and needs no field",
         fmt::format("write `count({0})`, or `count({0} where {1}.{2} is not empty)`", plural,
                     retaind::name_of(made.relation->of), name));
  const Field* field = scope_.vocabulary->field(made.relation->of, name);
  if (field == nullptr) {
    std::vector<std::string_view> names;
    for (const Field* known : scope_.vocabulary->fields(made.relation->of))
      if (folds_type(made.fold, known->type)) names.push_back(known->name);
    stop(at, Code::unknown_field, fmt::format("unknown field `{}`", token.text),
         suggestion(name, names));
  }
  if (!folds_type(made.fold, field->type))
    stop(at, Code::type_mismatch, fmt::format("`{}` is {}", token.text, name_of(field->type)),
         made.fold == Fold::max || made.fold == Fold::min
             ? "max and min take numbers, amounts of money, times and dates"
             : "sum and avg take numbers and amounts of money");
  made.field = field;
  if (!field->currency.empty()) made.currency = field->currency;
  made.slots.push_back({field});
}

/// The nodes of the condition are its own, and its row comes into reach.
void ExpressionReader::where(Aggregate& made) {
  std::vector<Node> outside = std::exchange(nodes_, {});
  const std::vector<Subject> subjects = scope_.subjects;
  inside_ = &made;
  for (const Subject subject : {made.relation->of, Subject::order}) {
    const bool known = std::find(subjects.begin(), subjects.end(), subject) != subjects.end();
    if (is_of_row(*made.relation, subject) && !known) scope_.subjects.push_back(subject);
  }
  Operand whole = expression();
  take(typing_.needs_condition(whole));
  made.where.root = whole.node;
  made.where.text = scalar_.text.substr(whole.at.begin, whole.at.end - whole.at.begin);
  made.where.where = report_.where(in_file(whole.at));
  made.where.nodes = std::exchange(nodes_, std::move(outside));
  scope_.subjects = subjects;
  inside_ = nullptr;
}

Type ExpressionReader::type_of(const Aggregate& made) const {
  return made.field == nullptr ? Type::number : made.field->type;
}

}  // namespace retaind::language
