#pragma once
#include <string>

#include "base/clock.h"

namespace retaind::transport {

/// How long a peer in trouble is left alone: 1 s, 2 s, 4 s … 5 min, until something works again.
class BackOff {
 public:
  /// Failures within one pause count once. Returns whether this one begins a new pause.
  bool fail(std::string why, const Clock& clock);
  void succeed();

  /// What is left of the pause; zero when the peer may be tried.
  [[nodiscard]] Duration left(const Clock& clock) const;
  [[nodiscard]] bool failing() const { return failures_ > 0; }
  /// "connection refused (since 2026-03-02T09:30:00Z, next try in 4 s)"; empty when all is well.
  [[nodiscard]] std::string describe(const Clock& clock) const;
  bool operator==(const BackOff&) const = default;

 private:
  int failures_ = 0;
  Duration until_{0};  ///< on Clock::elapsed()
  Time since_{};
  std::string why_;
};

}  // namespace retaind::transport
