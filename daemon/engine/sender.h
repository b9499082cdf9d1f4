#pragma once
#include "engine/runs.h"
#include "engine/trigger.h"
#include "model/outbox.h"

namespace retaind::engine {

/// Who sends what the engine plans. Asked while planning, so that a message which can leave in the
/// same transaction is written once, as it leaves, and not first as planned.
class Sender {
 public:
  virtual ~Sender() = default;
  /// How many messages of this channel more it can use now. Those over it are better planned when
  /// there is room.
  [[nodiscard]] virtual int appetite(Channel channel) = 0;
  /// A message that is due with its new firing, already written; the message is not. True: it is on
  /// its way and written. False: nothing was done, and it is to be planned. `at_once`, where it
  /// arrives at once: the firing is not written either, and with true the message is sent, and is
  /// to be written with it.
  virtual bool take(Running& running, const Occurrence& occurrence, const Firing& firing,
                    const language::Step& step, Message& message, bool at_once, Time now) = 0;
  /// Whether what is taken arrives with that, and firing and message may end as they begin.
  [[nodiscard]] virtual bool arrives_at_once(Channel channel) = 0;
};

}  // namespace retaind::engine
