#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "language/schema_parts.h"
#include "language/spans.h"
#include "model/ledger.h"
#include "model/mapping.h"

namespace retaind::language {
namespace {

constexpr std::string_view name_pattern = "^[a-z0-9-]{1,100}$";
constexpr std::string_view clock = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9]";
constexpr std::string_view calendar_day = "[0-9]{4}-[0-9]{2}-[0-9]{2}";

Value duration_of(Takes takes) {
  const std::string all_time = span_pattern(false);
  const std::string over_zero = "(?!0+ )" + all_time;
  switch (takes) {
    case Takes::positive:
      return matching(fmt::format("^{}$", over_zero),
                      "a number over 0 and a unit, such as `7 days` or `48 hours`");
    case Takes::open_duration:
    case Takes::open_positive:
      return matching(fmt::format("^{}(?:{}|{})$", takes == Takes::open_positive ? "(?!0+ )" : "",
                                  all_time, span_pattern(true)),
                      "a number and a unit, such as `7 days` or `16 business hours`");
    case Takes::late_limit:
      return matching(fmt::format("^(?:none|{})$", over_zero),
                      "a number over 0 and a unit, such as `3 days`; or `none`");
    case Takes::backlog:
      return matching(fmt::format("^(?:none|all|{})$", over_zero),
                      "`none`, `all`, or a time back such as `30 days`");
    default:
      return matching(fmt::format("^{}$", all_time),
                      "a number and a unit, such as `7 days` or `48 hours`");
  }
}

/// Anything, but for a name with a dot that is no field: of a text in quotes nothing is asked.
std::string condition_pattern(const Vocabulary& vocabulary) {
  std::vector<std::string> fields;
  const auto add = [&](std::string_view name, Subject subject) {
    std::vector<std::string> names;
    for (const Field* field : vocabulary.fields(subject)) names.emplace_back(field->name);
    fields.push_back(fmt::format("{}\\.(?:{})", name, join(names, "|")));
  };
  for (int i = 0; i < subject_count; ++i) {
    const auto subject = static_cast<Subject>(i);
    add(retaind::name_of(subject), subject);
  }
  for (const Relation& relation : relations()) add(relation.name, relation.of);
  return fmt::format(
      "^(?:'[^']*'|(?:{})(?![A-Za-z0-9_]|-[A-Za-z]|\\.[A-Za-z_])|[A-Za-z_](?!\\.[A-Za-z_])"
      "|[^'A-Za-z_])*$",
      join(fields, "|"));
}

}  // namespace

Value elapsed() { return duration_of(Takes::duration); }

namespace {

Value whole(const KeyValue& takes) {
  const bool percent = takes.takes == Takes::percent;
  return object_of({{"type", Value::Array{"integer", "string"}},
                    {"minimum", takes.range.least},
                    {"maximum", takes.range.most},
                    {"pattern", percent ? "^ *[0-9]+ *%? *$" : "^ *-?[0-9]+ *$"},
                    {"errorMessage", fmt::format("a whole number from {} to {}", takes.range.least,
                                                 takes.range.most)}});
}

Value yes_no() { return object_of({{"enum", Value::Array{"yes", "no", true, false}}}); }

Value open_map(Value values) {
  return object_of({{"type", "object"}, {"additionalProperties", std::move(values)}});
}

Value many(const KeyValue& takes, Value one) {
  if (!takes.many) return one;
  Value list = list_of(one, takes.takes == Takes::condition ? 1 : 0);
  return any_of({std::move(one), std::move(list)});
}

}  // namespace

Value object_of(std::initializer_list<std::pair<std::string_view, Value>> members) {
  Value value;
  for (const auto& [key, member] : members) value.set(key, member);
  return value;
}

Value list_of(Value items, int least) {
  Value list = object_of({{"type", "array"}, {"items", std::move(items)}});
  if (least > 0) list.set("minItems", least);
  return list;
}

Value any_of(std::vector<Value> alternatives) {
  return object_of({{"anyOf", Value::Array(std::move(alternatives))}});
}

Value scalar() {
  return object_of({{"type", Value::Array{"string", "number", "boolean"}}, {"minLength", 1}});
}

Value matching(std::string_view pattern, std::string_view remedy) {
  // Blanks in quotes around a value do not count.
  std::string whole(pattern);
  if (whole.starts_with('^')) whole.insert(1, " *");
  if (whole.ends_with('$')) whole.insert(whole.size() - 1, " *");
  return object_of({{"type", "string"}, {"pattern", whole}, {"errorMessage", remedy}});
}

Value one_of(const std::vector<EditorName>& names) {
  Value::Array values, about;
  for (const EditorName& name : names) {
    values.emplace_back(name.name);
    about.emplace_back(name.about);
  }
  return object_of({{"type", "string"},
                    {"enum", std::move(values)},
                    {"enumDescriptions", about},
                    {"markdownEnumDescriptions", about}});
}

Value one_of(Words words) {
  Value::Array values;
  for (const std::string_view word : words) values.emplace_back(word);
  return object_of({{"type", "string"}, {"enum", std::move(values)}});
}

Value refused(std::string_view message) {
  return object_of({{"type", "null"}, {"errorMessage", message}, {"doNotSuggest", true}});
}

Value ValueSchemas::value(const KeyRow& key) const {
  const KeyValue& takes = value_of(key);
  if (takes.takes == Takes::state) {
    const auto states = names_.states_of(key.name);
    return states.empty() ? Value() : one_of(states);
  }
  return many(takes, simple(key, takes));
}

Value ValueSchemas::event() const {
  std::vector<std::string> subjects;
  for (int i = 0; i < subject_count; ++i)
    subjects.emplace_back(retaind::name_of(static_cast<Subject>(i)));
  // An event of the site's own begins with another word than those of the shop's.
  constexpr std::string_view message =
      "no such event; one of your own begins with another word, such as `webinar.attended`";
  if (names_.vocabulary->lists_events()) {
    std::vector<EditorName> all = names_.events;
    for (const char* act : {"login", "click"}) all.push_back({act, ""});
    Value listed = one_of(all);
    listed.set("errorMessage", "no such event; declare your own in vocabulary.yaml");
    return listed;
  }
  Value known = one_of(names_.events);
  known.set("errorMessage", message);
  const Value own =
      object_of({{"type", "string"},
                 {"pattern", fmt::format("^(?! |(?:{})(?:\\.|$)).*[^ ]$", join(subjects, "|"))},
                 {"errorMessage", message}});
  return any_of({std::move(known), own});
}

Value ValueSchemas::simple(const KeyRow& key, const KeyValue& takes) const {
  switch (takes.takes) {
    case Takes::text: return scalar();
    case Takes::condition: {
      Value::Array examples;
      for (const EditorName& condition : names_.conditions) examples.emplace_back(condition.name);
      Value line = scalar();
      // The vocabulary itself says what there is.
      if (key.of != Keys::vocabulary_state) {
        line.set("pattern", condition_pattern(*names_.vocabulary));
        line.set("patternErrorMessage",
                 "no such field; `retaind vocabulary` lists them, and `retaind schema --write` "
                 "tells editors of new ones in vocabulary.yaml");
      }
      line.set("examples", std::move(examples));
      return line;
    }
    case Takes::name: {
      Value name = matching(name_pattern, "small letters, digits and dashes, such as `win-back`");
      name.set("type", Value::Array{"string", "integer"});
      return name;
    }
    case Takes::word: return one_of(takes.words);
    case Takes::whole:
    case Takes::percent: return whole(takes);
    case Takes::share:
      return matching("^(?:0*[0-9]{1,2}(?:\\.[0-9]*)?|0*\\.[0-9]+) *%$",
                      "a percentage under 100, such as `10%`");
    case Takes::yes_no: return yes_no();
    case Takes::duration:
    case Takes::positive:
    case Takes::open_duration:
    case Takes::open_positive:
    case Takes::late_limit:
    case Takes::backlog: return duration_of(takes.takes);
    case Takes::per_day:
      return matching("^0*[1-9][0-9]{0,7} *per day$",
                      "a number of messages, such as `500 per day`");
    case Takes::time_of_day:
      return matching(fmt::format("^{}$", clock), "hours and minutes, such as `09:00`");
    case Takes::money:
      return matching("^[0-9]+(?:\\.[0-9]+)? +[A-Z]{3}$",
                      "an amount with currency, such as `5 EUR`");
    case Takes::event: return event();
    case Takes::date: return one_of(names_.dates);
    case Takes::subject: {
      std::vector<EditorName> subjects;
      for (int i = 0; i < subject_count; ++i)
        subjects.push_back({std::string(retaind::name_of(static_cast<Subject>(i))), ""});
      return one_of(subjects);
    }
    case Takes::locale: return matching("^[A-Za-z0-9-]{2,35}$", "a tag such as `en` or `pt-BR`");
    case Takes::currency: return matching("^[A-Z]{3}$", "an ISO 4217 code, such as `EUR`");
    case Takes::address:
      return matching("^[^@\\s]+@[^@\\s]+$", "an address such as `support@example.com`");
    case Takes::recipient:
      return matching("^[^@\\s]*@[^@\\s]+$", "an address, or a domain such as \"@example.com\"");
    case Takes::url:
      return matching("^[Hh][Tt][Tt][Pp][Ss]?://[^/\\s]\\S*$",
                      "`https://` and the rest of the address");
    case Takes::calendar_date:
      return matching(fmt::format("^{}$", calendar_day), "a date, such as `2026-12-25`");
    default: return built(key, takes);
  }
}

Value ValueSchemas::built(const KeyRow& key, const KeyValue& takes) const {
  switch (takes.takes) {
    case Takes::hours: return object_of({{"type", "string"}});
    case Takes::map: return map(takes.inner);
    case Takes::maps: return list_of(map(takes.inner), 1);
    case Takes::named: return named(key, takes);
    case Takes::declared: return declared(takes);
    case Takes::texts: return open_map(scalar());
    case Takes::shares: {
      Value shares =
          open_map(matching("^(?:0*100(?:\\.0*)?|0*[0-9]{1,2}(?:\\.[0-9]*)?|0*\\.[0-9]+) *%$",
                            "a percentage up to 100, such as `50%`"));
      shares.set("propertyNames", matching(name_pattern, "the name of a template"));
      shares.set("minProperties", 1);
      return shares;
    }
    case Takes::cell: return object_of({{"type", Value::Array{"string", "number", "boolean"}}});
    case Takes::cells:
      return open_map(object_of({{"type", Value::Array{"string", "number", "boolean"}}}));
    case Takes::source: return source();
    case Takes::sources: return open_map(source());
    case Takes::fields: return import_fields_of_all();
    case Takes::start:
      return matching(fmt::format("^{}(?:[T ].*)?$", calendar_day),
                      "`2026-03-02 10:00`, and behind it a zone when it is not the site's");
    case Takes::moment:
      return matching(moment_pattern(), "`day 7`, `day 7 10:00` or `2026-03-09 10:00`");
    case Takes::people: return open_map(person_schema(*names_.vocabulary, *this));
    case Takes::row: return row_schema(*names_.vocabulary, key.name);
    case Takes::hold: {
      const Value one = object_of({{"rule", scalar()}, {"customer", scalar()}});
      return any_of({object_of({{"const", "all"}}), object_of({{"type", "object"},
                                                               {"properties", one},
                                                               {"additionalProperties", false},
                                                               {"minProperties", 1},
                                                               {"maxProperties", 1}})});
    }
    case Takes::rule_states: return open_map(one_of(takes.words));
    case Takes::rules: return any_of({scalar(), list_of(scalar())});
    case Takes::expected: {
      const Value message = map(takes.inner);
      return any_of({object_of({{"const", "nothing"}}), message, list_of(message, 1)});
    }
    case Takes::reason: {
      std::vector<EditorName> names;
      for (const ReasonRow& row : reasons())
        if (row.reason != Reason::none && row.reason != Reason::sent)
          names.push_back({std::string(row.name), std::string(row.about)});
      return one_of(names);
    }
    default: return scalar();
  }
}

/// `customer.tier: text` is the same as `customer.tier: {type: text}`; an event may have no keys.
Value ValueSchemas::declared(const KeyValue& takes) const {
  if (takes.inner == Keys::vocabulary_state) return open_map(map(takes.inner));
  const Value brief = takes.inner == Keys::vocabulary_field ? one_of(Words(words::types))
                                                            : object_of({{"type", "null"}});
  return open_map(any_of({brief, map(takes.inner)}));
}

/// Teams and calendars may be written short, as what they are mostly about.
Value ValueSchemas::named(const KeyRow& key, const KeyValue& takes) const {
  std::vector<Value> forms{map(takes.inner)};
  if (takes.inner != Keys::webhook) {
    const Keys inner = takes.inner;
    const KeyRow* brief = find_key(inner, inner == Keys::team ? "to" : "hours");
    forms.push_back(value(*brief));
  }
  Value names = open_map(forms.size() == 1 ? forms.front() : any_of(forms));
  names.set("propertyNames",
            matching(name_pattern,
                     fmt::format("{} have names of small letters, digits and dashes", key.name)));
  return names;
}

Value ValueSchemas::source() const { return object_of({{"$ref", "#/definitions/source"}}); }

Value ValueSchemas::source_definition() const {
  return any_of(
      {object_of({{"type", Value::Array{"string", "number", "boolean"}}}), map(Keys::source)});
}

Value ValueSchemas::import_fields_of_all() const {
  Value properties;
  for (const std::string_view kind : import_kind_names())
    for (const ImportField& field : import_fields(*find_import_kind(kind)))
      properties.set(field.name, source());
  return object_of(
      {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}});
}

}  // namespace retaind::language
