#include <fmt/format.h>

#include "app/command.h"
#include "app/demo_shop.h"
#include "app/site_init.h"
#include "base/clock.h"
#include "base/text.h"

namespace retaind::app {
namespace {

void print_made(const std::string& directory, const MadeSite& made) {
  if (!made.kept.empty()) {
    fmt::print("{} of the files were there and stay as they are\n", made.kept.size());
  }
  fmt::print("{}: {} written\n", directory,
             counted(static_cast<long long>(made.written.size()), "file"));
}

void print_next(const std::string& directory) {
  fmt::print(
      "\nnext:\n"
      "  1. {0}/retaind.yaml: the shop's name, sender, time zone\n"
      "  2. retaind check --site {0}\n"
      "  3. retaind test --site {0}     (plays the stories in tests/)\n"
      "  4. retaind import customers FILE.csv --site {0}     (then orders, tickets …)\n"
      "  5. retaind run --site {0}\n"
      "nothing leaves this machine until retaind.yaml says `deliver: live`\n",
      directory);
}

}  // namespace

int run_init(const Words& words) {
  std::string directory;
  bool demo = false;
  std::int64_t seed = 1;
  Options options(
      "init",
      "Makes a working site: settings, rules, templates, stories and a secret. Never overwrites.");
  options.positional("DIR", directory, "made when it does not exist")
      .flag("--demo", demo, "with an invented small shop as of now, as CSV files in DIR/demo")
      .number("--seed", "N", seed, "another number invents another shop");
  if (const std::optional<int> status = options.parse(words)) return *status;

  if (demo) {
    const Result<DemoShop> shop =
        make_demo_site(directory, static_cast<std::uint64_t>(seed), SystemClock().now());
    if (!shop) return failed(shop.error().message);
    fmt::print("{}: a shop with {} customers, {} orders, {} tickets\n", directory,
               grouped(shop->customers), grouped(shop->orders), grouped(shop->tickets));
    return exit_fine;
  }
  const Result<MadeSite> made = make_site(directory);
  if (!made) return failed(made.error().message);
  print_made(directory, *made);
  print_next(directory);
  return exit_fine;
}

}  // namespace retaind::app
