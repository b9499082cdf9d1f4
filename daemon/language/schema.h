#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/value.h"
#include "model/fields.h"
#include "model/site.h"

namespace retaind::language {

/// A name and what it stands for: hover text.
struct EditorName {
  std::string name;
  std::string about;
};

/// What an editor offers beside the keys. The one place where schema and reference get names from.
struct EditorNames {
  std::vector<EditorName> events;
  std::vector<EditorName> states;  ///< "ticket.unresolved"
  std::vector<EditorName> dates;
  std::vector<EditorName> conditions;  ///< one example of each field
  std::vector<std::string> templates, teams, webhooks, calendars, rules;
  std::shared_ptr<const Vocabulary> vocabulary = Vocabulary::shipped();

  /// Of a subject, without it: "unresolved".
  [[nodiscard]] std::vector<EditorName> states_of(std::string_view subject) const;
};

/// The vocabulary and, of a site, its own names.
EditorNames editor_names(const Site* site, std::span<const std::string> templates,
                         std::span<const std::string> rules);

/// A condition on this field that can be true: "customer.orders_count >= 2".
std::string condition_on(const Field& field);

enum class SchemaOf : std::uint8_t { rule, site, story, mapping, vocabulary };
inline constexpr int schema_count = 5;
std::string_view name_of(SchemaOf of);  ///< "rule"
std::optional<SchemaOf> find_schema(std::string_view name);

/// JSON Schema, draft 07, from the tables that the checker reads. It knows shapes, words and
/// shipped names; what needs the whole rule or the site to be judged is `retaind check`'s.
Value json_schema(SchemaOf of, const EditorNames& names);

}  // namespace retaind::language
