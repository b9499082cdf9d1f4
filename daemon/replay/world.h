#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/rng.h"
#include "delivery/core.h"
#include "delivery/transport.h"

namespace retaind::replay {

/// A peer in the virtual world: takes up to `places` messages at once and answers each after
/// `latency` with what `answer` says.
class VirtualTransport final : public delivery::Transport {
 public:
  explicit VirtualTransport(const SimClock& clock) : clock_(&clock) {}

  std::function<delivery::Outcome(const delivery::Outgoing&)>
      answer;  ///< empty: everything is sent
  Duration latency{0};
  /// A pass is one transaction: the more places, the fewer passes. What happens is the same.
  static constexpr int many_places = 500;
  int places = 16;
  bool away = false;  ///< no connection: capacity() is 0

  [[nodiscard]] int capacity() const override;
  void want(int waiting) override;
  void send(delivery::Outgoing message, Done done) override;
  [[nodiscard]] std::string trouble() const override;
  [[nodiscard]] bool arrives_at_once() const override;

  /// Answers what is due by now. True when something was answered.
  bool answer_due();
  [[nodiscard]] std::optional<Time> next_answer() const;
  /// The process died: nobody hears the answers any more. What had arrived has arrived.
  std::vector<delivery::Outgoing> forget();

  struct Taken {
    delivery::Outgoing message;
    Time at;
    delivery::OutcomeKind outcome;
  };
  std::function<void(const Taken&)> on_answer;
  std::function<void(const delivery::Outgoing&)> on_send;

 private:
  struct Waiting {
    delivery::Outgoing message;
    Done done;
    Time handed;
    Time answered;
  };
  const SimClock* clock_;
  std::deque<Waiting> waiting_;
};

/// The daemon on a virtual clock: the same core as live, driven from due time to due time.
class World {
 public:
  /// Called for the files whenever the daemon starts.
  using Files = std::function<Result<delivery::SiteFiles>()>;
  /// `identity` as for delivery::Core::start().
  World(store::Database& database, SimClock& clock, Rng& rng, Files files,
        store::Identity* identity = nullptr);

  Result<void> start();
  /// As a clean stop: what is on its way ends first.
  Result<void> stop();
  /// As kill -9: outcomes that nobody wrote down are lost.
  void crash();
  [[nodiscard]] bool running() const { return core_ != nullptr; }
  Result<void> reload();

  /// Everything due at the present instant, until nothing moves.
  Result<void> settle();
  /// Moves the clock from due time to due time up to `time` inclusive.
  Result<void> run_to(Time time);
  [[nodiscard]] std::optional<Time> next_due();

  /// From now on run_to() decides ahead what needs no time of its own: for a world whose facts do
  /// not change, in a store that keeps_ended_aside() (engine/engine.h).
  void look_ahead() { looks_ahead_ = true; }

  /// Sees what is decided on, over restarts and reloads (engine/checks.h).
  void set_watch(engine::Checks::Watch watch);

  VirtualTransport& mail() { return mail_; }
  VirtualTransport& webhooks() { return webhooks_; }
  delivery::Core& core() { return *core_; }
  [[nodiscard]] std::int64_t passes() const { return passes_; }

 private:
  store::Database* database_;
  SimClock* clock_;
  Rng* rng_;
  Files files_;
  store::Identity* identity_;
  VirtualTransport mail_;
  VirtualTransport webhooks_;
  engine::Checks::Watch watch_;
  std::unique_ptr<delivery::Core> core_;
  std::int64_t passes_ = 0;
  bool looks_ahead_ = false;
};

}  // namespace retaind::replay
