#include <set>

#include "base/rng.h"
#include "insight/baskets.h"
#include "store/change_feed.h"

// Random histories of orders, with crashes between slices and inside them, against a count from
// nothing.
namespace retaind::insight {
namespace {

using store::ask;

constexpr int orders_at_most = 40;
constexpr int products = 9;

/// The products of each order as the rule of README.md has them, from the rows alone.
std::map<std::int64_t, std::set<std::string>> baskets(store::Database& database) {
  std::map<std::int64_t, std::map<std::string, double>> sums;
  store::Statement& row = database.prepared(
      "SELECT o.id, coalesce(i.sku, i.name), i.quantity, o.status, o.placed_at IS NULL OR "
      "o.cancelled_at IS NOT NULL OR o.refunded_at IS NOT NULL FROM orders o, items i WHERE "
      "i.\"order\" = o.id");
  while (row.step()) {
    if (row.integer(4) != 0 || row.text(3) == "cancelled" || row.text(3) == "refunded") continue;
    if (row.is_null(1)) continue;
    sums[row.integer(0)][std::string(row.text(1))] += row.is_null(2) ? 1 : row.real(2);
  }
  std::map<std::int64_t, std::set<std::string>> held;
  for (const auto& [order, amounts] : sums) {
    for (const auto& [key, amount] : amounts)
      if (amount > 0) held[order].insert(key);
  }
  return held;
}

Pairs count(const std::map<std::int64_t, std::set<std::string>>& held) {
  Pairs pairs;
  for (const auto& [order, keys] : held) {
    for (auto a = keys.begin(); a != keys.end(); ++a)
      for (auto b = std::next(a); b != keys.end(); ++b) ++pairs[{*a, *b}];
  }
  return pairs;
}

/// What is counted of the orders, which inside a slice is not yet all.
std::map<std::int64_t, std::set<std::string>> counted(store::Database& database) {
  std::map<std::int64_t, std::set<std::string>> held;
  store::Statement& row = database.prepared(
      "SELECT c.\"order\", p.key FROM counted_item c JOIN product p ON p.id = c.product");
  while (row.step()) held[row.integer(0)].insert(std::string(row.text(1)));
  return held;
}

class History {
 public:
  explicit History(std::uint64_t seed) : rng_(seed) { open(); }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      if (i % 80 == 0) begin_anew();
      switch (rng_.below(8)) {
        case 0: crash(); break;
        case 1:
        case 2: slice(); break;
        case 3:
          catch_up();
          look();
          break;
        default: change(); break;
      }
    }
    catch_up();
    look();
    CHECK(looks > 0);
  }

  int looks = 0;

 private:
  void open() {
    auto opened =
        store::Database::open(directory_ / "store.db",
                              {.mode = store::Database::Mode::create, .durable = false, .vfs = {}});
    if (!opened) FAIL(opened.error().message);
    database_.emplace(std::move(*opened));
    together_.emplace(*database_);
  }

  /// Nobody wants the counts for a while; then all orders are walked through.
  void begin_anew() {
    REQUIRE(database_->begin());
    BoughtTogether::drop(*database_);
    REQUIRE(database_->commit());
    together_.emplace(*database_);
    for (int i = 0; i < 60; ++i) change();
    slice();
  }

  /// In the middle of a transaction, after some of its slices.
  void crash() {
    REQUIRE(database_->begin());
    for (auto left = rng_.below(4); left > 0; --left) together_->keep_up(pairs());
    if (rng_.below(2) == 0) {
      database_->rollback();  // as when the disk is full: the process goes on
      together_->forget();
      return;
    }
    together_.reset();
    database_.reset();
    open();
  }

  int pairs() { return static_cast<int>(rng_.below(60)) + 1; }

  void slice() {
    REQUIRE(database_->begin());
    together_->keep_up(pairs());
    REQUIRE(database_->commit());
    CHECK(kept_pairs(*database_) == count(counted(*database_)));
  }

  void catch_up() {
    for (bool more = true; more;) {
      REQUIRE(database_->begin());
      more = together_->keep_up(pairs());
      REQUIRE(database_->commit());
    }
    CHECK_FALSE(together_->is_behind());
  }

  void look() {
    ++looks;
    const auto held = baskets(*database_);
    CHECK(kept_pairs(*database_) == count(held));
    auto kept = counted(*database_);
    CHECK(kept == held);
  }

  std::string some(std::uint64_t below) { return std::to_string(rng_.below(below)); }

  void change() {
    REQUIRE(database_->begin());
    store::Facts facts{*database_, noon};
    const std::string key = some(orders_at_most);
    const std::int64_t known = facts.find(Subject::order, key);
    const auto what = rng_.below(10);
    if (known == 0 || what < 2) {
      put_order(facts, key);
    } else if (what < 8) {
      put_item(facts, key);
    } else if (what == 8) {
      remove(known, "DELETE FROM items WHERE \"order\" = " + std::to_string(known) +
                        " AND key = '" + some(6) + "'");
    } else {
      remove(known, "DELETE FROM items WHERE \"order\" = " + std::to_string(known) +
                        "; DELETE FROM orders WHERE id = " + std::to_string(known));
    }
    REQUIRE(database_->commit());
  }

  /// Whoever takes facts away says so of their order.
  void remove(std::int64_t order, const std::string& sql) {
    REQUIRE(database_->execute(sql));
    store::note_change(*database_, Subject::order, order,
                       store::column_mask(Subject::order, "items_count"), noon);
  }

  void put_order(store::Facts& facts, const std::string& key) {
    constexpr const char* words[] = {"completed", "paid", "cancelled", "refunded", "shipped"};
    OrderFact fact;
    fact.key = key;
    fact.customer = "c" + some(5);
    fact.status = words[rng_.below(5)];
    if (rng_.below(8) != 0)
      fact.placed_at = noon;
    else
      fact.cleared |= store::column_mask(Subject::order, "placed_at");
    const auto maybe = [&](std::optional<Time>& at, std::string_view column) {
      if (rng_.below(6) == 0)
        at = noon;
      else
        fact.cleared |= store::column_mask(Subject::order, column);
    };
    maybe(fact.cancelled_at, "cancelled_at");
    maybe(fact.refunded_at, "refunded_at");
    REQUIRE(facts.put(fact));
  }

  void put_item(store::Facts& facts, const std::string& order) {
    ItemFact fact;
    fact.order = order;
    fact.key = some(6);
    const std::string product = "p" + some(products);
    if (rng_.below(4) == 0) {
      fact.cleared |= store::column_mask(Subject::item, "sku");
      fact.name = product;
    } else {
      fact.sku = product;
    }
    if (rng_.below(3) == 0)
      fact.cleared |= store::column_mask(Subject::item, "quantity");
    else
      fact.quantity = static_cast<double>(rng_.below(5)) - 1;
    REQUIRE(facts.put(fact));
  }

  Rng rng_;
  store::Directory directory_;
  std::optional<store::Database> database_;
  std::optional<BoughtTogether> together_;
};

}  // namespace

TEST_CASE("Whatever happens to orders, and wherever the process dies, pairs are as counted anew",
          "[insight]") {
  int looks = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    INFO("seed " << seed);
    History history{seed};
    history.run(250);
    looks += history.looks;
  }
  CHECK(looks > 200);
}

}  // namespace retaind::insight
