#pragma once
#include <cstdint>
#include <filesystem>

#include "base/clock.h"
#include "base/result.h"

namespace retaind::app {

struct DemoShop {
  int customers = 0;
  int orders = 0;
  int tickets = 0;
};

/// A site with an invented shop that has sold tea and tableware in Europe and Japan up to `now`:
/// CSV files in directory/demo, ready for `retaind import`. The same seed and the same `now` give
/// the same bytes. Its rules look back
/// (`backlog:`) and its opening hours lie around `now`, because who tries it wants to see mail at
/// once, at any hour.
Result<DemoShop> make_demo_site(const std::filesystem::path& directory, std::uint64_t seed,
                                Time now);

}  // namespace retaind::app
