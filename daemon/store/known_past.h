#pragma once
#include <optional>
#include <string_view>

#include "model/fields.h"
#include "store/database.h"

namespace retaind::store {

/// How far the past of a field can be told from the data.
enum class Past : std::uint8_t {
  known,    ///< dated, counted from dated facts, or of a row that does not change
  watched,  ///< its changes are kept since the store has been there, and not from before
  last,     ///< only what it is now
};
Past past_of(const Field& field);

/// The earliest sign that the store was there and kept changes: an import, a rule's start, a change
/// of an undated source. Empty: there is none.
std::optional<Time> watched_since(Database& database);

/// What customers did after a message.
class Purchases {
 public:
  explicit Purchases(Database& database) : database_(&database) {}
  /// Whether the customer placed an order behind `after` and by `through` that was not cancelled.
  bool any(std::string_view customer_key, Time after, Time through);
  /// When the last order of all was placed: what comes later nobody knows yet.
  std::optional<Time> known_until();
  /// How many messages of the rule left between these, in the ledger that really ran.
  std::int64_t really_sent(std::string_view rule, Time from, Time to);

 private:
  Database* database_;
};

}  // namespace retaind::store
