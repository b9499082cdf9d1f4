#pragma once
#include <string>

#include "replay/stories.h"

namespace retaind::app {

// What `retaind test` prints. `colour` is of a terminal.

/// A line a file, each failure in full, a summary.
std::string stories_as_text(const replay::StoriesResult& result, bool colour);
/// TAP: a test point a case, the failure as its YAML block. Valid as version 13 and as 14; it says
/// 13 because Debian's `prove` takes nothing newer, and has no blank lines because prove's YAML has
/// none.
std::string stories_as_tap(const replay::StoriesResult& result);
/// A testsuite a file, a testcase a case, as Jenkins and GitLab read them.
std::string stories_as_junit(const replay::StoriesResult& result);
/// What no case has tried.
std::string coverage_as_text(const replay::Coverage& coverage);

}  // namespace retaind::app
