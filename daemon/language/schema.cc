#include "language/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "language/schema_parts.h"

namespace retaind::language {
namespace {

constexpr std::array<std::string_view, schema_count> schema_names{"rule", "site", "story",
                                                                  "mapping", "vocabulary"};

Keys root_of(SchemaOf of) {
  switch (of) {
    case SchemaOf::rule: return Keys::rule;
    case SchemaOf::site: return Keys::site;
    case SchemaOf::story: return Keys::story;
    case SchemaOf::mapping: return Keys::mapping;
    case SchemaOf::vocabulary: return Keys::vocabulary;
  }
  return Keys::rule;
}

template <class Row>
std::vector<EditorName> named_rows(std::span<const Row> rows) {
  std::vector<EditorName> names;
  for (const Row& row : rows) names.push_back({std::string(row.name), std::string(row.about)});
  return names;
}

}  // namespace

std::vector<EditorName> EditorNames::states_of(std::string_view subject) const {
  std::vector<EditorName> found;
  for (const EditorName& state : states)
    if (state.name.starts_with(subject) && state.name[subject.size()] == '.')
      found.push_back({state.name.substr(subject.size() + 1), state.about});
  return found;
}

EditorNames editor_names(const Site* site, std::span<const std::string> templates,
                         std::span<const std::string> rules) {
  EditorNames names;
  if (site != nullptr) names.vocabulary = site->vocabulary;
  for (const EventKind* event : names.vocabulary->events())
    names.events.push_back({std::string(event->name), std::string(event->about)});
  for (const StateKind* state : names.vocabulary->states())
    names.states.push_back({std::string(state->name), std::string(state->about)});
  for (const DateKind& date : date_kinds()) {
    const Field* field = find_field(date.subject, date.column);
    names.dates.push_back(
        {std::string(date.name), fmt::format("{}{}", field == nullptr ? "" : field->about,
                                             date.yearly ? ", every year" : "")});
  }
  for (int i = 0; i < subject_count; ++i) {
    for (const Field* field : names.vocabulary->fields(static_cast<Subject>(i)))
      names.conditions.push_back({condition_on(*field), std::string(field->about)});
  }
  names.templates.assign(templates.begin(), templates.end());
  names.rules.assign(rules.begin(), rules.end());
  if (site == nullptr) return names;
  for (const auto& [name, team] : site->teams) names.teams.push_back(name);
  for (const auto& [name, endpoint] : site->endpoints) names.webhooks.push_back(name);
  for (const auto& [name, calendar] : site->calendars) names.calendars.push_back(name);
  return names;
}

std::string condition_on(const Field& field) {
  std::string name = fmt::format("{}.{}", name_of(field.subject), field.name);
  switch (field.type) {
    case Type::boolean: return name;
    case Type::number: return name + " >= 2";
    case Type::percent: return name + " >= 10%";
    case Type::money:
      return fmt::format("{} >= 50 {}", name,
                         field.currency.empty() ? "EUR" : field.currency.view());
    case Type::text: return name + " = 'a text'";
    case Type::enumeration: return fmt::format("{} = {}", name, split(field.words, '|').front());
    case Type::time: return name + " older than 30 days";
    case Type::date: return name + " is not empty";
    case Type::duration: return name + " >= 2 days";
  }
  return name;
}

std::string_view name_of(SchemaOf of) { return schema_names[static_cast<std::size_t>(of)]; }

std::optional<SchemaOf> find_schema(std::string_view name) {
  const auto found = std::find(schema_names.begin(), schema_names.end(), name);
  if (found == schema_names.end()) return std::nullopt;
  return static_cast<SchemaOf>(found - schema_names.begin());
}

Value json_schema(SchemaOf of, const EditorNames& names) {
  Value schema;
  schema.set("$schema", "http://json-schema.org/draft-07/schema#");
  schema.set("title", fmt::format("retaind {}", name_of(of)));
  const ValueSchemas schemas(names);
  const Value map = schemas.map(root_of(of));
  for (const auto& [key, value] : *map.as_object()) schema.set(key, value);
  if (of == SchemaOf::mapping)
    schema.set("definitions", object_of({{"source", schemas.source_definition()}}));
  return schema;
}

}  // namespace retaind::language
