#pragma once
#include <map>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/value.h"
#include "language/story.h"
#include "store/database.h"
#include "store/facts.h"

namespace retaind::replay {

/// Puts a story's facts into the store by the writers of imports, with history and change feed, in
/// the caller's transaction.
class StoryFacts {
 public:
  StoryFacts(store::Database& database, const language::Story& story)
      : facts_(database, story.starts), story_(&story) {}

  void set_now(Time now) { facts_.set_now(now); }
  /// The people of the story, with what they have agreed to.
  Result<void> put_people(Time now);
  Result<void> put(const language::StoryFact& fact);
  /// The key of a person by the short name.
  [[nodiscard]] std::string_view key_of(std::string_view name) const;

 private:
  Result<void> put_row(const language::StoryFact& fact);
  Result<void> put_consent(const language::StoryFact& fact);
  Result<void> put_suppression(const language::StoryFact& fact);
  [[nodiscard]] const language::StoryPerson* person(std::string_view name) const;

  store::Facts facts_;
  const language::Story* story_;
  std::map<std::pair<ImportKind, std::string>, Value> attributes_;  ///< of each row, so far
};

}  // namespace retaind::replay
