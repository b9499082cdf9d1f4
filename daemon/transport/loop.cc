#include "transport/loop.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace retaind::transport {

namespace asio = boost::asio;
using boost::system::error_code;

void post(Loop& loop, std::function<void()> function) {
  asio::post(loop, [function = std::move(function)] { function(); });
}

struct LoopTimer::State {
  explicit State(Loop& loop) : timer(loop) {}
  asio::steady_timer timer;
  std::function<void()> function;
  unsigned round = 0;  ///< tells an expiry that was already queued when the timer was armed anew
};

LoopTimer::LoopTimer(Loop& loop) : state_(std::make_shared<State>(loop)) {}
LoopTimer::~LoopTimer() { cancel(); }

void LoopTimer::arm(Duration delay, std::function<void()> function) {
  state_->function = std::move(function);
  state_->timer.expires_after(delay);
  const unsigned round = ++state_->round;
  state_->timer.async_wait([state = state_, round](const error_code& error) {
    if (error || round != state->round) return;
    std::function<void()> due;
    due.swap(state->function);
    if (due) due();
  });
}

void LoopTimer::cancel() {
  if (!state_->function) return;
  state_->function = nullptr;
  ++state_->round;
  state_->timer.cancel();
}

bool LoopTimer::armed() const { return static_cast<bool>(state_->function); }

struct LoopWatch::State : std::enable_shared_from_this<LoopWatch::State> {
  State(Loop& loop, int number) : descriptor(loop) {
    error_code error;
    descriptor.assign(number, error);  // a bad descriptor shows at the first wait
  }

  void wait(asio::posix::stream_descriptor::wait_type what, bool& waiting, bool State::*wanted) {
    if (waiting || !(this->*wanted)) return;
    waiting = true;
    descriptor.async_wait(
        what, [state = shared_from_this(), what, &waiting, wanted](const error_code& error) {
          waiting = false;
          if (error || !state->function || !((*state).*wanted)) return;
          // A copy: the function may replace or remove itself.
          const auto call = state->function;
          const bool readable = what == asio::posix::stream_descriptor::wait_read;
          call(readable, !readable);
          if (state->function) state->wait(what, waiting, wanted);
        });
  }

  asio::posix::stream_descriptor descriptor;
  std::function<void(bool, bool)> function;
  bool wants_read = false;
  bool wants_write = false;
  bool waits_read = false;
  bool waits_write = false;
};

LoopWatch::LoopWatch(Loop& loop, int descriptor)
    : state_(std::make_shared<State>(loop, descriptor)) {}

LoopWatch::~LoopWatch() {
  state_->function = nullptr;
  state_->descriptor.release();
}

void LoopWatch::want(bool read, bool write, std::function<void(bool, bool)> function) {
  state_->function = std::move(function);
  state_->wants_read = read;
  state_->wants_write = write;
  state_->wait(asio::posix::stream_descriptor::wait_read, state_->waits_read, &State::wants_read);
  state_->wait(asio::posix::stream_descriptor::wait_write, state_->waits_write,
               &State::wants_write);
}

}  // namespace retaind::transport
