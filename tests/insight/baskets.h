#pragma once
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "insight/bought_together.h"
#include "store/facts.h"
#include "store/open_store.h"

// What the tests of insight share: orders in a few words, and a count from nothing.
namespace retaind::insight {

using Pairs = std::map<std::pair<std::string, std::string>, std::int64_t>;

inline const Time noon = from_ms(1'772'452'800'000);  // of 2026-03-02

template <class Fact>
void put(store::Database& database, const Fact& fact) {
  store::Facts facts{database, noon};
  const auto written = facts.put(fact);
  if (!written) FAIL(written.error().message);
}

/// Placed at noon less `before`; lines are named by their places, from 1.
inline void order(store::Database& database, const std::string& key, const std::string& customer,
                  const std::vector<std::string>& skus, Duration before = Duration{0}) {
  OrderFact order;
  order.key = key;
  if (!customer.empty()) order.customer = customer;
  order.status = "completed";
  order.currency = "EUR";
  order.placed_at = noon - before;
  put(database, order);
  int line = 0;
  for (const std::string& sku : skus) {
    ItemFact item;
    item.order = key;
    item.key = std::to_string(++line);
    item.sku = sku;
    put(database, item);
  }
}

inline void count_all(store::Database& database, BoughtTogether& together) {
  auto transaction = store::Transaction::begin(database);
  REQUIRE(transaction);
  while (together.keep_up()) {
  }
  const auto done = transaction->commit();
  if (!done) FAIL(done.error().message);
}

/// The pairs as they are kept, the smaller key first; fails the test where the two sides differ.
inline Pairs kept_pairs(store::Database& database) {
  Pairs pairs;
  store::Statement& row = database.prepared(
      "SELECT p.key, q.key, i.orders, coalesce(j.orders, 0) FROM item_pair i JOIN product p ON "
      "p.id = i.product JOIN product q ON q.id = i.other LEFT JOIN item_pair j ON j.product = "
      "i.other AND j.other = i.product");
  while (row.step()) {
    if (row.integer(2) != row.integer(3)) FAIL("the two sides of a pair differ");
    if (row.text(0) < row.text(1))
      pairs[{std::string(row.text(0)), std::string(row.text(1))}] = row.integer(2);
  }
  return pairs;
}

/// "b:3 c:2"
inline std::string shown(const Value& list) {
  std::string text;
  for (const Value& one : *list.as_array()) {
    if (!text.empty()) text += ' ';
    text += *one.find("key")->as_text() + ":" + std::to_string(*one.find("count")->as_integer());
  }
  return text;
}

inline std::string recommended(store::Database& database, const std::string& customer) {
  store::Facts facts{database, noon};
  return shown(recommendations(database, facts.find_customer(customer)));
}

}  // namespace retaind::insight
