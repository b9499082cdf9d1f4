#include "app/site_init.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "app/editor_files.h"
#include "app/shipped.h"
#include "base/digest.h"

namespace retaind::app {
namespace {

namespace fs = std::filesystem;

// HMAC-SHA256 gains nothing from a longer key (RFC 2104 section 3).
constexpr std::size_t secret_bytes = 32;

std::string message_of(int code) { return std::system_category().message(code); }

Result<std::string> make_secret() {
  std::array<char, secret_bytes> bytes{};
  std::ifstream source("/dev/urandom", std::ios::binary);
  if (!source.read(bytes.data(), bytes.size())) {
    return Error{ErrorKind::unavailable, "cannot read /dev/urandom to make a secret; mount /dev"};
  }
  return base64({bytes.data(), bytes.size()}) + "\n";
}

/// The settings for /etc/retaind name the directories of systemd/retaind.service.
std::string installed_settings(std::string_view text) {
  std::string settings(text);
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> places{{
      {"\nstore: retaind.db ", "\nstore: /var/lib/retaind/retaind.db "},
      {"\nsocket: retaind.sock ", "\nsocket: /run/retaind/retaind.sock "},
      {"\nmaildir: maildir\n", "\nmaildir: /var/lib/retaind/maildir\n"},
  }};
  for (const auto& [here, installed] : places) {
    const std::size_t at = settings.find(here);
    if (at != std::string::npos) settings.replace(at, here.size(), installed);
  }
  return settings;
}

Result<void> add(MadeSite& made, const fs::path& directory, std::string_view path,
                 std::string_view text, mode_t mode) {
  const Result<bool> fresh = write_new(directory / path, text, mode);
  if (!fresh) return fresh.error();
  (*fresh ? made.written : made.kept).emplace_back(path);
  return {};
}

}  // namespace

Result<bool> write_new(const fs::path& path, std::string_view text, mode_t mode) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0 && errno == EEXIST) return false;
  if (file < 0) {
    return Error{ErrorKind::unavailable,
                 fmt::format("cannot write {}: {}; choose a directory that this user may write to",
                             path.string(), message_of(errno))};
  }
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t part = ::write(file, text.data() + done, text.size() - done);
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) break;
    done += static_cast<std::size_t>(part);
  }
  const int code = errno;
  if (close(file) == 0 && done == text.size()) return true;
  // Half a file would be kept by the next try.
  unlink(path.c_str());
  return Error{ErrorKind::unavailable, fmt::format("cannot write {}: {}; make room and try again",
                                                   path.string(), message_of(code))};
}

namespace {

/// What root makes in a directory of the daemon's group that is closed to others, as /etc/retaind
/// is one, the daemon reads.
void share_with_group(const fs::path& directory) {
  struct stat place {};
  const fs::path file = directory / "secret";
  if (::geteuid() != 0 || ::stat(directory.c_str(), &place) != 0) return;
  if (place.st_gid == 0 || (place.st_mode & S_IRWXO) != 0) return;
  if (::chown(file.c_str(), static_cast<uid_t>(-1), place.st_gid) == 0)
    ::chmod(file.c_str(), S_IRUSR | S_IWUSR | S_IRGRP);
}

}  // namespace

Result<MadeSite> make_site(const fs::path& directory) {
  std::error_code error;
  for (const char* part : {"rules", "templates", "tests", ".schema", ".vscode"}) {
    fs::create_directories(directory / part, error);
    if (error) {
      return Error{ErrorKind::unavailable,
                   fmt::format("cannot make {}: {}; choose a directory that this user may write to",
                               (directory / part).string(), error.message())};
    }
  }
  const bool installed = fs::weakly_canonical(directory, error) == "/etc/retaind";
  MadeSite made;
  for (const ShippedFile& file : shipped_files()) {
    if (file.on_request) continue;
    const bool settings = installed && file.path == "retaind.yaml";
    const std::string text = settings ? installed_settings(file.text) : std::string(file.text);
    if (Result<void> added = add(made, directory, file.path, text, 0644); !added)
      return added.error();
  }
  const Result<std::string> secret = make_secret();
  if (!secret) return secret.error();
  if (Result<void> added = add(made, directory, "secret", *secret, 0600); !added)
    return added.error();
  if (!made.written.empty() && made.written.back() == "secret") share_with_group(directory);
  for (const EditorFile& file : editor_files(names_of(load_site(directory)))) {
    if (Result<void> added = add(made, directory, file.path, file.text, 0644); !added)
      return added.error();
  }
  return made;
}

}  // namespace retaind::app
