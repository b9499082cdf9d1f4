#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/value.h"
#include "store/item_pairs.h"
#include "store/ledger.h"

namespace retaind::insight {

/// An order of more products is a stock list or the sum of a day, no basket: it is in no pair. The
/// pairs of an order grow with the square of its products; those of one of 200 are 39,800 rows.
inline constexpr std::size_t most_products = 200;
/// Orders that have to hold a pair before it says something: what one basket alone had together is
/// a chance.
inline constexpr std::int64_t least_orders = 2;
/// Of what a customer has, these many products that were bought last are asked what goes with them.
inline constexpr std::size_t most_asked = 100;
/// In a list of recommendations.
inline constexpr std::size_t most_recommended = 12;
/// Rows of pairs that one slice writes, give or take those of one product: some 20 ms.
inline constexpr int pairs_a_slice = 10'000;

/// In how many orders two products were bought together, kept by what changed: an order that
/// changes takes back what it had counted and counts what it has now, in the transaction that moves
/// the cursor along the change feed. So a crash, an order that comes twice and one that is
/// cancelled after a year leave the same numbers as a count from nothing.
///
/// Products are told apart by `sku`, else by `name`, byte for byte. An order counts when it is
/// placed, neither cancelled nor refunded; whose it is does not matter. A row that only is a refund
/// names no order and takes nothing back from any.
class BoughtTogether {
 public:
  explicit BoughtTogether(store::Database& database);

  /// Whether there is something to count.
  [[nodiscard]] bool is_behind();
  /// Counts what changed, at the first time all orders: a slice, in the caller's transaction. True
  /// when there is more.
  bool keep_up(int pairs = pairs_a_slice);
  /// The transaction came to nothing.
  void forget() { progress_.reset(); }
  /// Nothing is counted any more, and the counts go.
  static void drop(store::Database& database);

 private:
  [[nodiscard]] std::int64_t order_of(const store::FeedRow& change);
  bool read_feed(int& pairs);
  bool walk(int& pairs);
  bool recount(std::int64_t order, int& pairs);

  store::ItemPairs pairs_;
  store::Ledger ledger_;
  std::optional<store::ItemPairs::Progress> progress_;
};

/// What goes with what a customer has, `{key, sku, name, price, count}` each, most often bought
/// together first: `count` is the sum over the products of the customer of the orders that hold
/// both; the same count in the order of keys. Not in it is what the customer has, or has sent back,
/// nor what one customer alone has bought: what is made for somebody is nobody else's to know.
/// A product is had while the quantities of the orders that count, less those of rows that are
/// refunds, are over 0. Reads only; empty without a purchase.
Value recommendations(store::Database& database, std::int64_t customer);

}  // namespace retaind::insight
