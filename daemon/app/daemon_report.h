#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/senders.h"
#include "app/site_load.h"
#include "base/value.h"
#include "delivery/core.h"

namespace retaind::app {

/// What came of the last reload, for the command, the log and `status`.
struct ReloadOutcome {
  std::optional<Time> at;  ///< empty: there was none
  bool done = false;
  std::string text;  ///< findings and summary
};

/// "draft", "live", "paused".
std::string_view name_of(language::RuleStatus status);

/// Reads the site aside and has the core swap to it, or changes nothing.
ReloadOutcome take_over(delivery::Core& core, const std::filesystem::path& directory, Time now);

/// One line for the service manager: "7 rules, live", "held: …", "the last reload failed".
std::string status_text(delivery::Core& core, const ReloadOutcome& reload);

/// What only the running process knows; `retaind status` adds what the store knows.
Value report_of(delivery::Core& core, const Senders& senders, const ReloadOutcome& reload,
                Time started, Time now);

/// The warnings of a site that is taken over, each in one piece.
std::vector<std::string> warnings_of(const LoadedSite& loaded);

}  // namespace retaind::app
