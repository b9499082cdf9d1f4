#pragma once
#include <functional>
#include <memory>

#include "base/clock.h"

namespace boost::asio {
class io_context;
}

namespace retaind::transport {

/// The three things that the transports need of the program's loop, so that Asio is compiled in few
/// files. Everything runs on the loop's one thread. Destroying an object cancels: its function is
/// never called afterwards.
using Loop = boost::asio::io_context;

/// Calls the function once, after the handlers that are already waiting.
void post(Loop& loop, std::function<void()> function);

class LoopTimer {
 public:
  explicit LoopTimer(Loop& loop);
  ~LoopTimer();
  LoopTimer(const LoopTimer&) = delete;
  LoopTimer& operator=(const LoopTimer&) = delete;

  /// Calls `function` once after `delay`; replaces what was armed before.
  void arm(Duration delay, std::function<void()> function);
  void cancel();
  [[nodiscard]] bool armed() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Watches a descriptor that somebody else owns and closes.
class LoopWatch {
 public:
  LoopWatch(Loop& loop, int descriptor);
  ~LoopWatch();
  LoopWatch(const LoopWatch&) = delete;
  LoopWatch& operator=(const LoopWatch&) = delete;

  /// From now on calls `function` whenever the descriptor is readable (if `read`) or writable (if
  /// `write`). The function may destroy the watch.
  void want(bool read, bool write, std::function<void(bool readable, bool writable)> function);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace retaind::transport
