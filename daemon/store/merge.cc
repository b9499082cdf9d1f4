#include "store/merge.h"

#include <algorithm>
#include <bit>

namespace retaind::store {

MergedRows::Group& MergedRows::group_of(std::string_view key, bool& is_new) {
  const auto found = by_key_.find(key);
  is_new = found == by_key_.end();
  if (!is_new) return groups_[found->second];
  by_key_.emplace(texts_.keep(key), groups_.size());
  return groups_.emplace_back();
}

bool MergedRows::add(const MappedRow& mapped) {
  bool is_new = false;
  Group& group = group_of(mapped.row.cell("key").text, is_new);
  if (group.line == 0) group.line = mapped.line;
  group.refund = group.refund || mapped.refund;
  if (mapped.amount) group.amount = group.amount.value_or(0) + *mapped.amount;
  for (auto left = mapped.row.given; left != 0; left &= left - 1) {
    const int column = std::countr_zero(left);
    merge_cell(group, column, mapped.row.cells[static_cast<std::size_t>(column)]);
  }
  const auto keep_key = [&](std::string_view& kept, std::string_view key) {
    if (!key.empty() && key != kept) kept = texts_.keep(key);
  };
  keep_key(group.customer, mapped.row.customer);
  keep_key(group.order, mapped.row.order);
  keep_key(group.ticket, mapped.row.ticket);
  if (!mapped.alias.empty() &&
      std::find(group.aliases.begin(), group.aliases.end(), mapped.alias) == group.aliases.end()) {
    group.aliases.push_back(texts_.keep(mapped.alias));
  }
  return is_new;
}

void MergedRows::merge_cell(Group& group, int column, const Cell& cell) {
  const auto found = std::find_if(group.cells.begin(), group.cells.end(),
                                  [&](const auto& entry) { return entry.first == column; });
  const auto owned = [&] {
    Cell copy = cell;
    copy.text = texts_.keep(cell.text);
    return copy;
  };
  if (found == group.cells.end()) {
    group.cells.emplace_back(column, owned());
    return;
  }
  Cell& kept = found->second;
  if (cell.is_null()) return;  // an empty cell in one of the lines says nothing
  if (kept.is_null()) {
    kept = owned();
    return;
  }
  using Take = FieldSource::Take;
  switch (mapper_.take_of(column)) {
    case Take::first: break;
    case Take::earliest: kept.integer = std::min(kept.integer, cell.integer); break;
    case Take::latest: kept.integer = std::max(kept.integer, cell.integer); break;
    case Take::sum:
      kept.integer += cell.integer;
      kept.real += cell.real;
      break;
    case Take::last:
      if (kept.kind != Cell::Kind::text || kept.text != cell.text) kept = owned();
      break;
  }
}

void MergedRows::spoil(std::string_view key, std::int64_t line) {
  bool is_new = false;
  Group& group = group_of(key, is_new);
  if (group.spoiled_by != 0) return;
  group.spoiled_by = line;
  ++spoiled_;
}

std::int64_t MergedRows::spoiled_by(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? 0 : groups_[found->second].spoiled_by;
}

bool MergedRows::read(std::size_t index, MappedRow& out) const {
  const Group& group = groups_[index];
  if (group.spoiled_by != 0) return false;
  out = MappedRow(out.row.subject);
  out.line = group.line;
  out.amount = group.amount;
  out.refund = group.refund;
  for (const auto& [column, cell] : group.cells) out.row.set(column, cell);
  out.row.customer = group.customer;
  out.row.order = group.order;
  out.row.ticket = group.ticket;
  return true;
}

}  // namespace retaind::store
