#include "app/store_access.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "app/command.h"
#include "app/known_rule.h"
#include "app/site_load.h"
#include "base/text.h"

namespace retaind::app {

Result<OpenSite> open_site(const std::string& given, store::Database::Mode mode) {
  const Result<std::filesystem::path> directory = find_site(given);
  if (!directory) return directory.error();
  Result<Site> site = settings_of(*directory);
  if (!site) return site.error();
  store::Database::Options options;
  options.mode = mode;
  Result<store::Database> database = store::Database::open(site->store, options);
  if (!database) return database.error();
  return OpenSite{std::move(*site), std::move(*database)};
}

Result<void> known_customer(store::Ledger& ledger, const std::string& key) {
  if (key.empty() || ledger.customer_by_key(key)) return {};
  return Error{
      ErrorKind::not_found,
      fmt::format("there is no customer `{}` in the store; give the id that you imported", key)};
}

Result<void> known_rule(store::Ledger& ledger, const std::string& name) {
  if (name.empty()) return {};
  const std::vector<store::RuleRow> known = ledger.rules();
  std::vector<std::string_view> names;
  for (const store::RuleRow& row : known) names.emplace_back(row.name);
  if (std::find(names.begin(), names.end(), name) != names.end()) return {};
  return Error{ErrorKind::not_found,
               fmt::format("no rule `{}` has run in this store{}", name,
                           or_nearest_rule(name, names,
                                           "; `retaind status` lists those that have, and one that "
                                           "never ran is stopped with `status: paused` in its "
                                           "file"))};
}

}  // namespace retaind::app
