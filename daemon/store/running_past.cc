#include "store/running_past.h"

#include <algorithm>

namespace retaind::store {

std::vector<RuleChange> rule_changes(Database& database, Time through) {
  std::vector<RuleChange> changes;
  Statement& texts = database.prepared(
      "SELECT v.at, r.name, v.text FROM rule_revision v JOIN rule r ON r.id = v.rule WHERE v.at <= "
      "?1");
  texts.bind(1, through);
  while (texts.step())
    changes.push_back(
        {texts.time(0), std::string(texts.text(1)), std::string(texts.text(2)), false});
  // The text of a rule does not say when its status alone was changed.
  Statement& live = database.prepared(
      "SELECT r.activated_at, r.name, (SELECT v.text FROM rule_revision v WHERE v.rule = r.id AND "
      "v.at <= r.activated_at ORDER BY v.at DESC LIMIT 1) FROM rule r WHERE r.status <> 0 AND "
      "r.activated_at <= ?1");
  live.bind(1, through);
  while (live.step()) {
    if (live.is_null(2)) continue;
    changes.push_back({live.time(0), std::string(live.text(1)), std::string(live.text(2)), true});
  }
  Statement& removed = database.prepared("SELECT removed_at, name FROM rule WHERE removed_at <= ?1")
                           .bind(1, through);
  while (removed.step())
    changes.push_back({removed.time(0), std::string(removed.text(1)), {}, false});
  std::stable_sort(changes.begin(), changes.end(),
                   [](const RuleChange& a, const RuleChange& b) { return a.at < b.at; });
  return changes;
}

std::vector<PastHold> holds_until(Database& database, Time through) {
  std::vector<PastHold> holds;
  Statement& rows = database.prepared(
      "SELECT scope, target, cause, until, because, author, at, released_at FROM hold WHERE at <= "
      "?1 ORDER BY at, id");
  rows.bind(1, through);
  while (rows.step()) {
    PastHold past;
    past.hold.scope = rows.text(0);
    past.hold.target = rows.text(1);
    past.hold.cause = rows.text(2);
    past.hold.until = rows.maybe_time(3);
    past.hold.because = rows.text(4);
    past.hold.author = rows.text(5);
    past.hold.at = rows.time(6);
    past.released_at = rows.maybe_time(7);
    holds.push_back(std::move(past));
  }
  return holds;
}

bool was_full(Database& database, std::string_view rule, int limit) {
  Statement& row = database.prepared(
      "SELECT 1 FROM rule_day d JOIN rule r ON r.id = d.rule WHERE r.name = ?1 AND d.used + "
      "d.reserved >= ?2 LIMIT 1");
  const bool found = row.bind(1, rule).bind(2, limit).step();
  row.reset();
  return found;
}

std::vector<std::int64_t> customers_of_address(Database& database, std::int64_t customer) {
  std::vector<std::int64_t> found{customer};
  Statement& rows = database.prepared(
      "SELECT id FROM customers WHERE email_key = (SELECT email_key FROM customers WHERE id = ?1) "
      "AND id <> ?1 ORDER BY id");
  rows.bind(1, customer);
  while (rows.step()) found.push_back(rows.integer(0));
  return found;
}

}  // namespace retaind::store
