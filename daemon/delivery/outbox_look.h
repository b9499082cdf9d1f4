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

/// A transport is told that messages wait, and no more than so many.
inline constexpr int look_ahead = 64;

}  // namespace retaind::delivery
