#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "base/zone.h"
#include "language/plan.h"
#include "language/report.h"
#include "language/yaml.h"

namespace retaind::language {

/// What a condition may read, and in whose time and money.
struct Scope {
  std::vector<Subject> subjects;  ///< with exactly one row for each occurrence of the trigger
  std::string trigger;            ///< for messages: "order.completed"
  Currency currency;              ///< of every amount in the store; empty: the site has none
  Zone zone = Zone::utc();        ///< in which a date begins
  const Vocabulary* vocabulary = Vocabulary::shipped().get();
  std::string event{};  ///< that triggers: `event.*` reads what events of its name bring along
};

namespace expression_limits {
inline constexpr std::size_t bytes = 4000;  ///< of one line
inline constexpr int nesting = 32;          ///< of parentheses
inline constexpr std::size_t list = 1000;   ///< values of an `in [...]`
}  // namespace expression_limits

/// What the conditions of a rule read, gathered while they are read. Without `aggregates` they may
/// look at single rows only.
struct Reads {
  std::vector<Slot>* slots;
  std::vector<Aggregate>* aggregates = nullptr;
};

/// Reads one condition and settles its types. Fields that it reads are added to `reads` unless they
/// are there. Mistakes point at their own place in the file.
std::optional<Condition> read_condition(Report& report, const YamlNode& scalar, const Scope& scope,
                                        Reads reads);

/// The condition `is` of a state that has been checked: it reads only the row itself. Empty when
/// `since` alone decides.
std::optional<Condition> state_condition(const StateKind& state, const Scope& scope,
                                         std::vector<Slot>& slots);

}  // namespace retaind::language
