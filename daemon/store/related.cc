#include "store/related.h"

#include <fmt/format.h>

#include "store/field_values.h"

namespace retaind::store {

Related::Related(Database& database, const Relation& relation, bool of_order,
                 std::vector<const Field*> fields, const Zone& zone)
    : database_(&database), fields_(std::move(fields)), zone_(zone), of_order_(of_order) {
  const bool items = relation.of == Subject::item;
  const std::string_view owner = items ? "o" : "s";  // alias of the row that is dated and owned
  std::string columns = fmt::format("{}.{}", owner, relation.begins);
  for (const Field* field : fields_) {
    columns += selected(*field, field->subject == relation.of ? "s" : owner, owner);
  }
  const std::string source = items
                                 ? std::string("orders o CROSS JOIN items s ON s.\"order\" = o.id")
                                 : fmt::format("{} s", table_of(relation.of));
  sql_ = fmt::format("SELECT {} FROM {} WHERE {}.{} = ?1", columns, source, owner,
                     of_order ? "id" : "customer");
}

RowSet Related::read(std::optional<std::int64_t> owner, Time now) {
  RowSet set;
  set.width = fields_.size();
  if (!owner) return set;
  set.known = true;
  Statement& rows = database_->prepared(sql_).bind(1, *owner);
  while (rows.step()) {
    const std::optional<Time> begins = rows.maybe_time(0);
    if (begins && *begins > now) {
      if (!set.next_begins || *begins < *set.next_begins) set.next_begins = begins;
      continue;
    }
    ++set.rows;
    int at = 1;
    for (const Field* field : fields_) {
      Cell& cell = set.cells.emplace_back();
      read_field(rows, at, *field, now, zone_, set.texts, cell);
      if (!cell.text.empty()) cell.text = set.texts.emplace_front(cell.text);
    }
  }
  return set;
}

std::optional<std::int64_t> customer_of(Database& database, Subject subject, std::int64_t row) {
  if (subject == Subject::customer) return row;
  const std::string sql =
      subject == Subject::item
          ? std::string(
                "SELECT o.customer FROM items s JOIN orders o ON o.id = s.\"order\" "
                "WHERE s.id = ?1")
          : fmt::format("SELECT customer FROM {} WHERE id = ?1", table_of(subject));
  return database.prepared(sql).bind(1, row).single();
}

}  // namespace retaind::store
