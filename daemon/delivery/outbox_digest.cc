#include "delivery/outbox.h"
#include "delivery/outbox_look.h"

// Digests (semantics 17): items are messages of their own; the envelope that carries them is one
// too, keyed by rule, step, recipient and the due time of its first item.
namespace retaind::delivery {

using engine::Decision;
using engine::Running;
using engine::Verdict;
using language::Step;

void Outbox::join_digest(Look& look, Time now) {
  Message& item = look.message;
  if (item.envelope) {
    // Woken while it rides: it still may go, so it stays where it is.
    item.next_at = store::Messages::never;
    messages_.save(item);
    return;
  }
  auto envelope = messages_.open_envelope(item.rule, item.step, item.recipient);
  if (!envelope) {
    Message made;
    made.rule = item.rule;
    made.step = item.step;
    made.channel = item.channel;
    made.draft = item.draft;
    made.recipient = item.recipient;
    made.is_envelope = true;
    made.priority = item.priority;
    made.due = item.due;
    made.late_from = item.late_from;
    // Items that waited for the window leave together at its opening; otherwise the digest stays
    // open for its time.
    made.next_at =
        item.reason == Reason::outside_window ? now : site_->zone.add(now, *look.step->digest);
    made.planned_at = now;
    envelope = messages_.add(made);
  }
  item.envelope = envelope;
  item.state = MessageState::held;
  item.reason = Reason::none;
  item.line = -1;
  item.next_at = store::Messages::never;
  messages_.save(item);
}

struct Outbox::Gathered {
  std::vector<Composer::Part> parts;
  /// What holds the frozen items of an envelope that is tried again: never an item's own reason.
  std::optional<Decision> held;
};

namespace {
bool holds_all(Reason reason) {
  switch (reason) {
    case Reason::paused:
    case Reason::on_hold:
    case Reason::brake:
    case Reason::clock:
    case Reason::outside_window: return true;
    default: return false;
  }
}
}  // namespace

Outbox::Gathered Outbox::gather(Running& running, const Message& envelope, Time now) {
  Gathered gathered;
  for (const std::int64_t id : messages_.items_of(envelope.id)) {
    const auto item = messages_.find(id);
    if (!item || is_final(item->state)) continue;
    auto looked = look(*item, now);
    if (!looked) {
      if (item->state == MessageState::claimed) continue;
      Message orphaned = *item;
      orphan(orphaned, now);
      continue;
    }
    const Decision decision = engine::decide(*running.rule, looked->situation);
    if (item->state == MessageState::claimed) {  // frozen by an earlier try
      gathered.parts.push_back({*item, looked->firing});
      if (decision.verdict == Verdict::hold && holds_all(decision.reason) && !gathered.held)
        gathered.held = decision;
      continue;
    }
    switch (decision.verdict) {
      case Verdict::skip: skip(*looked, decision, now); break;
      case Verdict::hold:
        // It leaves the digest and joins a later one.
        looked->message.envelope.reset();
        hold(*looked, decision, now);
        break;
      case Verdict::fire:
        trace(*looked, decision, now);
        gathered.parts.push_back({looked->message, looked->firing});
        break;
    }
  }
  return gathered;
}

void Outbox::process_envelope(Message envelope, Time now) {
  if (busy_.count({envelope.channel, envelope.recipient}) != 0) {
    envelope.next_at = store::Messages::parked;
    messages_.save(envelope);
    note_parked(envelope);
    return;
  }
  Running* running = engine_->find(envelope.rule);
  const Step* step =
      running == nullptr ? nullptr : engine::Runs::step_of(*running->rule, envelope.step);
  if (step == nullptr) {
    drop_envelope(running, envelope, now);
    return;
  }
  Gathered gathered = gather(*running, envelope, now);
  if (gathered.parts.empty()) {
    drop_envelope(running, envelope, now);
    return;
  }
  if (gathered.held) {
    if (envelope.state != MessageState::unknown) envelope.state = MessageState::held;
    envelope.reason = gathered.held->reason;
    envelope.next_at = gathered.held->until.value_or(store::Messages::never);
    messages_.save(envelope);
    return;
  }
  hand_digest(*running, *step, envelope, std::move(gathered.parts), now);
}

/// None left: no envelope. Of one that may have arrived the items stay what it is.
void Outbox::drop_envelope(Running* running, Message& envelope, Time now) {
  if (envelope.state == MessageState::unknown) {
    finish(running, envelope, MessageState::unknown, Reason::none, now);
    return;
  }
  for (const std::int64_t id : messages_.items_of(envelope.id)) {
    auto item = messages_.find(id);
    if (!item || is_final(item->state)) continue;
    item->state = MessageState::planned;
    messages_.save(*item);
    orphan(*item, now);
  }
  if (envelope.handed_at) {
    engine_->runs().skip(envelope, Reason::rule_removed, -1, now);
  } else {
    messages_.remove_envelope(envelope.id);
  }
}

void Outbox::hand_digest(Running& running, const Step& step, Message& envelope,
                         std::vector<Composer::Part> parts, Time now) {
  for (Composer::Part& part : parts) {
    part.message.state = MessageState::claimed;
    part.message.next_at.reset();
    part.message.handed_at = now;
    messages_.save(part.message);
  }
  Composer::Marks marks;
  marks.may_repeat = envelope.state == MessageState::unknown;
  auto composed = composer_->mail(running, step, envelope, parts, marks, now);
  if (!composed && parts.size() > 1) {
    drop_poison(running, step, envelope, parts, now);
    if (!parts.empty()) composed = composer_->mail(running, step, envelope, parts, marks, now);
  }
  hand(running, envelope, std::move(composed), now);
}

/// One item that cannot be rendered takes no other with it (semantics 22).
void Outbox::drop_poison(Running& running, const Step& step, const Message& envelope,
                         std::vector<Composer::Part>& parts, Time now) {
  std::vector<Composer::Part> sound;
  for (Composer::Part& part : parts) {
    const auto alone = composer_->mail(running, step, envelope, {part}, {}, now);
    if (alone) {
      sound.push_back(std::move(part));
      continue;
    }
    part.message.envelope.reset();
    fail(running, part.message, Reason::render_failed, alone.error().message, now);
  }
  parts = std::move(sound);
}

}  // namespace retaind::delivery
