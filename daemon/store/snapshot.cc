#include "store/snapshot.h"

#include <fmt/format.h>

#include "base/money.h"
#include "base/zone.h"
#include "store/field_values.h"

namespace retaind::store {
namespace {

Value value_of(const Field& field, const Cell& cell) {
  if (cell.is_null()) return {};
  switch (field.type) {
    case Type::boolean: return cell.integer != 0;
    case Type::time: return to_iso(from_ms(cell.integer));
    case Type::money:
      return Value::Object{{"minor", cell.integer}, {"currency", cell.currency.view()}};
    default: break;
  }
  if (cell.kind == Cell::Kind::text) return cell.text;
  if (cell.kind == Cell::Kind::real) return cell.real;
  return cell.integer;
}

Value value_of(const Field& field, const Statement& row, int column, std::string_view currency,
               Time now) {
  if (field.derivation == Derivation::dated_flag)
    return !row.is_null(column) && row.integer(column) <= to_ms(now);
  if (field.type == Type::money && !row.is_null(column))
    return Value::Object{{"minor", row.integer(column)}, {"currency", currency}};
  return value_of(field, row.cell(column));
}

void add_own(Value::Object& object, const Site& site, const std::vector<const Field*>& own,
             const Value& attributes) {
  Texts texts;
  for (const Field* field : own) {
    const Value* member = attributes.find(field->name);
    const std::string json = member == nullptr ? std::string() : to_json(*member);
    object.emplace_back(std::string(field->name),
                        value_of(*field, read_member(*field, json, site.zone, texts)));
  }
}

Value read_row(const RowSelect& select, const Site& site, const Statement& row, Time now) {
  Value::Object object;
  object.reserve(select.fields.size() + 1);
  const std::string_view currency = row.text(static_cast<int>(select.fields.size()) + 1);
  int column = 1;
  for (const Field* field : select.fields) {
    object.emplace_back(std::string(field->name), value_of(*field, row, column, currency, now));
    ++column;
  }
  if (!select.attributes && select.own.empty()) return object;
  Value attributes = Value::Object{};
  if (!row.is_null(0)) {
    if (auto parsed = parse_json(row.text(0))) attributes = *std::move(parsed);
  }
  add_own(object, site, select.own, attributes);
  if (select.attributes) object.emplace_back("attributes", std::move(attributes));
  return object;
}

}  // namespace

RowSelect select_of(const Site& site, Subject subject,
                    const std::optional<std::set<std::string, std::less<>>>& members) {
  const auto is_read = [&](std::string_view name) {
    return !members || members->find(name) != members->end();
  };
  RowSelect select;
  select.subject = subject;
  select.attributes = is_read("attributes");
  for (const Field& field : site.vocabulary->own_fields())
    if (field.subject == subject && is_read(field.name)) select.own.push_back(&field);
  std::string columns = select.attributes || !select.own.empty() ? "s.attributes" : "NULL";
  bool has_money = false;
  for (const Field& field : fields()) {
    if (field.subject != subject || !is_read(field.name)) continue;
    select.fields.push_back(&field);
    // A mail has to name its order or ticket.
    columns += field.column == "number" ? ", coalesce(nullif(s.number, ''), s.key)"
                                        : fmt::format(", s.{}", field.column);
    has_money = has_money || field.type == Type::money;
  }
  const bool has_currency =
      subject == Subject::customer || subject == Subject::order || subject == Subject::subscription;
  columns += has_currency && has_money ? ", s.currency" : ", NULL";
  select.sql = fmt::format("SELECT {} FROM {} s WHERE s.{}", columns, table_of(subject),
                           subject == Subject::item ? "\"order\" = ?1 ORDER BY s.id" : "id = ?1");
  return select;
}

Value snapshot(Database& database, const Site& site, const RowSelect& select, std::int64_t row,
               Time now) {
  Statement& statement = database.prepared(select.sql).bind(1, row);
  if (!statement.step()) return {};
  Value value = read_row(select, site, statement, now);
  statement.reset();
  return value;
}

Value items_snapshot(Database& database, const Site& site, const RowSelect& select,
                     std::int64_t order) {
  Statement& statement = database.prepared(select.sql).bind(1, order);
  Value::Array items;
  while (statement.step())
    items.push_back(read_row(select, site, statement, from_ms(INT64_MAX / 2)));
  return items;
}

}  // namespace retaind::store
