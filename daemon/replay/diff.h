#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "replay/plan.h"

namespace retaind::replay {

/// One message, or occurrence without one, of which two plans say different things.
struct Difference {
  enum class Kind : std::uint8_t {
    appears,   ///< is sent only by the new plan
    vanishes,  ///< is sent only by the old one
    moves,     ///< is sent by both, at another time
    reworded,  ///< is sent by both at the same time, from another template
    other,     ///< is sent by neither, and differs in reason
    due,       ///< goes at the same time, or ends for the same reason, by another due time
  };
  Kind kind = Kind::other;
  std::optional<PlannedRow> before, after;
  [[nodiscard]] Time when() const { return after ? after->when() : before->when(); }
};

/// What two plans of the same days say differently, in time order. `renamed`: new id → old id; the
/// rows of both count as one rule's.
std::vector<Difference> compare(const Plan& before, const Plan& after,
                                const std::map<std::string, std::string, std::less<>>& renamed);

/// The old plan's rows with the differences carried out, in a plan's order: the new plan's rows.
std::vector<PlannedRow> apply(const std::vector<PlannedRow>& before,
                              const std::vector<Difference>& differences);

/// Whether two rows say the same of the same message.
bool same_fate(const PlannedRow& a, const PlannedRow& b);

}  // namespace retaind::replay
