#pragma once
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "delivery/compose.h"
#include "delivery/transport.h"
#include "engine/engine.h"
#include "engine/sender.h"
#include "store/bodies.h"

namespace retaind::delivery {

/// The store whose older copy runs now.
struct LostStore {
  Time sent_until;   ///< as the operator says
  Time replaced_at;  ///< what was planned before stands in both; later plans know only the
                     ///< occurrence
};

/// Messages waiting to leave. Owns no thread and no timer. settle() and claim() belong to the
/// caller's write transaction; hand_over() comes after its durable commit, so that a message is
/// `handed` before its first byte may arrive. After a crash recover() finds `handed` messages
/// without an outcome: those are `unknown`, and their purpose says what follows.
class Outbox : public engine::Sender {
 public:
  struct Transports {
    Transport* mail = nullptr;
    Transport* webhook = nullptr;
  };

  Outbox(store::Database& database, engine::Engine& engine, engine::Checks& checks,
         Composer& composer, const Site& site, Rng& rng, Transports transports);

  /// At start, before anything else.
  void recover(Time now);
  /// Writes down the outcomes that have come in. True when there were any.
  bool settle(Time now);
  /// Before the engine plans: what the transports have room for may leave in this transaction.
  void open(Time now);
  [[nodiscard]] int appetite(Channel channel) override;
  /// Whether there is room for what the engine holds back.
  [[nodiscard]] bool has_appetite() const;
  /// Claims a message with its first write; what needs more than that is planned, for claim().
  bool take(engine::Running& running, const engine::Occurrence& occurrence, const Firing& firing,
            const language::Step& step, Message& message, bool at_once, Time now) override;
  [[nodiscard]] bool arrives_at_once(Channel channel) override;
  /// Checks messages that are due and claims as many as the transports take. True when more is due
  /// right now and may be looked at.
  bool claim(Time now, int limit = 500);
  /// Gives the claimed messages to their transports.
  void hand_over();
  /// The transaction of settle() is durable.
  void committed();
  /// The transaction was rolled back: nothing was claimed, and the outcomes are to be settled
  /// again.
  void abandon();

  [[nodiscard]] bool has_outcomes() const { return !outcomes_->empty(); }
  /// Whether a message waits only for claim() to give it its recipient's turn: the one before ended
  /// without going.
  [[nodiscard]] bool has_turns() const;
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }
  /// Whether an outcome of this channel is still to come.
  [[nodiscard]] bool under_way(Channel channel) const;
  /// Whether there is no room because the connections are still being made.
  [[nodiscard]] bool connects(Channel channel) const;
  /// Whether a transport can bring work without a change of the store.
  [[nodiscard]] bool expects_news() const;
  [[nodiscard]] std::optional<Time> next_due();
  /// After a restored store was released (semantics 23): what the lost one has sent counts as sent,
  /// without being sent. At most about `limit`; true when there may be more, such as the next
  /// steps of those that were marked.
  bool mark_sent(const LostStore& lost, std::string_view because, Time now, int limit = 500);
  void stop_claiming() { stopped_ = true; }  ///< draining
  [[nodiscard]] Transport* transport(Channel channel) const;
  /// After a reload: messages on their way and outcomes not yet written are this outbox's now.
  /// Their completions go to the shared mailbox, so none is lost with the old one.
  void take_over(Outbox& old);

 private:
  struct Look;  // a message with everything that a decision about it needs
  void wake_parked(Time now);
  void note_parked(const Message& message);
  bool claim_channel(Channel channel, Time now, int& budget);
  [[nodiscard]] int room_of(Channel channel) const;
  void await_room(Channel channel, Time now);
  void look_over(Channel channel, Time now);
  void process(std::int64_t id, Time now);
  std::optional<Look> look(const Message& message, Time now);
  bool may_brake(const engine::Running& running, Time now);
  std::int64_t brake_of(const engine::Running& running);
  Result<Outgoing> composed(const Look& look, const engine::Decision& decision, Time now);
  void decide_and_act(Look& look, Time now);
  void hold(Look& look, const engine::Decision& decision, Time now);
  void skip(Look& look, const engine::Decision& decision, Time now);
  void fire(Look& look, const engine::Decision& decision, Time now);
  void fire_effect(Look& look, Time now);
  std::string recipient_of(const Look& look, Time now);
  void take_place(const Look& look);
  void join_digest(Look& look, Time now);
  void process_envelope(Message envelope, Time now);
  void drop_envelope(engine::Running* running, Message& envelope, Time now);
  struct Gathered;
  Gathered gather(engine::Running& running, const Message& envelope, Time now);
  void hand_digest(engine::Running& running, const language::Step& step, Message& envelope,
                   std::vector<Composer::Part> parts, Time now);
  void drop_poison(engine::Running& running, const language::Step& step, const Message& envelope,
                   std::vector<Composer::Part>& parts, Time now);
  void hand(engine::Running& running, Message& carrier, Result<Outgoing> composed, Time now);
  void claimed(engine::Running& running, Message& carrier, Outgoing outgoing, Time now);
  void count(const engine::Running& running, const Message& carrier, Time now);
  void free_served();
  void fail(engine::Running& running, Message& message, Reason reason, const std::string& because,
            Time now);
  void settle_one(std::int64_t id, const Outcome& outcome, Time now);
  void after_unknown(engine::Running* running, Message& message, Time now);
  void note_left(const Message& message, Time at);
  void retry_later(engine::Running* running, Message& message, const Outcome& outcome, Time now);
  [[nodiscard]] Time give_up_at(engine::Running* running, const Message& message, Time now);
  void finish(engine::Running* running, Message& message, MessageState state, Reason reason,
              Time now);
  void finish_items(engine::Running* running, const Message& envelope, Time now);
  void give_back_counts(const Message& message);
  void orphan(Message& message, Time now);
  void brake(engine::Running& running, Time now);
  void trace(const Look& look, const engine::Decision& decision, Time now);

  store::Database* database_;
  store::Ledger ledger_;
  store::Messages messages_;
  store::Bodies bodies_;
  engine::Engine* engine_;
  engine::Checks* checks_;
  Composer* composer_;
  const Site* site_;
  Rng* rng_;
  Transports transports_;
  bool stopped_ = false;

  struct Claimed {
    Channel channel;
    Outgoing outgoing;
    std::string recipient;
  };
  struct InFlight {
    Channel channel;
    std::string recipient;
    std::string body;
  };
  std::vector<Claimed> claimed_;
  std::map<std::int64_t, InFlight> in_flight_;
  /// Recipients with a message on its way: each is served one message at a time (semantics 21).
  std::set<std::pair<Channel, std::string>> busy_;
  /// Of these, who got what arrives at once, until the transaction is durable.
  std::vector<std::pair<Channel, std::string>> served_;
  using Mailbox = std::vector<std::pair<std::int64_t, Outcome>>;
  std::shared_ptr<Mailbox> outcomes_ = std::make_shared<Mailbox>();
  std::vector<std::pair<std::int64_t, Outcome>> settled_;  ///< written, not yet durable
  std::set<Channel> waiting_for_room_;                     ///< the transport calls when it has some
  /// Places left on the channel that is being claimed; none: what may go stays where it is.
  int room_ = 0;
  /// While the engine plans: places of a transport, and the messages in the store that are due for
  /// them.
  struct Places {
    int room = 0;
    int waiting = 0;
  };
  std::array<Places, 3> places_{};
  std::set<std::pair<Channel, std::string>> parked_;  ///< who has, or had, a message parked
  /// Of these, who had none in this transaction: believed once it is committed, because a statement
  /// that failed finds nothing either.
  std::set<std::pair<Channel, std::string>> emptied_;
  std::map<std::int64_t, int> interruptions_;  ///< hand-overs in a row that the peer broke off
  /// When the messages of an absent peer are looked at again, and behind which id.
  std::map<Channel, std::pair<Time, std::int64_t>> look_overs_;
};

/// Wait before the n-th retry (n from 1) of a message that the peer deferred: 5 min, 15 min, 30
/// min, 1 h, 2 h, 4 h, 8 h, then 12 h, with 20 % of jitter either way.
Duration retry_delay(int attempt, Rng& rng);

}  // namespace retaind::delivery
