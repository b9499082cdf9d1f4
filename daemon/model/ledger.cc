#include "model/ledger.h"

#include <array>

namespace retaind {
namespace {

// Every table is in the order of its enumeration: a row is found by its number.

// clang-format off
constexpr ReasonRow reason_table[] = {
  {Reason::none, "none", false, "nothing to say yet: the message is planned and its time has not come"},
  {Reason::sent, "sent", false, "the message was handed over and accepted"},
  {Reason::would_send, "would-send", false, "the rule is a draft: it would have been sent"},
  {Reason::no_address, "no-address", false, "there is no usable address to send it to"},
  {Reason::no_consent, "no-consent", false, "the customer has not agreed to messages of this purpose"},
  {Reason::suppressed, "suppressed", false, "the address is on the suppression list: unsubscribed, bounced or complained"},
  {Reason::condition_false, "condition-false", false, "an `if` line was false or an `unless` line was true at the last moment"},
  {Reason::state_ended, "state-ended", false, "the state that the rule counts from ended before the message was due"},
  {Reason::stopped, "stopped", false, "a `stop-if` line was true and ended the run"},
  {Reason::outside_window, "outside-window", true, "it waits for the send window to open"},
  {Reason::hold_while, "hold-while", true, "it waits while a `hold-while` line is true"},
  {Reason::limit, "limit", true, "it waits because the rule has reached its `limit` for the day"},
  {Reason::capped, "capped", true, "it waits because the customer has had enough messages lately"},
  {Reason::held_out, "held-out", false, "the customer is in the control group that gets nothing, to measure the effect"},
  {Reason::on_hold, "on-hold", true, "it waits because somebody put the rule, the customer or everything on hold"},
  {Reason::paused, "paused", true, "it waits because the rule is paused"},
  {Reason::clock, "clock", true, "it waits because the machine's clock jumped"},
  {Reason::brake, "brake", true, "it waits because the rule would send unusually many at once; release it to go on"},
  {Reason::rule_removed, "rule-removed", false, "the rule file was deleted before the message was sent"},
  {Reason::late_limit, "late-limit", false, "it would have come too late, or a cap, hold or window would have ended too late"},
  {Reason::already_sent, "already-sent", false, "the rule has already sent to this customer, order or ticket"},
  {Reason::unknown_data, "unknown-data", false, "data that a condition reads is missing, and unknown never sends"},
  {Reason::render_failed, "render-failed", false, "the template could not be filled in"},
  {Reason::rejected, "rejected", false, "the receiving server refused it for good"},
  {Reason::expired, "expired", false, "the receiving server put it off until retrying made no more sense"},
  {Reason::erased, "erased", false, "the customer's data was erased"},
  {Reason::gone, "gone", false, "the row that it was about no longer exists"},
};

constexpr PurposeRow purpose_table[] = {
  // purpose, name, consent, caps, retried after unknown, late limit, suppression
  {Purpose::marketing, "marketing", true, true, false, 3, true},
  {Purpose::feedback, "feedback", true, true, false, 3, true},
  {Purpose::transactional, "transactional", false, false, true, 3, true},
  {Purpose::internal, "internal", false, false, true, 0, false},
};
// clang-format on

constexpr std::array<std::string_view, 8> state_names{"planned", "held",    "claimed", "handed",
                                                      "sent",    "unknown", "failed",  "skipped"};

constexpr bool in_order() {
  for (std::size_t i = 0; i < std::size(reason_table); ++i) {
    if (reason_table[i].reason != static_cast<Reason>(i)) return false;
  }
  for (std::size_t i = 0; i < std::size(purpose_table); ++i) {
    if (purpose_table[i].purpose != static_cast<Purpose>(i)) return false;
  }
  return std::size(reason_table) == static_cast<std::size_t>(Reason::gone) + 1 &&
         state_names.size() == static_cast<std::size_t>(MessageState::skipped) + 1;
}
static_assert(in_order());

}  // namespace

std::span<const ReasonRow> reasons() { return reason_table; }

std::string_view name_of(Purpose purpose) { return policy_of(purpose).name; }
std::string_view name_of(MessageState state) {
  return state_names[static_cast<std::size_t>(state)];
}
std::string_view name_of(Reason reason) {
  return reason_table[static_cast<std::size_t>(reason)].name;
}

std::optional<Purpose> find_purpose(std::string_view name) {
  for (const PurposeRow& row : purpose_table) {
    if (row.name == name) return row.purpose;
  }
  return std::nullopt;
}

std::optional<Reason> find_reason(std::string_view name) {
  for (const ReasonRow& row : reason_table) {
    if (row.name == name) return row.reason;
  }
  return std::nullopt;
}

std::optional<MessageState> find_message_state(std::string_view name) {
  for (std::size_t i = 0; i < state_names.size(); ++i) {
    if (state_names[i] == name) return static_cast<MessageState>(i);
  }
  return std::nullopt;
}

const PurposeRow& policy_of(Purpose purpose) {
  return purpose_table[static_cast<std::size_t>(purpose)];
}

}  // namespace retaind
