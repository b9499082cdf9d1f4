#pragma once
#include <cstdint>

#include "base/result.h"

namespace retaind::store {

class Database;

/// `application_id` of every store: "rtnd".
inline constexpr std::int64_t application_id = 0x72746e64;

/// Brings an open store to schema_version() in one transaction. A store with data is first copied
/// to
/// `<file>.before-v<N>`, N being the new version; an existing copy of that name is kept, because it
/// is the older one. `conflict` for a store of a newer version.
Result<void> migrate(Database& database);

/// For readers, which do not migrate: the store must already have this binary's version.
Result<void> require_current(Database& database);

}  // namespace retaind::store
