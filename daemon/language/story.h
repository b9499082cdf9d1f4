#pragma once
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/value.h"
#include "base/zone.h"
#include "language/check.h"
#include "model/mapping.h"

namespace retaind::language {

/// What a story says about one field: typed by the table of import fields, so that stories and
/// imports know the same ones.
struct StoryValue {
  const ImportField* field = nullptr;
  Cell value;         ///< its text stays empty
  std::string text;   ///< text, word, date, key
  Currency currency;  ///< of an amount
};

/// A fact that becomes known at the time of its line.
struct StoryFact {
  ImportKind kind = ImportKind::customers;
  std::string key;                   ///< of the row; of a consent or suppression, the customer's
  bool first = true;                 ///< the story has not spoken of this row before
  const EventKind* event = nullptr;  ///< that happens to the row now
  std::vector<StoryValue> values;
  std::vector<std::pair<std::string, Value>> attributes;  ///< the site's own fields among them
  [[nodiscard]] const StoryValue* find(std::string_view name) const;
};

struct StoryPerson {
  std::string name;  ///< short, as the lines call them
  StoryFact fact;
  std::vector<std::string> consent;  ///< purposes agreed to when the story starts
};

/// A message that must have gone out since the line before that expects something.
struct StoryMessage {
  StepKind kind = StepKind::email;
  std::string name;                ///< template, team or endpoint
  std::string to;                  ///< short name of a person; empty: whoever
  std::vector<std::string> about;  ///< keys of what it is about; empty: whatever
  std::string rule;                ///< that sends it; empty: any
  std::string variant;             ///< template of the variant; empty: any
  std::optional<std::string> subject;
  std::vector<std::string> says;
  std::vector<std::string> says_not;
  Where where;
};

enum class DaemonDoes : std::uint8_t { stops, starts, crashes, crashes_and_restarts, reloads };
/// What the peers of the virtual daemon do from now on.
enum class ServerDoes : std::uint8_t { answers, refuses, defers, silent, away };
enum class RuleBecomes : std::uint8_t { draft, live, paused, removed };

struct StoryHold {
  std::string scope;   ///< all, rule, customer
  std::string target;  ///< a rule, a person's short name
};

struct StoryLine {
  enum class Kind : std::uint8_t { fact, daemon, server, hold, release, rules, expect };
  Kind kind = Kind::fact;
  Time at;
  Where where;
  std::optional<StoryFact> fact;
  DaemonDoes daemon = DaemonDoes::stops;
  ServerDoes server = ServerDoes::answers;
  StoryHold hold;
  std::vector<std::pair<std::string, RuleBecomes>> rules;
  std::vector<StoryMessage> messages;  ///< of expect; empty: nothing
  std::optional<Reason> because;       ///< why nothing went
  std::string rule, to;                ///< `because` is about these alone
};

struct StoryCase {
  std::string name;
  std::vector<StoryLine> lines;
  Where where;
};

/// A rule test: dated lines that change the world or say what must have been sent.
struct Story {
  std::string name;
  std::string file;
  Zone zone = Zone::utc();
  Time starts;
  std::vector<std::string> rules;  ///< that run; empty: all
  std::vector<StoryPerson> people;
  std::vector<StoryCase> cases;
};

/// What a story is checked against.
struct StoryContext {
  const Site& site;
  std::span<const Rule> rules;
  const TemplateNames& templates;
};

/// Parses and checks one story text. The story is returned only when it has no error.
std::optional<Story> check_story(std::shared_ptr<const Source> source, const StoryContext& context,
                                 std::vector<Diagnostic>& diagnostics);

struct CheckedStories {
  std::vector<Story> stories;           ///< complete only when there is no error
  std::vector<Diagnostic> diagnostics;  ///< by file and position
  int files = 0;
  [[nodiscard]] bool has_errors() const;
};
/// These files, in this order.
CheckedStories check_stories(std::span<const std::filesystem::path> files,
                             const StoryContext& context);
/// Every *.yaml of a directory, in name order; a directory without one is an error.
CheckedStories check_stories(const std::filesystem::path& directory, const StoryContext& context);

/// Days since the story's first one, in its zone: 7 on "day 7".
int day_of(const Story& story, Time time);
/// "day 7, Monday 2026-03-09 10:00"; behind `time` in words, for people.
std::string time_text(const Story& story, Time time);

}  // namespace retaind::language
