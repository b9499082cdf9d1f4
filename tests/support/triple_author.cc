#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "language/typing.h"
#include "language/words.h"
#include "support/triples.h"

// Random conditions with a wanted operator and type, written as the rule language writes them.
namespace triples {
namespace {

using retaind::Derivation;
using retaind::language::FoldRow;
using retaind::language::OperatorRow;

struct Length {
  const char* text;
  Span span;
};
const std::vector<Length>& lengths() {
  using namespace std::chrono_literals;
  static const std::vector<Length> all{
      {"30 minutes", {0, 0, 30min, false}}, {"1 hour", {0, 0, 1h, false}},
      {"47 hours", {0, 0, 47h, false}},     {"48 hours", {0, 0, 48h, false}},
      {"1 day", {0, 1, 0ms, false}},        {"2 days", {0, 2, 0ms, false}},
      {"2 weeks", {0, 14, 0ms, false}},     {"1 month", {1, 0, 0ms, false}},
      {"90 days", {0, 90, 0ms, false}},     {"1 year", {12, 0, 0ms, false}}};
  return all;
}

bool is_order(Op op) {
  return op == Op::less || op == Op::less_equal || op == Op::greater || op == Op::greater_equal;
}
bool is_comparison(Op op) { return is_order(op) || op == Op::equal || op == Op::not_equal; }

Term constant_of(Type type, std::string text, Known value) {
  Term term;
  term.type = type;
  term.text = std::move(text);
  term.value = std::move(value);
  return term;
}

Term joined(Op op, std::vector<Term> parts) {
  Term term;
  term.op = op;
  term.parts = std::move(parts);
  return term;
}

std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("''") : std::string(1, c);
  return result + "'";
}

int binding(const Term& term) {
  if (term.parenthesised) return 5;
  switch (term.op) {
    case Op::either: return 1;
    case Op::both: return 2;
    case Op::negation: return 3;
    case Op::constant:
    case Op::field:
    case Op::now:
    case Op::aggregate: return 5;
    default: return 4;
  }
}

std::string at_least(const Term& term, int wanted) {
  const std::string text = written(term);
  return binding(term) < wanted ? "(" + text + ")" : text;
}

std::string plain(const Term& term) {
  const auto part = [&](std::size_t i) { return at_least(term.parts[i], 5); };
  switch (term.op) {
    case Op::constant: return term.text;
    case Op::now: return "now";
    case Op::field:
      return fmt::format("{}.{}", retaind::name_of(term.field->subject), term.field->name);
    case Op::aggregate: {
      std::string text = fmt::format("{}({}", name_of(term.fold), term.relation->name);
      if (term.field != nullptr) text += fmt::format(".{}", term.field->name);
      return text + (term.parts.empty() ? "" : " where " + written(term.parts[0])) + ")";
    }
    case Op::both:
    case Op::either: {
      std::string text;
      for (const Term& each : term.parts)
        text += (text.empty() ? "" : " " + name_of(term.op) + " ") +
                at_least(each, term.op == Op::both ? 3 : 2);
      return text;
    }
    case Op::negation: return "not " + at_least(term.parts[0], 4);
    case Op::in:
    case Op::not_in: {
      std::string text;
      for (std::size_t i = 1; i < term.parts.size(); ++i) text += (i > 1 ? ", " : "") + part(i);
      return part(0) + " " + name_of(term.op) + " [" + text + "]";
    }
    case Op::older_than:
    case Op::within_last:
    case Op::within_next: return part(0) + " " + name_of(term.op) + " " + term.text;
    case Op::is_empty:
    case Op::is_not_empty: return part(0) + " " + name_of(term.op);
    default: return part(0) + " " + name_of(term.op) + " " + part(1);
  }
}

}  // namespace

std::string name_of(Op op) {
  for (const OperatorRow& row : retaind::language::operators())
    if (row.op == op) return std::string(row.written);
  return "";
}
std::string name_of(Fold fold) {
  for (const FoldRow& row : retaind::language::folds())
    if (row.fold == fold) return std::string(row.name);
  return "";
}
std::string name_of(Type type) { return std::string(retaind::type_word(type)); }

std::string written(const Term& term) {
  return term.parenthesised ? "(" + plain(term) + ")" : plain(term);
}

std::string Sentence::rule() const {
  // In double quotes YAML says what the condition says; nothing in it has to be escaped.
  return fmt::format(
      "rule: tried\npurpose: {}\nstatus: live\nwhen:\n{}{}:\n  - \"{}\"\nthen:\n  - webhook: "
      "desk\n{}",
      internal ? "internal" : "transactional", when, key, written(line),
      customer_zone ? "timezone: customer\n" : "");
}

std::vector<const Field*> Author::fields(const Reach& reach, Type type) const {
  const retaind::Vocabulary& words = *world_->site.vocabulary;
  std::vector<const Field*> found;
  for (const Subject subject : reach.subjects)
    for (const Field* field : words.fields(subject)) {
      const bool here = subject != Subject::event || reach.inside != nullptr ||
                        words.has_property(reach.event, *field);
      if (field->type == type && here) found.push_back(field);
    }
  return found;
}

Term Author::field_term(const Field& field) const {
  Term term;
  term.op = Op::field;
  term.type = field.type;
  term.field = &field;
  return term;
}

std::optional<Term> Author::field(const Reach& reach, Type type) {
  auto found = fields(reach, type);
  if (found.empty()) return std::nullopt;
  // The row's own rather than its customer's, and a site's own as often as a shipped one.
  std::vector<const Field*> own;
  for (const Field* each : found)
    if (each->derivation == Derivation::attribute) own.push_back(each);
  if (!own.empty() && one_in(3)) found = own;
  return field_term(*any(found));
}

std::optional<Term> Author::value(const Reach& reach, Type type) {
  if (type == Type::time && one_in(8)) {
    Term now;
    now.op = Op::now;
    now.type = Type::time;
    return now;
  }
  if (reach.inside == nullptr && one_in(6))
    if (auto made = aggregate(reach, std::nullopt, type)) return made;
  if (type == Type::boolean && one_in(6)) {
    Term inner = any_test(reach);
    inner.parenthesised = true;
    return inner;
  }
  return field(reach, type);
}

std::optional<Term> Author::aggregate(const Reach& reach, std::optional<Fold> fold, Type type) {
  Term term;
  term.op = Op::aggregate;
  term.type = type;
  if (!fold) {
    const auto folds = retaind::language::folds();
    fold = folds[rng_->below(folds.size())].fold;
  }
  term.fold = *fold;
  const auto relations = retaind::relations();
  term.relation = &relations[rng_->below(relations.size())];
  const bool amount = type == Type::number || type == Type::money;
  const bool ordered = amount || type == Type::time || type == Type::date;
  const bool extreme = *fold == Fold::max || *fold == Fold::min;
  if (*fold == Fold::count ? type != Type::number : !(extreme ? ordered : amount))
    return std::nullopt;
  Reach inner = reach;
  inner.inside = term.relation;
  if (*fold != Fold::count) {
    const auto found = fields({{term.relation->of}, {}, term.relation, false}, type);
    if (found.empty()) return std::nullopt;
    term.field = any(found);
  }
  for (const Subject subject : {term.relation->of, Subject::order})
    if (subject == term.relation->of || term.relation->of == Subject::item)
      if (std::find(inner.subjects.begin(), inner.subjects.end(), subject) == inner.subjects.end())
        inner.subjects.push_back(subject);
  if (!one_in(3)) term.parts.push_back(any_test(inner));
  return term;
}

Term Author::date() {
  const Time moment =
      one_in(2) ? (one_in(2) ? world_->gap : world_->doubled) : any(world_->moments);
  const LocalDate date = world_->site.zone.date_of(moment);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return constant_of(Type::date, text, Known::of(text));
}

std::optional<Known> Author::stored(const Field& field) {
  const std::vector<Row>& rows = world_->of(field.subject);
  for (int i = 0; i < 4; ++i) {
    const Row& row = rows[rng_->below(rows.size())];
    if (row.at(field.column).is_known() && field.derivation != Derivation::attribute)
      return row.at(field.column);
  }
  return std::nullopt;
}

std::optional<Term> Author::constant(const Term& beside) {
  const auto known = beside.op == Op::field && !one_in(4) ? stored(*beside.field) : std::nullopt;
  switch (beside.type) {
    case Type::boolean: {
      const bool yes = one_in(2);
      return constant_of(Type::boolean, yes ? "true" : "false", Known::of(yes ? 1.0 : 0.0));
    }
    case Type::number: {
      static const std::vector<double> numbers{0, 1, 2, 3, 30, 2.5, -1, 5};
      const double number = known ? known->number : any(numbers);
      return constant_of(Type::number, fmt::format("{}", number), Known::of(number));
    }
    case Type::percent: {
      static const std::vector<double> numbers{0, 10, 12.5, 50};
      const double number = any(numbers);
      return constant_of(Type::percent, fmt::format("{}%", number), Known::of(number));
    }
    case Type::money: {
      const std::int64_t minor =
          known ? static_cast<std::int64_t>(known->number)
                : any(std::vector<std::int64_t>{0, 500, 1250, 2500, 5000, 7500, 10000, 20000});
      const bool dollars = beside.field != nullptr && !beside.field->currency.empty();
      const auto currency = dollars ? beside.field->currency : world_->site.currency;
      Known value = Known::of(static_cast<double>(minor));
      value.currency = std::string(currency.view());
      return constant_of(Type::money,
                         fmt::format("{} {}", retaind::decimal({minor, currency}), currency.view()),
                         value);
    }
    case Type::text: {
      static const std::vector<std::string> texts{"Bonn", "Köln", "St. John's", "nps", "web",
                                                  "it's", "DE",   "login",      "n",   "o",
                                                  "",     "X1",   "Anna",       "pro"};
      const std::string text = known ? known->text : any(texts);
      return constant_of(Type::text, in_quotes(text), Known::of(text));
    }
    case Type::enumeration: {
      if (beside.field == nullptr) return std::nullopt;
      const std::string word =
          known ? known->text : std::string(any(retaind::language::words_of(*beside.field)));
      return constant_of(Type::enumeration, word, Known::of(word));
    }
    case Type::time:
    case Type::date: return date();
    case Type::duration: break;
  }
  return std::nullopt;
}

/// The other side of a comparison, or a value of a list.
std::optional<Term> Author::other(const Reach& reach, const Term& beside, Op op, bool reversed) {
  const bool plain = one_in(3);
  if (beside.type == Type::time) {
    const bool may_be_date = op == (reversed ? Op::less_equal : Op::greater_equal) ||
                             op == (reversed ? Op::greater : Op::less);
    if (may_be_date && beside.op != Op::now && !plain) return date();
    return value(reach, Type::time);
  }
  if (beside.op == Op::constant || plain) {
    auto found = value(reach, beside.type);
    if (!found) return std::nullopt;
    const auto words = [](const Term& term) {
      return term.field == nullptr ? "" : term.field->words;
    };
    const bool alike = beside.type != Type::enumeration || (words(*found) == words(beside));
    const auto currency = [](const Term& term) {
      return term.field == nullptr ? retaind::Currency{} : term.field->currency;
    };
    const bool same_money = beside.type != Type::money || currency(*found) == currency(beside);
    if (alike && same_money) return found;
    if (beside.op == Op::constant) return std::nullopt;
  }
  return constant(beside);
}

std::optional<Term> Author::compare(const Reach& reach, Op op, Term left) {
  auto right = other(reach, left, op, false);
  if (!right) return std::nullopt;
  Term term = joined(op, {std::move(left), *std::move(right)});
  // The same, with the value first.
  if (term.parts[1].op == Op::constant && one_in(4)) {
    std::swap(term.parts[0], term.parts[1]);
    term.op = op == Op::less            ? Op::greater
              : op == Op::greater       ? Op::less
              : op == Op::less_equal    ? Op::greater_equal
              : op == Op::greater_equal ? Op::less_equal
                                        : op;
  }
  return term;
}

std::optional<Term> Author::test(const Reach& reach, Op op, Type type) {
  if (is_order(op) && (type == Type::boolean || type == Type::text || type == Type::enumeration))
    return std::nullopt;
  if (is_comparison(op)) {
    auto left = value(reach, type);
    return left ? compare(reach, op, *std::move(left)) : std::nullopt;
  }
  switch (op) {
    case Op::in:
    case Op::not_in: {
      auto wanted = value(reach, type);
      if (!wanted) return std::nullopt;
      Term term = joined(op, {*std::move(wanted)});
      for (std::uint64_t i = 0; i <= rng_->below(4); ++i) {
        // A list has no words for a time but other times.
        auto element =
            type == Type::time ? field(reach, type) : other(reach, term.parts[0], Op::equal, false);
        if (!element) return std::nullopt;
        term.parts.push_back(*std::move(element));
      }
      return term;
    }
    case Op::older_than:
    case Op::within_last:
    case Op::within_next: {
      if (type != Type::time && type != Type::date) return std::nullopt;
      auto at = value(reach, type);
      if (!at) return std::nullopt;
      Term term = joined(op, {*std::move(at)});
      const Length& length = any(lengths());
      term.text = length.text;
      term.span = length.span;
      return term;
    }
    case Op::is_empty:
    case Op::is_not_empty: {
      auto found = field(reach, type);
      if (!found) return std::nullopt;
      return joined(op, {*std::move(found)});
    }
    case Op::contains: {
      if (type != Type::text) return std::nullopt;
      auto text = field(reach, type);
      if (!text) return std::nullopt;
      auto part = one_in(3) ? *field(reach, type) : *constant(*text);
      if (one_in(8)) std::swap(*text, part);
      return joined(op, {*std::move(text), std::move(part)});
    }
    case Op::both:
    case Op::either: {
      if (type != Type::boolean) return std::nullopt;
      Term term = joined(op, {any_test(reach), any_test(reach)});
      if (one_in(3)) term.parts.push_back(any_test(reach));
      return term;
    }
    case Op::negation:
      if (type != Type::boolean) return std::nullopt;
      return joined(op, {any_test(reach)});
    case Op::now: {
      if (type != Type::time) return std::nullopt;
      Term now;
      now.op = Op::now;
      now.type = type;
      return compare(reach, any(std::vector<Op>{Op::less, Op::greater_equal, Op::equal}), now);
    }
    default: return std::nullopt;
  }
}

Term Author::any_test(const Reach& reach) {
  const auto rows = retaind::language::operators();
  for (int i = 0; i < 40; ++i) {
    if (one_in(5))
      if (auto flag = field(reach, Type::boolean)) return *std::move(flag);
    const Op op = rows[rng_->below(rows.size())].op;
    if ((op == Op::both || op == Op::either || op == Op::negation) && !one_in(3)) continue;
    const auto types = retaind::language::types();
    if (auto found = test(reach, op, types[rng_->below(types.size())].type))
      return *std::move(found);
  }
  return joined(Op::is_not_empty, {field_term(*any(fields(reach, Type::text)))});
}

std::optional<Term> Author::indexed_test(const Reach& reach) {
  std::vector<const Field*> found;
  for (const Field* field : fields(reach, Type::time))
    for (const retaind::StateAnchor& anchor : retaind::state_anchors())
      if (anchor.subject == reach.subjects[0] && field->subject == anchor.subject &&
          field->column == anchor.column)
        found.push_back(field);
  if (found.empty()) return std::nullopt;
  static const std::vector<Op> ops{Op::older_than,    Op::within_last, Op::within_next,
                                   Op::less,          Op::less_equal,  Op::greater,
                                   Op::greater_equal, Op::is_not_empty};
  const Op op = any(ops);
  if (op == Op::is_not_empty) return joined(op, {field_term(*any(found))});
  if (is_order(op)) {
    Term now;
    now.op = Op::now;
    now.type = Type::time;
    const bool day = (op == Op::less || op == Op::greater_equal) && one_in(2);
    Term test = joined(op, {field_term(*any(found)), day ? date() : now});
    if (!day && one_in(2)) std::swap(test.parts[0], test.parts[1]);
    return test;
  }
  Term test = joined(op, {field_term(*any(found))});
  const Length& length = any(lengths());
  test.text = length.text;
  test.span = length.span;
  return test;
}

/// Half of the time among others; of a pass mostly beside what an index serves.
Term Author::wrapped(const Reach& reach, Term inner) {
  if (reach.each && !one_in(4)) {
    if (auto served = indexed_test(reach)) {
      std::vector<Term> both{*std::move(served), std::move(inner)};
      if (one_in(2)) std::swap(both[0], both[1]);
      return joined(Op::both, std::move(both));
    }
  }
  if (one_in(8)) inner.parenthesised = true;
  switch (rng_->below(8)) {
    case 0: return joined(Op::both, {std::move(inner), any_test(reach)});
    case 1:
    case 4: return joined(Op::either, {any_test(reach), std::move(inner)});
    case 2: return joined(Op::negation, {std::move(inner)});
    case 3:
      return joined(Op::both,
                    {any_test(reach), joined(Op::either, {std::move(inner), any_test(reach)})});
    default: return inner;
  }
}

/// One of all triggers, by the tables.
Sentence Author::about_something() {
  const retaind::Vocabulary& words = *world_->site.vocabulary;
  Sentence made;
  std::string name;
  switch (rng_->below(5)) {
    case 4: {
      const std::string_view subject = any(retaind::language::words::each);
      made.subject = *retaind::find_subject(subject);
      made.when = fmt::format("  every: day\n  at: 10:00\n  each: {}\n", subject);
      made.each = true;
      break;
    }
    case 0: {
      const auto* state = any(words.states());
      made.subject = state->subject;
      made.when = fmt::format("  {}: {}\n", retaind::name_of(state->subject),
                              state->name.substr(state->name.find('.') + 1));
      if (one_in(2)) made.when += fmt::format("  for: {}\n", any(lengths()).text);
      break;
    }
    case 1: {
      const auto& date = any(retaind::date_kinds());
      made.subject = date.subject;
      made.when = fmt::format("  date: {}\n", date.name) + (date.yearly ? "  at: 00:00\n" : "");
      if (!date.yearly && one_in(2))
        made.when += fmt::format("  before: {}\n", any(lengths()).text);
      break;
    }
    default: {
      const auto* event = any(words.events());
      made.subject = event->subject;
      if (event->subject == Subject::event) made.event = std::string(event->name);
      made.when = fmt::format("  event: {}\n", event->name);
      if (one_in(3)) made.when += fmt::format("  after: {}\n", any(lengths()).text);
      break;
    }
  }
  made.key = any(std::vector<std::string>{"if", "if", "unless", "stop-if", "hold-while"});
  if (made.each && !one_in(4)) made.key = "if";
  made.internal = one_in(4);
  made.customer_zone = !made.each && one_in(6);
  return made;
}

std::optional<Sentence> Author::sentence(Op op, Type type) {
  Sentence made = about_something();
  const Reach reach{{made.subject, Subject::customer}, made.event, nullptr, made.each};
  auto found = test(reach, op, type);
  if (!found) return std::nullopt;
  made.line = wrapped(reach, *std::move(found));
  return made;
}

Time Author::edge(const Sentence& sentence) {
  std::vector<const Term*> open{&sentence.line}, clocks;
  while (!open.empty()) {
    const Term* term = open.back();
    open.pop_back();
    for (const Term& part : term->parts) open.push_back(&part);
    const bool clock =
        !term->parts.empty() && term->parts[0].op == Op::field && term->parts[0].type == Type::time;
    if (clock && (!term->span.is_zero() || is_order(term->op))) clocks.push_back(term);
  }
  if (clocks.empty()) return world_->look(*rng_);
  const Term& term = *any(clocks);
  const auto value = stored(*term.parts[0].field);
  if (!value) return world_->look(*rng_);
  const Span span = term.op == Op::within_next ? term.span.negated() : term.span;
  return world_->site.zone.add(retaind::from_ms(static_cast<std::int64_t>(value->number)), span) +
         Duration{static_cast<std::int64_t>(rng_->below(3)) - 1};
}

void Author::tilt(Sentence& sentence, Time now) {
  int yes = 0, no = 0;
  for (const Row& row : world_->of(sentence.subject)) {
    const Truth truth = Naive(*world_, now, nullptr).truth(sentence.line, sentence.subject, row);
    yes += truth == Truth::yes ? 1 : 0;
    no += truth == Truth::no ? 1 : 0;
  }
  if (no > yes && !one_in(3)) sentence.line = joined(Op::negation, {std::move(sentence.line)});
}

std::optional<Sentence> Author::sentence(Fold fold, Type type) {
  Sentence made = about_something();
  // Of a ticket the customer may not be known.
  while (made.subject != Subject::ticket && one_in(3)) made = about_something();
  const Reach reach{{made.subject, Subject::customer}, made.event, nullptr, made.each};
  auto folded = aggregate(reach, fold, type);
  if (!folded) return std::nullopt;
  static const std::vector<Op> orders{Op::less, Op::greater_equal, Op::greater, Op::equal};
  auto found = compare(reach, any(orders), *std::move(folded));
  if (!found) return std::nullopt;
  made.line = wrapped(reach, *std::move(found));
  return made;
}

std::vector<Term> smaller(const Term& term) {
  std::vector<Term> found;
  const bool combines = term.op == Op::both || term.op == Op::either || term.op == Op::negation;
  if (combines) found.insert(found.end(), term.parts.begin(), term.parts.end());
  const bool list = term.op == Op::in || term.op == Op::not_in;
  const std::size_t first = list ? 1 : 0;
  const std::size_t fewest = list                                  ? 2
                             : combines && term.op != Op::negation ? 2
                             : term.op == Op::aggregate            ? 0
                                                                   : 99;
  if (term.parts.size() > fewest)
    for (std::size_t i = first; i < term.parts.size(); ++i) {
      Term less = term;
      less.parts.erase(less.parts.begin() + static_cast<std::ptrdiff_t>(i));
      found.push_back(std::move(less));
    }
  for (std::size_t i = 0; i < term.parts.size(); ++i)
    for (Term& part : smaller(term.parts[i])) {
      if (term.parts[i].type != part.type) continue;
      Term less = term;
      less.parts[i] = std::move(part);
      found.push_back(std::move(less));
    }
  if (term.parenthesised) {
    found.push_back(term);
    found.back().parenthesised = false;
  }
  return found;
}

}  // namespace triples
