#include "store/item_pairs.h"

#include <fmt/format.h>

#include "store/meta.h"

namespace retaind::store {
namespace {

constexpr std::string_view feed_key = "item_pairs_feed";
constexpr std::string_view walk_key = "item_pairs_walked";

std::optional<std::int64_t> number_in(Database& database, std::string_view key) {
  const auto value = meta_value(database, key);
  if (!value) return std::nullopt;
  return std::stoll(*value);
}

}  // namespace

std::optional<ItemPairs::Progress> ItemPairs::progress() {
  const auto feed = number_in(*database_, feed_key);
  if (!feed) return std::nullopt;
  return Progress{*feed, number_in(*database_, walk_key)};
}

void ItemPairs::save(const Progress& progress) {
  set_meta_value(*database_, feed_key, std::to_string(progress.feed));
  if (progress.walked)
    set_meta_value(*database_, walk_key, std::to_string(*progress.walked));
  else
    database_->prepared("DELETE FROM meta WHERE key = ?1").bind(1, walk_key).run();
}

void ItemPairs::drop() {
  // Without a WHERE SQLite frees a table's pages and looks at no row.
  for (const std::string_view sql :
       {"DELETE FROM item_pair", "DELETE FROM counted_item", "DELETE FROM product"})
    database_->prepared(sql).run();
  for (const std::string_view key : {feed_key, walk_key})
    database_->prepared("DELETE FROM meta WHERE key = ?1").bind(1, key).run();
}

std::int64_t ItemPairs::order_after(std::int64_t order) {
  return database_->prepared("SELECT id FROM orders WHERE id > ?1 ORDER BY id LIMIT 1")
      .bind(1, order)
      .single()
      .value_or(0);
}

std::optional<std::int64_t> ItemPairs::order_of_item(std::int64_t item) {
  return database_->prepared("SELECT \"order\" FROM items WHERE id = ?1").bind(1, item).single();
}

std::vector<std::string> ItemPairs::bought_in(std::int64_t order, std::size_t most) {
  Statement& rows = database_->prepared(
      "SELECT coalesce(i.sku, i.name) AS product FROM orders o CROSS JOIN items i ON i.\"order\" = "
      "o.id WHERE o.id = ?1 AND o.placed_at IS NOT NULL AND o.cancelled_at IS NULL AND "
      "o.refunded_at IS NULL AND o.status NOT IN ('cancelled', 'refunded') AND coalesce(i.sku, "
      "i.name) IS NOT NULL GROUP BY product HAVING sum(coalesce(i.quantity, 1)) > 0 LIMIT ?2");
  rows.bind(1, order).bind(2, static_cast<std::int64_t>(most) + 1);
  std::vector<std::string> keys;
  while (rows.step()) keys.emplace_back(rows.text(0));
  return keys;
}

std::int64_t ItemPairs::find_product(std::string_view key) {
  return database_->prepared("SELECT id FROM product WHERE key = ?1")
      .bind(1, key)
      .single()
      .value_or(0);
}

std::int64_t ItemPairs::product(std::string_view key) {
  if (const std::int64_t known = find_product(key); known != 0) return known;
  database_->prepared("INSERT INTO product (key) VALUES (?1)").bind(1, key).run();
  return database_->last_insert_id();
}

std::string ItemPairs::key_of(std::int64_t product) {
  Statement& row = database_->prepared("SELECT key FROM product WHERE id = ?1").bind(1, product);
  std::string key;
  if (row.step()) key = row.text(0);
  row.reset();
  return key;
}

std::vector<std::int64_t> ItemPairs::counted(std::int64_t order) {
  Statement& rows =
      database_->prepared("SELECT product FROM counted_item WHERE \"order\" = ?1 ORDER BY product")
          .bind(1, order);
  std::vector<std::int64_t> products;
  while (rows.step()) products.push_back(rows.integer(0));
  return products;
}

void ItemPairs::count_in(std::int64_t order, std::int64_t product, bool others) {
  constexpr std::string_view sides[] = {
      "INSERT INTO item_pair (product, other, orders) SELECT ?2, product, 1 FROM counted_item "
      "WHERE \"order\" = ?1 ON CONFLICT (product, other) DO UPDATE SET orders = orders + 1",
      "INSERT INTO item_pair (product, other, orders) SELECT product, ?2, 1 FROM counted_item "
      "WHERE \"order\" = ?1 ON CONFLICT (product, other) DO UPDATE SET orders = orders + 1"};
  if (others) {
    for (const std::string_view sql : sides)
      database_->prepared(sql).bind(1, order).bind(2, product).run();
  }
  database_->prepared("INSERT INTO counted_item (\"order\", product) VALUES (?1, ?2)")
      .bind(1, order)
      .bind(2, product)
      .run();
  date(order, product);
}

void ItemPairs::date(std::int64_t order, std::int64_t product) {
  database_
      ->prepared(
          "UPDATE product SET newest = ?1 WHERE id = ?2 AND newest IS NOT ?1 AND coalesce((SELECT "
          "placed_at FROM orders WHERE id = newest), -1) <= (SELECT placed_at FROM orders WHERE id "
          "= ?1)")
      .bind(1, order)
      .bind(2, product)
      .run();
}

void ItemPairs::count_out(std::int64_t order, std::int64_t product) {
  database_->prepared("DELETE FROM counted_item WHERE \"order\" = ?1 AND product = ?2")
      .bind(1, order)
      .bind(2, product)
      .run();
  database_
      ->prepared(
          "UPDATE product SET newest = (SELECT o.id FROM counted_item c CROSS JOIN orders o ON "
          "o.id = c.\"order\" WHERE c.product = ?2 ORDER BY o.placed_at DESC, o.id DESC LIMIT 1) "
          "WHERE id = ?2 AND newest = ?1")
      .bind(1, order)
      .bind(2, product)
      .run();
  // The last order of a pair takes the row along.
  for (const std::string_view sql :
       {"DELETE FROM item_pair WHERE orders = 1 AND product = ?2 AND other IN (SELECT product FROM "
        "counted_item WHERE \"order\" = ?1)",
        "DELETE FROM item_pair WHERE orders = 1 AND other = ?2 AND product IN (SELECT product FROM "
        "counted_item WHERE \"order\" = ?1)",
        "UPDATE item_pair SET orders = orders - 1 WHERE product = ?2 AND other IN (SELECT product "
        "FROM counted_item WHERE \"order\" = ?1)",
        "UPDATE item_pair SET orders = orders - 1 WHERE other = ?2 AND product IN (SELECT product "
        "FROM counted_item WHERE \"order\" = ?1)"})
    database_->prepared(sql).bind(1, order).bind(2, product).run();
}

void ItemPairs::each_other(std::int64_t product, std::int64_t least,
                           const std::function<void(std::int64_t, std::int64_t)>& visit) {
  Statement& rows =
      database_->prepared("SELECT other, orders FROM item_pair WHERE product = ?1 AND orders >= ?2")
          .bind(1, product)
          .bind(2, least);
  while (rows.step()) visit(rows.integer(0), rows.integer(1));
}

bool ItemPairs::has_several_buyers(std::int64_t product) {
  // DISTINCT ends with its second row.
  Statement& count = database_->prepared(
      "SELECT count(*) FROM (SELECT DISTINCT coalesce(o.customer, -o.id) FROM counted_item c CROSS "
      "JOIN orders o ON o.id = c.\"order\" WHERE c.product = ?1 LIMIT 2)");
  return count.bind(1, product).single() == 2;
}

std::vector<BoughtLine> ItemPairs::bought_by(std::int64_t customer) {
  Statement& rows = database_->prepared(
      "SELECT coalesce(i.sku, i.name), coalesce(i.quantity, 1), coalesce(o.placed_at, 0), "
      "o.placed_at IS NULL, o.refunded_at IS NOT NULL OR o.status = 'refunded' FROM orders o CROSS "
      "JOIN items i ON i.\"order\" = o.id WHERE o.customer = ?1 AND o.cancelled_at IS NULL AND "
      "o.status <> 'cancelled' AND coalesce(i.sku, i.name) IS NOT NULL");
  rows.bind(1, customer);
  std::vector<BoughtLine> lines;
  while (rows.step()) {
    const bool placed = rows.integer(3) == 0;
    const bool refunded = rows.integer(4) != 0;
    if (!placed && !refunded) continue;
    BoughtLine line{std::string(rows.text(0)), rows.real(1), BoughtLine::Kind::kept,
                    rows.integer(2)};
    if (refunded) line.kind = placed ? BoughtLine::Kind::sent_back : BoughtLine::Kind::taken_back;
    lines.push_back(std::move(line));
  }
  return lines;
}

ProductFace ItemPairs::face(std::int64_t product) {
  // Of the order's lines the first.
  Statement& row = database_->prepared(
      "SELECT i.sku, i.name, i.price_minor, o.currency FROM product p JOIN orders o ON o.id = "
      "p.newest JOIN items i ON i.\"order\" = o.id AND coalesce(i.sku, i.name) = p.key WHERE p.id "
      "= ?1 ORDER BY i.id LIMIT 1");
  row.bind(1, product);
  ProductFace face;
  if (row.step()) {
    face.sku = row.text(0);
    face.name = row.text(1);
    face.price_minor = row.maybe_integer(2);
    face.currency = row.text(3);
  }
  row.reset();
  return face;
}

}  // namespace retaind::store
