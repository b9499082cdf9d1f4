#pragma once
#include <vector>

#include "language/plan.h"

namespace retaind::engine {

/// time + span, in the zone; business time by the rule's calendar, and after its last opening far
/// in the future.
Time later(const language::Rule& rule, Time time, const Span& span, const Zone& zone);
/// Exactly the times t with later(t) in `due`.
std::vector<TimeRange> earlier(const language::Rule& rule, TimeRange due, const Span& span,
                               const Zone& zone);

/// Whether a due time stands for none: the calendar does not open often enough for it.
bool is_never(Time due);

}  // namespace retaind::engine
