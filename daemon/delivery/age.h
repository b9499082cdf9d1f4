#pragma once
#include <string>
#include <string_view>

#include "base/clock.h"

namespace retaind::delivery {

/// "2 days 3 hours", "50 minutes"; in Japanese and Chinese as they count: 2日3時間, 2 天 3 小时.
std::string age_text(Duration age, std::string_view locale = "en");

}  // namespace retaind::delivery
