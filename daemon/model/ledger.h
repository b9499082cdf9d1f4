#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace retaind {

/// What a message is for; picks consent, caps, unsubscribe headers and the policy after `unknown`.
enum class Purpose : std::uint8_t { marketing, feedback, transactional, internal };

/// Where a message is. Stored as numbers: append only.
enum class MessageState : std::uint8_t {
  planned,
  held,
  claimed,
  handed,
  sent,
  unknown,
  failed,
  skipped
};

/// Why a message waits or has ended, or why an occurrence sent nothing. One closed list for code,
/// traces, metrics, tests and documents. Stored as numbers: append only.
enum class Reason : std::uint8_t {
  none,
  sent,
  would_send,
  no_address,
  no_consent,
  suppressed,
  condition_false,
  state_ended,
  stopped,
  outside_window,
  hold_while,
  limit,
  capped,
  held_out,
  on_hold,
  paused,
  clock,
  brake,
  rule_removed,
  late_limit,
  already_sent,
  unknown_data,
  render_failed,
  rejected,
  expired,
  erased,
  gone,
};

struct ReasonRow {
  Reason reason;
  std::string_view name;  ///< "no-address": as users see it
  bool waits;             ///< the message may still go
  std::string_view about;
};
std::span<const ReasonRow> reasons();

std::string_view name_of(Purpose purpose);
std::string_view name_of(MessageState state);
std::string_view name_of(Reason reason);
std::optional<Purpose> find_purpose(std::string_view name);
std::optional<Reason> find_reason(std::string_view name);
std::optional<MessageState> find_message_state(std::string_view name);

inline bool is_final(MessageState state) {
  return state == MessageState::sent || state == MessageState::unknown ||
         state == MessageState::failed || state == MessageState::skipped;
}

/// The table of design section 1, one row a purpose.
struct PurposeRow {
  Purpose purpose;
  std::string_view name;
  bool needs_consent;
  bool counts_in_caps;
  bool retried_after_unknown;
  int late_limit_days;       ///< 0: none
  bool suppression_applies;  ///< internal messages go to the site's own teams
};
const PurposeRow& policy_of(Purpose purpose);

}  // namespace retaind
