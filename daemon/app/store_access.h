#pragma once
#include <filesystem>
#include <string>

#include "base/result.h"
#include "model/site.h"
#include "store/database.h"
#include "store/ledger.h"

namespace retaind::app {

/// A subcommand's way to the store: the settings and an open connection.
struct OpenSite {
  Site site;
  store::Database database;
};
/// `given` is the value of --site. Reading never makes or migrates a store; writing needs one that
/// exists.
Result<OpenSite> open_site(const std::string& given, store::Database::Mode mode);

/// Whether what was typed is there, with the nearest name; nothing typed is fine.
Result<void> known_rule(store::Ledger& ledger, const std::string& name);
Result<void> known_customer(store::Ledger& ledger, const std::string& key);

}  // namespace retaind::app
