#include "store/field_values.h"

#include <fmt/format.h>

#include "base/value.h"
#include "model/vocabulary.h"

namespace retaind::store {
namespace {

/// {"minor": 4900, "currency": "EUR"}, as webhooks get amounts.
Cell read_amount(const Value& value, std::string_view json) {
  const Value* minor = value.find("minor");
  const Value* code = value.find("currency");
  if (minor == nullptr || minor->as_integer() == nullptr || code == nullptr ||
      code->as_text() == nullptr)
    return Cell::unfit(json);
  const auto currency = find_currency(*code->as_text());
  if (!currency) return Cell::unfit(json);
  Cell cell = Cell::of(*minor->as_integer());
  cell.currency = *currency;
  return cell;
}

}  // namespace

Cell read_member(const Field& field, std::string_view json, const Zone& zone, Texts& texts) {
  if (json.empty() || json == "null") return {};
  std::string_view text = json;
  if (json.front() == '"') {
    text = json.substr(1, json.size() - 2);
    if (text.find('\\') != std::string_view::npos) {
      const auto parsed = parse_json(json);
      if (!parsed || parsed->as_text() == nullptr) return Cell::unfit(json);
      text = texts.emplace_front(*parsed->as_text());
    }
    // An empty cell of a file says nothing.
    if (text.empty() && field.type != Type::text) return {};
  } else if (json.front() == '{' || json.front() == '[') {
    const auto parsed = parse_json(json);
    return parsed && field.type == Type::money ? read_amount(*parsed, json) : Cell::unfit(json);
  } else if (field.type == Type::text) {
    return Cell::of(json);
  }
  const auto cell = read_attribute(field, text, zone);
  return cell ? *cell : Cell::unfit(text.empty() ? json : text);
}

std::string selected(const Field& field, std::string_view alias, std::string_view paid) {
  // What is no JSON would end the whole SELECT. The names have letters, digits and `_` alone.
  if (field.derivation == Derivation::attribute)
    return fmt::format(", CASE WHEN json_valid({0}.{1}) THEN {0}.{1} -> '{2}' END", alias,
                       field.column, field.name);
  if (field.type == Type::money)
    return fmt::format(", {}.{}, {}.currency", alias, field.column, paid);
  return fmt::format(", {}.{}", alias, field.column);
}

void read_field(const Statement& row, int& column, const Field& field, Time now, const Zone& zone,
                Texts& texts, Cell& cell) {
  if (field.derivation == Derivation::attribute) {
    cell = read_member(field, row.text(column++), zone, texts);
    return;
  }
  if (field.derivation == Derivation::dated_flag) {
    const auto since = row.rare_time(column++);
    cell = Cell::of(std::int64_t{since && *since <= now});
    return;
  }
  cell = row.cell(column++);
  if (field.type == Type::money) {
    if (const auto currency = find_currency(row.text(column++))) cell.currency = *currency;
  }
}

}  // namespace retaind::store
