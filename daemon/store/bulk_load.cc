#include "store/bulk_load.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "store/change_feed.h"
#include "store/happened.h"
#include "store/key_table.h"
#include "store/meta.h"
#include "store/roll_ups.h"

namespace retaind::store {
namespace {

constexpr int rows_a_statement = 20;
constexpr std::int64_t no_time = INT64_MIN;

/// What the orders of one customer add up to; 40 bytes, for a million of them.
struct Sums {
  std::int64_t spent = 0;
  std::int64_t last_order = no_time;
  std::int64_t last_active = no_time;
  std::int32_t orders = 0;
  std::int32_t episode = 0;
  std::uint8_t currency = 0;
  bool changed = false;
};

// Found once: these are read for every order.
struct OrderColumns {
  static constexpr int customer = column_index(Subject::order, "customer");
  static constexpr int status = column_index(Subject::order, "status");
  static constexpr int total = column_index(Subject::order, "total_minor");
  static constexpr int currency = column_index(Subject::order, "currency");
  static constexpr int placed_at = column_index(Subject::order, "placed_at");
  static constexpr int cancelled_at = column_index(Subject::order, "cancelled_at");
  static constexpr int refunded_at = column_index(Subject::order, "refunded_at");
};

bool has_rows(Database& database, std::string_view sql) {
  Statement& row = database.prepared(sql);
  const bool has = row.step();
  row.reset();
  return has;
}

std::int64_t number(Database& database, std::string_view sql) {
  Statement& row = database.prepared(sql);
  const std::int64_t value = row.step() ? row.integer(0) : 0;
  row.reset();
  return value;
}

void bind_cell(Statement& statement, int index, const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::null: statement.bind_null(index); break;
    case Cell::Kind::integer: statement.bind(index, cell.integer); break;
    case Cell::Kind::real: statement.bind(index, cell.real); break;
    case Cell::Kind::text: statement.bind(index, cell.text); break;
  }
}

}  // namespace

struct BulkLoad::Impl {
  Impl(Database& to, ImportKind of, Time at, std::optional<Time> history)
      : database(to), kind(of), subject(subject_of(of)), now(at), history_until(history) {}

  Database& database;
  ImportKind kind;
  Subject subject;
  Time now;
  std::optional<Time> history_until;
  bool exclusive = false, open = false;
  std::vector<std::string> dropped;  // indexes and triggers: SQL that makes them again
  std::string reason, email_key;

  // Rows that wait for their statement, all with the same columns.
  std::vector<Row> waiting;
  std::uint64_t waiting_columns = 0;
  Statement* full_insertion = nullptr;  // of twenty rows with the columns below
  std::uint64_t full_columns = 0;
  TextArena texts;
  std::int64_t stored = 0, left_out = 0, customers_made = 0, cache_size = 0;

  HashTable keys;          // of the table that is filled
  KeyTable customers;      // keys and aliases
  std::vector<Sums> sums;  // by customer id
  std::vector<std::string> currencies{""};

  bool take_alone();
  void give_back();
  void drop(std::string_view table, std::string_view only);
  Result<void> load_customers();
  std::int64_t customer(std::string_view key);
  std::uint8_t currency_of(std::string_view code);
  void add_up(const Row& row, std::int64_t customer_id);
  Outcome known(const Row& row, std::uint32_t id);
  bool has_key(std::uint32_t id, std::string_view key);
  void wait(const Row& row);
  Statement& insertion();
  void flush();
  void write_sums();
};

/// Leaves WAL mode, which works only when no other connection is open.
bool BulkLoad::Impl::take_alone() {
  if (database.file() == ":memory:") return true;  // nobody else can have it, and it has no WAL
  sqlite3_busy_timeout(database.handle(), 0);
  exclusive = true;
  cache_size = number(database, "PRAGMA cache_size");
  const bool alone =
      database.execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE") &&
      number(database, "SELECT journal_mode = 'delete' FROM pragma_journal_mode") == 1;
  sqlite3_busy_timeout(database.handle(), 5000);
  if (!alone) give_back();
  return alone;
}

void BulkLoad::Impl::give_back() {
  if (open) database.rollback();
  open = false;
  if (!std::exchange(exclusive, false)) return;
  // The lock goes with the next read, and must be gone before WAL: entered under it, WAL would stay
  // for one process.
  (void)database.execute(fmt::format(
      "PRAGMA locking_mode = NORMAL; SELECT count(*) FROM meta; PRAGMA journal_mode = WAL; "
      "PRAGMA temp_store = MEMORY; PRAGMA cache_size = {}",
      cache_size));
}

/// Indexes and triggers of a table, or the one of that name.
void BulkLoad::Impl::drop(std::string_view table, std::string_view only) {
  Statement& row = database.prepared(
      "SELECT 'DROP ' || type || ' ' || name, sql FROM sqlite_schema WHERE type IN ('index', "
      "'trigger') AND tbl_name = ?1 AND sql IS NOT NULL AND (?2 = '' OR name = ?2)");
  row.bind(1, table).bind(2, only);
  std::vector<std::string> drops;
  while (row.step()) {
    drops.emplace_back(row.text(0));
    dropped.emplace_back(row.text(1));
  }
  for (const std::string& sql : drops) {
    if (auto result = database.execute(sql); !result) database.fail(SQLITE_ERROR, sql);
  }
}

Result<void> BulkLoad::Impl::load_customers() {
  const std::int64_t count = number(database, "SELECT count(*) FROM customers");
  const std::int64_t last = number(database, "SELECT max(id) FROM customers");
  customers.reserve(static_cast<std::size_t>(count));
  sums.resize(static_cast<std::size_t>(last) + 1);
  Statement& row =
      database.prepared("SELECT id, key, last_active_at, active_episode, currency FROM customers");
  while (row.step()) {
    customers.insert(row.text(1), row.integer(0));
    Sums& sum = sums[static_cast<std::size_t>(row.integer(0))];
    if (!row.is_null(2)) sum.last_active = row.integer(2);
    sum.episode = static_cast<std::int32_t>(row.integer(3));
    if (!row.is_null(4)) sum.currency = currency_of(row.text(4));
  }
  Statement& alias = database.prepared("SELECT customer, alias FROM customer_alias");
  while (alias.step()) {
    if (customers.find(alias.text(1)) == 0) customers.insert(alias.text(1), alias.integer(0));
  }
  return database.take_error();
}

std::uint8_t BulkLoad::Impl::currency_of(std::string_view code) {
  const auto found = std::find(currencies.begin(), currencies.end(), code);
  if (found != currencies.end()) return static_cast<std::uint8_t>(found - currencies.begin());
  currencies.emplace_back(code);  // ISO 4217 has fewer than 256 in use
  return static_cast<std::uint8_t>(currencies.size() - 1);
}

std::int64_t BulkLoad::Impl::customer(std::string_view key) {
  if (const std::int64_t id = customers.find(key); id != 0) return id;
  database.prepared("INSERT INTO customers (key, history_until) VALUES (?1, ?2)")
      .bind(1, key)
      .bind(2, history_until)
      .run();
  const std::int64_t id = database.last_insert_id();
  customers.insert(key, id);
  ++customers_made;
  sums.resize(std::max(sums.size(), static_cast<std::size_t>(id) + 1));
  return id;
}

/// RollUps::order() for a new order, on the arrays.
void BulkLoad::Impl::add_up(const Row& row, std::int64_t customer_id) {
  // A column that is not given has a null cell.
  const auto& cells = row.cells;
  const auto time = [&](std::size_t column) -> std::optional<Time> {
    if (cells[column].is_null()) return std::nullopt;
    return from_ms(cells[column].integer);
  };
  OrderPart part;
  part.status = cells[OrderColumns::status].text;
  part.total = cells[OrderColumns::total].integer;
  part.placed_at = time(OrderColumns::placed_at);
  part.cancelled_at = time(OrderColumns::cancelled_at);
  part.refunded_at = time(OrderColumns::refunded_at);
  const std::uint8_t currency = currency_of(cells[OrderColumns::currency].text);

  Sums& sum = sums[static_cast<std::size_t>(customer_id)];
  sum.changed = true;
  if (sum.currency == 0) sum.currency = currency;
  sum.orders += part.counts() ? 1 : 0;
  if (currency != 0 && currency != sum.currency)
    left_out += part.spent() != 0 ? 1 : 0;
  else
    sum.spent += part.spent();
  if (!part.placed_at) return;
  const std::int64_t placed = to_ms(*part.placed_at);
  sum.last_order = std::max(sum.last_order, placed);
  if (placed > sum.last_active) {
    sum.last_active = placed;
    ++sum.episode;
  }
}

bool BulkLoad::Impl::has_key(std::uint32_t id, std::string_view key) {
  flush();
  Statement& row =
      database.prepared(fmt::format("SELECT key FROM {} WHERE id = ?1", table_of(subject)));
  const bool same = row.bind(1, std::int64_t{id}).step() && row.text(0) == key;
  row.reset();
  return same;
}

/// The key was there before: the same values again, or others?
BulkLoad::Outcome BulkLoad::Impl::known(const Row& row, std::uint32_t id) {
  std::string names;
  for (const Column& column : columns_of(subject)) names += fmt::format(", \"{}\"", column.name);
  Statement& stored_row =
      database.prepared(fmt::format("SELECT id{} FROM {} WHERE id = ?1", names, table_of(subject)));
  bool same = stored_row.bind(1, std::int64_t{id}).step();
  for (auto left = row.given; same && left != 0; left &= left - 1) {
    const int column = std::countr_zero(left);
    const Cell have = stored_row.cell(column + 1);
    const Cell& want = row.cells[static_cast<std::size_t>(column)];
    same = have.kind == want.kind && have.integer == want.integer && have.real == want.real &&
           have.text == want.text;
  }
  stored_row.reset();
  if (same) return Outcome::unchanged;
  reason = fmt::format(
      "`{}` stands in an earlier line with other values, and the first one counts: correct one of "
      "them, or "
      "write `merge: yes` in the mapping",
      row.cell("key").text);
  return Outcome::refused;
}

void BulkLoad::Impl::wait(const Row& row) {
  if (row.given != waiting_columns) flush();
  waiting_columns = row.given;
  Row& kept = waiting.emplace_back(row);
  for (auto left = row.given; left != 0; left &= left - 1) {
    Cell& cell = kept.cells[static_cast<std::size_t>(std::countr_zero(left))];
    cell.text = texts.keep(cell.text);
  }
  if (waiting.size() == rows_a_statement) flush();
}

Statement& BulkLoad::Impl::insertion() {
  const bool full = waiting.size() == rows_a_statement;
  if (full && full_insertion != nullptr && full_columns == waiting_columns) return *full_insertion;
  const int width = std::popcount(waiting_columns);
  std::string names, marks;
  for (auto left = waiting_columns; left != 0; left &= left - 1) {
    names += fmt::format(
        "\"{}\", ", columns_of(subject)[static_cast<std::size_t>(std::countr_zero(left))].name);
  }
  int index = 2;
  for (std::size_t row = 0; row < waiting.size(); ++row) {
    marks += row == 0 ? "(" : ", (";
    for (int i = 0; i < width; ++i) marks += fmt::format("?{}, ", index++);
    marks += "?1)";
  }
  Statement& insert = database.prepared(
      fmt::format("INSERT INTO {} ({}history_until) VALUES {}", table_of(subject), names, marks));
  if (full) {
    full_insertion = &insert;
    full_columns = waiting_columns;
  }
  return insert;
}

void BulkLoad::Impl::flush() {
  if (waiting.empty()) return;
  Statement& insert = insertion();
  insert.bind(1, history_until);
  int index = 2;
  for (const Row& row : waiting) {
    for (auto left = waiting_columns; left != 0; left &= left - 1) {
      bind_cell(insert, index++, row.cells[static_cast<std::size_t>(std::countr_zero(left))]);
    }
  }
  insert.run();
  waiting.clear();
  texts.clear();
}

void BulkLoad::Impl::write_sums() {
  Statement& update = database.prepared(
      "UPDATE customers SET orders_count = ?2, total_spent_minor = ?3, last_order_at = ?4, "
      "last_active_at = ?5, "
      "active_episode = ?6, currency = ?7, history_until = coalesce(?8, history_until) WHERE id = "
      "?1");
  const auto time = [](std::int64_t ms) {
    return ms == no_time ? std::optional<std::int64_t>() : ms;
  };
  for (std::size_t id = 1; id < sums.size(); ++id) {
    const Sums& sum = sums[id];
    if (!sum.changed) continue;
    update.bind(1, static_cast<std::int64_t>(id))
        .bind(2, std::int64_t{sum.orders})
        .bind(3, sum.spent)
        .bind(4, time(sum.last_order))
        .bind(5, time(sum.last_active))
        .bind(6, std::int64_t{sum.episode})
        .bind_or_null(7, currencies[sum.currency])
        .bind(8, history_until)
        .run();
  }
  if (left_out != 0) set_meta_value(database, "orders_in_other_currency", std::to_string(left_out));
}

BulkLoad::BulkLoad(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BulkLoad::BulkLoad(BulkLoad&&) noexcept = default;
BulkLoad& BulkLoad::operator=(BulkLoad&&) noexcept = default;
const std::string& BulkLoad::reason() const { return impl_->reason; }
std::int64_t BulkLoad::customers_made() const { return impl_->customers_made; }

BulkLoad::~BulkLoad() {
  if (impl_ != nullptr) impl_->give_back();
}

Result<std::optional<BulkLoad>> BulkLoad::begin(Database& database, ImportKind kind, Time now,
                                                std::optional<Time> history_until) {
  const bool orders = kind == ImportKind::orders;
  if (!orders && kind != ImportKind::customers) return std::optional<BulkLoad>();
  if (has_rows(database, "SELECT 1 FROM rule LIMIT 1") ||
      has_rows(database,
               orders ? "SELECT 1 FROM orders LIMIT 1" : "SELECT 1 FROM customers LIMIT 1")) {
    return std::optional<BulkLoad>();
  }
  auto impl = std::make_unique<Impl>(database, kind, now, history_until);
  if (orders) {
    // Arrays by customer id want ids without large gaps.
    const std::int64_t last = number(database, "SELECT max(id) FROM customers");
    if (last > 1'000'000 && last > 4 * number(database, "SELECT count(*) FROM customers"))
      return std::optional<BulkLoad>();
    if (auto result = impl->load_customers(); !result) return result.error();
  }
  if (!impl->take_alone()) return std::optional<BulkLoad>();
  BulkLoad load(std::move(impl));
  if (load.impl_->exclusive) {
    // The sorter of CREATE INDEX writes its runs to files, or it would hold the whole index in
    // memory.
    auto result = database.execute("PRAGMA temp_store = FILE; PRAGMA cache_size = -49152");
    if (!result) return result.error();
  }
  if (auto result = database.begin(); !result) return result.error();
  load.impl_->open = true;
  load.impl_->drop(table_of(load.impl_->subject), "");
  if (orders) load.impl_->drop("customers", "customers_last_active");
  return std::optional<BulkLoad>(std::move(load));
}

BulkLoad::Outcome BulkLoad::put(Row& row, std::string_view alias) {
  Impl& load = *impl_;
  auto result = normalize(row, load.email_key);
  if (result) result = check_happened(row, load.now);
  if (!result) {
    load.reason = result.error().message;
    return Outcome::refused;
  }
  const std::string_view key = row.cells[0].text;
  const std::uint64_t hash = hash_of(key);
  // Only a key that is there twice, or a chance of one in 10^12, costs a look into the table.
  const std::uint32_t twin =
      load.keys.find(hash, [&](std::uint32_t id) { return load.has_key(id, key); });
  std::int64_t customer_id = 0;
  if (load.kind == ImportKind::orders && !row.customer.empty()) {
    // A line with a known key is refused or says nothing new: it makes no customer.
    customer_id = twin != 0 ? load.customers.find(row.customer) : load.customer(row.customer);
    row.set(OrderColumns::customer, Cell::of(customer_id));
  }
  Outcome outcome = Outcome::inserted;
  std::int64_t id = twin;
  if (twin != 0) {
    outcome = load.known(row, twin);
  } else {
    id = ++load.stored;
    load.keys.insert(hash, static_cast<std::uint32_t>(id));
    load.wait(row);
    if (customer_id != 0) load.add_up(row, customer_id);
  }
  if (!alias.empty() && alias != key && outcome != Outcome::refused) {
    load.database
        .prepared(
            "INSERT INTO customer_alias (alias, customer) VALUES (?1, ?2) "
            "ON CONFLICT (alias) DO UPDATE SET customer = excluded.customer")
        .bind(1, alias)
        .bind(2, id)
        .run();
  }
  return outcome;
}

Result<void> BulkLoad::finish() {
  Impl& load = *impl_;
  load.flush();
  load.keys = {};
  load.customers = {};
  if (load.kind == ImportKind::orders) load.write_sums();
  load.sums = {};
  for (const std::string& sql : load.dropped) {
    if (auto result = load.database.execute(sql); !result) return result.error();
  }
  if (load.kind == ImportKind::customers) {
    // What the trigger would have done for each row.
    load.database
        .prepared(
            "UPDATE customers SET suppressed = (SELECT scopes FROM suppressed_address a WHERE "
            "a.email_key = customers.email_key) WHERE email_key IN (SELECT email_key FROM "
            "suppressed_address)")
        .run();
  }
  note_change(load.database, load.subject, 0, all_columns(load.subject), load.now);
  if (load.kind == ImportKind::orders) {
    note_change(load.database, Subject::customer, 0, all_columns(Subject::customer), load.now);
  }
  load.open = false;
  auto result = load.database.commit();
  load.give_back();
  return result;
}

}  // namespace retaind::store
