#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/database.h"
#include "store/holds.h"

namespace retaind::store {

/// What ran when, as the ledger has it.
struct RuleChange {
  Time at;
  std::string rule;
  std::string text;        ///< of the rule's file; empty: it was removed
  bool went_live = false;  ///< though this text may still say draft
};
/// In time order, up to `through`.
std::vector<RuleChange> rule_changes(Database& database, Time through);

struct PastHold {
  HoldRow hold;
  std::optional<Time> released_at;
};
std::vector<PastHold> holds_until(Database& database, Time through);

/// Whether the rule ever had a day that was full by this limit.
bool was_full(Database& database, std::string_view rule, int limit);

/// The customer and who else has the same address: caps count by it.
std::vector<std::int64_t> customers_of_address(Database& database, std::int64_t customer);

}  // namespace retaind::store
