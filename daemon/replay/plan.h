#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/core.h"

namespace retaind::replay {

/// What becomes of a message within the plan's time.
enum class PlannedOutcome : std::uint8_t {
  sent,        ///< handed over
  would_send,  ///< of a draft, or kept on this machine by `only-to`
  not_sent,    ///< ended for a reason
  waiting,     ///< due, and still held or to be tried again at the end
  later,       ///< planned already, and due behind the end: no part of what matched
};
std::string_view name_of(PlannedOutcome outcome);

struct PlannedRow {
  std::string rule, step, subject, customer;  ///< the site's own ids
  std::string variant;                        ///< template, of a step with variants
  std::string text;                           ///< template, of whatever step; empty: it has none
  std::int64_t part = 0;                      ///< of the occurrence: episode, date or slot
  int repeat = 0;
  bool draft = false;
  bool backlog = false;  ///< planned later than the occurrence was due
  Time due;
  std::optional<Time> at;  ///< hand-over, or when it ended
  Zone zone =
      Zone::utc();  ///< of the rule: the site's, or with `timezone: customer` the customer's
  MessageState state = MessageState::planned;
  Reason reason = Reason::none;
  int line = -1;
  PlannedOutcome outcome = PlannedOutcome::sent;
  /// When it happens, for the order and the day: hand-over or end; of what waits its due time.
  [[nodiscard]] Time when() const { return at && outcome != PlannedOutcome::waiting ? *at : due; }
};

/// "anna for o1": of whom and what a row is.
std::string whom(const PlannedRow& row);

struct Plan {
  Time from, to;
  std::vector<PlannedRow> rows;  ///< by (when, rule, subject, step, repeat); without `later`
  std::map<PlannedOutcome, std::int64_t> counts;
  std::int64_t matched = 0;  ///< counted in the ledger, not by summing the rows
  std::map<std::string, std::int64_t, std::less<>> matched_by_rule;  ///< likewise
  /// Occurrences that were due before a rule counted and are not its own.
  std::map<std::string, std::int64_t, std::less<>> left_out;
  [[nodiscard]] bool even() const;
};

/// Lives the coming days in a shadow of the store: these files are taken over as a reload would,
/// and the sender's own engine and outbox run on a virtual clock with peers that accept everything.
/// So the plan is what happens when no fact changes. Nothing leaves; `shadow` is used up.
Result<Plan> plan(store::Database& shadow, delivery::SiteFiles files, Time from, Time to,
                  const std::function<void(Time)>& progress = {});

/// Leaves one rule's rows, counted anew.
void keep_only(Plan& plan, std::string_view rule);

}  // namespace retaind::replay
