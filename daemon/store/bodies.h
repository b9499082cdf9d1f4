#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "store/database.h"

namespace retaind::store {

/// The texts of messages. Mails of one step have most of their text in common: what two of them
/// share is kept once, in `body_base`, and of each further one only what differs. A base holds
/// nothing that was one customer's alone, and is used for a day, so that retention can let it go.
/// Every call belongs to the caller's transaction.
class Bodies {
 public:
  explicit Bodies(Database& database) : database_(&database) {}

  /// `rule` and `step` say whose like it is.
  void save_mail(std::int64_t message, std::int64_t rule, std::string_view step, Time now,
                 std::string_view bytes);
  void save(std::int64_t message, Time now, std::string_view bytes);
  std::optional<std::string> find(std::int64_t message);
  /// The transaction was rolled back: the bases that it made do not exist.
  void forget() { bases_.clear(); }

  static constexpr Duration base_life = std::chrono::hours{24};

 private:
  struct Base {
    std::int64_t rule = 0;
    std::string step;
    std::int64_t id = 0;  ///< 0: the text of one mail, waiting for a second one
    Time at;
    std::string text;
  };
  void save_row(std::int64_t message, Time now, std::optional<std::int64_t> base,
                std::string_view bytes);
  bool save_like(Base& base, std::int64_t message, Time now, std::string_view bytes);

  Database* database_;
  std::vector<Base> bases_;  ///< most recently used first
};

}  // namespace retaind::store
