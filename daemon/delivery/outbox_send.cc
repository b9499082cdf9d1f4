#include <fmt/format.h>

#include "base/log.h"
#include "delivery/outbox.h"
#include "delivery/outbox_look.h"
#include "engine/evaluate.h"

// From the decision to send to the hand-over.
namespace retaind::delivery {

using engine::Decision;
using engine::Running;
using engine::Verdict;
using language::StepKind;

void Outbox::fire(Look& look, const Decision& decision, Time now) {
  take_place(look);
  if (look.step->kind == StepKind::pause_marketing) {
    trace(look, decision, now);
    fire_effect(look, now);
    return;
  }
  const bool holdout = look.running->rule->holdout > 0 || site_->holdout > 0;
  if (!look.firing.held_out && holdout) {
    ledger_.set_held_out(look.firing.id, false);
    look.firing.held_out = false;
  }
  const bool elsewhere =
      (look.step->kind == StepKind::email && !composer_->allowed(look.message.recipient)) ||
      (look.step->kind == StepKind::notify &&
       composer_->nobody_allowed(*look.step, look.firing, now));
  if (elsewhere) {  // `only-to:` serves staging
    skip(look, {Verdict::skip, Reason::would_send, std::nullopt, -1, false}, now);
    return;
  }
  if (look.step->digest) {
    join_digest(look, now);
    return;
  }
  trace(look, decision, now);
  hand(*look.running, look.message, composed(look, decision, now), now);
}

Result<Outgoing> Outbox::composed(const Look& look, const Decision& decision, Time now) {
  const Composer::Part part{look.message, look.firing};
  composer_->mint(*look.step, part, *rng_, now);
  Composer::Marks marks;
  marks.may_repeat = look.message.state == MessageState::unknown;
  marks.unknown_data = decision.marked_unknown;
  return look.step->kind == StepKind::webhook
             ? composer_->webhook(*look.running, *look.step, part, now)
             : composer_->mail(*look.running, *look.step, look.message, {part}, marks, now);
}

void Outbox::fire_effect(Look& look, Time now) {
  if (look.message.customer)
    messages_.pause_marketing(*look.message.customer, site_->zone.add(now, look.step->pause));
  look.message.handed_at = now;
  finish(look.running, look.message, MessageState::sent, Reason::sent, now);
}

void Outbox::hand(Running& running, Message& carrier, Result<Outgoing> composed, Time now) {
  if (!composed) {
    fail(running, carrier, Reason::render_failed, composed.error().message, now);
    return;
  }
  // One that may have arrived was counted when it went before; its place moves to this day, so that
  // giving it back finds it.
  if (running.rule->limit_per_day && carrier.state == MessageState::unknown && carrier.handed_at)
    messages_.use_day(carrier.rule, checks_->day_of(*carrier.handed_at), -1);
  carrier.state = MessageState::handed;
  carrier.reason = Reason::none;
  carrier.line = -1;
  carrier.next_at.reset();
  carrier.handed_at = now;
  carrier.attempts += 1;
  messages_.save(carrier);
  --room_;
  claimed(running, carrier, *std::move(composed), now);
}

/// In the limits and caps that it uses up.
void Outbox::count(const Running& running, const Message& carrier, Time now) {
  if (running.rule->limit_per_day) messages_.use_day(carrier.rule, checks_->day_of(now), 1);
  if (policy_of(running.rule->purpose).counts_in_caps && carrier.channel == Channel::mail &&
      !carrier.is_envelope) {
    messages_.add_count(carrier.recipient, now, carrier.id);
  }
}

/// It is `handed` in the store from this transaction on.
void Outbox::claimed(Running& running, Message& carrier, Outgoing outgoing, Time now) {
  count(running, carrier, now);
  busy_.insert({carrier.channel, carrier.recipient});
  claimed_.push_back({carrier.channel, std::move(outgoing), carrier.recipient});
}

void Outbox::hand_over() {
  std::vector<Claimed> claimed;
  claimed.swap(claimed_);
  // The mailbox is shared because a reload may replace this object while messages are on their way.
  const std::shared_ptr<Mailbox> mailbox = outcomes_;
  for (Claimed& c : claimed) {
    const std::int64_t id = c.outgoing.id;
    const bool kept = c.channel == Channel::mail && site_->retention.bodies_days > 0;
    in_flight_[id] = {c.channel, c.recipient, kept ? c.outgoing.bytes : std::string{}};
    transport(c.channel)->send(std::move(c.outgoing),
                               [mailbox](std::int64_t done, Outcome outcome) {
                                 mailbox->emplace_back(done, std::move(outcome));
                               });
  }
}

void Outbox::take_over(Outbox& old) {
  outcomes_ = old.outcomes_;
  in_flight_ = std::move(old.in_flight_);
  busy_ = std::move(old.busy_);
  parked_ = std::move(old.parked_);
  interruptions_ = std::move(old.interruptions_);
  stopped_ = old.stopped_;
}

void Outbox::abandon() {
  bodies_.forget();
  emptied_.clear();
  for (const Claimed& c : claimed_) busy_.erase({c.channel, c.recipient});
  claimed_.clear();
  free_served();
  for (const auto& [id, outcome] : settled_) {
    if (const auto flying = in_flight_.find(id); flying != in_flight_.end())
      busy_.insert({flying->second.channel, flying->second.recipient});
  }
  outcomes_->insert(outcomes_->begin(), settled_.begin(), settled_.end());
  settled_.clear();
}

bool Outbox::mark_sent(const LostStore& lost, std::string_view because, Time now, int limit) {
  const auto ids = messages_.lost_by(lost.sent_until, lost.replaced_at, limit);
  for (const std::int64_t id : ids) {
    auto message = messages_.find(id);
    if (!message || !message->next_at) continue;
    const auto looked = message->is_envelope ? std::nullopt : look(*message, now);
    if (!message->is_envelope && !looked) {
      orphan(*message, now);
      continue;
    }
    if (message->is_envelope && !message->handed_at) {
      messages_.remove_envelope(id);  // its items count each for itself
      continue;
    }
    // Of an occurrence that this store learned of late the lost one sent the first message in time,
    // and of a backlog not before its rule began.
    if (const auto firing = message->firing ? ledger_.firing(*message->firing) : std::nullopt;
        firing && message->due == firing->planned && firing->planned >= lost.replaced_at) {
      const Running* running = engine_->find(message->rule);
      const auto began = running == nullptr ? std::nullopt : running->row.activated_at;
      const bool knew = began && *began < lost.replaced_at;
      message->due = std::min(message->due, knew ? std::max(firing->due, *began) : firing->due);
    }
    message->envelope.reset();
    message->handed_at = message->due;
    message->reply = because;
    if (looked && looked->step->kind == StepKind::pause_marketing && message->customer)
      messages_.pause_marketing(*message->customer,
                                site_->zone.add(message->due, looked->step->pause));
    if (looked && looked->step->kind == StepKind::email && looked->candidate != nullptr &&
        policy_of(looked->running->rule->purpose).counts_in_caps) {
      message->recipient = looked->candidate->address;
      messages_.add_count(message->recipient, message->due, id);
    }
    finish(engine_->find(message->rule), *message, MessageState::sent, Reason::sent, now);
  }
  return !ids.empty();
}

}  // namespace retaind::delivery
