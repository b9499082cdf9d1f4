#include "store/roll_ups.h"

#include <algorithm>

#include "store/change_feed.h"
#include "store/columns.h"

namespace retaind::store {
namespace {

constexpr std::string_view last_order =
    "SELECT max(placed_at) FROM orders WHERE customer = ?1 AND placed_at IS NOT NULL";
constexpr std::string_view first_counted_order =
    "SELECT placed_at FROM orders WHERE customer = ?1 AND placed_at IS NOT NULL AND cancelled_at "
    "IS NULL "
    "AND status <> 'cancelled' AND coalesce(total_minor, 0) >= 0 ORDER BY placed_at LIMIT 1";
constexpr std::string_view last_activity =
    "SELECT at FROM events WHERE customer = ?1 AND (name IN ('login', 'click') "
    "OR (substr(name, -6) = '.login' AND length(name) > 6) OR (substr(name, -8) = '.clicked' AND "
    "length(name) > 8)) "
    "ORDER BY at DESC LIMIT 1";
// What an order adds to total_spent, and in which currency: OrderPart::spent() in SQL.
constexpr std::string_view sums_in_currency =
    "SELECT coalesce(sum(CASE WHEN currency IS NULL OR currency = ?2 THEN spent END), 0), "
    "coalesce(sum(spent <> 0 AND currency <> ?2), 0), coalesce(sum(spent <> 0 AND currency <> ?3), "
    "0) FROM ("
    "SELECT currency, CASE WHEN cancelled_at IS NOT NULL OR status = 'cancelled' THEN 0 "
    "WHEN total_minor < 0 OR (placed_at IS NOT NULL AND refunded_at IS NULL) THEN "
    "coalesce(total_minor, 0) "
    "ELSE 0 END AS spent FROM orders WHERE customer = ?1)";

}  // namespace

bool is_activity(std::string_view event_name) {
  return event_name == "login" || event_name == "click" ||
         (event_name.size() > 6 && event_name.ends_with(".login")) ||
         (event_name.size() > 8 && event_name.ends_with(".clicked"));
}

struct RollUps::Kept {
  std::int64_t customer = 0;
  std::int64_t orders = 0, spent = 0, episode = 0, tickets = 0;
  std::optional<Time> last_order_at, last_active_at, created_at, history_until;
  std::string currency;
};

RollUps::Kept RollUps::load(std::int64_t customer) {
  Statement& row = database_->prepared(
      "SELECT orders_count, total_spent_minor, last_order_at, last_active_at, active_episode, "
      "open_tickets, "
      "created_at, history_until, currency FROM customers WHERE id = ?1");
  row.bind(1, customer);
  Kept kept;
  if (row.step()) {
    kept = {customer,          row.integer(0),          row.integer(1),    row.integer(4),
            row.integer(5),    row.maybe_time(2),       row.maybe_time(3), row.maybe_time(6),
            row.maybe_time(7), std::string(row.text(8))};
  }
  row.reset();
  return kept;
}

void RollUps::save(const Kept& before, const Kept& after, bool episode_moved) {
  std::uint64_t changed = 0;
  const auto differs = [&](std::string_view column, bool different) {
    if (different) changed |= column_mask(Subject::customer, column);
  };
  differs("orders_count", before.orders != after.orders || episode_moved);
  differs("total_spent_minor", before.spent != after.spent);
  differs("last_order_at", before.last_order_at != after.last_order_at);
  differs("last_active_at", before.last_active_at != after.last_active_at);
  differs("active_episode", before.episode != after.episode);
  differs("open_tickets", before.tickets != after.tickets);
  differs("currency", before.currency != after.currency);
  if (changed == 0) return;
  // An index is rewritten whenever its column is named, also with the same value.
  const bool active = before.last_active_at != after.last_active_at;
  Statement& update = database_->prepared(
      active
          ? "UPDATE customers SET orders_count = ?2, total_spent_minor = ?3, last_order_at = ?4, "
            "active_episode = ?5, open_tickets = ?6, currency = ?7, history_until = ?8, "
            "last_active_at = ?9 "
            "WHERE id = ?1"
          : "UPDATE customers SET orders_count = ?2, total_spent_minor = ?3, last_order_at = ?4, "
            "active_episode = ?5, open_tickets = ?6, currency = ?7, history_until = ?8 WHERE id = "
            "?1");
  update.bind(1, after.customer)
      .bind(2, after.orders)
      .bind(3, after.spent)
      .bind(4, after.last_order_at)
      .bind(5, after.episode)
      .bind(6, after.tickets)
      .bind_or_null(7, after.currency)
      .bind(8, history_until_ ? history_until_ : after.history_until);
  if (active) update.bind(9, after.last_active_at);
  update.run();
  note_change(*database_, Subject::customer, after.customer, changed, now_);
}

std::optional<Time> RollUps::time_of(std::string_view sql, std::int64_t customer) {
  Statement& row = database_->prepared(sql);
  row.bind(1, customer);
  std::optional<Time> time;
  if (row.step()) time = row.maybe_time(0);
  row.reset();
  return time;
}

void RollUps::order(const std::optional<OrderPart>& before, const OrderPart& after) {
  if (before && before->customer != after.customer) {
    if (before->customer != 0) apply_order(before->customer, &*before, nullptr);
    if (after.customer != 0) apply_order(after.customer, nullptr, &after);
  } else if (after.customer != 0) {
    apply_order(after.customer, before ? &*before : nullptr, &after);
  }
}

void RollUps::apply_order(std::int64_t customer, const OrderPart* before, const OrderPart* after) {
  const Kept old = load(customer);
  Kept kept = old;
  if (after != nullptr && kept.currency.empty()) kept.currency = after->currency;

  const auto foreign = [&](const OrderPart& part) {
    return !part.currency.empty() && part.currency != kept.currency;
  };
  int left_out = 0;
  const auto add = [&](const OrderPart& part, int sign) {
    kept.orders += part.counts() ? sign : 0;
    if (foreign(part)) {
      left_out += part.spent() != 0 ? sign : 0;
    } else {
      kept.spent += sign * part.spent();
    }
  };
  if (before != nullptr) add(*before, -1);
  if (after != nullptr) add(*after, 1);
  count_left_out(left_out);

  const auto placed_before = before != nullptr ? before->placed_at : std::nullopt;
  const auto placed_after = after != nullptr ? after->placed_at : std::nullopt;
  if (placed_after && (!kept.last_order_at || *placed_after > *kept.last_order_at)) {
    kept.last_order_at = placed_after;
  } else if (placed_before && placed_before == kept.last_order_at &&
             placed_after != placed_before) {
    kept.last_order_at = time_of(last_order, customer);
  }
  move_activity(kept, placed_before, placed_after);
  // An ordinary next order leaves the first one where it was.
  const bool ordinary =
      before == nullptr && old.orders > 0 && old.last_order_at && placed_after > old.last_order_at;
  save(old, kept, !ordinary && settle_never_ordered(kept));
}

void RollUps::move_activity(Kept& kept, std::optional<Time> before, std::optional<Time> after) {
  if (after && (!kept.last_active_at || *after > *kept.last_active_at)) {
    const bool is_new = !before;
    if (kept.last_active_at && is_new) {
      // The episode's number moves with it, and says so.
      (void)note_ended(*database_,
                       {"customer.inactive", kept.customer, kept.episode, *kept.last_active_at,
                        *after, history_until_ ? history_until_ : kept.history_until});
    }
    if (!kept.last_active_at || is_new) ++kept.episode;
    kept.last_active_at = after;
  } else if (before && before == kept.last_active_at && after != before) {
    kept.last_active_at = std::max(kept.last_order_at, time_of(last_activity, kept.customer));
  }
}

void RollUps::event(const std::optional<Act>& before, const Act& after) {
  if (before && before->customer != after.customer) {
    if (before->customer != 0) apply_act(before->customer, before->at, std::nullopt);
    if (after.customer != 0) apply_act(after.customer, std::nullopt, after.at);
  } else if (after.customer != 0) {
    apply_act(after.customer, before ? before->at : std::nullopt, after.at);
  }
}

void RollUps::apply_act(std::int64_t customer, std::optional<Time> before,
                        std::optional<Time> after) {
  if (!before && !after) return;
  const Kept old = load(customer);
  Kept kept = old;
  move_activity(kept, before, after);
  save(old, kept);
}

void RollUps::open_tickets(std::int64_t customer, int delta) {
  if (customer == 0 || delta == 0) return;
  const Kept old = load(customer);
  Kept kept = old;
  kept.tickets += delta;
  save(old, kept);
}

void RollUps::currency_changed(std::int64_t customer, std::string_view from) {
  const Kept old = load(customer);
  Kept kept = old;
  Statement& sums = database_->prepared(sums_in_currency);
  sums.bind(1, customer).bind(2, old.currency).bind_or_null(3, from);
  int left_out = 0;
  if (sums.step()) {
    kept.spent = sums.integer(0);
    left_out = static_cast<int>(sums.integer(1) - sums.integer(2));
  }
  sums.reset();
  count_left_out(left_out);
  save(old, kept);
}

void RollUps::created_changed(std::int64_t customer) {
  // created_at itself tells of it.
  (void)settle_never_ordered(load(customer));
}

/// `customer.never-ordered` lasts from created_at to the first order that counts, and has one
/// episode.
bool RollUps::settle_never_ordered(const Kept& kept) {
  if (kept.created_at && kept.orders > 0) {
    const auto first = time_of(first_counted_order, kept.customer);
    if (first && *first > *kept.created_at) {
      return note_ended(*database_, {"customer.never-ordered", kept.customer, 1, *kept.created_at,
                                     *first, history_until_ ? history_until_ : kept.history_until});
    }
  }
  return forget_ended(*database_, "customer.never-ordered", kept.customer, 1);
}

/// Orders in another currency than their customer's are in no sum; `retaind status` says how many.
void RollUps::count_left_out(int delta) {
  if (delta == 0) return;
  database_
      ->prepared(
          "INSERT INTO meta (key, value) VALUES ('orders_in_other_currency', ?1) ON CONFLICT (key) "
          "DO UPDATE "
          "SET value = CAST(CAST(value AS INTEGER) + ?1 AS TEXT)")
      .bind(1, std::to_string(delta))
      .run();
}

}  // namespace retaind::store
