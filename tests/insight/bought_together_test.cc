#include "insight/baskets.h"

using namespace retaind;
using namespace retaind::insight;
using namespace std::chrono_literals;

namespace {

ItemFact line(const std::string& order, const std::string& key) {
  ItemFact item;
  item.order = order;
  item.key = key;
  return item;
}

OrderFact row(const std::string& key) {
  OrderFact order;
  order.key = key;
  return order;
}

}  // namespace

TEST_CASE("What two orders hold together is recommended to whoever has one of both", "[insight]") {
  auto database = store::memory_store();
  BoughtTogether together{database};
  order(database, "1", "anna", {"tea", "pot", "cup"});
  order(database, "2", "", {"tea", "pot"});
  order(database, "3", "ben", {"tea"});
  order(database, "4", "cleo", {"tea", "tea"});
  CHECK(recommended(database, "ben").empty());
  count_all(database, together);
  CHECK(kept_pairs(database) ==
        Pairs{{{"cup", "pot"}, 1}, {{"cup", "tea"}, 1}, {{"pot", "tea"}, 2}});
  CHECK(recommended(database, "ben") == "pot:2");   // one basket with a cup says nothing
  CHECK(recommended(database, "cleo") == "pot:2");  // two lines of one product are one
  CHECK(recommended(database, "anna").empty());     // who has both
  CHECK_FALSE(together.is_behind());
}

TEST_CASE("A recommendation brings key, sku, name and price along, as the newest order has them",
          "[insight]") {
  auto database = store::memory_store();
  BoughtTogether together{database};
  for (const char* key : {"1", "2"}) {
    order(database, key, "", {"tea"});
    ItemFact pot = line(key, "pot");
    pot.name = "A pot, green";
    put(database, pot);
    ItemFact cup = line(key, "cup");
    cup.sku = "C-1";
    cup.name = std::string("A cup of order ") + key;
    cup.price_minor = key[0] == '1' ? 500 : 700;
    put(database, cup);
  }
  order(database, "3", "ben", {"tea"});
  count_all(database, together);
  store::Facts facts{database, noon};
  CHECK(to_json(recommendations(database, facts.find_customer("ben"))) ==
        R"([{"key":"A pot, green","sku":null,"name":"A pot, green","price":null,"count":2},)"
        R"({"key":"C-1","sku":"C-1","name":"A cup of order 2",)"
        R"("price":{"minor":700,"currency":"EUR"},"count":2}])");
}

TEST_CASE("A price whose currency nobody knows is none", "[insight]") {
  auto database = store::memory_store();
  BoughtTogether together{database};
  for (const char* key : {"1", "2"}) {
    OrderFact basket = row(key);
    basket.placed_at = noon;
    put(database, basket);
    for (const char* sku : {"tea", "pot"}) {
      ItemFact item = line(key, sku);
      item.sku = sku;
      item.price_minor = 2900;
      put(database, item);
    }
  }
  order(database, "3", "ben", {"tea"});
  count_all(database, together);
  store::Facts facts{database, noon};
  const Value list = recommendations(database, facts.find_customer("ben"));
  REQUIRE(list.as_array()->size() == 1);
  CHECK(list.as_array()->front().find("price")->is_null());
}

TEST_CASE("Name and price are those of the order placed last, in whatever order rows came",
          "[insight]") {
  auto database = store::memory_store();
  BoughtTogether together{database};
  const auto shown_price = [&] {
    count_all(database, together);
    store::Facts facts{database, noon};
    const Value list = recommendations(database, facts.find_customer("ben"));
    const Value* price = list.as_array()->front().find("price");
    return *price->find("minor")->as_integer();
  };
  const auto with_cup = [&](const char* key, Duration before, std::int64_t price) {
    order(database, key, "", {"tea", "cup"}, before);
    ItemFact cup = line(key, "2");
    cup.price_minor = price;
    put(database, cup);
  };
  order(database, "0", "ben", {"tea"});
  with_cup("1", 1h, 5000);
  with_cup("2", 1000h, 500);
  CHECK(shown_price() == 5000);
  with_cup("3", 2h, 900);
  CHECK(shown_price() == 5000);
  OrderFact newest = row("1");
  SECTION("which is refunded") {
    newest.refunded_at = noon;
    put(database, newest);
    CHECK(shown_price() == 900);
  }
  SECTION("which was placed later than was said") {
    OrderFact later = row("2");
    later.placed_at = noon;
    put(database, later);
    CHECK(shown_price() == 500);
  }
}

TEST_CASE("What one customer alone has bought is shown to nobody else", "[insight]") {
  auto database = store::memory_store();
  BoughtTogether together{database};
  for (const char* key : {"1", "2", "3"}) order(database, key, "anna", {"ring", "for Maria"});
  for (const char* key : {"4", "5"}) order(database, key, key, {"ring", "box"});
  order(database, "6", "ben", {"ring"});
  count_all(database, together);
  CHECK(recommended(database, "ben") == "box:2");
  order(database, "7", "cleo", {"for Maria"});
  count_all(database, together);
  CHECK(recommended(database, "ben") == "for Maria:3 box:2");
}

TEST_CASE("A refund takes an order out of the counts, and a customer is not offered it again",
          "[insight]") {
  auto database = store::memory_store();
  BoughtTogether together{database};
  for (const char* key : {"1", "2", "3"}) order(database, key, "", {"tea", "pot"});
  order(database, "ben-1", "ben", {"tea"});
  order(database, "cleo-1", "cleo", {"tea"});
  order(database, "cleo-2", "cleo", {"pot"});
  count_all(database, together);
  CHECK(recommended(database, "ben") == "pot:3");
  CHECK(recommended(database, "cleo").empty());

  SECTION("by its date") {
    OrderFact refunded = row("3");
    refunded.refunded_at = noon;
    put(database, refunded);
  }
  SECTION("by its status") {
    OrderFact refunded = row("3");
    refunded.status = "refunded";
    put(database, refunded);
  }
  SECTION("by a cancellation") {
    OrderFact cancelled = row("3");
    cancelled.cancelled_at = noon;
    put(database, cancelled);
  }
  SECTION("by a quantity that is gone") {
    ItemFact item = line("3", "2");
    item.quantity = 0;
    put(database, item);
  }
  CHECK(together.is_behind());
  count_all(database, together);
  CHECK(recommended(database, "ben") == "pot:2");

  // Had and sent back: neither asked about nor offered.
  OrderFact sent_back = row("cleo-2");
  sent_back.refunded_at = noon;
  put(database, sent_back);
  count_all(database, together);
  CHECK(recommended(database, "cleo").empty());
  // A row that only is a refund names no order: the pairs stay, and the product is no longer had.
  OrderFact refund = row("ben-2");
  refund.customer = "ben";
  refund.total_minor = -500;
  refund.status = "refunded";
  refund.refunded_at = noon;
  put(database, refund);
  ItemFact back = line("ben-2", "1");
  back.sku = "tea";
  back.quantity = -1;
  put(database, back);
  count_all(database, together);
  CHECK(kept_pairs(database) == Pairs{{{"pot", "tea"}, 2}});
  CHECK(recommended(database, "ben").empty());
}

TEST_CASE("A line that becomes another product takes its pairs along", "[insight]") {
  auto database = store::memory_store();
  BoughtTogether together{database};
  order(database, "1", "", {"tea", "pot", "cup"});
  count_all(database, together);
  ItemFact item = line("1", "2");
  item.sku = "jug";
  put(database, item);
  count_all(database, together);
  CHECK(kept_pairs(database) ==
        Pairs{{{"cup", "jug"}, 1}, {{"cup", "tea"}, 1}, {{"jug", "tea"}, 1}});
  // What says nothing new, as every import of the same file, changes nothing.
  const std::string before = store::ask(database, "SELECT max(seq) FROM change");
  order(database, "1", "", {"tea", "jug", "cup"});
  CHECK(store::ask(database, "SELECT max(seq) FROM change") == before);
  CHECK_FALSE(together.is_behind());
}

TEST_CASE("The list ends at 12, ties in the order of their keys, each product once", "[insight]") {
  auto database = store::memory_store();
  BoughtTogether together{database};
  std::vector<std::string> basket{"tea", "pot"};
  for (char c = 'a'; c < 'a' + 15; ++c) basket.emplace_back(1, c);
  order(database, "1", "", basket);
  order(database, "2", "", basket);
  order(database, "3", "", {"tea", "n"});
  order(database, "4", "ben", {"tea"}, 2h);
  order(database, "5", "ben", {"pot"}, 1h);
  count_all(database, together);
  CHECK(recommended(database, "ben") == "n:5 a:4 b:4 c:4 d:4 e:4 f:4 g:4 h:4 i:4 j:4 k:4");
}

TEST_CASE("An order of more than 200 products is no basket, and becomes one when it shrinks",
          "[insight]") {
  auto database = store::memory_store();
  BoughtTogether together{database};
  std::vector<std::string> many;
  for (std::size_t i = 0; i < most_products; ++i) many.push_back("p" + std::to_string(i));
  order(database, "1", "", many);
  count_all(database, together);
  const auto all = std::to_string(most_products * (most_products - 1));
  CHECK(store::ask(database, "SELECT count(*) FROM item_pair") == all);
  ItemFact one_more = line("1", "one more");
  one_more.sku = "one more";
  put(database, one_more);
  count_all(database, together);
  CHECK(store::ask(database, "SELECT count(*) FROM item_pair") == "0");
  one_more.quantity = 0;
  put(database, one_more);
  count_all(database, together);
  CHECK(store::ask(database, "SELECT count(*) FROM item_pair") == all);
}

TEST_CASE("Of a customer with more than 100 products the newest are asked", "[insight]") {
  auto database = store::memory_store();
  BoughtTogether together{database};
  for (const char* key : {"1", "2"}) {
    order(database, key, "", {"old", "with old"});
    order(database, std::string(key) + "b", "", {"new", "with new"});
  }
  order(database, "3", "ben", {"old"}, 48h);
  std::vector<std::string> later{"new"};
  for (std::size_t i = 1; i < most_asked; ++i) later.push_back("p" + std::to_string(i));
  order(database, "4", "ben", {later.begin(), later.end() - 1}, 24h);
  count_all(database, together);
  CHECK(recommended(database, "ben") == "with new:2 with old:2");
  order(database, "5", "ben", {later.back()});
  count_all(database, together);
  CHECK(recommended(database, "ben") == "with new:2");
}

TEST_CASE("A slice writes no more than it may, and the next goes on inside an order", "[insight]") {
  auto database = store::memory_store();
  BoughtTogether together{database};
  std::vector<std::string> many;
  for (int i = 0; i < 60; ++i) many.push_back("p" + std::to_string(i));
  order(database, "1", "", many);
  order(database, "2", "", many);
  int slices = 1;
  std::int64_t most = 0;
  for (bool more = true; more; ++slices) {
    const std::int64_t before = database.rows_changed();
    more = together.keep_up(100);
    most = std::max(most, database.rows_changed() - before);
  }
  CHECK(slices > 50);
  CHECK(most < 100 + 2 * 60 + 10);
  CHECK(store::ask(database, "SELECT count(*) FROM item_pair WHERE orders = 2") == "3540");
}

TEST_CASE("What nobody shows any more is dropped, and counted anew when somebody does",
          "[insight]") {
  auto database = store::memory_store();
  {
    BoughtTogether together{database};
    order(database, "1", "", {"tea", "pot"});
    count_all(database, together);
  }
  BoughtTogether::drop(database);
  for (const char* table : {"item_pair", "counted_item", "product"})
    CHECK(store::ask(database, std::string("SELECT count(*) FROM ") + table) == "0");
  CHECK(store::ask(database, "SELECT count(*) FROM meta WHERE key LIKE 'item_pairs%'") == "0");
  order(database, "2", "", {"tea", "pot"});
  BoughtTogether together{database};
  CHECK(together.is_behind());
  count_all(database, together);
  CHECK(kept_pairs(database) == Pairs{{{"pot", "tea"}, 2}});
}

TEST_CASE("A bulk load, which tells of no row, is walked through", "[insight]") {
  auto database = store::memory_store();
  BoughtTogether together{database};
  order(database, "1", "", {"tea", "pot"});
  count_all(database, together);
  REQUIRE(database.execute(
      "INSERT INTO orders (id, key, placed_at) VALUES (70, '70', 1); INSERT INTO items (\"order\", "
      "key, sku) VALUES (70, '1', 'tea'), (70, '2', 'cup'); INSERT INTO change (subject, row, "
      "columns, at) VALUES (1, 0, 16383, 1)"));
  CHECK(together.is_behind());
  count_all(database, together);
  CHECK(kept_pairs(database) == Pairs{{{"pot", "tea"}, 1}, {{"cup", "tea"}, 1}});
}
