#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/zone.h"
#include "engine/evaluate.h"
#include "language/plan.h"
#include "model/ledger.h"

namespace retaind::engine {

/// Everything that a decision about one message may look at, read on one snapshot. decide() reads
/// nothing else.
struct Situation {
  Time now;
  Time due;                     ///< planned time of the message
  std::optional<Time> late_at;  ///< after this it does not go at all
  bool rule_removed = false;
  bool erased = false;
  bool gone = false;  ///< the row or its anchor is no longer there
  bool needs_address = false;
  bool has_address = false;
  bool suppressed = false;
  bool needs_consent = false;
  bool consented = false;
  bool state_ended = false;
  bool place_taken = false;          ///< once-per: by another firing
  bool has_place = false;            ///< once-per: by this one
  bool overtaken = false;            ///< a later message of the same firing is due or was
  std::optional<Time> overtaken_at;  ///< when the next later one will be
  bool paused = false;               ///< the rule, or the customer by pause-marketing
  std::optional<Time> paused_until;
  std::optional<Reason> hold;  ///< on_hold, brake or clock
  std::optional<Time> hold_until;
  std::optional<Time> opens;  ///< the send window is closed until then
  bool window_never_opens = false;
  std::optional<Time> limited_until;
  std::optional<Time> capped_until;
  bool held_out = false;
  bool draft = false;
  Readings facts;                        ///< what the rule's conditions read
  const language::Step* step = nullptr;  ///< whose own `if` must be true too
  const Zone* zone = nullptr;            ///< for conditions about dates
};

enum class Verdict : std::uint8_t { fire, hold, skip };

/// What happens to the message, and why. `line` numbers the condition that decided, as
/// language::each_line() counts; -1 when none did. `until`: when a held message is looked at
/// again without a change of the facts; empty: only when they change or at the late limit.
struct Decision {
  Verdict verdict = Verdict::fire;
  Reason reason = Reason::none;
  std::optional<Time> until;
  int line = -1;
  bool marked_unknown = false;  ///< internal: sent although a condition was unknown
};

/// One order of checks; the first hit names the reason (design, semantics 10). Pure.
Decision decide(const language::Rule& rule, const Situation& situation);

/// What the lines of `if` and `unless` say against it, the step's own too when there is one; empty:
/// nothing.
std::optional<Decision> conditions_against(const language::Rule& rule, const Situation& situation);

/// The checks in the order in which decide() makes them. `due` stands before all that a message is
/// only asked when it is due.
enum class Check : std::uint8_t {
  rule,
  row,
  due,
  clock,
  address,
  suppression,
  consent,
  state,
  stop_if,
  once_per,
  late_limit,
  pause,
  hold,
  window,
  hold_while,
  conditions,
  draft,
  limit,
  cap,
  holdout,
};
struct Checked {
  Check check;
  std::optional<Decision> hit;  ///< what decide() says when no earlier check hits; empty: it passes
};
/// Every check for itself, in their order: the first hit is what decide() says. For people who ask
/// why.
std::vector<Checked> check_each(const language::Rule& rule, const Situation& situation);

}  // namespace retaind::engine
