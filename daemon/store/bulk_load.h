#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "model/mapping.h"
#include "store/database.h"
#include "store/row_mapper.h"

namespace retaind::store {

/// The way into an empty table of customers or orders: one transaction without secondary indexes,
/// twenty rows a statement, keys found in memory, roll-ups summed up on the way and written in one
/// pass, indexes built last.
///
/// It runs with a rollback journal instead of the WAL, which only one connection may do: new pages
/// then go straight into the file, once. Killed in the middle, the next open rolls back to the
/// store as it was.
///
/// Sums are those that Facts would keep for the same lines. Left out is what only matters to rules
/// that were active before: ended episodes, and a change row a fact (there is one for "any row").
class BulkLoad {
 public:
  /// Empty when this store, or this kind, needs the other path: the table has rows, rules exist,
  /// somebody else has the store open.
  static Result<std::optional<BulkLoad>> begin(Database& database, ImportKind kind, Time now,
                                               std::optional<Time> history_until);
  BulkLoad(BulkLoad&&) noexcept;
  BulkLoad& operator=(BulkLoad&&) noexcept;
  /// Unless finished: everything is as before.
  ~BulkLoad();

  enum class Outcome : std::uint8_t { inserted, unchanged, refused };
  Outcome put(Row& row, std::string_view alias);
  [[nodiscard]] const std::string& reason() const;
  /// Customers that orders named and nobody knew: they have nothing but the key.
  [[nodiscard]] std::int64_t customers_made() const;
  /// Roll-ups, indexes, commit.
  Result<void> finish();

 private:
  struct Impl;
  explicit BulkLoad(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace retaind::store
