#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "model/fields.h"
#include "model/ledger.h"

namespace retaind {

/// Who carries a message; each is drained for itself, so that one peer's trouble delays no other.
/// Stored: append only.
enum class Channel : std::uint8_t { effect, mail, webhook };

/// A row of `firing`: one rule's one occurrence.
struct Firing {
  std::int64_t id = 0;
  std::int64_t rule = 0;
  bool draft = false;
  std::int64_t trigger = 0;
  Subject subject = Subject::customer;
  std::int64_t row = 0;
  std::int64_t part = 0;
  std::optional<std::int64_t> customer;
  std::optional<Time> anchor;
  Time due;
  Time planned;
  bool open = true;
  Reason reason = Reason::none;
  int line = -1;
  std::optional<std::int64_t> scope;  ///< of once-per: row and kind of the subject in one number
  std::optional<bool> held_out;
  bool withdrawn = false;  ///< the facts do not hold the occurrence any more
};

/// A row of `message`.
struct Message {
  std::int64_t id = 0;
  std::optional<std::int64_t> firing;
  std::int64_t rule = 0;
  std::optional<std::int64_t> customer;
  std::string step;
  std::string variant;  ///< template, of a step with variants; chosen when it is planned
  int repeat = 0;
  Channel channel = Channel::mail;
  bool draft = false;
  std::string recipient;
  MessageState state = MessageState::planned;
  Reason reason = Reason::none;
  int line = -1;
  Time due;
  Time late_from;
  std::optional<Time> next_at;
  int priority = 0;
  int attempts = 0;
  std::optional<std::int64_t> envelope;
  bool is_envelope = false;
  Time planned_at;
  std::optional<Time> handed_at;
  std::optional<Time> ended_at;  ///< while not over: since when an earlier try may have arrived
  int code = 0;
  std::string reply;
};

}  // namespace retaind
