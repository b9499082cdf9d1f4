#pragma once
#include <filesystem>
#include <string_view>

#include "model/site.h"
#include "store/database.h"

namespace retaind::replay {

/// A store as it was, lived again.
struct Then {
  store::Database database;
  bool whole = false;           ///< everybody's facts, because customers hung together
  bool places_assumed = false;  ///< they did, and the facts were too many: `limit` and digests are
                                ///< of this customer alone
};

/// So many facts are lived through in seconds.
inline constexpr std::size_t most_facts_of_all = 100'000;

/// Lives through the dated facts of `source` up to `at` in a fresh store: the rules as the ledger
/// says they ran, each from its time, the holds of then, every delivery successful, the settings of
/// now. Only the facts of the customer, and of others with the same address, by which caps count:
/// no other fact of a customer decides about another, but for a `limit` that was reached and for
/// digests, where all are lived through. `directory` has the templates.
Result<Then> live_until(store::Database& source, const Site& site,
                        const std::filesystem::path& directory, std::string_view rule,
                        std::int64_t customer, Time at, std::size_t most_facts = most_facts_of_all);

}  // namespace retaind::replay
