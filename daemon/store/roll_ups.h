#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "store/database.h"

namespace retaind::store {

/// What an order means for its customer.
struct OrderPart {
  std::int64_t customer = 0;  ///< 0: none
  std::string status, currency;
  std::int64_t total = 0;
  std::optional<Time> placed_at, cancelled_at, refunded_at;

  /// In orders_count: placed, not cancelled, not a refund row.
  [[nodiscard]] bool counts() const { return placed_at && !cancelled_at && status != "cancelled"; }
  /// In total_spent, when the currency is the customer's; refund rows count with their negative
  /// total.
  [[nodiscard]] std::int64_t spent() const {
    const bool refund_row = total < 0 && !cancelled_at && status != "cancelled";
    return (counts() && !refunded_at) || refund_row ? total : 0;
  }
};

/// A login, a click or another act of a customer, at its time.
bool is_activity(std::string_view event_name);

/// The sums on the customer row, moved by what a fact was before and is after: cost does not grow
/// with the number of the customer's orders. Called after the fact's own row is written, in the
/// same transaction.
///
/// last_active_at is the latest order or activity. An activity that is new to the store and later
/// than all others begins the next episode of `customer.inactive`; a correction moves the time and
/// begins none.
class RollUps {
 public:
  explicit RollUps(Database& database) : database_(&database) {}
  void at(Time now, std::optional<Time> history_until) {
    now_ = now;
    history_until_ = history_until;
  }

  /// Without `before` the order is new; without `after` it has left this customer.
  void order(const std::optional<OrderPart>& before, const OrderPart& after);
  struct Act {
    std::int64_t customer = 0;
    std::optional<Time> at;  ///< empty: no activity
  };
  void event(const std::optional<Act>& before, const Act& after);
  void open_tickets(std::int64_t customer, int delta);
  /// After the customer's own currency or created_at was written.
  void currency_changed(std::int64_t customer, std::string_view from);
  void created_changed(std::int64_t customer);

 private:
  struct Kept;
  Kept load(std::int64_t customer);
  /// An episode that is over and moved is told as `orders_count`, on which its state hangs.
  void save(const Kept& before, const Kept& after, bool episode_moved = false);
  void apply_order(std::int64_t customer, const OrderPart* before, const OrderPart* after);
  void apply_act(std::int64_t customer, std::optional<Time> before, std::optional<Time> after);
  void move_activity(Kept& kept, std::optional<Time> before, std::optional<Time> after);
  bool settle_never_ordered(const Kept& kept);
  void count_left_out(int delta);
  std::optional<Time> time_of(std::string_view sql, std::int64_t customer);

  Database* database_;
  Time now_;
  std::optional<Time> history_until_;
};

}  // namespace retaind::store
