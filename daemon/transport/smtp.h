#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "delivery/transport.h"
#include "model/site.h"
#include "transport/loop.h"

namespace retaind::transport {

/// Mail to one SMTP host over up to `settings.connections` connections.
///
/// capacity() counts free places on connections that are ready: one each; where the server offers
/// PIPELINING three, and up to `settings.pipeline` as long as it answers that many within some
/// milliseconds, so that one durable commit serves many messages. An idle connection lives for a
/// minute. When the host is in trouble (no connection, 421, bad credentials, no TLS where it must
/// be) it is left alone for 1 s, doubling to 5 min, then tried with one connection; messages that
/// were on the way come back as `deferred` with `host_trouble`, or as `unknown` when their end of
/// data may have arrived.
///
/// `ready` comes when capacity grows and when messages have ended, for a group of them where that
/// stalls no connection.
///
/// Writes leave after `ready` returned, so an outbox that calls send() from within `ready` gets the
/// end of one message and the next envelope into one write.
///
/// A message for several recipients of whom some are refused is `sent`, and its reply says how many
/// were refused. Destroyed with messages in flight, it calls no `done`: they stay `handed` in the
/// ledger.
class Smtp final : public delivery::Transport {
 public:
  /// `credential`: text of the password file, line ends at its end do not count. `idle`: how long
  /// an unused connection is kept.
  Smtp(Loop& loop, SmtpSettings settings, std::string_view credential, std::function<void()> ready,
       const Clock& clock, Duration idle = std::chrono::minutes{1});
  ~Smtp() override;

  [[nodiscard]] int capacity() const override;
  void want(int waiting) override;
  void send(delivery::Outgoing message, Done done) override;
  [[nodiscard]] std::string trouble() const override;

  /// Takes no more messages, lets those in flight end, says QUIT.
  void close();
  /// Messages without an outcome yet.
  [[nodiscard]] int in_flight() const;
  /// After close(): every connection is gone.
  [[nodiscard]] bool closed() const;

 private:
  class Pool;
  std::shared_ptr<Pool> pool_;
};

}  // namespace retaind::transport
