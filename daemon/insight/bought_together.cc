#include "insight/bought_together.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <unordered_map>

#include "store/columns.h"

namespace retaind::insight {
namespace {

// Rows of the change feed a slice; most are of no order that has to be counted again.
constexpr int changes_a_slice = 1000;

constexpr std::uint64_t order_columns = store::column_mask(Subject::order, "status") |
                                        store::column_mask(Subject::order, "placed_at") |
                                        store::column_mask(Subject::order, "cancelled_at") |
                                        store::column_mask(Subject::order, "refunded_at") |
                                        store::column_mask(Subject::order, "items_count");
constexpr std::uint64_t item_columns = store::column_mask(Subject::item, "sku") |
                                       store::column_mask(Subject::item, "name") |
                                       store::column_mask(Subject::item, "quantity");
constexpr std::int64_t nothing = -1;
constexpr std::int64_t any_order = 0;

/// What a customer has of one product.
struct Holding {
  double quantity = 0;
  std::int64_t placed = 0;
};

struct Candidate {
  std::int64_t product = 0;
  std::int64_t count = 0;
  std::string key;
};

}  // namespace

BoughtTogether::BoughtTogether(store::Database& database) : pairs_(database), ledger_(database) {}

void BoughtTogether::drop(store::Database& database) {
  store::ItemPairs pairs(database);
  if (pairs.progress()) pairs.drop();
}

bool BoughtTogether::is_behind() {
  if (!progress_) progress_ = pairs_.progress();
  return !progress_ || progress_->walked || ledger_.last_change() > progress_->feed;
}

bool BoughtTogether::keep_up(int pairs) {
  if (!is_behind()) return false;
  // What changes from now on is in the feed; everything else is walked through.
  if (!progress_) progress_ = store::ItemPairs::Progress{ledger_.last_change(), 0};
  const bool more = read_feed(pairs) || walk(pairs);
  pairs_.save(*progress_);
  return more;
}

/// The order that a change of the feed is about.
std::int64_t BoughtTogether::order_of(const store::FeedRow& change) {
  if (change.subject == Subject::order && (change.columns & order_columns) != 0) return change.row;
  if (change.subject != Subject::item || (change.columns & item_columns) == 0) return nothing;
  // A new line is told by its order's items_count, too.
  if (change.row != 0 && change.columns == store::all_columns(Subject::item)) return nothing;
  return change.row == 0 ? any_order : pairs_.order_of_item(change.row).value_or(nothing);
}

bool BoughtTogether::read_feed(int& pairs) {
  const auto changes = ledger_.changes_after(progress_->feed, changes_a_slice);
  std::set<std::int64_t> done;  // an order with its items comes many times
  for (const store::FeedRow& change : changes) {
    const std::int64_t order = order_of(change);
    // What the walk has yet to come to is left to it.
    const bool ahead = progress_->walked && order > *progress_->walked;
    if (order == any_order) {
      progress_->walked = 0;
    } else if (order != nothing && !ahead && done.insert(order).second && !recount(order, pairs)) {
      return true;
    }
    progress_->feed = change.seq;
  }
  return static_cast<int>(changes.size()) == changes_a_slice;
}

bool BoughtTogether::walk(int& pairs) {
  while (progress_->walked) {
    const std::int64_t order = pairs_.order_after(*progress_->walked);
    if (order == 0) {
      progress_->walked.reset();
      return false;
    }
    if (!recount(order, pairs)) return true;
    progress_->walked = order;
  }
  return false;
}

/// Product by product, so that it may stop between two: what is counted of an order is always a set
/// of products with all pairs among them. False when it stopped.
bool BoughtTogether::recount(std::int64_t order, int& pairs) {
  if (pairs <= 0) return false;
  const std::vector<std::int64_t> before = pairs_.counted(order);
  std::vector<std::int64_t> now;
  const std::vector<std::string> keys = pairs_.bought_in(order, most_products);
  if (keys.size() <= most_products) {
    for (const std::string& key : keys) now.push_back(pairs_.product(key));
  }
  std::sort(now.begin(), now.end());
  std::vector<std::int64_t> out;
  std::vector<std::int64_t> in;
  std::set_difference(before.begin(), before.end(), now.begin(), now.end(),
                      std::back_inserter(out));
  std::set_difference(now.begin(), now.end(), before.begin(), before.end(), std::back_inserter(in));
  int counted = static_cast<int>(before.size());
  for (const std::int64_t product : out) {
    if (pairs <= 0) return false;
    pairs_.count_out(order, product);
    pairs -= 2 * --counted + 1;
  }
  for (const std::int64_t product : in) {
    if (pairs <= 0) return false;
    pairs_.count_in(order, product, counted > 0);
    pairs -= 2 * counted++ + 1;
  }
  // Of what stays the order's date may be another.
  for (const std::int64_t product : now)
    if (std::binary_search(before.begin(), before.end(), product)) pairs_.date(order, product);
  pairs -= 4;  // what it costs to look, in about as much time
  return true;
}

namespace {

/// What a customer has; of what was sent back the quantity is 0 or less.
std::map<std::string, Holding> holdings_of(store::ItemPairs& pairs, std::int64_t customer) {
  std::map<std::string, Holding> all;
  for (const store::BoughtLine& line : pairs.bought_by(customer)) {
    Holding& holding = all[line.product];
    switch (line.kind) {
      case store::BoughtLine::Kind::kept:
        holding.quantity += line.quantity;
        holding.placed = std::max(holding.placed, line.placed);
        break;
      case store::BoughtLine::Kind::sent_back: break;
      case store::BoughtLine::Kind::taken_back: holding.quantity -= std::abs(line.quantity); break;
    }
  }
  return all;
}

/// The products to ask about: those bought last, and in the order of their keys where that is the
/// same.
std::vector<std::string> asked(const std::map<std::string, Holding>& holdings) {
  std::vector<std::pair<std::int64_t, std::string>> kept;
  for (const auto& [key, holding] : holdings)
    if (holding.quantity > 0) kept.emplace_back(-holding.placed, key);
  std::sort(kept.begin(), kept.end());
  if (kept.size() > most_asked) kept.resize(most_asked);
  std::vector<std::string> keys;
  for (auto& [placed, key] : kept) keys.push_back(std::move(key));
  return keys;
}

/// The best, by count and key, of what several customers have. Keys are read of those alone that
/// may be among them.
std::vector<Candidate> best_of(store::ItemPairs& pairs,
                               const std::unordered_map<std::int64_t, std::int64_t>& counts) {
  std::vector<Candidate> all;
  for (const auto& [product, count] : counts)
    if (count > 0) all.push_back({product, count, {}});
  std::sort(all.begin(), all.end(),
            [](const Candidate& a, const Candidate& b) { return a.count > b.count; });
  std::vector<Candidate> best;
  for (auto from = all.begin(); from != all.end() && best.size() < most_recommended;) {
    const auto to = std::find_if(from, all.end(), [&](const Candidate& candidate) {
      return candidate.count != from->count;
    });
    for (auto one = from; one != to; ++one) one->key = pairs.key_of(one->product);
    std::sort(from, to, [](const Candidate& a, const Candidate& b) { return a.key < b.key; });
    for (; from != to && best.size() < most_recommended; ++from)
      if (pairs.has_several_buyers(from->product)) best.push_back(std::move(*from));
    from = to;
  }
  return best;
}

Value text_or_null(std::string& text) { return text.empty() ? Value{} : Value{std::move(text)}; }

}  // namespace

Value recommendations(store::Database& database, std::int64_t customer) {
  store::ItemPairs pairs(database);
  const auto holdings = holdings_of(pairs, customer);
  std::unordered_map<std::int64_t, std::int64_t> counts;
  for (const std::string& key : asked(holdings)) {
    const std::int64_t product = pairs.find_product(key);
    if (product == 0) continue;
    pairs.each_other(product, least_orders,
                     [&](std::int64_t other, std::int64_t orders) { counts[other] += orders; });
  }
  if (!counts.empty()) {
    for (const auto& [key, holding] : holdings) counts.erase(pairs.find_product(key));
  }
  Value::Array list;
  for (Candidate& candidate : best_of(pairs, counts)) {
    store::ProductFace face = pairs.face(candidate.product);
    Value price;
    // An amount without a currency cannot be shown, and would stop the mail.
    if (face.price_minor && !face.currency.empty())
      price = Value::Object{{"minor", *face.price_minor}, {"currency", face.currency}};
    list.push_back(Value::Object{{"key", std::move(candidate.key)},
                                 {"sku", text_or_null(face.sku)},
                                 {"name", text_or_null(face.name)},
                                 {"price", std::move(price)},
                                 {"count", candidate.count}});
  }
  return list;
}

}  // namespace retaind::insight
