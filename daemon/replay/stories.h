#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "delivery/core.h"
#include "language/story.h"
#include "replay/coverage.h"

namespace retaind::replay {

/// Where a case first went wrong, in the words of the story.
struct StoryFailure {
  language::Where where;           ///< the line of the story
  std::string when;                ///< "day 7, Monday 2026-03-09 10:00"
  std::vector<std::string> found;  ///< one entry a difference, of several lines each
};

struct CaseResult {
  std::string name;
  language::Where where;
  std::optional<StoryFailure> failure;
  Duration took{0};
};

struct StoryResult {
  std::string file;
  std::string name;
  std::vector<CaseResult> cases;
  [[nodiscard]] int failed() const;
};

struct StoriesResult {
  std::vector<StoryResult> stories;
  Coverage coverage;
  Duration took{0};
  [[nodiscard]] int cases() const;
  [[nodiscard]] int failed() const;
};

struct StoriesOptions {
  std::string only;  ///< the case of this name alone; empty: all
};

/// Plays each case with the core that sends, on a virtual clock, from an empty store in memory. The
/// site's rules go live when the story starts; `only-to` does not apply; nothing leaves. `clock` is
/// for how long it took.
Result<StoriesResult> run_stories(std::span<const language::Story> stories,
                                  const delivery::SiteFiles& files, const StoriesOptions& options,
                                  const Clock& clock);

/// One case; the coverage is added to.
CaseResult run_case(const language::Story& story, const language::StoryCase& one,
                    const delivery::SiteFiles& files, Coverage& coverage);

}  // namespace retaind::replay
