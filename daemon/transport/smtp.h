#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "delivery/transport.h"
#include "model/site.h"
#include "transport/back_off.h"
#include "transport/loop.h"

namespace retaind::transport {

/// How the connections to one host stand, as a value that another thread may keep.
struct SmtpStanding {
  int capacity = 0;
  bool serves = false;  ///< a connection is ready
  bool closed = false;  ///< after close(): every connection is gone
  std::string host;     ///< "smtp mail.example.com:587"
  std::string fault;    ///< of the settings; empty when they are well
  BackOff back_off;
  [[nodiscard]] std::string trouble(const Clock& clock) const;
};

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
/// `ready` comes when capacity grows and when messages have ended; those of one round of the loop
/// together. Writes leave after `ready` returned, so who calls send() from within it gets the end
/// of one message and the next envelope into one write.
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
  /// Ends every connection now. What may have arrived is `unknown`, the rest `deferred`.
  void give_up();
  /// Messages without an outcome yet.
  [[nodiscard]] int in_flight() const;
  /// After close(): every connection is gone.
  [[nodiscard]] bool closed() const;

  /// For an owner that acts on what it was told last: `changed` is called when places were lost for
  /// another reason than send(), when trouble begins or ends, and at the end of close().
  void on_change(std::function<void()> changed);
  [[nodiscard]] SmtpStanding standing() const;

 private:
  class Pool;
  std::shared_ptr<Pool> pool_;
};

}  // namespace retaind::transport
