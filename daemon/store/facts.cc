#include "store/facts.h"

#include <fmt/format.h>

#include <bit>

#include "store/change_feed.h"
#include "store/happened.h"
#include "store/ticket_timeline.h"

namespace retaind::store {
namespace {

std::string quoted_names(Subject subject, std::uint64_t columns, std::string_view after_each) {
  std::string names;
  for (; columns != 0; columns &= columns - 1) {
    if (!names.empty()) names += ", ";
    names += fmt::format(
        "\"{}\"{}", columns_of(subject)[static_cast<std::size_t>(std::countr_zero(columns))].name,
        after_each);
  }
  return names;
}

/// Keys are the only look-up: an index each. Built once; the Database caches by text.
std::string_view select_by_key(Subject subject) {
  static const auto texts = [] {
    std::array<std::string, subject_count> all;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto of = static_cast<Subject>(i);
      all[i] = fmt::format("SELECT id, {} FROM {} WHERE key = ?1{}",
                           quoted_names(of, all_columns(of), ""), table_of(of),
                           of == Subject::item ? " AND \"order\" = ?2" : "");
    }
    return all;
  }();
  return texts[static_cast<std::size_t>(subject)];
}

void bind_cell(Statement& statement, int index, const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::null: statement.bind_null(index); break;
    case Cell::Kind::integer: statement.bind(index, cell.integer); break;
    case Cell::Kind::real: statement.bind(index, cell.real); break;
    case Cell::Kind::text: statement.bind(index, cell.text); break;
  }
}

bool same(const Cell& cell, const Statement& stored, int column) {
  if (cell.is_null() || stored.is_null(column)) return cell.is_null() == stored.is_null(column);
  switch (cell.kind) {
    case Cell::Kind::integer: return cell.integer == stored.integer(column);
    case Cell::Kind::real: return cell.real == stored.real(column);
    default: return cell.text == stored.text(column);
  }
}

/// What a column holds once the row is written.
Cell cell_after(const Row& row, const Statement* stored, std::string_view column) {
  const int index = column_index(row.subject, column);
  if (row.has(column)) return row.cells[static_cast<std::size_t>(index)];
  return stored != nullptr ? stored->cell(index + 1) : Cell{};
}

std::optional<Time> time_in(const Cell& cell) {
  if (cell.is_null()) return std::nullopt;
  return from_ms(cell.integer);
}

std::string history_text(const Cell& cell) {
  return cell.kind == Cell::Kind::integer ? std::to_string(cell.integer) : std::string(cell.text);
}

OrderPart part_of(const auto& cell) {
  OrderPart part;
  part.customer = cell("customer").integer;
  part.status = cell("status").text;
  part.currency = cell("currency").text;
  part.total = cell("total_minor").integer;
  part.placed_at = time_in(cell("placed_at"));
  part.cancelled_at = time_in(cell("cancelled_at"));
  part.refunded_at = time_in(cell("refunded_at"));
  return part;
}

}  // namespace

Facts::Facts(Database& database, Time now) : database_(database), now_(now), roll_ups_(database) {}

std::int64_t Facts::find(Subject subject, std::string_view key) {
  const auto sql = [&]() -> std::string_view {
    switch (subject) {
      case Subject::customer: return "SELECT id FROM customers WHERE key = ?1";
      case Subject::order: return "SELECT id FROM orders WHERE key = ?1";
      case Subject::item: return "SELECT id FROM items WHERE key = ?1";
      case Subject::subscription: return "SELECT id FROM subscriptions WHERE key = ?1";
      case Subject::ticket: return "SELECT id FROM tickets WHERE key = ?1";
      case Subject::feedback: return "SELECT id FROM feedback WHERE key = ?1";
      case Subject::event: return "SELECT id FROM events WHERE key = ?1";
    }
    return "";
  }();
  Statement& row = database_.prepared(sql);
  const std::int64_t id = row.bind(1, key).step() ? row.integer(0) : 0;
  row.reset();
  return id;
}

std::int64_t Facts::find_customer(std::string_view key) {
  if (const std::int64_t id = find(Subject::customer, key); id != 0) return id;
  Statement& row = database_.prepared("SELECT customer FROM customer_alias WHERE alias = ?1");
  const std::int64_t id = row.bind(1, key).step() ? row.integer(0) : 0;
  row.reset();
  return id;
}

std::int64_t Facts::customer(std::string_view key) {
  if (const std::int64_t id = find_customer(key); id != 0) return id;
  Row row(Subject::customer);
  row.set("key", Cell::of(key));
  const std::int64_t id = insert(row);
  ++customers_made_;
  note_change(database_, Subject::customer, id, all_columns(Subject::customer), now_);
  return id;
}

bool Facts::has_alias(std::string_view alias, std::string_view customer_key) {
  const std::int64_t owner = find(Subject::customer, customer_key);
  if (alias == customer_key) return true;
  Statement& row = database_.prepared("SELECT customer FROM customer_alias WHERE alias = ?1");
  const bool has = row.bind(1, alias).step() && row.integer(0) == owner && owner != 0;
  row.reset();
  return has;
}

void Facts::add_alias(std::string_view alias, std::int64_t customer) {
  database_
      .prepared(
          "INSERT INTO customer_alias (alias, customer) VALUES (?1, ?2) "
          "ON CONFLICT (alias) DO UPDATE SET customer = excluded.customer")
      .bind(1, alias)
      .bind(2, customer)
      .run();
}

/// Orders and tickets that a row names must be there; customers are looked up later, because an
/// unknown one is made.
Result<void> Facts::resolve_parents(Row& row) {
  for (const auto& [column, subject, key] : {std::tuple{"order", Subject::order, row.order},
                                             std::tuple{"ticket", Subject::ticket, row.ticket}}) {
    if (!row.has(column) || key.empty()) continue;
    const std::int64_t id = find(subject, key);
    if (id == 0) {
      return Error{ErrorKind::not_found,
                   fmt::format("{} `{}` is not in the store: import the {} first", column, key,
                               table_of(subject))};
    }
    row.set(column, Cell::of(id));
  }
  if (row.subject == Subject::item && (!row.has("order") || row.cell("order").is_null())) {
    return Error{ErrorKind::invalid,
                 "the item names no order: every item needs the key of its order"};
  }
  return {};
}

/// An answer to an order or a ticket comes from that row's customer.
void Facts::inherit_customer(Row& row, std::string_view sql, std::int64_t parent) {
  Statement& select = database_.prepared(sql);
  if (select.bind(1, parent).step() && !select.is_null(0))
    row.set("customer", Cell::of(select.integer(0)));
  select.reset();
}

Facts::Found Facts::compare(const Row& row) {
  Statement& select = database_.prepared(select_by_key(row.subject));
  select.bind(1, row.cell("key").text);
  if (row.subject == Subject::item) select.bind(2, row.cell("order").integer);
  Found found{0, &select, row.given};
  if (!select.step()) return found;
  found.id = select.integer(0);
  for (auto left = row.given; left != 0; left &= left - 1) {
    const int column = std::countr_zero(left);
    if (same(row.cells[static_cast<std::size_t>(column)], select, column + 1)) {
      found.changed &= ~(std::uint64_t{1} << column);
    }
  }
  return found;
}

Written Facts::preview(const Row& given) {
  const Written refused{Change::inserted, 0, 0};
  Row row = given;
  if (!normalize(row, email_key_) || !check_happened(row, now_) || !check_score(row) ||
      !resolve_parents(row))
    return refused;
  if (!row.customer.empty()) {
    // An unknown customer has no row yet: no stored row can be equal.
    row.set("customer", Cell::of(find_customer(row.customer)));
  } else if (row.subject == Subject::feedback) {
    row.drop("customer");
  }
  if (row.subject == Subject::ticket) return preview_ticket(row);
  const Found found = compare(row);
  release(found);
  if (found.id == 0) return {Change::inserted, 0, all_columns(row.subject)};
  return {found.changed == 0 ? Change::unchanged : Change::updated, found.id, found.changed};
}

Result<Written> Facts::put(const Row& given) {
  Row row = given;
  if (auto result = normalize(row, email_key_); !result) return result.error();
  if (auto result = check_happened(row, now_); !result) return result.error();
  if (auto result = check_score(row); !result) return result.error();
  if (auto result = resolve_parents(row); !result) return result.error();
  if (!row.customer.empty()) {
    row.set("customer", Cell::of(customer(row.customer)));
  } else if (row.subject == Subject::feedback) {
    row.drop("customer");
    if (row.has("order"))
      inherit_customer(row, "SELECT customer FROM orders WHERE id = ?1", row.cell("order").integer);
    else if (row.has("ticket"))
      inherit_customer(row, "SELECT customer FROM tickets WHERE id = ?1",
                       row.cell("ticket").integer);
  }
  roll_ups_.at(now_, history_until_);
  if (row.subject == Subject::ticket) return put_ticket(row);

  const Found found = compare(row);
  if (found.id != 0 && found.changed == 0) {
    release(found);
    return Written{Change::unchanged, found.id, 0};
  }
  Written written{Change::inserted, found.id, all_columns(row.subject)};
  if (found.id == 0) {
    written.row = insert(row);
  } else {
    written = {Change::updated, found.id, found.changed};
    keep_history(row, found);
    update(row, found.id, found.changed);
  }
  follow(row, found, written.row);
  release(found);
  note_change(database_, row.subject, written.row, written.columns, now_);
  return written;
}

std::int64_t Facts::insert(const Row& row) {
  std::string parameters;
  for (int i = 1; i <= std::popcount(row.given); ++i) parameters += fmt::format("?{}, ", i + 1);
  const bool dated = row.subject != Subject::item;
  Statement& statement = database_.prepared(
      fmt::format("INSERT INTO {} ({}{}) VALUES ({}{})", table_of(row.subject),
                  quoted_names(row.subject, row.given, ""), dated ? ", history_until" : "",
                  parameters.substr(0, parameters.size() - 2), dated ? ", ?1" : ""));
  if (dated) statement.bind(1, history_until_);
  int index = 2;
  for (auto left = row.given; left != 0; left &= left - 1) {
    bind_cell(statement, index++, row.cells[static_cast<std::size_t>(std::countr_zero(left))]);
  }
  statement.run();
  return database_.last_insert_id();
}

void Facts::update(const Row& row, std::int64_t id, std::uint64_t columns) {
  std::string assignments;
  int index = 3;
  for (auto left = columns; left != 0; left &= left - 1) {
    assignments += fmt::format(
        "\"{}\" = ?{}, ",
        columns_of(row.subject)[static_cast<std::size_t>(std::countr_zero(left))].name, index++);
  }
  const bool dated = row.subject != Subject::item && history_until_;
  if (dated)
    assignments += "history_until = ?2";
  else
    assignments.resize(assignments.size() - 2);
  Statement& statement = database_.prepared(
      fmt::format("UPDATE {} SET {} WHERE id = ?1", table_of(row.subject), assignments));
  statement.bind(1, id);
  if (dated) statement.bind(2, history_until_);
  index = 3;
  for (auto left = columns; left != 0; left &= left - 1) {
    bind_cell(statement, index++, row.cells[static_cast<std::size_t>(std::countr_zero(left))]);
  }
  statement.run();
}

/// The first change of a value also writes what it was before, valid from the beginning of time.
void Facts::keep_history(const Row& row, const Found& found) {
  const auto all = columns_of(row.subject);
  const Time when = row.subject == Subject::ticket && row.has("as_of")
                        ? from_ms(row.cell("as_of").integer)
                        : now_;
  for (auto left = found.changed; left != 0; left &= left - 1) {
    const auto column = static_cast<std::size_t>(std::countr_zero(left));
    if (all[column].owner != Column::Owner::tracked) continue;
    const auto write = [&](Time from, const Cell& cell, std::string_view sql) {
      const std::string text = history_text(cell);
      Statement& insert = database_.prepared(sql);
      insert.bind(1, static_cast<int>(row.subject))
          .bind(2, found.id)
          .bind(3, all[column].name)
          .bind(4, from);
      if (cell.is_null())
        insert.bind_null(5);
      else
        insert.bind(5, text);
      insert.run();
    };
    write(
        Time{}, found.stored->cell(static_cast<int>(column) + 1),
        "INSERT INTO history (subject, row, field, valid_from, value) SELECT ?1, ?2, ?3, ?4, ?5 "
        "WHERE NOT EXISTS (SELECT 1 FROM history WHERE subject = ?1 AND row = ?2 AND field = ?3)");
    write(
        when, row.cells[column],
        "INSERT INTO history (subject, row, field, valid_from, value) VALUES (?1, ?2, ?3, ?4, ?5) "
        "ON CONFLICT (subject, row, field, valid_from) DO UPDATE SET value = excluded.value");
  }
}

void Facts::follow(const Row& row, const Found& found, std::int64_t id) {
  switch (row.subject) {
    case Subject::customer: follow_customer(row, found, id); break;
    case Subject::order: follow_order(row, found); break;
    case Subject::event: follow_event(row, found); break;
    case Subject::item:
      if (found.id != 0) break;
      database_.prepared("UPDATE orders SET items_count = items_count + 1 WHERE id = ?1")
          .bind(1, row.cell("order").integer)
          .run();
      note_change(database_, Subject::order, row.cell("order").integer,
                  column_mask(Subject::order, "items_count"), now_);
      break;
    default: break;
  }
}

void Facts::follow_customer(const Row& row, const Found& found, std::int64_t id) {
  if (found.id == 0) return;
  const auto changed = [&](std::string_view column) {
    return (found.changed & column_mask(Subject::customer, column)) != 0;
  };
  if (changed("currency")) {
    roll_ups_.currency_changed(id, found.stored->text(column_index(row.subject, "currency") + 1));
  }
  if (changed("created_at")) roll_ups_.created_changed(id);
}

void Facts::follow_order(const Row& row, const Found& found) {
  const Statement* stored = found.id != 0 ? found.stored : nullptr;
  std::optional<OrderPart> before;
  if (stored != nullptr) {
    before = part_of([&](std::string_view column) {
      return stored->cell(column_index(row.subject, column) + 1);
    });
  }
  roll_ups_.order(
      before, part_of([&](std::string_view column) { return cell_after(row, stored, column); }));
}

void Facts::follow_event(const Row& row, const Found& found) {
  const auto act = [&](const auto& cell) {
    RollUps::Act made{cell("customer").integer, std::nullopt};
    if (is_activity(cell("name").text)) made.at = time_in(cell("at"));
    return made;
  };
  const Statement* stored = found.id != 0 ? found.stored : nullptr;
  std::optional<RollUps::Act> before;
  if (stored != nullptr) {
    before = act([&](std::string_view column) {
      return stored->cell(column_index(row.subject, column) + 1);
    });
  }
  roll_ups_.event(before,
                  act([&](std::string_view column) { return cell_after(row, stored, column); }));
}

}  // namespace retaind::store
