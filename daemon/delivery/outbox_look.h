#pragma once
#include "delivery/outbox.h"

namespace retaind::delivery {

struct Outbox::Look {
  Message message;
  Firing firing;
  engine::Running* running = nullptr;
  const language::Step* step = nullptr;
  const store::Candidate* candidate = nullptr;
  engine::Situation situation;
};

/// For a wait whose end nobody knows: a change of the facts brings the look forward.
inline constexpr Time never{Duration{253370764800000}};

}  // namespace retaind::delivery
