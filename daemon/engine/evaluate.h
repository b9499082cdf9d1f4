#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/zone.h"
#include "language/plan.h"
#include "model/cell.h"
#include "store/related.h"

namespace retaind::engine {

/// Kleene's three values.
enum class Truth : std::uint8_t { no, yes, unknown };

/// The values that the conditions of a rule read.
struct Readings {
  std::span<const Cell> cells;                      ///< of the rule's slots
  std::span<const language::Aggregate> aggregates;  ///< the rule's
  std::span<const store::RowSet> rows;              ///< of each

  Readings() = default;
  // Of most rules the cells are all there is.
  // NOLINTBEGIN(google-explicit-constructor)
  Readings(std::span<const Cell> read) : cells(read) {}
  Readings(const std::vector<Cell>& read) : cells(read) {}
  // NOLINTEND(google-explicit-constructor)
  /// Whether the row was there to read; of one that is gone nothing is.
  [[nodiscard]] bool are_all_of(const language::Rule& rule) const {
    return cells.size() == rule.slots.size() && rows.size() == rule.aggregates.size();
  }
};

/// Whether a condition holds for what the rule reads. The only place where a
/// condition is true or false. Times are compared to the millisecond; dates are local dates in
/// `zone`; `within last 2 days` is now - 2 days
/// <= value <= now by the zone's rules, `older than 2 days` is value < now - 2 days, `within next`
/// now < value <= now + span.
/// An aggregate is unknown when `where` is about one of its rows, or when a sum lacks a value; max,
/// min and avg leave rows without a value out.
Truth evaluate(const language::Condition& condition, const Readings& readings, Time now,
               const Zone& zone);

/// The first instant after `now`, and by `until`, at which one of the condition's tests against the
/// clock may turn, while the facts stay; empty: none. Between two such instants evaluate() says the
/// same. Exact also where months differ and clocks change.
std::optional<Time> next_turn(const language::Condition& condition, const Readings& readings,
                              Time now, Time until, const Zone& zone);

/// "customer.orders_count = 3, order.refunded = no": the values that the condition read, for people
/// who ask why.
std::string describe_values(const language::Condition& condition, const language::Rule& rule,
                            const Readings& readings, Time now, const Zone& zone);

}  // namespace retaind::engine
