#include <fmt/format.h>

#include "store/ledger.h"
#include "store/ledger_cache.h"

// once-per: who has a place, who keeps it, and since when.
namespace retaind::store {

std::optional<Place> Ledger::place(std::int64_t rule, bool draft, std::int64_t scope) {
  Statement& row = database_->prepared(
      "SELECT firing, kept, first_at FROM once WHERE rule = ?1 AND draft = ?2 AND scope = ?3");
  row.bind(1, rule).bind(2, int{draft}).bind(3, scope);
  if (!row.step()) return std::nullopt;
  Place place{row.integer(0), row.integer(1) != 0, row.maybe_time(2)};
  row.reset();
  return place;
}

Place Ledger::as_kept(Place place) {
  if (place.kept) return place;
  if (place.firing < 0) {
    const auto sent = aside()->sent(place.firing);
    return {place.firing, sent.has_value(), sent ? std::optional(sent->at) : std::nullopt};
  }
  const auto open =
      database_->prepared("SELECT open FROM firing WHERE id = ?1").bind(1, place.firing).single();
  if (!open || *open != 0) return place;
  // A firing that ends without a message gives its place back.
  static const std::string sql = fmt::format(
      "SELECT min(coalesce(handed_at, ended_at)) FROM message WHERE firing = ?1 AND channel <> 0 "
      "AND (state IN (4, 5) OR reason IN ({}, {}))",
      static_cast<int>(Reason::would_send), static_cast<int>(Reason::held_out));
  const auto first = database_->prepared(sql).bind(1, place.firing).single();
  place.kept = first.has_value();
  if (first) place.first_at = from_ms(*first);
  return place;
}

void Ledger::take_place(std::int64_t rule, bool draft, std::int64_t scope, std::int64_t firing) {
  // After `again-after` a later occurrence takes over a kept place; until it sends, first_at stays
  // what it was.
  const auto take = [&] {
    return database_
               ->prepared(
                   "INSERT INTO once (rule, draft, scope, firing, kept) VALUES (?1, ?2, ?3, ?4, 0)"
                   " ON CONFLICT (rule, draft, scope) DO UPDATE SET firing = excluded.firing WHERE "
                   "kept = 1")
               .bind(1, rule)
               .bind(2, int{draft})
               .bind(3, scope)
               .bind(4, firing)
               .run() > 0;
  };
  if (!take()) {
    const auto held = place(rule, draft, scope);
    if (!held || held->firing == firing) return;
    const Place kept = as_kept(*held);
    if (!kept.kept || !kept.first_at) return;
    keep_place(rule, draft, scope, kept.firing, *kept.first_at);
    if (!take()) return;
  }
  database_->ledger_cache().has_place(firing);
}

bool Ledger::has_place(std::int64_t firing) const {
  const auto* known = database_->ledger_cache().firing(firing);
  return known != nullptr && known->has_place;
}

bool Ledger::keep_place(std::int64_t rule, bool draft, std::int64_t scope, std::int64_t firing,
                        Time first_at) {
  return database_
             ->prepared(
                 "UPDATE once SET kept = 1, first_at = ?5, kept_by = ?4 WHERE rule = ?1 AND draft "
                 "= ?2 "
                 "AND scope = ?3 AND firing = ?4"
                 " AND (kept_by IS NULL OR kept_by <> ?4)")
             .bind(1, rule)
             .bind(2, int{draft})
             .bind(3, scope)
             .bind(4, firing)
             .bind(5, first_at)
             .run() > 0;
}

void Ledger::give_back_place(std::int64_t rule, bool draft, std::int64_t scope,
                             std::int64_t firing) {
  database_
      ->prepared(
          "DELETE FROM once WHERE rule = ?1 AND draft = ?2 AND scope = ?3 AND firing = ?4 AND kept "
          "= 0")
      .bind(1, rule)
      .bind(2, int{draft})
      .bind(3, scope)
      .bind(4, firing)
      .run();
}

}  // namespace retaind::store
