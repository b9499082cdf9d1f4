#pragma once
#include <optional>
#include <string>

#include "base/result.h"
#include "store/identity.h"

namespace retaind::delivery {

/// Puts everything on hold because the store is a copy or was restored: it does not know of every
/// message that left. Says since when messages may be missing, and takes the store as this
/// machine's. In the caller's transaction; Identity::note() after it.
void hold_restored(store::Database& database, store::Identity& identity, Time now);

/// What an operator ends.
struct Release {
  std::string scope = "all";  ///< all, rule, customer
  std::string target;         ///< rule name, customer key
  /// Of a restored store: everything due until then counts as sent, without being sent, and then
  /// the hold ends. Empty: it goes out, as far as it is not too late.
  std::optional<Time> mark_sent_until;
};
struct Released {
  int holds = 0;         ///< released now
  bool marking = false;  ///< the process that sends marks first and then releases
};
/// Ends holds in a transaction of its own; what waited is looked at again. The caller then pokes
/// the daemon. Errors: nothing is held so (`not_found`), a time to mark by that is in the future,
/// before the last message that the store knows of, or without a restored store (`invalid`).
Result<Released> release(store::Database& database, const Release& what, Time now);

// Between release() and the process that sends, which has the rules that marking needs.
std::optional<Time> mark_requested(store::Database& database);
void end_restored(store::Database& database, Time now);

}  // namespace retaind::delivery
