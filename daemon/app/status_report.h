#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/store_access.h"
#include "base/value.h"
#include "engine/balance.h"
#include "store/holds.h"
#include "store/ledger.h"
#include "store/overview.h"

namespace retaind::app {

/// What a condition could not be told for.
struct MissingValue {
  std::string condition;  ///< as written; its number when the running rule cannot be read
  std::int64_t count = 0;
};

struct RuleReport {
  std::string id;
  std::string status;  ///< as the store knows it: draft, live, paused
  std::optional<Time> activated_at;
  std::optional<Time> next_due;  ///< from the daemon; empty: none is known
  std::int64_t left_out = 0;     ///< past occurrences before the backlog
  std::int64_t sent = 0;         ///< in the days that are shown
  std::int64_t ended = 0;        ///< not sent, by any reason
  std::int64_t unknown = 0;      ///< handed over, and nobody will learn whether they arrived
  std::int64_t waiting = 0;
  std::int64_t unknown_data = 0;  ///< of `ended`: a value was missing
  std::vector<MissingValue> missing;
  std::vector<store::Overview::VariantCount> variants;  ///< of steps that have some
};

struct StatusReport {
  Time at;
  bool running = false;
  std::string mode;             ///< "live", "maildir": of the daemon that runs, else of the file
  std::string next_mode;        ///< of the file when that says another, until a restart
  std::optional<Value> daemon;  ///< what the running process says
  std::string daemon_trouble;   ///< why it did not say anything, when it should
  std::vector<store::HoldRow> holds;
  std::vector<RuleReport> rules;
  std::vector<engine::BalanceDay> days;
  std::vector<std::string> unread;  ///< rules whose running text cannot be read: they have no books
  int file_errors = 0;              ///< a reload would be refused
  std::int64_t orders_in_other_currency = 0;  ///< than their customer's, so in no sum
  [[nodiscard]] bool even() const;
};

/// Asks the store and, when it runs, the daemon.
Result<StatusReport> make_status(OpenSite& open, const std::filesystem::path& directory, int days,
                                 Time now);

std::string to_text(const StatusReport& report, const Site& site);
Value to_value(const StatusReport& report);

}  // namespace retaind::app
