#include "engine/business_time.h"

namespace retaind::engine {
namespace {

constexpr Time never_open{std::chrono::sys_days{std::chrono::year{2200} / 1 / 1}};

}  // namespace

bool is_never(Time due) { return due >= never_open; }

Time later(const language::Rule& rule, Time time, const Span& span, const Zone& zone) {
  if (!span.business || !rule.business) return zone.add(time, span);
  return rule.business->add(time, span, zone).value_or(never_open);
}

std::vector<TimeRange> earlier(const language::Rule& rule, TimeRange due, const Span& span,
                               const Zone& zone) {
  if (!span.business || !rule.business) return zone.inverse(due, span);
  return rule.business->inverse(due, span, zone);
}

}  // namespace retaind::engine
