#pragma once
#include <map>
#include <utility>
#include <vector>

#include "engine/decide.h"
#include "engine/trigger.h"
#include "store/passes.h"

namespace retaind::engine {

/// What a pass makes of a row: a firing, or one more that is counted.
struct PassVerdict {
  bool matched = false;  ///< comes to a firing, though perhaps to one that waits
  Decision first;        ///< about the step that is due with it, else why it did not match
};

/// decide() for a row of a pass. Whose conditions are false now is no match even where an earlier
/// check would let the message wait or another step go: a closed window must not plan a message for
/// everybody.
PassVerdict decide_in_pass(const language::Rule& rule, const Situation& situation);

/// A pass under way, besides what the store has of it.
struct Pass {
  store::PassRow row;
  /// By reason and line, not yet written.
  std::map<std::pair<Reason, int>, std::int64_t> counts;
  /// Ids that an index has found, ascending, of which those before `next` are done; not `listed`:
  /// every row is looked at by id.
  std::vector<std::int64_t> rows;
  std::size_t next = 0;
  bool listed = false;
  bool looked_for = false;  ///< whether the index has been asked since this process knows the pass
};

}  // namespace retaind::engine
