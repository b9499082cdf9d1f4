#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "language/schema_parts.h"
#include "language/story_parts.h"
#include "model/mapping.h"

namespace retaind::language {
namespace {

/// `known`: the same in the vocabulary, when it is there.
Value value_of(const ImportField& field, const Field* known) {
  switch (field.type) {
    case ImportType::time:
      return matching(moment_pattern(), "`day 7`, `day 7 10:00` or `2026-03-09 10:00`");
    case ImportType::date:
      return matching("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "a date, such as `1980-12-31`");
    case ImportType::money:
      return matching("^-?[0-9]+(?:\\.[0-9]+)? +[A-Z]{3}$",
                      "an amount with currency, such as `49 EUR`");
    case ImportType::integer:
      return object_of({{"type", "integer"}, {"errorMessage", "a whole number"}});
    case ImportType::real: return object_of({{"type", "number"}, {"errorMessage", "a number"}});
    case ImportType::boolean: return object_of({{"enum", Value::Array{"yes", "no", true, false}}});
    case ImportType::word: {
      const auto allowed = split(known->words, '|');
      return one_of(Words(allowed));
    }
    case ImportType::text:
      if (field.name == "purpose") return one_of(words::consent_purposes);
      if (field.name == "scope") return one_of(Words(words::suppression_scopes));
      return scalar();
    case ImportType::reference: return scalar();
  }
  return scalar();
}

/// The fields of one kind of row, as a story writes them: the key is `id`, `_` may be `-`.
Value fields_of(const Vocabulary& vocabulary, ImportKind kind) {
  const Subject subject = subject_of(kind);
  Value properties, dashed;
  for (const ImportField& field : import_fields(kind)) {
    const Field* known = find_field(subject, field.name);
    Value schema = value_of(field, known);
    if (known != nullptr) schema.set("description", known->about);
    std::string name(field.name == "key" ? "id" : field.name);
    properties.set(name, schema);
    if (name.find('_') == std::string::npos) continue;
    std::replace(name.begin(), name.end(), '_', '-');
    dashed.set(fmt::format("^{}$", name), std::move(schema));
  }
  for (const Field& own : vocabulary.own_fields()) {
    if (own.subject != subject || !has_attributes(kind)) continue;
    Value schema = value_of({own.name, own.column, import_type(own.type)}, &own);
    schema.set("description", own.about);
    properties.set(own.name, std::move(schema));
  }
  if (kind == ImportKind::suppression) properties.set("customer", scalar());
  properties.set("attributes", object_of({{"type", "object"}, {"additionalProperties", scalar()}}));
  Value fields = object_of({{"type", "object"}, {"additionalProperties", false}});
  fields.set("properties", std::move(properties));
  if (!dashed.is_null()) fields.set("patternProperties", std::move(dashed));
  return fields;
}

}  // namespace

std::string moment_pattern() {
  return "^(?:day +[0-9]{1,5}(?: +(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?)?"
         "|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].*)?)$";
}

Value person_schema(const Vocabulary& vocabulary, const ValueSchemas& schemas) {
  Value person = fields_of(vocabulary, ImportKind::customers);
  Value properties = *person.find("properties");
  for (const KeyRow& row : keys()) {
    if (row.of != Keys::story_person) continue;
    Value schema = schemas.value(row);
    schema.set("description", row.about);
    properties.set(row.name, std::move(schema));
  }
  person.set("properties", std::move(properties));
  // A person with nothing but a name.
  person.set("type", Value::Array{"object", "null"});
  return person;
}

Value row_schema(const Vocabulary& vocabulary, std::string_view key) {
  return any_of({scalar(), fields_of(vocabulary, *kind_of_subject(key))});
}

}  // namespace retaind::language
