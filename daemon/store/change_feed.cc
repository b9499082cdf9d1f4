#include "store/change_feed.h"

#include "store/ledger_cache.h"

namespace retaind::store {

void note_change(Database& database, Subject subject, std::int64_t row, std::uint64_t columns,
                 Time now) {
  database.prepared("INSERT INTO change (subject, row, columns, at) VALUES (?1, ?2, ?3, ?4)")
      .bind(1, static_cast<int>(subject))
      .bind(2, row)
      .bind(3, static_cast<std::int64_t>(columns))
      .bind(4, now)
      .run();
  database.ledger_cache().last_change.reset();
}

bool note_ended(Database& database, const EndedEpisode& ended) {
  return database
             .prepared(
                 "INSERT INTO ended_episode (state, row, episode, since, until, history_until) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (state, row, episode) DO UPDATE SET "
                 "since = excluded.since, until = excluded.until, history_until = "
                 "excluded.history_until "
                 "WHERE since <> excluded.since OR until <> excluded.until OR history_until IS NOT "
                 "excluded.history_until")
             .bind(1, ended.state)
             .bind(2, ended.row)
             .bind(3, ended.episode)
             .bind(4, ended.since)
             .bind(5, ended.until)
             .bind(6, ended.history_until)
             .run() > 0;
}

bool forget_ended(Database& database, std::string_view state, std::int64_t row,
                  std::int64_t episode) {
  return database
             .prepared("DELETE FROM ended_episode WHERE state = ?1 AND row = ?2 AND episode = ?3")
             .bind(1, state)
             .bind(2, row)
             .bind(3, episode)
             .run() > 0;
}

}  // namespace retaind::store
