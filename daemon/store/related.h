#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/zone.h"
#include "model/cell.h"
#include "model/fields.h"
#include "store/database.h"
#include "store/field_values.h"

namespace retaind::store {

/// Rows that a condition counts. Texts live as long as the set. Never copied: the cells would go on
/// pointing into the texts of the first.
struct RowSet {
  RowSet() = default;
  RowSet(RowSet&&) = default;
  RowSet& operator=(RowSet&&) = default;

  bool known = false;  ///< there is someone whose rows they are
  std::size_t rows = 0;
  std::size_t width = 0;
  std::vector<Cell> cells;          ///< row by row
  std::optional<Time> next_begins;  ///< of a row that is not there yet
  Texts texts;
  [[nodiscard]] std::span<const Cell> row(std::size_t index) const {
    return std::span(cells).subspan(index * width, width);
  }
};

/// Reads the rows of a relation through the index of their customer, or of their order. Cost
/// follows the rows that one customer has.
class Related {
 public:
  /// `fields` of the relation's subject; of items also of their order. `zone`: the site's.
  Related(Database& database, const Relation& relation, bool of_order,
          std::vector<const Field*> fields, const Zone& zone);

  [[nodiscard]] bool of_order() const { return of_order_; }
  /// Rows dated after `now` are left out. Of nobody: nothing is known.
  RowSet read(std::optional<std::int64_t> owner, Time now);

 private:
  Database* database_;
  std::vector<const Field*> fields_;
  Zone zone_;
  bool of_order_;
  std::string sql_;
};

/// Whose row it is; empty: nobody's, or it is gone.
std::optional<std::int64_t> customer_of(Database& database, Subject subject, std::int64_t row);

}  // namespace retaind::store
