#include "language/typing.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace retaind::language {
namespace {

using Mistake = Typing::Mistake;

Mistake mistake(Code code, Range at, std::string message, std::string remedy) {
  return {{code, std::move(message), std::move(remedy)}, at};
}

bool is_order(Op op) {
  return op == Op::less || op == Op::less_equal || op == Op::greater || op == Op::greater_equal;
}

bool has_order(Type type) {
  return type != Type::boolean && type != Type::text && type != Type::enumeration;
}

/// What to write instead of `value` beside something of type `wanted`.
std::string as_written(Type wanted, std::string_view value, const Scope& scope) {
  switch (wanted) {
    case Type::boolean: return "write `true` or `false`";
    case Type::number: return "write a number, such as `3`";
    case Type::percent: return fmt::format("write `{}%`", value.empty() ? "10" : value);
    case Type::money: {
      const std::string_view currency = scope.currency.empty() ? "EUR" : scope.currency.view();
      return fmt::format("write `{} {}`", value.empty() ? "100" : value, currency);
    }
    case Type::text: return fmt::format("write '{}'", value.empty() ? "text" : value);
    case Type::enumeration: return "write one of its words, without quotes";
    case Type::time:
      return "write `older than 30 days`, `within last 30 days`, `>= 2026-03-01` or `now`";
    case Type::date: return "write a date, such as `2026-03-01`";
    case Type::duration: return "write a duration, such as `7 days`";
  }
  return "";
}

bool is_plain_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

/// "50" of "'50 EUR'": the quotes are what is wrong with it.
std::string amount_in(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of("' "), text.size());
  const std::size_t end = std::min(text.find_first_not_of("0123456789.", begin), text.size());
  return std::string(text.substr(begin, end - begin));
}

}  // namespace

std::string_view name_of(Type type) {
  switch (type) {
    case Type::boolean: return "yes or no";
    case Type::number: return "a number";
    case Type::percent: return "a percentage";
    case Type::money: return "an amount of money";
    case Type::text: return "text";
    case Type::enumeration: return "one of a list of words";
    case Type::time: return "a time";
    case Type::date: return "a date";
    case Type::duration: return "a duration";
  }
  return "";
}

std::vector<std::string_view> words_of(const Field& field) {
  return field.words.empty() ? std::vector<std::string_view>{} : split(field.words, '|');
}

std::vector<std::string> field_names(const Scope& scope) {
  std::vector<std::string> names;
  for (const Subject subject : scope.subjects)
    for (const Field* field : scope.vocabulary->fields(subject))
      names.push_back(fmt::format("{}.{}", name_of(subject), field->name));
  return names;
}

Typing::Mistake Typing::stray_word(const Operand& operand) const {
  const std::string_view word = text_of(operand);
  const std::vector<std::string> names = field_names(scope_);
  for (const auto& name : names)
    if (std::string_view(name).substr(name.find('.') + 1) == word)
      return mistake(Code::unknown_word, operand.at, fmt::format("`{}` says nothing alone", word),
                     fmt::format("did you mean `{}`?", name));
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto near = nearest(word, views);
  return mistake(Code::unknown_word, operand.at, fmt::format("`{}` is no field and no value", word),
                 near ? fmt::format("did you mean `{}`?", *near)
                      : fmt::format("write a field as `customer.city` and text as '{}'", word));
}

std::optional<Mistake> Typing::resolve_word(Operand& word, const Operand& other) {
  const std::string_view text = text_of(word);
  if (!other.type) return std::nullopt;
  if (*other.type == Type::boolean && (text == "yes" || text == "no"))
    return mistake(Code::unknown_word, word.at, fmt::format("`{}` is no value here", text),
                   fmt::format("write `{}`", text == "yes" ? "true" : "false"));
  if (*other.type == Type::text)
    return mistake(Code::unknown_word, word.at, fmt::format("`{}` is text without quotes", text),
                   fmt::format("write '{}'", text));
  if (*other.type != Type::enumeration || other.field == nullptr) return stray_word(word);
  const auto words = words_of(*other.field);
  if (std::find(words.begin(), words.end(), text) == words.end())
    return mistake(
        Code::unknown_word, word.at,
        fmt::format("`{}` is no {} of {}", text, other.field->name, name_of(other.field->subject)),
        suggestion(text, words));
  word.type = Type::enumeration;
  word.bare_word = false;
  return std::nullopt;
}

Typing::Mistake Typing::mismatch(const Operand& left, const Operand& right) const {
  const Operand& value = right.constant || !left.constant ? right : left;
  const Operand& other = &value == &right ? left : right;
  std::string written(text_of(value));
  if (*other.type == Type::money && *value.type == Type::text) written = amount_in(written);
  if (*other.type != Type::text && !is_plain_number(written)) written.clear();
  const std::string message =
      other.field != nullptr
          ? fmt::format("{}.{} is {}, and this is {}", name_of(other.field->subject),
                        other.field->name, name_of(*other.type), name_of(*value.type))
          : fmt::format("{} cannot be compared with {}", name_of(*other.type),
                        name_of(*value.type));
  std::string remedy = as_written(*other.type, written, scope_);
  if (*other.type == Type::enumeration && other.field != nullptr)
    remedy = "write one of " + alternatives(words_of(*other.field)) + ", without quotes";
  return mistake(Code::type_mismatch, value.at, message, remedy);
}

std::optional<Mistake> Typing::money(const Operand& left, const Operand& right) const {
  const auto currency = [&](const Operand& operand) {
    if (operand.constant) return nodes_[operand.node].value.currency;
    const bool own = operand.field != nullptr && !operand.field->currency.empty();
    return own ? operand.field->currency : scope_.currency;
  };
  const Currency a = currency(left);
  const Currency b = currency(right);
  if (a.empty() || b.empty() || a == b) return std::nullopt;
  const Operand& literal = right.constant ? right : left;
  const Currency other = right.constant ? a : b;
  return mistake(Code::currency_mismatch, literal.at,
                 fmt::format("{} cannot be compared with {}", a.view(), b.view()),
                 fmt::format("write the amount in {}", other.view()));
}

/// A date beside a time means the moment at which it begins in the site's zone. Only two
/// comparisons then say what they seem to say.
std::optional<Mistake> Typing::time_and_date(Op op, Operand& time, Operand& date, bool reversed) {
  Node& node = nodes_[date.node];
  if (!date.constant) return mismatch(time, date);
  const Op seen = !reversed                 ? op
                  : op == Op::less_equal    ? Op::greater_equal
                  : op == Op::greater       ? Op::less
                  : op == Op::greater_equal ? Op::less_equal
                  : op == Op::less          ? Op::greater
                                            : op;
  if (seen != Op::greater_equal && seen != Op::less)
    return mistake(
        Code::type_mismatch, date.at,
        "a time and a whole day are compared in a way that could mean two things",
        fmt::format("write `>= {0}` (from its beginning) or `< {0}` (before it)", node.text));
  node.value = Cell::of(to_ms(scope_.zone.start_of(*parse_date(node.text))));
  node.type = Type::time;
  date.type = Type::time;
  return std::nullopt;
}

std::optional<Mistake> Typing::compare(Op op, Operand& left, Operand& right) {
  if (left.bare_word && right.bare_word) {
    const Mistake first = stray_word(left);
    left.type = right.type = std::nullopt;
    return first;
  }
  if (left.bare_word)
    if (auto wrong = resolve_word(left, right)) return wrong;
  if (right.bare_word)
    if (auto wrong = resolve_word(right, left)) return wrong;
  if (!left.type || !right.type) return std::nullopt;
  if (*left.type == Type::time && *right.type == Type::date)
    return time_and_date(op, left, right, false);
  if (*left.type == Type::date && *right.type == Type::time)
    return time_and_date(op, right, left, true);
  if (*left.type != *right.type) return mismatch(left, right);
  if (*left.type == Type::money)
    if (auto wrong = money(left, right)) return wrong;
  if (*left.type == Type::enumeration && left.field && right.field &&
      left.field->words != right.field->words)
    return mistake(Code::type_mismatch, right.at, "these two fields have different words",
                   "compare each with a word of its own");
  if (is_order(op) && !has_order(*left.type))
    return mistake(Code::type_mismatch, left.at,
                   fmt::format("{} is neither more nor less than another", name_of(*left.type)),
                   "write `=`, `!=` or `in [...]`");
  return std::nullopt;
}

std::optional<Mistake> Typing::needs_time(const Operand& operand, std::string_view what) const {
  if (operand.bare_word) return stray_word(operand);
  if (!operand.type || *operand.type == Type::time || *operand.type == Type::date)
    return std::nullopt;
  return mistake(Code::type_mismatch, operand.at,
                 fmt::format("`{}` needs a time, and this is {}", what, name_of(*operand.type)),
                 fmt::format("write a field with a time in front of `{}`", what));
}

std::optional<Mistake> Typing::needs_field(const Operand& operand) const {
  if (operand.bare_word) return stray_word(operand);
  if (!operand.type || operand.field != nullptr) return std::nullopt;
  return mistake(Code::type_mismatch, operand.at, "only a field can be empty",
                 "write a field, such as `customer.city is empty`");
}

std::optional<Mistake> Typing::needs_condition(Operand& operand) const {
  if (operand.bare_word) {
    operand.type.reset();
    return stray_word(operand);
  }
  if (!operand.type || *operand.type == Type::boolean) return std::nullopt;
  const bool field = operand.field != nullptr;
  std::string remedy = fmt::format("compare it with a value, such as `customer.orders_count > {}`",
                                   is_plain_number(text_of(operand)) ? text_of(operand) : "0");
  if (field && *operand.type == Type::number)
    remedy = fmt::format("compare it with a value: `{} > 0`", text_of(operand));
  if (field && *operand.type != Type::number)
    remedy = fmt::format("compare it with a value, or write `{} is not empty`", text_of(operand));
  const auto wrong =
      mistake(Code::not_a_condition, operand.at,
              fmt::format("this is {} and neither true nor false", name_of(*operand.type)), remedy);
  operand.type.reset();
  return wrong;
}

std::optional<Mistake> Typing::contains(Operand& left, Operand& right) {
  if (left.bare_word) return stray_word(left);
  if (right.bare_word && left.type && *left.type == Type::text) return resolve_word(right, left);
  if (right.bare_word) return stray_word(right);
  if (!left.type || !right.type) return std::nullopt;
  if (*left.type != Type::text)
    return mistake(Code::type_mismatch, left.at,
                   fmt::format("`contains` needs text, and this is {}", name_of(*left.type)),
                   "write a field with text in front of `contains`");
  if (*right.type != Type::text) return mismatch(left, right);
  return std::nullopt;
}

}  // namespace retaind::language
