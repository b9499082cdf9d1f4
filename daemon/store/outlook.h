#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/ledger.h"
#include "store/database.h"

namespace retaind::store {

/// What a ledger does from the moment on at which this object was made: what waited then, and what
/// was planned or ended since. Its cost follows those rows.
class Outlook {
 public:
  explicit Outlook(Database& database);

  struct Row {
    std::int64_t message = 0;  ///< 0: an occurrence that planned none
    std::int64_t firing = 0;
    std::string_view rule, step, variant, subject, customer, zone;
    int repeat = 0;
    bool draft = false;
    bool backlog = false;   ///< planned later than the occurrence was due
    std::int64_t part = 0;  ///< of the occurrence: episode, date or slot
    Time due;
    std::optional<Time> at;  ///< hand-over, or when it ended
    MessageState state = MessageState::planned;
    Reason reason = Reason::none;
    int line = -1;
  };
  /// Messages and occurrences without one; digests are counted by their items. What was on its way
  /// at the beginning is left out. In no order.
  void each(const std::function<void(const Row&)>& visit);
  /// How many each() visits, by the rule's name, counted without reading their states.
  std::map<std::string, std::int64_t, std::less<>> counts();

 private:
  void each_aside(const std::function<void(const Row&)>& visit);

  Database* database_;
  std::int64_t last_message_ = 0;
  std::int64_t last_firing_ = 0;
  struct Waiting {
    std::int64_t message = 0;
    std::int64_t rule = 0;
  };
  std::vector<Waiting> waiting_;
};

}  // namespace retaind::store
