#include "store/snapshot.h"

#include <fmt/format.h>

#include <array>

#include "base/money.h"
#include "base/zone.h"
#include "store/field_values.h"

namespace retaind::store {
namespace {

struct Select {
  Subject subject = Subject::customer;
  std::string sql;
  std::vector<const Field*> fields;
};

Select make_select(Subject subject) {
  Select select;
  select.subject = subject;
  std::string columns = "s.attributes";
  for (const Field& field : fields()) {
    if (field.subject != subject) continue;
    select.fields.push_back(&field);
    columns += fmt::format(", s.{}", field.column);
  }
  const bool has_currency =
      subject == Subject::customer || subject == Subject::order || subject == Subject::subscription;
  columns += has_currency ? ", s.currency" : ", NULL";
  select.sql = fmt::format("SELECT {} FROM {} s WHERE s.{}", columns, table_of(subject),
                           subject == Subject::item ? "\"order\" = ?1 ORDER BY s.id" : "id = ?1");
  return select;
}

const Select& select_for(Subject subject) {
  static const std::array<Select, subject_count> selects = [] {
    std::array<Select, subject_count> made;
    for (int i = 0; i < subject_count; ++i)
      made[static_cast<std::size_t>(i)] = make_select(static_cast<Subject>(i));
    return made;
  }();
  return selects[static_cast<std::size_t>(subject)];
}

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

void add_own(Value::Object& object, const Site& site, Subject subject, const Value& attributes) {
  Texts texts;
  for (const Field& field : site.vocabulary->own_fields()) {
    if (field.subject != subject) continue;
    const Value* member = attributes.find(field.name);
    const std::string json = member == nullptr ? std::string() : to_json(*member);
    object.emplace_back(std::string(field.name),
                        value_of(field, read_member(field, json, site.zone, texts)));
  }
}

Value read_row(const Select& select, const Site& site, const Statement& row, Time now) {
  Value::Object object;
  object.reserve(select.fields.size() + 1);
  const std::string_view currency = row.text(static_cast<int>(select.fields.size()) + 1);
  int column = 1;
  for (const Field* field : select.fields) {
    object.emplace_back(std::string(field->name), value_of(*field, row, column, currency, now));
    ++column;
  }
  Value attributes = Value::Object{};
  if (!row.is_null(0)) {
    if (auto parsed = parse_json(row.text(0))) attributes = *std::move(parsed);
  }
  add_own(object, site, select.subject, attributes);
  object.emplace_back("attributes", std::move(attributes));
  return object;
}

}  // namespace

Value snapshot(Database& database, const Site& site, Subject subject, std::int64_t row, Time now) {
  const Select& select = select_for(subject);
  Statement& statement = database.prepared(select.sql).bind(1, row);
  if (!statement.step()) return {};
  Value value = read_row(select, site, statement, now);
  statement.reset();
  return value;
}

Value items_snapshot(Database& database, const Site& site, std::int64_t order) {
  const Select& select = select_for(Subject::item);
  Statement& statement = database.prepared(select.sql).bind(1, order);
  Value::Array items;
  while (statement.step())
    items.push_back(read_row(select, site, statement, from_ms(INT64_MAX / 2)));
  return items;
}

}  // namespace retaind::store
