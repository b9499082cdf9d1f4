#include <fmt/format.h>

#include "app/command.h"
#include "base/zone.h"
#include "store/database.h"

namespace retaind::app {

int run_version(const Words& words) {
  Options options("version", "Tells the versions that a bug report needs.");
  if (const std::optional<int> status = options.parse(words)) return *status;
  fmt::print("retaind {}\nstore schema {}\ntime zones {}\n", RETAIND_VERSION,
             store::schema_version(), tzdata_version());
  return exit_fine;
}

}  // namespace retaind::app
