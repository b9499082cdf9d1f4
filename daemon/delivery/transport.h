#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace retaind::delivery {

/// What is handed over. The bytes are final; a transport adds only what its protocol frames them
/// with.
struct Outgoing {
  std::int64_t id = 0;     ///< message row; comes back with the outcome
  std::string message_id;  ///< stable over retries: Message-ID without <>, webhook-id
  // mail
  std::string envelope_from;
  std::vector<std::string> envelope_to;
  bool needs_smtputf8 = false;
  std::string bytes;  ///< RFC 5322 message with CRLF, or the webhook's JSON body
  // webhook
  std::string endpoint;  ///< name in retaind.yaml
};

enum class OutcomeKind : std::uint8_t {
  sent,      ///< the peer took responsibility (2xx)
  deferred,  ///< not taken, may be tried again (4xx, no connection, time-out before the end of
             ///< data)
  rejected,  ///< refused for good (5xx)
  unknown,   ///< end of data may have been reached and no reply was seen (RFC 1047)
};

struct Outcome {
  OutcomeKind kind = OutcomeKind::sent;
  /// SMTP or HTTP status; 0: none seen. Of a mail that only some recipients were taken for, what
  /// the others were refused with.
  int code = 0;
  std::string reply;          ///< the peer's words or the local cause, one line, at most 500 bytes
  bool host_trouble = false;  ///< the peer, not this message: no attempt is charged to the message
  std::optional<Duration> retry_after;  ///< the peer's wish
  /// The peer went away while it was at this very message: once says nothing, several times that
  /// the message is the cause.
  bool interrupted = false;
};

/// The third seam: where the world begins. Declared by the one who needs it. Called, and calling
/// back, on the loop's thread; nothing blocks.
class Transport {
 public:
  using Done = std::function<void(std::int64_t id, Outcome)>;
  virtual ~Transport() = default;

  /// How many messages send() takes right now. The outbox claims no more than this, so it also
  /// bounds how many can be `handed` at once: connections × pipeline depth. 0 while the peer is
  /// away.
  [[nodiscard]] virtual int capacity() const = 0;
  /// Tells how many messages wait, 0 when none does any more: connects where there is no connection
  /// yet. `ready` (given at construction) is called when capacity grows and after outcomes.
  virtual void want(int waiting) = 0;
  /// Takes the message; `done` is called exactly once, later, from the loop and never from inside
  /// send(). Only after a durable commit of `handed`.
  virtual void send(Outgoing message, Done done) = 0;
  /// Whether everything that is sent now arrives, surely and at once, so that it need not be sent
  /// for its outcome to be known: a virtual world's.
  [[nodiscard]] virtual bool arrives_at_once() const { return false; }
  /// Why capacity() is 0 and since when, for `status`; empty when all is well.
  [[nodiscard]] virtual std::string trouble() const = 0;
};

}  // namespace retaind::delivery
