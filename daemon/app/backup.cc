#include <fmt/format.h>

#include <system_error>

#include "app/command.h"
#include "app/site_load.h"
#include "base/text.h"
#include "store/database.h"

namespace retaind::app {
namespace {

struct Backup {
  std::uintmax_t bytes = 0;
};

Result<Backup> back_up(const std::filesystem::path& directory, const std::filesystem::path& file) {
  const Result<Site> site = settings_of(directory);
  if (!site) return site.error();
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    return Error{ErrorKind::conflict,
                 fmt::format("{} exists and is not overwritten; name a new file", file.string())};
  }
  store::Database::Options options;
  options.mode = store::Database::Mode::read;
  Result<store::Database> database = store::Database::open(site->store, options);
  if (!database) return database.error();
  if (Result<void> copied = database->backup_to(file); !copied) return copied.error();
  return Backup{std::filesystem::file_size(file, error)};
}

}  // namespace

int run_backup(const Words& words) {
  std::string site;
  std::string file;
  Options options("backup",
                  "Writes a consistent copy of the store while the daemon goes on sending.");
  options.site(site)
      .positional("FILE", file, "to write; must not exist")
      .footer(
          "A daemon that is started on the copy holds everything until `retaind release --all`: it "
          "cannot know what has "
          "been sent since.");
  if (const std::optional<int> status = options.parse(words)) return *status;
  const Result<std::filesystem::path> directory = find_site(site);
  if (!directory) return failed(directory.error().message);
  const Result<Backup> backup = back_up(*directory, file);
  if (!backup) return failed(backup.error().message);
  fmt::print("{}: {} bytes\n", file, grouped(static_cast<long long>(backup->bytes)));
  return exit_fine;
}

}  // namespace retaind::app
