#include "replay/story_facts.h"

#include <algorithm>

#include "base/value.h"
#include "store/row_mapper.h"

namespace retaind::replay {
namespace {

using language::StoryFact;
using language::StoryPerson;
using language::StoryValue;

Result<void> done(const Result<store::Written>& written) {
  if (!written) return written.error();
  return {};
}

std::string text_of(const StoryFact& fact, std::string_view field, std::string_view otherwise) {
  const StoryValue* value = fact.find(field);
  return value == nullptr ? std::string(otherwise) : value->text;
}

std::optional<Time> time_of(const StoryFact& fact, std::string_view field) {
  const StoryValue* value = fact.find(field);
  if (value == nullptr) return std::nullopt;
  return from_ms(value->value.integer);
}

}  // namespace

const StoryPerson* StoryFacts::person(std::string_view name) const {
  const auto found = std::find_if(story_->people.begin(), story_->people.end(),
                                  [&](const StoryPerson& p) { return p.name == name; });
  return found == story_->people.end() ? nullptr : &*found;
}

std::string_view StoryFacts::key_of(std::string_view name) const {
  const StoryPerson* known = person(name);
  return known == nullptr ? name : std::string_view(known->fact.key);
}

Result<void> StoryFacts::put_people(Time now) {
  facts_.set_now(now);
  for (const StoryPerson& one : story_->people) {
    if (auto written = put_row(one.fact); !written) return written.error().in(one.name);
    for (const std::string& purpose : one.consent) {
      ConsentFact consent;
      consent.customer = one.fact.key;
      consent.purpose = purpose;
      consent.granted = true;
      consent.at = now;
      consent.source = "story";
      if (auto written = facts_.put(consent); !written) return written.error().in(one.name);
    }
  }
  return {};
}

Result<void> StoryFacts::put(const StoryFact& fact) {
  if (fact.kind == ImportKind::consent) return put_consent(fact);
  if (fact.kind == ImportKind::suppression) return put_suppression(fact);
  return put_row(fact);
}

Result<void> StoryFacts::put_row(const StoryFact& fact) {
  store::Row row(subject_of(fact.kind));
  const bool customer = fact.kind == ImportKind::customers;
  row.set("key", Cell::of(customer ? key_of(fact.key) : std::string_view(fact.key)));
  for (const StoryValue& value : fact.values) {
    const std::string_view name = value.field->name;
    Cell cell = value.value;
    if (cell.kind == Cell::Kind::text) cell.text = value.text;
    if (value.field->type == ImportType::reference) {
      (name == "customer" ? row.customer
       : name == "order"  ? row.order
                          : row.ticket) =
          name == "customer" ? key_of(value.text) : std::string_view(value.text);
      cell = Cell{};
    }
    row.set(value.field->column, cell);
    if (!value.currency.empty() && !row.has("currency") &&
        store::column_index(row.subject, "currency") >= 0)
      row.set("currency", Cell::of(value.currency.view()));
  }
  std::string attributes;
  if (!fact.attributes.empty()) {
    // A line says what changes, and the store replaces the whole.
    Value& all = attributes_[{fact.kind, std::string(row.cell("key").text)}];
    for (const auto& [name, value] : fact.attributes) all.set(name, value);
    attributes = to_json(all);
    row.set("attributes", Cell::of(std::string_view(attributes)));
  }
  return done(facts_.put(row));
}

Result<void> StoryFacts::put_consent(const StoryFact& fact) {
  ConsentFact consent;
  consent.customer = key_of(fact.key);
  consent.purpose = text_of(fact, "purpose", "");
  consent.granted = fact.find("granted")->value.integer != 0;
  consent.at = *time_of(fact, "at");
  consent.expires_at = time_of(fact, "expires_at");
  consent.basis = text_of(fact, "basis", "");
  consent.source = text_of(fact, "source", "story");
  consent.text_version = text_of(fact, "text_version", "");
  return done(facts_.put(consent));
}

Result<void> StoryFacts::put_suppression(const StoryFact& fact) {
  SuppressionFact suppression;
  suppression.email = text_of(fact, "email", "");
  if (const StoryPerson* whom = person(fact.key); suppression.email.empty() && whom != nullptr)
    suppression.email = text_of(whom->fact, "email", "");
  suppression.scope = text_of(fact, "scope", "all");
  suppression.cause = text_of(fact, "cause", "");
  suppression.source = text_of(fact, "source", "story");
  suppression.at = *time_of(fact, "at");
  suppression.lifted_at = time_of(fact, "lifted_at");
  return done(facts_.put(suppression));
}

}  // namespace retaind::replay
