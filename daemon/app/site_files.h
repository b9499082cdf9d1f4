#pragma once
#include <string>
#include <vector>

#include "app/site_load.h"
#include "delivery/core.h"

namespace retaind::app {

/// A site without mistakes as the core takes it, the link-signing secret read. The error names
/// every mistake.
Result<delivery::SiteFiles> take_files(LoadedSite loaded);

/// What the settings name and this process cannot read: secrets and passwords. One message each.
std::vector<std::string> missing_files(const Site& site);

/// First setting that differs and that running parts were built from ("store", "smtp"): such a
/// change needs a restart. Empty when a reload can take it over.
std::string needs_restart(const Site& running, const Site& fresh);

}  // namespace retaind::app
