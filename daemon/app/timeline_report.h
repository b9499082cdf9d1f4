#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/known_rule.h"
#include "base/value.h"

namespace retaind::app {

/// One thing that happened to a customer, or will.
struct TimelineEntry {
  enum class Kind : std::uint8_t {
    fact,
    consent,
    suppression,
    hold,
    message,     ///< of the ledger
    occurrence,  ///< one that planned no message, or is not in the ledger yet
  };
  Time at;
  Kind kind = Kind::fact;
  std::string what;     ///< "order O1001 completed", or the step's key
  std::string more;     ///< status, cause, author
  std::string rule;     ///< of a message or an occurrence
  std::string of;       ///< "order O1001": what these are about, unless it is the customer
  std::string outcome;  ///< "sent", "waits", "would be sent" …
  Reason reason = Reason::none;
  bool draft = false;
  std::optional<std::int64_t> message;
};

struct Timeline {
  store::People::Person person;
  Zone zone = Zone::utc();  ///< the customer's, else the site's
  bool own_zone = false;
  Time now;
  Time from, to;
  std::vector<TimelineEntry> entries;  ///< by time
  std::vector<std::string> unread;     ///< rules whose running text cannot be read
};

/// Everything from `days` before now to `days` behind it, over all rules. Reads only.
Result<Timeline> make_timeline(store::Database& database, const Site& site,
                               const std::filesystem::path& directory, const std::string& customer,
                               int days, Time now);

std::string to_text(const Timeline& timeline);
Value to_value(const Timeline& timeline);

}  // namespace retaind::app
