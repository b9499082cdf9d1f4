#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/database.h"

namespace retaind::store {

struct HoldRow {
  std::int64_t id = 0;
  std::string scope;  ///< all, rule, customer
  std::string target;
  std::string cause;  ///< operator, brake, clock, restored
  std::optional<Time> until;
  std::string because;
  std::string author;
  Time at;
};

/// Holds, in force and released. Every call belongs to the caller's transaction.
class Holds {
 public:
  explicit Holds(Database& database) : database_(&database) {}

  std::vector<HoldRow> in_force(Time now);
  /// The new hold's id.
  std::int64_t add(const HoldRow& hold);
  /// How many holds were released.
  int release(std::string_view scope, std::string_view target, Time now);
  void release_cause(std::string_view cause, Time now);
  void rename_rule(std::string_view from, std::string_view to);
  /// When a brake of this rule was last released.
  std::optional<Time> brake_released(std::string_view rule);
  /// Changes whenever a hold is added, released or renamed; costs the same however many there are.
  std::int64_t stamp();

 private:
  void set_stamp();

  Database* database_;
};

}  // namespace retaind::store
