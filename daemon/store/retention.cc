#include "store/retention.h"

#include <chrono>

#include "store/bodies.h"

namespace retaind::store {

Result<std::int64_t> purge(Database& database, const Site::Retention& retention, Time now,
                           int slice) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return transaction.error();
  std::int64_t deleted = 0;
  // Ids grow with time, so the oldest rows are the first ones: no index on the time, and no scan.
  const auto trim_oldest = [&](std::string_view sql, int days) {
    deleted +=
        database.prepared(sql).bind(1, now - std::chrono::hours(24 * days)).bind(2, slice).run();
  };
  trim_oldest(
      "DELETE FROM change WHERE seq IN (SELECT seq FROM change ORDER BY seq LIMIT ?2) AND at < ?1 "
      "AND seq <= "
      "coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'feed_seen'), 0) AND seq <= "
      "coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'item_pairs_feed'), seq)",
      retention.changes_days);
  trim_oldest(
      "DELETE FROM decision WHERE id IN (SELECT id FROM decision ORDER BY id LIMIT ?2) AND at < ?1",
      retention.traces_days);
  // What may be handed over once more is needed byte by byte.
  trim_oldest(
      "DELETE FROM message_body WHERE message IN (SELECT b.message FROM message_body b LEFT JOIN "
      "message m ON m.id = b.message WHERE m.state IS NULL OR (m.state >= 4 AND m.next_at IS NULL) "
      "ORDER BY b.message LIMIT ?2) AND at < ?1",
      retention.bodies_days);
  // A day longer than the last body that was made from it.
  deleted +=
      database
          .prepared(
              "DELETE FROM body_base WHERE id IN (SELECT id FROM body_base ORDER BY id LIMIT "
              "?2) AND at < ?1")
          .bind(1, now - std::chrono::hours(24 * retention.bodies_days) - Bodies::base_life)
          .bind(2, slice)
          .run();
  if (auto result = transaction->commit(); !result) return result.error();
  return deleted;
}

}  // namespace retaind::store
