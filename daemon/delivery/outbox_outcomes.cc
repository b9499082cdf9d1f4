#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "delivery/outbox.h"
#include "delivery/outbox_look.h"

namespace retaind::delivery {
namespace {

using namespace std::chrono_literals;
using engine::Running;

// RFC 5321 4.5.4.1 asks for at least 30 minutes between tries to one host; a relay that defers one
// message usually takes it sooner, so the first two tries come earlier and the later ones much
// later.
constexpr std::array<Duration, 8> retry_steps{5min, 15min, 30min, 1h, 2h, 4h, 8h, 12h};
constexpr Duration give_up_after = 5 * 24h;

}  // namespace

Duration retry_delay(int attempt, Rng& rng) {
  const auto index = std::min<std::size_t>(static_cast<std::size_t>(std::max(attempt, 1) - 1),
                                           retry_steps.size() - 1);
  const double jitter = 0.8 + 0.4 * rng.unit();
  return Duration{
      static_cast<std::int64_t>(static_cast<double>(retry_steps[index].count()) * jitter)};
}

bool Outbox::settle(Time now) {
  if (outcomes_->empty()) return false;
  Mailbox outcomes;
  outcomes.swap(*outcomes_);
  for (const auto& [id, outcome] : outcomes) settle_one(id, outcome, now);
  settled_ = std::move(outcomes);
  return true;
}

void Outbox::committed() {
  for (const auto& [id, outcome] : settled_) {
    const auto flying = in_flight_.find(id);
    if (flying == in_flight_.end()) continue;
    busy_.erase(flying->second.recipient);
    in_flight_.erase(flying);
  }
  settled_.clear();
}

void Outbox::give_back_counts(const Message& message) {
  messages_.drop_count(message.recipient, message.id);
  const Running* running = engine_->find(message.rule);
  if (running != nullptr && running->rule->limit_per_day && message.handed_at) {
    messages_.use_day(message.rule, checks_->day_of(*message.handed_at), -1);
  }
}

void Outbox::finish(Running* running, Message& message, MessageState state, Reason reason,
                    Time now) {
  message.state = state;
  message.reason = reason;
  message.next_at.reset();
  message.ended_at = now;
  messages_.save(message);
  const bool left = state == MessageState::sent || state == MessageState::unknown;
  if (!left) messages_.void_minted(message.id, now);
  if (message.is_envelope) {
    finish_items(running, message, now);
    return;
  }
  if (running == nullptr || !message.firing) return;
  const auto firing = ledger_.firing(*message.firing);
  if (firing)
    engine_->runs().advance(*running, *firing, message,
                            left ? message.handed_at.value_or(now) : now, now);
}

// Each item inherits the outcome of the envelope that carried it.
void Outbox::finish_items(Running* running, const Message& envelope, Time now) {
  for (const std::int64_t id : messages_.items_of(envelope.id)) {
    auto item = messages_.find(id);
    if (!item || item->state != MessageState::claimed) continue;
    item->handed_at = envelope.handed_at;
    item->code = envelope.code;
    item->reply = envelope.reply;
    finish(running, *item, envelope.state, envelope.reason, now);
  }
}

void Outbox::fail(Running& running, Message& message, Reason reason, const std::string& because,
                  Time now) {
  message.reply = because;
  log::warning(fmt::format("message {} of rule {}: {}: {}", message.id, running.rule->id,
                           name_of(reason), because));
  finish(&running, message, MessageState::failed, reason, now);
}

void Outbox::settle_one(std::int64_t id, const Outcome& outcome, Time now) {
  auto message = messages_.find(id);
  if (!message || message->state != MessageState::handed) return;
  Running* running = engine_->find(message->rule);
  message->code = outcome.code;
  message->reply = outcome.reply;
  switch (outcome.kind) {
    case OutcomeKind::sent: {
      const auto flying = in_flight_.find(id);
      if (flying != in_flight_.end() && !flying->second.body.empty())
        messages_.save_body(id, now, flying->second.body);
      finish(running, *message, MessageState::sent, Reason::sent, now);
      break;
    }
    case OutcomeKind::rejected:
      give_back_counts(*message);
      finish(running, *message, MessageState::failed, Reason::rejected, now);
      break;
    case OutcomeKind::unknown:
      log::warning(
          fmt::format("message {}: it may or may not have arrived: {}", id, outcome.reply));
      after_unknown(running, *message, now);
      break;
    case OutcomeKind::deferred: retry_later(running, *message, outcome, now); break;
  }
}

void Outbox::after_unknown(Running* running, Message& message, Time now) {
  const bool again = running != nullptr && policy_of(running->rule->purpose).retried_after_unknown;
  if (!again) {
    finish(running, message, MessageState::unknown, Reason::none, now);
    return;
  }
  // It goes again with the same Message-ID; the state stays `unknown` while it waits, so that
  // everyone sees why it may repeat.
  message.state = MessageState::unknown;
  message.reason = Reason::none;
  message.next_at = now + retry_delay(1, *rng_) / 5;
  message.ended_at.reset();
  messages_.save(message);
}

void Outbox::retry_later(Running* running, Message& message, const Outcome& outcome, Time now) {
  give_back_counts(message);
  if (outcome.host_trouble) {
    // The host is at fault, not the message: no attempt is charged, and the transport's own
    // back-off decides when.
    message.attempts -= 1;
    message.next_at = now + outcome.retry_after.value_or(1s);
  } else {
    Duration delay = retry_delay(message.attempts, *rng_);
    if (outcome.retry_after) delay = std::max(delay, *outcome.retry_after);
    message.next_at = now + delay;
  }
  Time give_up = message.planned_at + give_up_after;
  if (running != nullptr) {
    if (const auto late = checks_->late_at(*running->rule, message.late_from, site_->zone))
      give_up = *late;
  }
  if (!outcome.host_trouble && *message.next_at > give_up) {
    finish(running, message, MessageState::failed, Reason::expired, now);
    return;
  }
  message.state = MessageState::planned;
  message.reason = Reason::none;
  messages_.save(message);
}

void Outbox::recover(Time now) {
  for (const std::int64_t id : messages_.in_state(MessageState::handed)) {
    auto message = messages_.find(id);
    if (!message) continue;
    message->reply = "the daemon stopped between handing it over and the outcome";
    after_unknown(engine_->find(message->rule), *message, now);
  }
  for (const std::int64_t id : messages_.in_state(MessageState::claimed)) {
    auto item = messages_.find(id);
    if (!item || item->envelope) continue;  // frozen in a digest that is still to go
    item->state = MessageState::planned;
    item->next_at = now;
    messages_.save(*item);
  }
}

}  // namespace retaind::delivery
