#include "app/store_access.h"

#include "app/command.h"
#include "app/site_load.h"

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

}  // namespace retaind::app
