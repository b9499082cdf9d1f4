#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/cell.h"
#include "model/facts.h"
#include "store/columns.h"

namespace retaind::store {

/// One fact on its way into the store: the columns that its source speaks about, in the order of
/// store/columns.h. A null cell of a given column empties it. Texts belong to whoever made the row.
struct Row {
  explicit Row(Subject of) : subject(of) {}

  Subject subject;
  std::uint64_t given = 0;
  std::array<Cell, most_columns> cells{};
  // Keys behind the reference columns; an empty key of a given column means none.
  std::string_view customer, order, ticket;

  void set(int column, const Cell& cell) {
    cells[static_cast<std::size_t>(column)] = cell;
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): no name is unknown here
    given |= std::uint64_t{1} << column;
  }
  void set(std::string_view column, const Cell& cell) { set(column_index(subject, column), cell); }
  void drop(std::string_view column) { given &= ~column_mask(subject, column); }
  [[nodiscard]] bool has(std::string_view column) const {
    return (given & column_mask(subject, column)) != 0;
  }
  [[nodiscard]] const Cell& cell(std::string_view column) const {
    return cells[static_cast<std::size_t>(column_index(subject, column))];
  }
};

/// Refuses a row without a key; leaves out empty values of columns that are never empty; adds the
/// key of an e-mail address, whose text goes into `email_key`.
Result<void> normalize(Row& row, std::string& email_key);

/// Refuses a score that its kind of question does not have. A kind of the site's own has any.
Result<void> check_score(const Row& row);
/// nps, csat and ces, whose scores are known.
bool is_known_survey(std::string_view kind);

Row row_of(const CustomerFact& fact);
Row row_of(const OrderFact& fact);
Row row_of(const ItemFact& fact);
Row row_of(const SubscriptionFact& fact);
Row row_of(const TicketFact& fact);
Row row_of(const FeedbackFact& fact);
Row row_of(const EventFact& fact);

}  // namespace retaind::store
