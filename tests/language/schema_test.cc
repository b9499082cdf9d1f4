#include "language/schema.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <set>

#include "language/key_values.h"
#include "rule_text.h"

namespace lang = retaind::language;
using retaind::Value;

namespace {

/// Every object of the schema that has properties, each name with its schema.
void collect(const Value& schema, std::set<std::string>& described) {
  if (const auto* list = schema.as_array())
    for (const Value& entry : *list) collect(entry, described);
  const auto* object = schema.as_object();
  if (object == nullptr) return;
  for (const auto& [key, value] : *object) {
    collect(value, described);
    if (key != "properties") continue;
    for (const auto& [name, property] : *value.as_object())
      if (const Value* about = property.find("description"))
        described.insert(fmt::format("{}: {}", name, *about->as_text()));
  }
}

lang::EditorNames names() {
  return lang::editor_names(&rule_text::site(), rule_text::templates().names, {});
}

}  // namespace

TEST_CASE("every key says what may stand behind it, and a schema explains it") {
  std::set<std::string> described;
  for (int i = 0; i < lang::schema_count; ++i)
    collect(lang::json_schema(static_cast<lang::SchemaOf>(i), names()), described);
  for (const lang::KeyRow& key : lang::keys()) {
    INFO(key.name);
    const lang::KeyValue& value = lang::value_of(key);
    CHECK(value.of == key.of);
    CHECK(value.key == key.name);
    CHECK(!lang::describe(value).empty());
    // A subject without states is no trigger yet.
    if (value.takes == lang::Takes::state && names().states_of(key.name).empty()) continue;
    CHECK(described.count(fmt::format("{}: {}", key.name, key.about)) == 1);
  }
}

TEST_CASE("each condition that an editor offers is a right one") {
  const auto conditions = names().conditions;
  REQUIRE(conditions.size() == retaind::fields().size());
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const retaind::Subject subject = retaind::fields()[i].subject;
    std::string text = rule_text::completed(fmt::format("if: \"{}\"\n", conditions[i].name));
    std::string when = "  event: order.completed";
    if (subject == retaind::Subject::subscription) when = "  event: subscription.started";
    if (subject == retaind::Subject::ticket) when = "  event: ticket.opened";
    if (subject == retaind::Subject::feedback) when = "  event: feedback.received";
    if (subject == retaind::Subject::event) when = "  event: webinar.attended";
    if (subject == retaind::Subject::item)
      text = rule_text::completed(
          fmt::format("if: \"count(items where {}) >= 1\"\n", conditions[i].name));
    text.replace(text.find("  event: order.completed"), 24, when);
    const auto checked = rule_text::check(text);
    INFO(text << checked.text());
    CHECK(checked.rule);
  }
}

TEST_CASE("an editor offers the site's own words, and no event besides its list") {
  const auto own = lang::editor_names(&rule_text::own_site(), {}, {});
  const std::string rule = to_json(lang::json_schema(lang::SchemaOf::rule, own));
  CHECK(rule.find("\"webinar.attended\"") != std::string::npos);
  CHECK(rule.find("customer.tier = gold") != std::string::npos);
  CHECK(rule.find("customer.credit >= 50 USD") != std::string::npos);
  CHECK(rule.find("begins with another word") == std::string::npos);
  const std::string story = to_json(lang::json_schema(lang::SchemaOf::story, own));
  CHECK(story.find(R"("tier":{"type":"string","enum":["gold","silver","bronze"])") !=
        std::string::npos);
}

TEST_CASE("an editor offers the site's own templates, teams, webhooks and calendars") {
  const std::string schema = to_json(lang::json_schema(lang::SchemaOf::rule, names()));
  for (const char* name : {"\"win-back\"", "\"support-lead\"", "\"support-desk\"", "\"daytime\""}) {
    INFO(name);
    CHECK(schema.find(name) != std::string::npos);
  }
  const std::string shipped =
      to_json(lang::json_schema(lang::SchemaOf::rule, lang::editor_names(nullptr, {}, {})));
  CHECK(shipped.find("\"support-lead\"") == std::string::npos);
  CHECK(shipped.find("order.completed") != std::string::npos);
}
