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
// A peer that goes away so many times in a row while it is at the same message goes away because of
// it.
constexpr int own_fault = 3;

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
  for (const auto& [id, outcome] : outcomes) {
    settle_one(id, outcome, now);
    // The recipient is free for its next message, which claim() wakes.
    const auto flying = in_flight_.find(id);
    if (flying == in_flight_.end()) continue;
    const auto& [channel, recipient, body] = flying->second;
    busy_.erase({channel, recipient});
  }
  settled_ = std::move(outcomes);
  return true;
}

void Outbox::committed() {
  free_served();
  for (const auto& recipient : emptied_) parked_.erase(recipient);
  emptied_.clear();
  for (const auto& [id, outcome] : settled_) in_flight_.erase(id);
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
  const auto firing = message.firing ? ledger_.firing(*message.firing) : std::nullopt;
  if (!firing) return;
  const Time gone_at = left ? message.handed_at.value_or(now) : now;
  if (running != nullptr && firing->trigger == running->trigger_id) {
    engine_->runs().advance(*running, *firing, message, gone_at, now);
  } else {
    engine_->runs().conclude(*firing, message, gone_at);
  }
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
  if (!outcome.interrupted) interruptions_.erase(id);
  message->code = outcome.code;
  message->reply = outcome.reply;
  switch (outcome.kind) {
    case OutcomeKind::sent: {
      const auto flying = in_flight_.find(id);
      if (flying != in_flight_.end() && !flying->second.body.empty())
        bodies_.save_mail(id, message->rule, message->step, now, flying->second.body);
      if (outcome.code >= 400)
        log::warning(
            fmt::format("message {} reaches some of its recipients only; their server refused the "
                        "others with {} (`retaind outbox`)",
                        id, outcome.code));
      finish(running, *message, MessageState::sent, Reason::sent, now);
      break;
    }
    case OutcomeKind::rejected:
      if (message->ended_at) {  // an earlier try may have arrived
        finish(running, *message, MessageState::unknown, Reason::none, now);
        break;
      }
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

/// It may have arrived, and counts as sent from now on.
void Outbox::note_left(const Message& message, Time at) {
  std::vector<std::int64_t> ids{message.id};
  if (message.is_envelope) ids = messages_.items_of(message.id);
  for (const std::int64_t id : ids) {
    const auto part = messages_.find(id);
    if (!part || !part->firing || (message.is_envelope && part->state != MessageState::claimed))
      continue;
    if (const auto firing = ledger_.firing(*part->firing)) engine_->runs().keep_place(*firing, at);
  }
}

Time Outbox::give_up_at(Running* running, const Message& message, Time now) {
  if (running != nullptr && message.firing) {
    const auto firing = ledger_.firing(*message.firing);
    const auto* candidate = firing && language::has_row(running->rule->trigger)
                                ? running->trigger->rows().by_row(firing->row, now)
                                : nullptr;
    const Zone& zone = candidate == nullptr ? site_->zone : running->trigger->zone_of(*candidate);
    if (const auto late = checks_->late_at(*running->rule, message.late_from, zone)) return *late;
  }
  return message.planned_at + give_up_after;
}

void Outbox::after_unknown(Running* running, Message& message, Time now) {
  // An endpoint knows the id that comes again (Standard Webhooks), an inbox does not.
  const bool retried =
      message.channel == Channel::webhook ||
      (running != nullptr && policy_of(running->rule->purpose).retried_after_unknown);
  const bool again = running != nullptr && retried;
  // A minute first, because it is often the peer that restarts; then as after a refusal.
  const Duration delay =
      message.attempts <= 1 ? retry_delay(1, *rng_) / 5 : retry_delay(message.attempts - 1, *rng_);
  if (!again || now + delay > give_up_at(running, message, now)) {
    finish(running, message, MessageState::unknown, Reason::none, now);
    return;
  }
  // It goes again with the same Message-ID; the state stays `unknown` while it waits, so that
  // everyone sees why it may repeat.
  note_left(message, message.handed_at.value_or(now));
  message.state = MessageState::unknown;
  message.reason = Reason::none;
  message.next_at = now + delay;
  message.ended_at = message.ended_at ? message.ended_at : message.handed_at;
  messages_.save(message);
}

void Outbox::retry_later(Running* running, Message& message, const Outcome& outcome, Time now) {
  const bool may_have_arrived = message.ended_at.has_value();
  if (!may_have_arrived) give_back_counts(message);
  const bool own = outcome.interrupted && ++interruptions_[message.id] >= own_fault;
  if (own) {
    log::warning(
        fmt::format("message {}: the peer went away {} times while it was at it, so it is "
                    "tried like one that is refused: {}",
                    message.id, interruptions_[message.id], outcome.reply));
  }
  if (outcome.host_trouble && !own) {
    // The host is at fault, not the message: no attempt is charged, and the transport's own
    // back-off decides when.
    message.attempts -= 1;
    message.next_at = now + outcome.retry_after.value_or(1s);
  } else {
    Duration delay = retry_delay(message.attempts, *rng_);
    if (outcome.retry_after) delay = std::max(delay, *outcome.retry_after);
    message.next_at = now + delay;
    if (*message.next_at > give_up_at(running, message, now)) {
      finish(running, message, may_have_arrived ? MessageState::unknown : MessageState::failed,
             may_have_arrived ? Reason::none : Reason::expired, now);
      return;
    }
  }
  message.state = may_have_arrived ? MessageState::unknown : MessageState::planned;
  message.reason = Reason::none;
  messages_.save(message);
}

void Outbox::recover(Time now) {
  messages_.unpark_all(now);
  for (const std::int64_t id : messages_.in_state(MessageState::handed)) {
    auto message = messages_.find(id);
    if (!message) continue;
    message->reply = "the daemon stopped between handing it over and the outcome";
    after_unknown(engine_->find(message->rule), *message, now);
  }
}

}  // namespace retaind::delivery
