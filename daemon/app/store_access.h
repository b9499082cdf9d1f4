#pragma once
#include <filesystem>
#include <string>

#include "base/result.h"
#include "model/site.h"
#include "store/database.h"

namespace retaind::app {

/// A subcommand's way to the store: the settings and an open connection.
struct OpenSite {
  Site site;
  store::Database database;
};
/// `given` is the value of --site. Reading never makes or migrates a store; writing needs one that
/// exists.
Result<OpenSite> open_site(const std::string& given, store::Database::Mode mode);

}  // namespace retaind::app
