#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace retaind::app {

// What the process is told by its surroundings. The only place besides base/log that reads
// environment variables.

/// NOTIFY_SOCKET of sd_notify(3); empty: nobody listens.
std::string notify_socket();
/// WATCHDOG_USEC, when WATCHDOG_PID is unset or names this process; empty: no watchdog.
std::optional<Duration> watchdog_time();
/// The text of a secret's file, or of the credential of the same file name that systemd passed
/// (CREDENTIALS_DIRECTORY, systemd.exec(5)), without the line end at its end; empty without a file.
/// `setting` is named in errors.
Result<std::string> read_secret(const std::filesystem::path& file, std::string_view setting);
/// Who types: SUDO_USER, else the name of the user id. For the author of a hold.
std::string operator_name();
/// Whether to colour what goes to this descriptor: a terminal, and NO_COLOR is not set.
bool wants_colour(int descriptor);

}  // namespace retaind::app
