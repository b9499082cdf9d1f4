#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "model/facts.h"
#include "model/fields.h"
#include "store/database.h"

namespace retaind::store {

/// Puts back what a row's tracked fields were at a time, as `history` has it.
class AsItWas {
 public:
  explicit AsItWas(Database& source) : source_(&source) {}
  /// Finds out which rows have changed at all; of the others nothing is asked.
  void begin();

  void put_back(CustomerFact& fact, std::int64_t row, Time at);
  /// `is_over`: its dates say no more how far it was, so the word in the history does.
  void put_back(OrderFact& fact, std::int64_t row, Time at, bool is_over);
  void put_back(SubscriptionFact& fact, std::int64_t row, Time at, bool is_over);
  void put_back(TicketFact& fact, std::int64_t row, Time at);

 private:
  using Text = std::optional<std::string>;
  void each(Subject subject, std::int64_t row, Time at,
            const std::function<void(std::string_view field, const Text& value)>& visit);

  Database* source_;
  std::set<std::pair<Subject, std::int64_t>> changed_;
};

}  // namespace retaind::store
