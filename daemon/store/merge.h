#pragma once
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/row_mapper.h"
#include "store/text_arena.h"

namespace retaind::store {

/// Lines that together are one row (`merge: yes`): the lines of an invoice, the purchases of a day.
/// All of a file's rows are kept until its end, some 300 bytes each, because nothing says that the
/// lines of one row stand together. One bad line spoils its row: half an invoice would be a wrong
/// total.
class MergedRows {
 public:
  explicit MergedRows(const RowMapper& mapper) : mapper_(mapper) {}

  /// Texts of `mapped` are copied. True when it began a new row.
  bool add(const MappedRow& mapped);
  /// `line` was refused; it belongs to the row with this key.
  void spoil(std::string_view key, std::int64_t line);
  /// The line that spoiled the row, 0 for a good one or none.
  [[nodiscard]] std::int64_t spoiled_by(std::string_view key) const;
  [[nodiscard]] bool any_spoiled() const { return spoiled_ > 0; }

  [[nodiscard]] std::size_t size() const { return groups_.size(); }
  /// In the order of the first lines; only good ones.
  [[nodiscard]] bool read(std::size_t index, MappedRow& out) const;
  [[nodiscard]] const std::vector<std::string_view>& aliases(std::size_t index) const {
    return groups_[index].aliases;
  }

 private:
  struct Group {
    std::int64_t line = 0;
    std::int64_t spoiled_by = 0;
    std::optional<Millionths> amount;
    bool refund = false;
    std::string_view customer, order, ticket;
    std::vector<std::pair<int, Cell>> cells;
    std::vector<std::string_view> aliases;
  };
  Group& group_of(std::string_view key, bool& is_new);
  void merge_cell(Group& group, int column, const Cell& cell);

  const RowMapper& mapper_;
  TextArena texts_;
  std::vector<Group> groups_;
  std::unordered_map<std::string_view, std::size_t> by_key_;
  std::size_t spoiled_ = 0;
};

}  // namespace retaind::store
