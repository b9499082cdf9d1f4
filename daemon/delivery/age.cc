#include "delivery/age.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace retaind::delivery {
namespace {

struct AgeWords {
  std::string_view language;  ///< empty: English
  std::string_view day, hour, minute;
  std::string_view gap;      ///< between number and word
  std::string_view between;  ///< days and hours
};
constexpr std::array<AgeWords, 3> all_age_words{{{"ja", "日", "時間", "分", "", ""},
                                                 {"zh", "天", "小时", "分钟", " ", " "},
                                                 {"", "day", "hour", "minute", " ", " "}}};

const AgeWords& age_words(std::string_view locale) {
  const std::string language = lower_ascii(locale.substr(0, 2));
  const auto* const found = std::find_if(
      all_age_words.begin(), all_age_words.end(),
      [&](const AgeWords& words) { return words.language.empty() || words.language == language; });
  return *found;
}

}  // namespace

std::string age_text(Duration age, std::string_view locale) {
  using namespace std::chrono;
  const auto total = std::max<std::int64_t>(0, duration_cast<minutes>(age).count());
  const std::int64_t d = total / 1440;
  const std::int64_t h = total / 60 % 24;
  const AgeWords& words = age_words(locale);
  const auto part = [&words](std::int64_t n, std::string_view unit) {
    return words.language.empty() ? counted(n, unit) : fmt::format("{}{}{}", n, words.gap, unit);
  };
  if (d > 0)
    return h > 0 ? fmt::format("{}{}{}", part(d, words.day), words.between, part(h, words.hour))
                 : part(d, words.day);
  return h > 0 ? part(h, words.hour) : part(total, words.minute);
}

}  // namespace retaind::delivery
