#include "store/bodies.h"

#include <algorithm>

#include "store/text_delta.h"

namespace retaind::store {
namespace {

// Of one step there are several kinds when customers have several languages.
constexpr std::size_t most_bases = 32;
constexpr int most_tries = 4;

}  // namespace

void Bodies::save_row(std::int64_t message, Time now, std::optional<std::int64_t> base,
                      std::string_view bytes) {
  database_->write_behind(Database::Behind::body, {message, now, base, bytes});
}

void Bodies::save(std::int64_t message, Time now, std::string_view bytes) {
  save_row(message, now, std::nullopt, bytes);
}

/// False when the two have too little in common.
bool Bodies::save_like(Base& base, std::int64_t message, Time now, std::string_view bytes) {
  if (base.id == 0) {
    std::string common = common_text(base.text, bytes);
    if (common.size() < bytes.size() / 2) return false;
    database_->prepared("INSERT INTO body_base (at, bytes) VALUES (?1, CAST(?2 AS BLOB))")
        .bind(1, now)
        .bind(2, common)
        .run();
    base.id = database_->last_insert_id();
    base.at = now;
    base.text = std::move(common);
  }
  const std::string delta = text_delta(base.text, bytes);
  if (delta.size() > bytes.size() / 2) return false;
  save_row(message, now, base.id, delta);
  return true;
}

void Bodies::save_mail(std::int64_t message, std::int64_t rule, std::string_view step, Time now,
                       std::string_view bytes) {
  int tries = 0;
  for (auto base = bases_.begin(); base != bases_.end() && tries < most_tries; ++base) {
    if (base->rule != rule || base->step != step) continue;
    if (now < base->at || now >= base->at + base_life) continue;
    ++tries;
    if (!save_like(*base, message, now, bytes)) continue;
    std::rotate(bases_.begin(), base, base + 1);
    return;
  }
  save(message, now, bytes);
  if (bases_.size() == most_bases) bases_.pop_back();
  bases_.insert(bases_.begin(), Base{rule, std::string(step), 0, now, std::string(bytes)});
}

std::optional<std::string> Bodies::find(std::int64_t message) {
  Statement& row = database_
                       ->prepared(
                           "SELECT CAST(m.bytes AS TEXT), CAST(b.bytes AS TEXT), m.base FROM "
                           "message_body m LEFT JOIN body_base b ON b.id = m.base WHERE m.message "
                           "= ?1")
                       .bind(1, message);
  if (!row.step()) return std::nullopt;
  std::optional<std::string> text =
      row.is_null(2) ? std::string(row.text(0)) : apply_text_delta(row.text(1), row.text(0));
  row.reset();
  return text;
}

}  // namespace retaind::store
