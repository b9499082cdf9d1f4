#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "base/value.h"
#include "support/triples.h"

// What a condition is worth, from plain columns. It looks at every part, where the daemon stops at
// the first that decides, so that it can tell which parts were unknown.
namespace triples {
namespace {

using retaind::Derivation;

Truth is(bool value) { return value ? Truth::yes : Truth::no; }
Truth turned(Truth truth) { return truth == Truth::unknown ? truth : is(truth == Truth::no); }

/// -1, 0, 1; empty: nobody can say.
std::optional<int> order(const Known& a, const Known& b) {
  if (!a.is_known() || !b.is_known() || a.kind != b.kind) return std::nullopt;
  const auto no_money = [](const Known& known) {
    return known.currency.empty() && known.number == 0;
  };
  if (a.kind == Known::Kind::number && a.currency != b.currency && !no_money(a) && !no_money(b))
    return std::nullopt;
  if (a.kind == Known::Kind::text) return a.text < b.text ? -1 : a.text == b.text ? 0 : 1;
  return a.number < b.number ? -1 : a.number == b.number ? 0 : 1;
}

std::optional<double> number_in(std::string text) {
  if (text.empty() || text.front() == ' ' || text.front() == '+') return std::nullopt;
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  return end == text.c_str() + text.size() ? std::optional(number) : std::nullopt;
}

Known fitting(std::optional<double> number, std::string currency = {}) {
  Known known;
  known.kind = number ? Known::Kind::number : Known::Kind::unfit;
  known.number = number.value_or(0);
  known.currency = number ? std::move(currency) : "";
  return known;
}

/// The value of an attribute, whose text is `text`.
Known fitted(const Field& field, const std::string& text, const Zone& zone) {
  switch (field.type) {
    case Type::boolean:
      if (text == "true" || text == "yes" || text == "1") return Known::of(1.0);
      return text == "false" || text == "no" || text == "0" ? Known::of(0.0)
                                                            : fitting(std::nullopt);
    case Type::number: return fitting(number_in(text));
    case Type::percent: {
      std::string number = text;
      if (number.ends_with('%')) number.pop_back();
      while (number.ends_with(' ')) number.pop_back();
      return fitting(number_in(number));
    }
    case Type::money: {
      const std::size_t space = text.find(' ');
      const auto number = number_in(text.substr(0, space));
      std::string currency =
          space == std::string::npos ? std::string(field.currency.view()) : text.substr(space + 1);
      if (!number || currency.size() != 3) return fitting(std::nullopt);
      return fitting(*number * 100, std::move(currency));
    }
    case Type::text: return Known::of(text);
    case Type::enumeration: {
      const std::string all = "|" + std::string(field.words) + "|";
      return all.find("|" + text + "|") != std::string::npos ? Known::of(text)
                                                             : fitting(std::nullopt);
    }
    case Type::time: {
      const auto time = retaind::parse_time(text, zone);
      return fitting(time ? std::optional(static_cast<double>(retaind::to_ms(*time)))
                          : std::nullopt);
    }
    case Type::date: return retaind::parse_date(text) ? Known::of(text) : fitting(std::nullopt);
    case Type::duration: break;
  }
  return {};
}

std::string shown(const Known& known) {
  switch (known.kind) {
    case Known::Kind::nothing: return "nothing";
    case Known::Kind::unfit: return "what does not fit";
    case Known::Kind::text: return "'" + known.text + "'";
    case Known::Kind::number: break;
  }
  return fmt::format("{}{}{}", known.number, known.currency.empty() ? "" : " minor ",
                     known.currency);
}

const char* derivation_name(const Field& field) {
  switch (field.derivation) {
    case Derivation::column: return "column";
    case Derivation::dated_flag: return "dated flag";
    case Derivation::roll_up: return "roll-up";
    case Derivation::attribute: return "attribute";
  }
  return "";
}

}  // namespace

Naive::Place Naive::place_of(Subject subject, const Row& row) const {
  Place place;
  place.subject = subject;
  place.row = &row;
  place.customer =
      subject == Subject::customer ? &row : world_->row(Subject::customer, row.at("customer"));
  return place;
}

Known Naive::read(const Field& field, const Place& place) const {
  note("field: " + std::string(retaind::name_of(field.subject)));
  note(std::string("derivation: ") + derivation_name(field));
  const Row* row = place.subject == field.subject ? place.row : place.customer;
  const Row* paid = row;
  if (place.relation != nullptr && field.subject == place.relation->of) {
    row = place.inner;
    paid = place.inner_order != nullptr ? place.inner_order : row;
  } else if (place.relation != nullptr && place.relation->of == Subject::item &&
             field.subject == Subject::order) {
    row = paid = place.inner_order;
  } else if (place.relation != nullptr) {
    note("production: `where` about what is outside");
  }
  if (row == nullptr) return {};
  if (field.derivation == Derivation::attribute) return member(field, *row);
  Known known = row->at(field.column);
  if (field.derivation == Derivation::dated_flag)
    return Known::of(
        known.is_known() && known.number <= static_cast<double>(retaind::to_ms(now_)) ? 1.0 : 0.0);
  if (field.type == Type::money && known.is_known()) known.currency = paid->at("currency").text;
  return known;
}

Known Naive::member(const Field& field, const Row& row) const {
  const auto object = retaind::parse_json(row.at("attributes").text);
  const retaind::Value* found = object ? object->find(field.name) : nullptr;
  if (found == nullptr || found->is_null()) return {};
  if (const std::string* text = found->as_text()) {
    if (text->empty() && field.type != Type::text) return {};
    return fitted(field, *text, world_->site.zone);
  }
  return fitted(field, retaind::to_json(*found), world_->site.zone);
}

Known Naive::fold(const Term& term, const Place& place) const {
  const std::string name = "aggregate: " + name_of(term.fold);
  note(name);
  note("relation: " + std::string(term.relation->name));
  note("aggregate: " + name_of(term.fold) + " of " + name_of(term.type));
  if (place.customer == nullptr) {
    note("unknown: whose rows " + name_of(term.fold) + " goes over");
    return {};
  }
  const bool items = term.relation->of == Subject::item;
  const bool of_order = items && place.subject == Subject::order;
  std::vector<Known> values;
  bool unknown = false, money_differs = false;
  for (const Row& row : world_->of(term.relation->of)) {
    Place inside = place;
    inside.relation = term.relation;
    inside.inner = &row;
    inside.inner_order = items ? world_->row(Subject::order, row.at("order")) : nullptr;
    const Row& dated = items ? *inside.inner_order : row;
    if (of_order ? dated.id != place.row->id
                 : !dated.at("customer").is_known() ||
                       static_cast<std::int64_t>(dated.at("customer").number) != place.customer->id)
      continue;
    const Known& begins = dated.at(term.relation->begins);
    if (begins.is_known() && begins.number > static_cast<double>(retaind::to_ms(now_))) {
      note("aggregate: a row that is not there yet");
      continue;
    }
    const Truth counts = term.parts.empty() ? Truth::yes : test(term.parts[0], inside);
    if (!term.parts.empty()) note("production: `where`");
    if (counts == Truth::unknown) {
      note("unknown: `where` of " + name_of(term.fold));
      unknown = true;
    }
    if (counts != Truth::yes) continue;
    Known value = term.field == nullptr ? Known::of(1.0) : read(*term.field, inside);
    if (value.is_known()) {
      const bool total = term.fold == Fold::sum || term.fold == Fold::avg;
      for (const Known& other : values)
        money_differs |= total ? other.currency != value.currency : !order(other, value);
      values.push_back(std::move(value));
      continue;
    }
    note("unknown: a value of " + name_of(term.fold));
    unknown |= term.fold == Fold::sum;
  }
  if (unknown) return {};
  if (term.fold == Fold::count) return Known::of(static_cast<double>(values.size()));
  if (values.empty()) {
    note("aggregate: " + name_of(term.fold) + " over nothing");
    // In the currency of what is summed, so that it is comparable with an amount of it.
    Known nothing = Known::of(0.0);
    if (term.type == Type::money)
      nothing.currency = std::string(
          (term.field->currency.empty() ? world_->site.currency : term.field->currency).view());
    return term.fold == Fold::sum ? nothing : Known{};
  }
  if (money_differs) return {};
  const bool least = term.fold == Fold::min;
  if (least || term.fold == Fold::max)
    return *std::max_element(values.begin(), values.end(), [&](const Known& a, const Known& b) {
      return least ? *order(b, a) < 0 : *order(a, b) < 0;
    });
  Known sum = values.front();
  for (std::size_t i = 1; i < values.size(); ++i) sum.number += values[i].number;
  if (term.fold == Fold::avg) sum.number /= static_cast<double>(values.size());
  return sum;
}

Known Naive::value(const Term& term, const Place& place) const {
  note("type: " + name_of(term.type));
  switch (term.op) {
    case Op::constant: return term.value;
    case Op::now:
      note("operator: now");
      return Known::of(static_cast<double>(retaind::to_ms(now_)));
    case Op::field: return read(*term.field, place);
    case Op::aggregate: return fold(term, place);
    default: {
      note("production: a condition as a value");
      const Truth truth = test(term, place);
      return truth == Truth::unknown ? Known{} : Known::of(truth == Truth::yes ? 1.0 : 0.0);
    }
  }
}

std::optional<Time> Naive::instant(const Known& value, Type type) const {
  if (!value.is_known()) return std::nullopt;
  if (type == Type::time) return retaind::from_ms(static_cast<std::int64_t>(value.number));
  return world_->site.zone.start_of(*retaind::parse_date(value.text));
}

void Naive::note_clock(const std::string& name) const {
  using namespace std::chrono_literals;
  const auto near = [&](Time change) { return now_ >= change - 1h && now_ <= change + 1h; };
  if (near(world_->gap)) note("clocks forward: " + name);
  if (near(world_->doubled)) note("clocks back: " + name);
}

Truth Naive::timing(const Term& term, const Place& place) const {
  const Zone& zone = world_->site.zone;
  note("type: " + name_of(Type::duration));
  const auto at = instant(value(term.parts[0], place), term.parts[0].type);
  note_clock(name_of(term.op));
  if (!at) return Truth::unknown;
  const Time back = zone.add(now_, term.span.negated());
  if (term.op == Op::older_than) return is(*at < back);
  if (term.op == Op::within_last) return is(back <= *at && *at <= now_);
  return is(now_ < *at && *at <= zone.add(now_, term.span));
}

Truth Naive::test(const Term& term, const Place& place) const {
  const std::string name = name_of(term.op);
  if (term.parenthesised) note("production: parentheses");
  if (!name.empty()) note("operator: " + name);
  std::vector<Known> values;
  const auto read_parts = [&](const char* first, const char* rest) {
    for (std::size_t i = 0; i < term.parts.size(); ++i) {
      values.push_back(value(term.parts[i], place));
      if (!values.back().is_known())
        note("unknown: " + std::string(i == 0 ? first : rest) + " of " + name);
    }
    note("operator: " + name + " on " + name_of(term.parts[0].type));
    if (term.parts[0].op == Op::constant) note("production: the value first");
    if (term.parts[0].op == Op::field && term.parts.size() > 1 && term.parts[1].op == Op::field)
      note("production: two fields");
  };
  switch (term.op) {
    case Op::both:
    case Op::either: {
      bool unknown = false, decided = false;
      for (std::size_t i = 0; i < term.parts.size(); ++i) {
        const Truth truth = test(term.parts[i], place);
        if (truth == Truth::unknown)
          note("unknown: " + std::string(i == 0 ? "first" : "rest") + " of " + name);
        unknown |= truth == Truth::unknown;
        decided |= truth == (term.op == Op::both ? Truth::no : Truth::yes);
      }
      note("operator: " + name + " on bool");
      if (decided) return is(term.op == Op::either);
      return unknown ? Truth::unknown : is(term.op == Op::both);
    }
    case Op::negation: {
      const Truth truth = test(term.parts[0], place);
      note("operator: " + name + " on bool");
      if (truth == Truth::unknown) note("unknown: first of " + name);
      return turned(truth);
    }
    case Op::in:
    case Op::not_in: {
      read_parts("first", "rest");
      bool found = false, unknown = !values[0].is_known();
      for (std::size_t i = 1; i < values.size(); ++i) {
        const auto same = order(values[0], values[i]);
        unknown |= !same.has_value();
        found |= same == 0;
      }
      const Truth member = found ? Truth::yes : unknown ? Truth::unknown : Truth::no;
      return term.op == Op::in ? member : turned(member);
    }
    case Op::older_than:
    case Op::within_last:
    case Op::within_next: {
      note("operator: " + name + " on " + name_of(term.parts[0].type));
      const Truth truth = timing(term, place);
      if (truth == Truth::unknown) note("unknown: first of " + name);
      return truth;
    }
    case Op::is_empty:
    case Op::is_not_empty: {
      read_parts("first", "rest");
      const bool empty = values[0].kind == Known::Kind::nothing ||
                         (values[0].kind == Known::Kind::text && values[0].text.empty());
      return is(empty == (term.op == Op::is_empty));
    }
    case Op::contains:
      read_parts("first", "rest");
      if (!values[0].is_known() || !values[1].is_known()) return Truth::unknown;
      return is(values[0].text.find(values[1].text) != std::string::npos);
    case Op::constant:
    case Op::field:
    case Op::now:
    case Op::aggregate: {
      const Known known = value(term, place);
      note("production: a yes or no alone");
      return known.is_known() ? is(known.number != 0) : Truth::unknown;
    }
    default: break;
  }
  // A comparison. A date beside a time is the moment at which it begins.
  read_parts("first", "rest");
  for (std::size_t side = 0; side < 2; ++side) {
    const Term& mine = term.parts[side];
    if (mine.type != Type::date || term.parts[1 - side].type != Type::time) continue;
    note("production: a time beside a date");
    if (const auto at = instant(values[side], Type::date))
      values[side] = Known::of(static_cast<double>(retaind::to_ms(*at)));
  }
  if (term.parts[0].op == Op::now || term.parts[1].op == Op::now) note_clock("now");
  const auto found = order(values[0], values[1]);
  if (!found) return Truth::unknown;
  switch (term.op) {
    case Op::equal: return is(*found == 0);
    case Op::not_equal: return is(*found != 0);
    case Op::less: return is(*found < 0);
    case Op::less_equal: return is(*found <= 0);
    case Op::greater: return is(*found > 0);
    case Op::greater_equal: return is(*found >= 0);
    default: std::abort();  // an operator that the second evaluator has to learn first
  }
}

Truth Naive::truth(const Term& term, Subject subject, const Row& row) const {
  return test(term, place_of(subject, row));
}

std::string Naive::values(const Term& term, Subject subject, const Row& row) const {
  std::string text;
  if (term.op == Op::field || term.op == Op::aggregate) {
    const Naive silent(*world_, now_, nullptr);
    const bool inner = term.op == Op::field && term.field->subject != subject &&
                       term.field->subject != Subject::customer;
    if (!inner)
      text += fmt::format("\n  {} = {}", written(term),
                          shown(silent.value(term, place_of(subject, row))));
  }
  if (term.op != Op::aggregate)
    for (const Term& part : term.parts) text += values(part, subject, row);
  return text;
}

void Coverage::note(const std::string& cell) {
  const auto [found, added] = numbers_.try_emplace(cell, counts_.size());
  if (added) {
    counts_.push_back(0);
    seen_.push_back(false);
  }
  seen_[found->second] = true;
}

void Coverage::end(bool yes) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += seen_[i] ? 1 : 0;
  ++triples_;
  yes_ += yes ? 1 : 0;
}

std::size_t Coverage::count(const std::string& cell) const {
  const auto found = numbers_.find(cell);
  return found == numbers_.end() ? 0 : counts_[found->second];
}

std::map<std::string, std::size_t> Coverage::all() const {
  std::map<std::string, std::size_t> found;
  for (const auto& [cell, number] : numbers_) found[cell] = counts_[number];
  return found;
}

}  // namespace triples
