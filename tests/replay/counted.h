#pragma once
#include <catch2/catch.hpp>

#include "base/rng.h"
#include "support/shop.h"

namespace retaind::test {

/// Counting finds as many as walking, in any time; false where only walking can.
inline bool counts_alike(Shop& shop, Time around, Rng& rng) {
  using std::chrono::days;
  using std::chrono::minutes;
  engine::Trigger& trigger = *shop.world->core().engine().running().front()->trigger;
  bool counted = true;
  for (int i = 0; i < 5; ++i) {
    const Time after = around - days{30} + minutes(rng.below(100 * 1440));
    const TimeRange due{after, after + minutes(rng.below(60 * 1440))};
    std::int64_t visited = 0;
    engine::Trigger::Cursor cursor;
    while (trigger.scan(due, cursor, 100, shop.clock.now(), [&](const engine::Occurrence&) {
      ++visited;
      return true;
    })) {
    }
    const auto count = trigger.count(due);
    counted = counted && count;
    if (count) CHECK(*count == visited);
  }
  return counted;
}

}  // namespace retaind::test
