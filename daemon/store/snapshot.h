#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/value.h"
#include "model/site.h"
#include "store/database.h"

namespace retaind::store {

/// How the rows of one kind are read: settled once for many.
struct RowSelect {
  Subject subject = Subject::customer;
  std::string sql;
  std::vector<const Field*> fields;  ///< shipped
  std::vector<const Field*> own;     ///< the site's, which outlives this
  bool attributes = true;
};
/// Empty: all members.
RowSelect select_of(const Site& site, Subject subject,
                    const std::optional<std::set<std::string, std::less<>>>& members = {});

/// The facts of a row as templates and webhooks see them: one member a field of the site's
/// vocabulary, and `attributes` as they are; times as RFC 3339 texts, money as {minor, currency},
/// dated flags as booleans; what does not fit its type as null. Null when the row is gone.
Value snapshot(Database& database, const Site& site, const RowSelect& select, std::int64_t row,
               Time now);
/// The items of an order, in the order in which they came.
Value items_snapshot(Database& database, const Site& site, const RowSelect& select,
                     std::int64_t order);

}  // namespace retaind::store
