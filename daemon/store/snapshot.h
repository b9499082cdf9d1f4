#pragma once
#include "base/value.h"
#include "model/site.h"
#include "store/database.h"

namespace retaind::store {

/// The facts of a row as templates and webhooks see them: one member a field of the site's
/// vocabulary, and `attributes` as they are; times as RFC 3339 texts, money as {minor, currency},
/// dated flags as booleans; what does not fit its type as null. Null when the row is gone.
Value snapshot(Database& database, const Site& site, Subject subject, std::int64_t row, Time now);
/// The items of an order, in the order in which they came.
Value items_snapshot(Database& database, const Site& site, std::int64_t order);

}  // namespace retaind::store
