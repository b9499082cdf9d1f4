#include "store/known_past.h"

#include "store/columns.h"

namespace retaind::store {

Past past_of(const Field& field) {
  if (field.subject == Subject::event || field.subject == Subject::feedback ||
      field.subject == Subject::item)
    return Past::known;
  if (field.derivation == Derivation::dated_flag || field.derivation == Derivation::roll_up)
    return Past::known;
  if (field.derivation == Derivation::attribute) return Past::last;
  const int index = column_index(field.subject, field.column);
  if (index < 0) return Past::known;
  // An order's dates say how far it was, and a ticket's words are dated.
  if (field.column == "status" && field.subject != Subject::subscription) return Past::known;
  const Column& column = columns_of(field.subject)[static_cast<std::size_t>(index)];
  if (column.owner == Column::Owner::tracked) return Past::watched;
  if (column.owner == Column::Owner::store || column.kind == Column::Kind::time) return Past::known;
  for (const std::string_view constant : {"key", "number", "currency", "birthday"}) {
    if (field.column == constant) return Past::known;
  }
  return Past::last;
}

std::optional<Time> watched_since(Database& database) {
  Statement& row = database.prepared(
      "SELECT min(at) FROM (SELECT min(at) AS at FROM import_progress UNION ALL SELECT min(at) "
      "FROM "
      "rule_revision UNION ALL SELECT min(valid_from) FROM history WHERE subject <> 4 AND "
      "valid_from > 0)");
  const auto at = row.single();
  if (!at) return std::nullopt;
  return from_ms(*at);
}

bool Purchases::any(std::string_view customer_key, Time after, Time through) {
  Statement& row = database_->prepared(
      "SELECT 1 FROM orders WHERE customer = (SELECT id FROM customers WHERE key = ?1) AND "
      "placed_at > ?2 AND placed_at <= ?3 AND cancelled_at IS NULL LIMIT 1");
  const bool found = row.bind(1, customer_key).bind(2, after).bind(3, through).step();
  row.reset();
  return found;
}

std::optional<Time> Purchases::known_until() {
  const auto at = database_->prepared("SELECT max(placed_at) FROM orders").single();
  if (!at) return std::nullopt;
  return from_ms(*at);
}

std::int64_t Purchases::really_sent(std::string_view rule, Time from, Time to) {
  Statement& row = database_->prepared(
      "SELECT count(*) FROM message m JOIN rule r ON r.id = m.rule WHERE r.name = ?1 AND m.draft = "
      "0 AND m.handed_at BETWEEN ?2 AND ?3");
  return row.bind(1, rule).bind(2, from).bind(3, to).single().value_or(0);
}

}  // namespace retaind::store
