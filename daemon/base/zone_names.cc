#include <date/tz.h>

#include <algorithm>
#include <array>
#include <exception>

#include "base/text.h"
#include "base/zone_rules.h"

namespace retaind {
namespace {

// What people write instead of a name; edit distance would suggest EST for JST.
struct Abbreviation {
  std::string_view written, name;
};
constexpr std::array<Abbreviation, 24> abbreviations{{
    {"jst", "Asia/Tokyo"},          {"kst", "Asia/Seoul"},          {"ist", "Asia/Kolkata"},
    {"sgt", "Asia/Singapore"},      {"hkt", "Asia/Hong_Kong"},      {"bst", "Europe/London"},
    {"cest", "Europe/Berlin"},      {"mez", "Europe/Berlin"},       {"mesz", "Europe/Berlin"},
    {"eest", "Europe/Helsinki"},    {"msk", "Europe/Moscow"},       {"edt", "America/New_York"},
    {"cst", "America/Chicago"},     {"cdt", "America/Chicago"},     {"mdt", "America/Denver"},
    {"pst", "America/Los_Angeles"}, {"pdt", "America/Los_Angeles"}, {"akst", "America/Anchorage"},
    {"brt", "America/Sao_Paulo"},   {"aest", "Australia/Sydney"},   {"aedt", "Australia/Sydney"},
    {"acst", "Australia/Adelaide"}, {"awst", "Australia/Perth"},    {"nzst", "Pacific/Auckland"},
}};

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  try {
    for (const auto& zone : date::get_tzdb().zones) {
      if (is_zone_name(zone.name())) names.emplace_back(zone.name());
    }
  } catch (const std::exception&) {
    // No tz database: then there is no hint either.
  }
  return names;
}

}  // namespace

bool is_zone_name(std::string_view name) {
  return name != "Factory" && name != "localtime" && name != "posixrules" &&
         !name.starts_with("posix/") && !name.starts_with("right/");
}

std::string nearest_zone(std::string_view wanted) {
  const std::string word = lower_ascii(wanted);
  for (const Abbreviation& entry : abbreviations) {
    if (entry.written == word) return std::string(entry.name);
  }
  // "GMT+9" is near "Etc/GMT+9", which lies west of Greenwich: a wrong hint is worse than none.
  if (word.find_first_of("0123456789+") != std::string::npos) return {};
  const std::vector<std::string> names = all_names();
  std::vector<std::string> lower, cities;
  for (const std::string& name : names) {
    lower.push_back(lower_ascii(name));
    cities.push_back(lower.back().substr(lower.back().rfind('/') + 1));
    if (lower.back() == word || cities.back() == word) return name;
  }
  for (const auto& list : {lower, cities}) {
    const std::vector<std::string_view> candidates(list.begin(), list.end());
    const auto near = nearest(word, candidates);
    if (!near) continue;
    return names[static_cast<std::size_t>(std::find(candidates.begin(), candidates.end(), *near) -
                                          candidates.begin())];
  }
  return {};
}

}  // namespace retaind
