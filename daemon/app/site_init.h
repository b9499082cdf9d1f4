#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace retaind::app {

/// Creates the file and fails when it exists, in one call, so that two of these cannot overwrite
/// each other. False: it was there.
Result<bool> write_new(const std::filesystem::path& path, std::string_view text, mode_t mode);

struct MadeSite {
  std::vector<std::string> written;  ///< paths in the site
  std::vector<std::string> kept;     ///< were there before and stay as they are
};

/// Writes what is missing of a site into `directory`; never overwrites. In /etc/retaind the store,
/// the maildir and the socket get the places that the systemd unit makes; elsewhere they lie in the
/// directory itself.
Result<MadeSite> make_site(const std::filesystem::path& directory);

}  // namespace retaind::app
