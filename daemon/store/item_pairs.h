#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/database.h"

namespace retaind::store {

/// What a customer's order lines say of one product: bought, or sent back.
struct BoughtLine {
  enum class Kind : std::uint8_t {
    kept,       ///< of an order that counts
    sent_back,  ///< of an order that was refunded
    taken_back  ///< of a row that is a refund itself: it names no order
  };
  std::string product;  ///< its key
  double quantity = 1;
  Kind kind = Kind::kept;
  std::int64_t placed = 0;  ///< ms; of taken_back 0
};

/// A product as the order shows it that was placed last of those that have it in the counts.
struct ProductFace {
  std::string sku, name, currency;  ///< empty: not known
  std::optional<std::int64_t> price_minor;
};

/// The SQL of insight/bought_together. Products and orders are row ids; every call that writes
/// belongs to the caller's transaction.
class ItemPairs {
 public:
  explicit ItemPairs(Database& database) : database_(&database) {}

  struct Progress {
    std::int64_t feed = 0;               ///< changes up to here are in the counts
    std::optional<std::int64_t> walked;  ///< under way through all orders: those up to this one are
  };
  /// Empty: nobody counts.
  std::optional<Progress> progress();
  void save(const Progress& progress);
  /// Everything counted goes, and so does the progress.
  void drop();

  /// The first order behind this one; 0 when there is none.
  std::int64_t order_after(std::int64_t order);
  /// Empty: the item is no longer there.
  std::optional<std::int64_t> order_of_item(std::int64_t item);
  /// Keys of the products that an order has bought, each once: none of an order that is not placed,
  /// or was cancelled or refunded; of a product that it has in a sum of 0 or less, neither. At most
  /// `most` + 1 of them.
  std::vector<std::string> bought_in(std::int64_t order, std::size_t most);
  /// Makes it.
  std::int64_t product(std::string_view key);
  /// 0: never counted.
  std::int64_t find_product(std::string_view key);
  std::string key_of(std::int64_t product);

  std::vector<std::int64_t> counted(std::int64_t order);
  /// One product of an order joins those of it that are counted, or leaves them, with its pairs.
  /// `others`: there are some.
  void count_in(std::int64_t order, std::int64_t product, bool others);
  void count_out(std::int64_t order, std::int64_t product);
  /// An order that is counted may be the one that was placed last with the product.
  void date(std::int64_t order, std::int64_t product);

  /// What stands in at least `least` orders together with this one.
  void each_other(std::int64_t product, std::int64_t least,
                  const std::function<void(std::int64_t other, std::int64_t orders)>& visit);
  /// Whether the orders that have it in the counts are of more than one customer; one that is
  /// nobody's is somebody else's.
  bool has_several_buyers(std::int64_t product);
  std::vector<BoughtLine> bought_by(std::int64_t customer);
  ProductFace face(std::int64_t product);

 private:
  Database* database_;
};

}  // namespace retaind::store
