#include <algorithm>

#include "render/filter.h"

namespace retaind::render {
namespace {

const std::vector<Filter>& all_filters() {
  static const std::vector<Filter> all = [] {
    std::vector<Filter> made;
    for (const auto table : {text_filters(), coding_filters(), number_filters(), list_filters(),
                             date_filters(), mail_filters()}) {
      made.insert(made.end(), table.begin(), table.end());
    }
    std::sort(made.begin(), made.end(),
              [](const Filter& a, const Filter& b) { return a.name < b.name; });
    return made;
  }();
  return all;
}

}  // namespace

const Filter* find_filter(std::string_view name, bool mail) {
  const std::vector<Filter>& all = all_filters();
  const auto found = std::lower_bound(
      all.begin(), all.end(), name,
      [](const Filter& filter, std::string_view wanted) { return filter.name < wanted; });
  if (found == all.end() || found->name != name || (found->mail_only && !mail)) return nullptr;
  return &*found;
}

std::vector<std::string_view> filter_names(bool mail) {
  std::vector<std::string_view> names;
  for (const Filter& filter : all_filters()) {
    if (mail || !filter.mail_only) names.push_back(filter.name);
  }
  return names;
}

}  // namespace retaind::render
