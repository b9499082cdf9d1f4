#pragma once
#include <cstdint>

#include "base/clock.h"
#include "model/fields.h"
#include "store/database.h"

namespace retaind::store {

/// Writes one row of the change feed, in the caller's transaction. Row 0 stands for "any row": a
/// bulk load.
void note_change(Database& database, Subject subject, std::int64_t row, std::uint64_t columns,
                 Time now);

/// A shipped state's episode that is over: active in [since, until).
struct EndedEpisode {
  std::string_view state;
  std::int64_t row = 0;
  std::int64_t episode = 1;
  Time since;
  Time until;
  std::optional<Time> history_until;
};
/// The same episode again replaces it. Whether that changed anything: an occurrence may hang on it
/// though no column of the row moved, so the change feed has to tell.
[[nodiscard]] bool note_ended(Database& database, const EndedEpisode& ended);
/// Takes it back: a correction has shown that it lasts, or never was. Whether it was there.
[[nodiscard]] bool forget_ended(Database& database, std::string_view state, std::int64_t row,
                                std::int64_t episode);

}  // namespace retaind::store
