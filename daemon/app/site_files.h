#pragma once
#include <string>
#include <vector>

#include "app/site_load.h"
#include "delivery/core.h"

namespace retaind::app {

/// A site without mistakes as the core takes it, the link-signing secret read. The error names
/// every mistake.
Result<delivery::SiteFiles> take_files(LoadedSite loaded);

/// The same for who only looks ahead, or back: one faulty file refuses all as it would a reload,
/// since what runs with half of the files is nothing that could ever run. The error says so.
Result<delivery::SiteFiles> files_to_try(const std::filesystem::path& directory);

/// Why `run` would not start here though the files are fine: secrets that this process cannot read,
/// a socket's path that is too long, a store's directory that is not there. One message each.
std::vector<std::string> obstacles(const Site& site);

/// First setting that differs and that running parts were built from ("store", "smtp"): such a
/// change needs a restart. Empty when a reload can take it over.
std::string needs_restart(const Site& running, const Site& fresh);

}  // namespace retaind::app
