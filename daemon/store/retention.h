#pragma once
#include <cstdint>

#include "base/clock.h"
#include "model/site.h"
#include "store/database.h"

namespace retaind::store {

/// Deletes what `retention:` in retaind.yaml lets go, oldest first: change rows that the engine has
/// consumed (`feed_seen` in meta, and `item_pairs_feed` while pairs of items are counted), decision
/// traces, message bodies. Never facts, consent, firings or messages.
///
/// One call is one transaction over at most `slice` rows of each table, short enough for the
/// sending loop. Returns how many it deleted: call again, at the next quiet moment, until it is 0.
Result<std::int64_t> purge(Database& database, const Site::Retention& retention, Time now,
                           int slice = 1000);

}  // namespace retaind::store
