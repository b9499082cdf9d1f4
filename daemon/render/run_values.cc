#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "render/run.h"

namespace retaind::render {
namespace {

using Kind = Datum::Kind;

std::string_view kind_name(const Datum& datum) {
  switch (datum.kind()) {
    case Kind::undefined:
    case Kind::nil: return "nothing";
    case Kind::boolean: return "true or false";
    case Kind::integer:
    case Kind::real: return "a number";
    case Kind::text: return "a text";
    case Kind::array:
    case Kind::list: return "a list";
    case Kind::range: return "a range";
    default: return "an object";
  }
}

/// What a filter reads of a value.
std::size_t work_of(const Datum& datum) {
  if (datum.is(Kind::text)) return datum.text().size();
  return datum.is(Kind::array) || datum.is(Kind::list) || datum.is(Kind::object)
             ? datum.size() * sizeof(Datum)
             : 1;
}

bool is_unordered(const Datum& datum) { return !datum.is_number() && !datum.is(Kind::text); }

}  // namespace

Datum Run::evaluate(Index index) {
  const Expression& expression = tree_->expressions[index];
  switch (expression.kind) {
    case Expression::Kind::nil: return Datum::nil();
    case Expression::Kind::yes: return Datum::of(true);
    case Expression::Kind::no: return Datum::of(false);
    case Expression::Kind::empty: return Datum::empty();
    case Expression::Kind::blank: return Datum::blank();
    case Expression::Kind::integer: return Datum::of(expression.integer);
    case Expression::Kind::real: return Datum::of(expression.real);
    case Expression::Kind::text: {
      const std::string_view source = tree_->source->text;
      return Datum::of(source.substr(expression.part.first, expression.part.count));
    }
    case Expression::Kind::path: return path(expression);
    case Expression::Kind::range: {
      const Datum low = bracketed(expression.part.first);
      const Datum high = bracketed(expression.part.count);
      return Datum::range(leading_number(low), leading_number(high));
    }
  }
  return {};
}

Datum Run::bracketed(Index index) {
  if (depth_ == max_nesting) {
    const Expression& expression = tree_->expressions[index];
    fail(expression.at, expression.length, too_deep("assign a part of it first"), FaultKind::limit);
    return {};
  }
  ++depth_;
  const Datum value = evaluate(index);
  --depth_;
  return value;
}

Datum Run::variable(std::string_view name) const {
  for (const auto* const list : {&frame_->scoped, &frame_->assigned, &frame_->counters}) {
    for (auto i = list->rbegin(); i != list->rend(); ++i) {
      if (i->name == name) return i->value;
    }
  }
  const Value* const found = frame_->globals->find(name);
  return found == nullptr ? Datum() : Datum::of(*found);
}

Datum Run::special(const Datum& value, std::string_view name) {
  const bool countable = value.is_sequence() || value.is(Kind::object);
  if (name == "size") {
    if (value.is(Kind::text)) {
      std::size_t characters = 0;
      for (const char c : value.text())
        characters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
      return Datum::of(static_cast<std::int64_t>(characters));
    }
    if (value.is(Kind::integer) && setting_.mode == Mode::conformance)
      return Datum::of(std::int64_t{8});
    return countable ? Datum::of(static_cast<std::int64_t>(value.size())) : Datum();
  }
  if (!countable || (name != "first" && name != "last")) return {};
  if (value.size() == 0) return Datum::nil();
  if (value.is(Kind::object)) return name == "first" ? value.member(arena_, 0) : Datum();
  return value.item(name == "first" ? 0 : value.size() - 1);
}

Datum Run::stepped(const Datum& value, const Segment& segment) {
  if (value.is_missing()) return value;
  if (!segment.bracketed) {
    const Datum member = value.member(segment.name);
    return member.is(Kind::undefined) ? special(value, segment.name) : member;
  }
  const Datum key = bracketed(segment.expression);
  if (key.is(Kind::text)) return value.member(key.text());
  if (!key.is(Kind::integer) || !value.is_sequence() || value.is(Kind::range)) return {};
  const auto size = static_cast<std::int64_t>(value.size());
  const std::int64_t index = key.integer() < 0 ? size + key.integer() : key.integer();
  return index < 0 ? Datum() : value.item(static_cast<std::size_t>(index));
}

Datum Run::path(const Expression& expression) {
  const Segment* segment = &tree_->segments[expression.part.first];
  Datum value;
  if (segment->bracketed) {
    const Datum name = bracketed(segment->expression);
    if (name.is(Kind::text)) value = variable(name.text());
  } else {
    value = variable(segment->name);
  }
  for (Index i = 1; i < expression.part.count; ++i) value = stepped(value, *++segment);
  // What failed inside of brackets has been told: looking for it again here, and again at each
  // level around, would double the work with each.
  if (value.is(Kind::undefined) && !lenient_ && !failed_ && setting_.mode == Mode::mail)
    unknown_variable(expression);
  return value;
}

std::vector<std::string_view> Run::names_of(const Expression& expression, Index known) {
  std::vector<std::string_view> names;
  const auto add_members = [&names](const Value& value) {
    if (value.as_object() == nullptr) return;
    for (const auto& [key, member] : *value.as_object()) names.push_back(key);
  };
  if (known == 0) {
    for (const auto* const list : {&frame_->scoped, &frame_->assigned, &frame_->counters}) {
      for (const Named& one : *list) names.push_back(one.name);
    }
    add_members(*frame_->globals);
    return names;
  }
  Datum value = variable(tree_->segments[expression.part.first].name);
  for (Index i = 1; i < known; ++i)
    value = stepped(value, tree_->segments[expression.part.first + i]);
  if (value.is(Kind::object)) add_members(value.value());
  return names;
}

void Run::unknown_variable(const Expression& expression) {
  const std::string_view source = tree_->source->text;
  const std::string_view written = source.substr(expression.at, expression.length);
  // The first segment that leads nowhere gets the suggestion.
  const Segment* const segments = &tree_->segments[expression.part.first];
  Index known = 0;
  Datum value = segments[0].bracketed ? Datum() : variable(segments[0].name);
  while (!value.is(Kind::undefined) && known + 1 < expression.part.count)
    value = stepped(value, segments[++known]);
  std::string message = fmt::format("unknown variable `{}`", written);
  if (!segments[known].bracketed) {
    const auto near = nearest(segments[known].name, names_of(expression, known));
    if (near) message += fmt::format("; did you mean `{}` for `{}`?", *near, segments[known].name);
    // Elsewhere `first_name` alone is the customer's.
    if (const Value* owner = frame_->globals->find("customer");
        !near && known == 0 && owner != nullptr)
      if (owner->find(segments[0].name) != nullptr)
        message += fmt::format("; did you mean `customer.{}`?", segments[0].name);
  }
  if (message.back() != '?') message += "; write `| default: \"…\"` if it may be missing";
  fail(expression.at, expression.length, std::move(message), FaultKind::unknown_variable);
}

Datum Run::piped(const Pipeline& pipeline) {
  const Call* call = pipeline.count == 0 ? nullptr : &tree_->calls[pipeline.first];
  const bool was_lenient = lenient_;
  if (call != nullptr && (call->filter->name == "default" || call->filter->name == "honorific"))
    lenient_ = true;
  Datum value = evaluate(pipeline.expression);
  lenient_ = was_lenient;
  for (Index i = 0; i < pipeline.count && !failed_; ++i, ++call) value = apply(*call, value);
  return value;
}

Datum Run::apply(const Call& call, const Datum& input) {
  std::array<Datum, max_arguments> positional;
  std::array<std::pair<std::string_view, Datum>, max_arguments> named;
  std::size_t positional_count = 0;
  std::size_t named_count = 0;
  for (Index i = call.first; i < call.first + call.count; ++i) {
    const Argument& argument = tree_->arguments[i];
    const Datum value = evaluate(argument.expression);
    if (failed_) return {};
    if (argument.name.empty())
      positional[positional_count++] = value;
    else
      named[named_count++] = {argument.name, value};
  }
  std::size_t work = work_of(input);
  for (std::size_t i = 0; i < positional_count; ++i) work += work_of(positional[i]);
  if (work > Arena::limit) {
    fail(call.at, call.length,
         fmt::format("`{}` gets a value of more than 32 MB; shorten it", call.filter->name),
         FaultKind::limit);
    return {};
  }
  if (!spend(work, call.at)) return {};
  const Given given{{positional.data(), positional_count}, {named.data(), named_count}};
  const Datum result = call.filter->apply(scope_, input, given);
  if (!scope_.failure.empty())
    fail(call.at, call.length, fmt::format("`{}`: {}", call.filter->name, scope_.failure));
  return result;
}

bool Run::holds(const Condition& condition) {
  const bool was_lenient = std::exchange(lenient_, true);
  bool result = false;
  for (const Test* test = &tree_->tests[condition.first]; !failed_; ++test) {
    result = holds(*test);
    // Right-associative without precedence: what is left decides alone, or the rest does.
    if (test->joint == Test::Joint::last) break;
    if (result == (test->joint == Test::Joint::or_)) break;
  }
  lenient_ = was_lenient;
  return result && !failed_;
}

bool Run::holds(const Test& test) {
  const Datum left = evaluate(test.left);
  if (test.op == Test::Operator::truth) return left.truthy();
  const Datum right = evaluate(test.right);
  switch (test.op) {
    case Test::Operator::equal: return equal(left, right);
    case Test::Operator::not_equal: return !equal(left, right);
    case Test::Operator::contains:
      if (!spend(work_of(left), tree_->expressions[test.left].at)) return false;
      return contains(left, right, arena_);
    default: break;
  }
  if (is_unordered(left) || is_unordered(right)) return false;
  const auto order = compare(left, right);
  if (!order) {
    const Expression& expression = tree_->expressions[test.left];
    fail(expression.at, expression.length,
         fmt::format("{} and {} cannot be compared; use `| plus: 0` on a text that holds a number",
                     kind_name(left), kind_name(right)));
    return false;
  }
  switch (test.op) {
    case Test::Operator::less: return *order < 0;
    case Test::Operator::less_equal: return *order <= 0;
    case Test::Operator::greater: return *order > 0;
    default: return *order >= 0;
  }
}

}  // namespace retaind::render
