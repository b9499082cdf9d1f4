#include <fmt/format.h>

#include "app/command.h"
#include "app/daemon.h"

namespace retaind::app {

int run_daemon(const Words& words) {
  std::string site;
  bool until_idle = false;
  Options options("run",
                  "Watches the store and sends what the rules say, until it is told to stop.");
  options.site(site)
      .flag("--until-idle", until_idle,
            "stop when nothing is due within 20 seconds; exit status 1 when a server is away")
      .footer(
          "SIGHUP reloads the rules, SIGTERM waits for what is on its way and stops. Without "
          "`deliver: live` in "
          "retaind.yaml every mail is a file in the maildir.");
  if (const std::optional<int> status = options.parse(words)) return *status;
  const Result<std::filesystem::path> directory = find_site(site);
  if (!directory) return failed(directory.error().message);
  const Result<std::unique_ptr<Daemon>> daemon = Daemon::start({*directory, until_idle});
  if (!daemon) return failed(daemon.error().message);
  return (*daemon)->run();
}

}  // namespace retaind::app
