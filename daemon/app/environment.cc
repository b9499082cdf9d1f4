#include "app/environment.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "base/file.h"

namespace retaind::app {
namespace {

std::string variable(const char* name) {
  // Nothing in this program calls setenv, so there is no thread to race with.
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): see above
  return value == nullptr ? std::string() : std::string(value);
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A key is short; a larger file is the wrong one.
constexpr std::size_t secret_limit = 64 * 1024;

std::filesystem::path credential_or(const std::filesystem::path& file) {
  const std::string directory = variable("CREDENTIALS_DIRECTORY");
  if (directory.empty() || file.empty()) return file;
  const std::filesystem::path credential = std::filesystem::path(directory) / file.filename();
  std::error_code error;
  return std::filesystem::exists(credential, error) ? credential : file;
}

}  // namespace

std::string notify_socket() { return variable("NOTIFY_SOCKET"); }

std::optional<Duration> watchdog_time() {
  const std::optional<std::int64_t> microseconds = number(variable("WATCHDOG_USEC"));
  if (!microseconds || *microseconds <= 0) return std::nullopt;
  const std::string process = variable("WATCHDOG_PID");
  if (!process.empty() && number(process) != std::int64_t{getpid()}) return std::nullopt;
  return std::chrono::duration_cast<Duration>(std::chrono::microseconds(*microseconds));
}

Result<std::string> read_secret(const std::filesystem::path& file, std::string_view setting) {
  if (file.empty()) return std::string();
  Result<std::string> text = read_file(credential_or(file), secret_limit);
  if (!text) return text.error().in(setting);
  // Whoever writes the file with an editor ends the line; everything else may be part of a secret.
  std::string_view secret = *text;
  if (secret.ends_with('\n')) {
    secret.remove_suffix(1);
    if (secret.ends_with('\r')) secret.remove_suffix(1);
  }
  return std::string(secret);
}

std::string operator_name() {
  std::string name = variable("SUDO_USER");
  if (!name.empty()) return name;
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->pw_name;
  }
  return std::to_string(getuid());
}

bool wants_colour(int descriptor) {
  return isatty(descriptor) == 1 && variable("NO_COLOR").empty();
}

}  // namespace retaind::app
