#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/zone.h"
#include "render/filter.h"

namespace retaind::render {

/// The zone that dates are shown in: `wanted`, else the context's customer.timezone, else its
/// timezone (the site's), else UTC. Unknown names are passed over, so that a bad zone of a customer
/// never stops a mail.
Zone zone_for(const FilterScope& scope, const Datum& wanted);

/// A time of the context: RFC 3339, "2026-03-02 [09:30]", "March 14, 2016" and the like, "now";
/// wall times are in `zone`. Numbers count `unit` since 1970. Empty when it is no time.
std::optional<Time> read_time(const FilterScope& scope, const Datum& input, const Zone& zone,
                              Duration unit);

/// Ruby's strftime; names are English. Unknown directives stay as written.
std::string strftime_text(Time time, const Zone& zone, std::string_view format);

}  // namespace retaind::render
