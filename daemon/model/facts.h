#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace retaind {

// What a shop or a help desk says about its rows, one struct a kind. `key` is the site's own id,
// and the other keys name rows by theirs. A field without a value says nothing: what is stored
// stays. To empty a stored field, name its column in `cleared` (bits of store/columns.h). Money is
// in minor units of the row's currency.

struct CustomerFact {
  std::string key{};
  std::optional<std::string> email{}, first_name{}, last_name{}, locale{}, time_zone{}, country{},
      city{}, currency{};
  std::optional<Time> created_at{};
  std::optional<std::string> birthday{};  ///< YYYY-MM-DD
  std::optional<std::string>
      attributes{};  ///< a JSON object; replaces the stored one, as for all kinds
  std::uint64_t cleared = 0;
};

struct OrderFact {
  std::string key{};
  std::optional<std::string>
      customer{};  ///< key or alias; an unknown one becomes a customer with only a key
  std::optional<std::string> number{}, status{}, currency{};
  std::optional<std::int64_t>
      total_minor{};  ///< negative: money back to the customer, as a row of its own
  std::optional<Time> placed_at{}, paid_at{}, shipped_at{}, completed_at{}, cancelled_at{},
      refunded_at{};
  std::optional<std::string> attributes{};
  std::uint64_t cleared = 0;
};

struct ItemFact {
  std::string order{};  ///< key; the order must be stored
  std::string key{};    ///< unique within the order
  std::optional<std::string> sku{}, name{};
  std::optional<double> quantity{};
  std::optional<std::int64_t> price_minor{};
  std::optional<std::string> attributes{};
  std::uint64_t cleared = 0;
};

struct SubscriptionFact {
  std::string key{};
  std::optional<std::string> customer{}, plan{}, status{}, currency{};
  std::optional<std::int64_t> price_minor{};
  std::optional<Time> started_at{}, renews_at{}, cancelled_at{}, ended_at{};
  std::optional<std::string> attributes{};
  std::uint64_t cleared = 0;
};

struct TicketFact {
  std::string key{};
  std::optional<std::string> customer{}, number{}, subject{}, status{}, priority{}, assignee{},
      team{}, url{};
  std::optional<Time> opened_at{}, first_response_at{}, solved_at{}, closed_at{};
  /// When this row was true: its status holds from then on, also when newer rows are stored
  /// already.
  std::optional<Time> as_of{};
  std::optional<std::string> attributes{};
  std::uint64_t cleared = 0;
};

struct FeedbackFact {
  std::string key{};
  std::optional<std::string> customer{};  ///< taken from the order or the ticket when there is none
  std::optional<std::string> order{}, ticket{};  ///< keys; the rows must be stored
  std::optional<std::string> kind{}, comment{};
  std::optional<std::int64_t> score{};
  std::optional<Time> received_at{};
  std::optional<std::string> attributes{};
  std::uint64_t cleared = 0;
};

struct EventFact {
  std::string key{};
  std::optional<std::string> customer{};
  std::string name{};
  Time at{};
  std::optional<std::string> attributes{};
  std::uint64_t cleared = 0;
};

struct ConsentFact {
  std::string customer{};  ///< key or alias
  std::string purpose{};   ///< marketing | feedback | tracking
  bool granted = false;
  Time at{};
  std::optional<Time> expires_at{};
  std::string basis{}, source{}, text_version{};
};

struct SuppressionFact {
  std::string email{};        ///< address; stored by its key only
  std::string scope = "all";  ///< all | marketing | feedback
  std::string cause{}, source{};
  Time at{};
  std::optional<Time> lifted_at{};
};

}  // namespace retaind
