#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "language/plan.h"
#include "store/database.h"

namespace retaind::replay {

/// What of a replay rests on a field whose past the data does not hold: then its last value was
/// used. Names are as rules write them, "customer.city order.total"; empty: everything is known.
class Assumed {
 public:
  explicit Assumed(store::Database& source);

  /// What a line reads.
  [[nodiscard]] std::string of(const language::Rule& rule, const language::Condition& line,
                               Time at) const;
  /// What an outcome rests on: the line that decided, or all lines that it has passed.
  const std::string& of(const language::Rule& rule, std::string_view step, Reason reason, int line,
                        Time at);

 private:
  using Names = std::set<std::string>;
  void add(Names& names, const Field* field, bool watched) const;
  void add(Names& names, const language::Rule& rule, const language::Condition& line,
           bool watched) const;
  [[nodiscard]] Names behind(const language::Rule& rule, std::string_view step, Reason reason,
                             int line, bool watched) const;
  [[nodiscard]] bool is_watched(Time at) const { return watched_since_ && at >= *watched_since_; }

  std::optional<Time> watched_since_;
  using Key = std::tuple<const language::Rule*, std::string, Reason, int, bool>;
  std::map<Key, std::string> known_;
};

}  // namespace retaind::replay
