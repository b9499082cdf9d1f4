#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "language/story.h"
#include "language/values.h"
#include "language/yaml.h"

namespace retaind::language {

/// What the lines of a story are read against.
struct StoryScope {
  Report& report;
  const StoryContext& context;
  const Story& story;
  std::vector<std::string_view> people;
  std::vector<std::string_view> rules;
  bool people_read = false;  ///< while the people are read, who have no names yet
  bool any_name = false;     ///< `people:` has a mistake already: every name may be right
  bool any_row = false;      ///< a line of the case has a mistake already: every row may be its
  Time now;                  ///< of the line that is read
  /// Of the case that is read: keys that its lines have spoken of, by kind.
  std::map<ImportKind, std::set<std::string, std::less<>>> known;
  std::set<std::string, std::less<>> strangers;  ///< names that have been reported
};

/// "day 7", "day 7 10:00", "day 0 09:30:15", or a date with or without a time of day, in the
/// story's zone.
std::optional<Time> read_story_time(StoryScope& scope, std::string_view key, const YamlNode& node);
/// "2026-03-02 10:00" or "2026-03-02 10:00 Europe/Berlin" into `story`.
bool read_start(Report& report, const YamlNode& node, const Site& site, Story& story);

std::optional<StoryPerson> read_person(StoryScope& scope, const YamlNode::Key& name,
                                       const YamlNode& node);
/// What stands under `order:`, `ticket:` …: a map of fields, or a key alone.
std::optional<StoryFact> read_fact(StoryScope& scope, ImportKind kind, std::string_view key,
                                   const YamlNode& node, const EventKind* event);
/// An event of a name of the site's own.
StoryFact own_event(StoryScope& scope, std::string_view name, Range at, const YamlNode* customer,
                    const YamlNode* attributes);
/// Short name of a person, as the key of their row.
std::optional<std::string> read_person_name(StoryScope& scope, std::string_view key,
                                            const YamlNode& node);
std::optional<std::string> read_rule_name(StoryScope& scope, const YamlNode& node);

/// What stands under `expect:`, into `line`.
void read_expect(StoryScope& scope, const MapReader& map, const YamlNode& node, StoryLine& line);

StoryCase read_case(StoryScope& scope, const YamlNode& node);

/// Whether rows of this kind have fields of the site's own.
bool has_attributes(ImportKind kind);
/// How such a field is written.
ImportType import_type(Type type);
/// The value of one field, checked by the field's type.
std::optional<StoryValue> read_field(StoryScope& scope, const ImportField& field, Subject subject,
                                     const YamlNode& node);
/// The same of a field of the site's own, as the row's attributes hold it.
std::optional<Value> read_own_field(StoryScope& scope, const Field& field, const YamlNode& node);
/// What stands under `attributes:`. Declared ones are read by their type, others as text. `event`:
/// of this name, when the attributes are an event's.
void read_attributes(StoryScope& scope, Subject subject, std::string_view event,
                     const YamlNode& node, StoryFact& fact);
/// What the author leaves out because it goes without saying: that an order which is completed was
/// placed, that a solved ticket's status is `solved`, that a number is the id unless given.
void complete_fact(StoryFact& fact, Time now);

/// The kind of rows that a key of a line speaks of: "order" → orders.
std::optional<ImportKind> kind_of_subject(std::string_view name);

}  // namespace retaind::language
