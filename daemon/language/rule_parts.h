#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "language/check.h"
#include "language/expression.h"
#include "language/values.h"

namespace retaind::language {

/// What the parts of a rule are checked against.
struct RuleContext {
  Report& report;
  const Site& site;
  const TemplateNames& templates;
};

/// The map under `when:`.
std::optional<Trigger> read_trigger(Report& report, const YamlNode& when, const Site& site);

/// Whether a name that is no shipped event is one of the site's own: in its list when it has one;
/// else reports only one that is nearly a shipped one's, or begins with a subject.
bool may_be_own_event(Report& report, const YamlNode& value, const std::string& name,
                      const Vocabulary& vocabulary);

/// Reads the text of vocabulary.yaml, against the site's currency. What is wrong is left out.
std::shared_ptr<const Vocabulary> read_vocabulary(Report& report, const Site& site);

/// The map under `states:` of vocabulary.yaml, into `made`, which has the fields by then.
void read_states(Report& report, const YamlNode& node, const Site& site, Vocabulary& made);

/// What `is` of a state may read: its row.
Scope scope_of(const StateKind& state, const Vocabulary& vocabulary, const Site& site);

/// What the rule's conditions may read: the trigger's own row and its customer. Without a trigger,
/// because it has a mistake, everything.
Scope scope_of(const std::optional<Trigger>& trigger, const Site& site);

/// One condition, or a list of them.
std::vector<Condition> read_conditions(Report& report, std::string_view key, const YamlNode& node,
                                       const Scope& scope, Reads reads);

/// The list under `then:`; coupons, surveys and waits are folded into the messages they belong to.
std::vector<Step> read_steps(RuleContext& context, const YamlNode& then,
                             const std::optional<Trigger>& trigger,
                             const std::optional<Purpose>& purpose, Reads reads);

/// A rule file as far as it could be read: the id is known although the rest has mistakes.
struct RuleFile {
  std::optional<Rule> rule;
  std::string id;
  Where id_at;
  std::string was;
  Where was_at;
};
RuleFile read_rule_file(std::shared_ptr<const Source> source, const Site& site,
                        const TemplateNames& templates, std::vector<Diagnostic>& diagnostics);

/// SHA-256 of everything in the rule that decides what is sent, whom to, and when.
std::string revision_of(const Rule& rule);

std::vector<std::string_view> views(const std::vector<std::string>& names);

template <class Map>
std::vector<std::string_view> names_in(const Map& map) {
  std::vector<std::string_view> names;
  for (const auto& entry : map) names.push_back(entry.first);
  return names;
}

}  // namespace retaind::language
