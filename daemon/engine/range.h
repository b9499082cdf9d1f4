#pragma once
#include "base/zone.h"
#include "language/narrow.h"

namespace retaind::engine {

/// Values outside are such that evaluate() says at `now` that the test is false; some inside may be
/// false, too: the ends lie a few days beyond the span, for months, zones and clock changes.
TimeRange range_of(const language::Narrow& narrow, Time now, const Zone& zone);

}  // namespace retaind::engine
