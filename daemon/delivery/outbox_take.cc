#include <algorithm>
#include <limits>

#include "delivery/outbox.h"
#include "delivery/outbox_look.h"

// What leaves in the transaction that plans it: a message is then written once, as `handed`, and
// not first as planned, found again and changed.
namespace retaind::delivery {

using engine::Decision;
using engine::Running;
using engine::Verdict;
using language::StepKind;

void Outbox::open(Time now) {
  checks_->refresh_holds(now);
  for (const auto& running : engine_->running()) running->may_brake = may_brake(*running, now);
  for (const Channel channel : {Channel::mail, Channel::webhook}) {
    Places& places = places_[static_cast<std::size_t>(channel)];
    places.room = stopped_ || transport(channel) == nullptr ? 0 : room_of(channel);
    places.waiting = 0;
    const bool asks = places.room > 0 || connects(channel);
    const auto next = asks ? messages_.next_check(channel) : std::nullopt;
    if (!next || *next > now) continue;
    const int most = std::max(places.room, look_ahead);
    places.waiting = static_cast<int>(messages_.due(channel, now, most).size());
  }
}

bool Outbox::connects(Channel channel) const {
  const Transport* carrier = transport(channel);
  return !stopped_ && carrier != nullptr && !under_way(channel) && room_of(channel) <= 0 &&
         carrier->trouble().empty();
}

bool Outbox::under_way(Channel channel) const {
  return std::any_of(in_flight_.begin(), in_flight_.end(),
                     [&](const auto& flying) { return flying.second.channel == channel; }) ||
         std::any_of(claimed_.begin(), claimed_.end(),
                     [&](const Claimed& claimed) { return claimed.channel == channel; });
}

int Outbox::appetite(Channel channel) {
  const Places& places = places_[static_cast<std::size_t>(channel)];
  if (places.room > places.waiting) return places.room - places.waiting;
  // A connection wants to know how many wait; that takes few, and no time.
  if (connects(channel)) return std::max(look_ahead - places.waiting, 0);
  // Without an outcome to come nobody would tell of room, and all is planned that is due.
  return stopped_ || !under_way(channel) ? std::numeric_limits<int>::max() : 0;
}

bool Outbox::has_appetite() const {
  for (const Channel channel : {Channel::mail, Channel::webhook}) {
    if (!engine_->holds_back(channel)) continue;
    if (room_of(channel) > 0 || !(under_way(channel) || connects(channel))) return true;
  }
  return false;
}

/// Whether planning on may still find that the rule's brake holds it: then nothing leaves before.
bool Outbox::may_brake(const Running& running, Time now) {
  if (now > running.brake_ends()) return false;
  const language::Rule& rule = *running.rule;
  if (rule.purpose == Purpose::internal && !rule.brake) return false;
  if (rule.trigger.kind != language::TriggerKind::event) return true;
  const auto most = running.trigger->rows().most_rows() * static_cast<int>(rule.steps.size());
  return most > brake_of(running);
}

bool Outbox::take(Running& running, const engine::Occurrence& occurrence, const Firing& firing,
                  const language::Step& step, Message& message, bool at_once, Time now) {
  Places& places = places_[static_cast<std::size_t>(message.channel)];
  if (places.room <= places.waiting || places.waiting > 0) {
    ++places.waiting;
    return false;
  }
  const bool elsewhere =
      (step.kind != StepKind::email && step.kind != StepKind::webhook) || step.digest;
  const bool holdout = running.rule->holdout > 0 || site_->holdout > 0;
  if (elsewhere || holdout || message.draft || running.may_brake) return false;
  running.trigger->rows().read_whose();
  Look look;
  look.message = message;
  look.message.id = messages_.next_id();
  look.firing = firing;
  look.running = &running;
  look.step = &step;
  look.candidate = occurrence.candidate;
  engine::Checks::Subject subject =
      engine::Checks::subject_of(running, step, firing, look.message, look.candidate);
  subject.scope.reset();  // the firing has just taken its place
  look.situation = checks_->situation(subject, now);
  const Decision decision = engine::decide(*running.rule, look.situation);
  if (decision.verdict != Verdict::fire) return false;
  look.message.recipient = checks_->recipient(step, look.candidate);
  const std::pair unit{look.message.channel, look.message.recipient};
  if (busy_.count(unit) != 0 || parked_.count(unit) != 0) return false;
  if (step.kind == StepKind::email && !composer_->allowed(look.message.recipient)) return false;
  auto outgoing = composed(look, decision, now);
  if (!outgoing) return false;
  look.message.next_at.reset();
  look.message.handed_at = now;
  look.message.attempts = 1;
  if (at_once) {
    look.message.state = MessageState::sent;
    look.message.reason = Reason::sent;
    look.message.ended_at = now;
    count(running, look.message, now);
    // Who comes next gets theirs in the next pass, as when an outcome is waited for.
    busy_.insert(unit);
    served_.push_back(unit);
  } else {
    look.message.state = MessageState::handed;
    messages_.add(look.message);
    claimed(running, look.message, *std::move(outgoing), now);
    --places.room;
  }
  trace(look, decision, now);
  message = std::move(look.message);
  return true;
}

void Outbox::free_served() {
  for (const auto& recipient : served_) busy_.erase(recipient);
  served_.clear();
}

bool Outbox::arrives_at_once(Channel channel) {
  const Transport* carrier = transport(channel);
  return carrier != nullptr && carrier->arrives_at_once() && site_->retention.bodies_days == 0 &&
         ledger_.has_room_aside();
}

}  // namespace retaind::delivery
