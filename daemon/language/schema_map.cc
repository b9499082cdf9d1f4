#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "language/schema_parts.h"

namespace retaind::language {
namespace {

/// What the table of keys calls a kind: the states of all subjects are one.
std::string kind_of(Keys of, std::string_view key) {
  return of == Keys::trigger && find_subject(key) && key != "event" ? "state" : std::string(key);
}

bool has_kinds(Keys of) {
  return of == Keys::trigger || of == Keys::step || of == Keys::story_line ||
         of == Keys::story_message;
}

/// The key that says when a story's line is, which every kind has.
bool is_kind(const KeyRow& row) {
  return row.with.empty() && !(row.of == Keys::story_line && row.name == "at");
}

/// An event of a story has its row beside it.
bool may_stand_beside(const KeyRow& kind, const KeyRow& other) {
  return kind.of == Keys::story_line && (kind.name == "event" || other.name == "event") &&
         (find_subject(kind.name) || kind.name == "event") &&
         (find_subject(other.name) || other.name == "event");
}

std::string good_company(Keys of, const std::string& kind) {
  std::string keys_of_kind;
  for (const KeyRow& row : keys())
    if (row.of == of && goes_with(row, kind))
      keys_of_kind += fmt::format("{}`{}`", keys_of_kind.empty() ? "" : ", ", row.name);
  return keys_of_kind.empty() ? std::string("delete it")
                              : fmt::format("with it go {}", keys_of_kind);
}

Value texts(const std::vector<std::string>& values) {
  Value::Array list;
  for (const std::string& value : values) list.emplace_back(value);
  return list;
}

/// The example of the table as JSON has it; maps and lists stand in the hover text only.
std::optional<Value> example_of(const KeyRow& row, const KeyValue& takes) {
  if (row.example.empty() || row.example.front() == '{' || row.example.front() == '[')
    return std::nullopt;
  const bool number = takes.takes == Takes::whole || takes.takes == Takes::percent;
  if (number) return Value(std::stoi(std::string(row.example)));
  return Value(row.example.front() == '"' ? row.example.substr(1, row.example.size() - 2)
                                          : row.example);
}

/// In Markdown; what the example field shows is not said again.
std::string hover(const KeyRow& row, const KeyValue& takes, bool has_example) {
  std::string text = fmt::format("{}\n\nTakes {}.", row.about, describe(takes));
  if (!has_example && !row.example.empty())
    text += fmt::format("\n\n`{}: {}`", row.name, row.example);
  return text;
}

}  // namespace

Value ValueSchemas::map(Keys of) const {
  Value properties;
  Value::Array required;
  for (const KeyRow& row : keys()) {
    if (row.of != of) continue;
    const KeyValue& takes = value_of(row);
    Value schema = value(row);
    if (schema.is_null()) continue;
    if (const auto names = offered(row); !names.empty())
      schema.set("examples", texts(names));
    else if (const auto example = example_of(row, takes))
      schema.set("examples", Value::Array{*example});
    schema.set("description", row.about);
    schema.set("markdownDescription", hover(row, takes, schema.find("examples") != nullptr));
    properties.set(row.name, std::move(schema));
    if (takes.needed == "*") required.emplace_back(row.name);
  }
  Value map = object_of({{"type", "object"}, {"additionalProperties", false}});
  map.set("properties", std::move(properties));
  if (!required.empty()) map.set("required", std::move(required));
  if (has_kinds(of)) describe_kinds(of, map);
  return map;
}

/// Exactly one kind, and beside it only what goes with it.
void ValueSchemas::describe_kinds(Keys of, Value& map) const {
  Value::Array one_kind;
  Value dependencies;
  std::vector<std::string> names;
  for (const KeyRow& row : keys())
    if (row.of == of && is_kind(row) && map.find("properties")->find(row.name) != nullptr)
      names.push_back(fmt::format("`{}`", row.name));
  const std::string message = "one of " + join(names, ", ") + " is missing";
  for (const KeyRow& kind : keys()) {
    if (kind.of != of || !is_kind(kind) || map.find("properties")->find(kind.name) == nullptr)
      continue;
    one_kind.push_back(
        object_of({{"required", Value::Array{kind.name}}, {"errorMessage", message}}));
    const std::string called = kind_of(of, kind.name);
    Value others;
    Value::Array needed;
    for (const KeyRow& other : keys()) {
      if (other.of != of || other.name == kind.name) continue;
      const auto kinds = split(value_of(other).needed, '|');
      if (std::find(kinds.begin(), kinds.end(), called) != kinds.end())
        needed.emplace_back(other.name);
      if (is_kind(other) && !may_stand_beside(kind, other))
        others.set(other.name, refused(fmt::format("`{}` and `{}` are two things: keep one",
                                                   kind.name, other.name)));
      // What is counted from a date is counted in all time.
      if (kind.name == "date" && goes_with(other, called) &&
          value_of(other).takes == Takes::open_duration)
        others.set(other.name, elapsed());
      if (!other.with.empty() && !goes_with(other, called))
        others.set(other.name, refused(fmt::format("`{}` does not go with `{}`; {}", other.name,
                                                   kind.name, good_company(of, called))));
    }
    Value rest;
    if (!others.is_null()) rest.set("properties", std::move(others));
    if (!needed.empty()) rest.set("required", std::move(needed));
    if (kind.name == "coupon")
      rest.set("oneOf", Value::Array{object_of({{"required", Value::Array{"percent-off"}}}),
                                     object_of({{"required", Value::Array{"amount-off"}}})});
    if (!rest.is_null()) dependencies.set(kind.name, std::move(rest));
  }
  map.set("anyOf", std::move(one_kind));
  if (of == Keys::trigger)
    dependencies.set(
        "before",
        object_of(
            {{"properties",
              object_of(
                  {{"after", refused("`before` and `after` contradict each other: keep one")}})}}));
  map.set("dependencies", std::move(dependencies));
}

std::vector<std::string> ValueSchemas::offered(const KeyRow& key) const {
  if (key.of == Keys::rule && key.name == "send-window") return names_.calendars;
  const bool sends = key.of == Keys::step || key.of == Keys::story_message;
  if (sends && (key.name == "email" || key.name == "template" || key.name == "variant"))
    return names_.templates;
  if (sends && (key.name == "notify" || key.name == "or")) return names_.teams;
  if (sends && key.name == "webhook") return names_.webhooks;
  if (key.of == Keys::story && key.name == "test") return names_.rules;
  if ((key.of == Keys::story_line || sends) && key.name == "rule") return names_.rules;
  return {};
}

}  // namespace retaind::language
