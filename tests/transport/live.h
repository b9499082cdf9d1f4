#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "delivery/transport.h"
#include "model/site.h"
#include "transport/loop.h"

namespace retaind::testing {

/// The program's loop and the real clock, for tests against real sockets.
class Live {
 public:
  Live();
  ~Live();
  transport::Loop& loop();
  const Clock& clock() const { return clock_; }
  /// Runs the loop until `done` says so; false after `limit`.
  bool run_until(const std::function<bool()>& done,
                 std::chrono::milliseconds limit = std::chrono::seconds{20});
  void run_for(std::chrono::milliseconds time);

 private:
  struct State;
  std::unique_ptr<State> state_;
  SystemClock clock_;
};

/// What an outbox does, without a store: hands over while there is capacity, remembers every
/// outcome.
class Feed {
 public:
  void use(delivery::Transport& transport) { transport_ = &transport; }
  void add(delivery::Outgoing message) { waiting_.push_back(std::move(message)); }
  /// To be called once, and from `ready`.
  void run();
  std::size_t ended() const { return outcomes.size(); }
  int count(delivery::OutcomeKind kind) const;

  std::map<std::int64_t, std::vector<delivery::Outcome>> outcomes;
  std::size_t waiting() const { return waiting_.size(); }

 private:
  delivery::Transport* transport_ = nullptr;
  std::deque<delivery::Outgoing> waiting_;
};

/// A server of the tests on 127.0.0.1, in clear.
SmtpSettings settings_for(int port, int connections);

delivery::Outgoing test_mail(std::int64_t id, std::size_t size = 0);

/// Files made by openssl(1) in a directory of their own: an authority and a certificate of
/// localhost and 127.0.0.1.
struct Certificates {
  std::string authority;
  std::string certificate;
  std::string key;
  std::string other;  ///< a certificate of other.test with the same key
};
/// nullptr, after a line "skipped: …", when there is no openssl(1).
const Certificates* certificates();

/// A program that runs beside the test and ends with the object.
class Peer {
 public:
  explicit Peer(const std::vector<std::string>& command);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  bool running();
  /// Ends it now and waits.
  void stop();
  /// True once something listens on 127.0.0.1:port.
  bool listens(int port);

 private:
  int process_ = -1;
};

/// A free port of 127.0.0.1 below the ephemeral range, which no other test gets before this process
/// ends.
int free_port();

}  // namespace retaind::testing
