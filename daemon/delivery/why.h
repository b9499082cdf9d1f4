#pragma once
#include <string>
#include <string_view>

#include "language/plan.h"

namespace retaind::delivery {

/// Why a rule writes to somebody, in a mail of this locale: "ticket.unresolved for 48 hours, since
/// 2026-03-02 10:00"; in Japanese and Chinese as their readers would say it, with words of their
/// own for what is shipped. `since` is the local time of the anchor; empty: there is none.
std::string why_text(const language::Trigger& trigger, std::string_view since,
                     std::string_view locale);

}  // namespace retaind::delivery
