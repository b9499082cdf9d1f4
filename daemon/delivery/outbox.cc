#include "delivery/outbox.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "delivery/outbox_look.h"
#include "engine/evaluate.h"

namespace retaind::delivery {
namespace {

using engine::Decision;
using engine::Running;
using engine::Verdict;
using language::Step;
using language::StepKind;

constexpr int default_brake = 500;
constexpr double default_brake_share = 0.05;
constexpr int look_ahead = 64;

}  // namespace

Outbox::Outbox(store::Database& database, engine::Engine& engine, engine::Checks& checks,
               Composer& composer, const Site& site, Rng& rng, Transports transports)
    : database_(&database),
      ledger_(database),
      messages_(database),
      engine_(&engine),
      checks_(&checks),
      composer_(&composer),
      site_(&site),
      rng_(&rng),
      transports_(transports) {}

Transport* Outbox::transport(Channel channel) const {
  if (channel == Channel::mail) return transports_.mail;
  if (channel == Channel::webhook) return transports_.webhook;
  return nullptr;
}

std::optional<Time> Outbox::next_due() {
  std::optional<Time> next;
  if (stopped_) return next;
  for (const Channel channel : {Channel::effect, Channel::mail, Channel::webhook}) {
    const auto at = messages_.next_check(channel);
    if (!at || *at >= never) continue;
    // A full or absent transport calls when it has room; until then its messages are no reason to
    // wake up.
    const Transport* carrier = transport(channel);
    if (channel != Channel::effect && (carrier == nullptr || carrier->capacity() == 0) &&
        waiting_for_room_.count(channel) != 0)
      continue;
    if (!next || *at < *next) next = at;
  }
  return next;
}

bool Outbox::claim(Time now, int limit) {
  if (stopped_) return false;
  checks_->refresh_holds(now);
  for (const auto& running : engine_->running()) brake(*running, now);
  int budget = limit;
  bool more = false;
  for (const Channel channel : {Channel::effect, Channel::mail, Channel::webhook})
    more = claim_channel(channel, now, budget) || more;
  return more;
}

bool Outbox::claim_channel(Channel channel, Time now, int& budget) {
  waiting_for_room_.erase(channel);
  Transport* carrier = transport(channel);
  if (channel != Channel::effect && carrier == nullptr) return false;
  while (budget > 0) {
    room_ =
        channel == Channel::effect
            ? budget
            : carrier->capacity() - static_cast<int>(std::count_if(
                                        claimed_.begin(), claimed_.end(),
                                        [&](const Claimed& c) { return c.channel == channel; }));
    const auto ids = messages_.due(channel, now, std::min(budget, std::max(room_, 0) + look_ahead));
    if (ids.empty()) return false;
    if (room_ <= 0) {
      waiting_for_room_.insert(channel);
      carrier->want(static_cast<int>(ids.size()));
      return false;
    }
    int looked_at = 0;
    for (const std::int64_t id : ids) {
      if (room_ <= 0) break;
      if (!process(id, now)) continue;
      ++looked_at;
      --budget;
    }
    // Everything due belongs to recipients who have a message on its way: its outcome brings us
    // back.
    if (looked_at == 0) {
      waiting_for_room_.insert(channel);
      return false;
    }
  }
  return true;
}

std::optional<Outbox::Look> Outbox::look(const Message& message, Time now) {
  Look look;
  look.message = message;
  look.running = engine_->find(message.rule);
  if (look.running == nullptr || !message.firing) return std::nullopt;
  const auto firing = ledger_.firing(*message.firing);
  if (!firing) return std::nullopt;
  look.firing = *firing;
  look.step = engine::Runs::step_of(*look.running->rule, message.step);
  if (look.step == nullptr) return std::nullopt;
  const language::Rule& rule = *look.running->rule;
  const bool scheduled = rule.trigger.kind == language::TriggerKind::schedule;
  look.candidate = scheduled ? nullptr : look.running->trigger->rows().by_row(firing->row, now);
  engine::Checks::Subject subject;
  subject.rule = &rule;
  subject.row = &look.running->row;
  subject.step = look.step;
  subject.trigger = look.running->trigger.get();
  subject.candidate = look.candidate;
  subject.due = message.due;
  subject.late_from = message.late_from;
  subject.scope = firing->scope;
  subject.firing = firing->id;
  subject.message = message.id;
  subject.customer = firing->customer;
  subject.draft = message.draft;
  subject.held_out = firing->held_out;
  if (rule.trigger.kind == language::TriggerKind::state) {
    subject.ended = look.candidate == nullptr || !look.candidate->in_state ||
                    look.candidate->episode != firing->part;
  }
  look.situation = checks_->situation(subject, now);
  return look;
}

bool Outbox::process(std::int64_t id, Time now) {
  const auto message = messages_.find(id);
  if (!message || !message->next_at) return false;
  if (message->is_envelope) return process_envelope(*message, now);
  auto looked = look(*message, now);
  if (!looked) {
    Message orphaned = *message;
    orphan(orphaned, now);
    return true;
  }
  const Decision decision = engine::decide(*looked->running->rule, looked->situation);
  if (decision.verdict == Verdict::fire) {
    looked->message.recipient = checks_->recipient(*looked->step, looked->candidate);
    if (busy_.find(looked->message.recipient) != busy_.end() && !looked->message.recipient.empty())
      return false;
  }
  switch (decision.verdict) {
    case Verdict::hold: hold(*looked, decision, now); break;
    case Verdict::skip: skip(*looked, decision, now); break;
    case Verdict::fire: fire(*looked, decision, now); break;
  }
  return true;
}

void Outbox::trace(const Look& look, const Decision& decision, Time now) {
  if (site_->retention.traces_days == 0) return;
  std::string values;
  for (const auto* list : {&look.running->rule->if_all, &look.running->rule->unless_any}) {
    for (const language::Condition& condition : *list) {
      const std::string read =
          engine::describe_values(condition, look.running->rule->slots, look.situation.cells);
      if (read.empty()) continue;
      if (!values.empty()) values += ", ";
      values += read;
    }
  }
  if (decision.marked_unknown)
    values += " (sent although something is unknown: the rule is internal)";
  const Reason reason = decision.verdict == Verdict::fire ? Reason::sent : decision.reason;
  ledger_.add_decision(look.message.firing, look.message.id, now, reason, values);
}

void Outbox::hold(Look& look, const Decision& decision, Time now) {
  Message& message = look.message;
  const MessageState state =
      decision.reason == Reason::none ? MessageState::planned : MessageState::held;
  std::optional<Time> next = decision.until;
  if (!next && look.situation.late_at) next = *look.situation.late_at + Duration{1};
  if (look.running->rule->steps.size() > 1) {
    const auto overtaken = messages_.overtaken_at(look.firing.id, message.id, message.due);
    if (overtaken && (!next || *overtaken < *next)) next = overtaken;
  }
  const bool news = message.reason != decision.reason;
  message.state = state;
  message.reason = decision.reason;
  message.line = decision.line;
  message.next_at = std::max(next.value_or(never), now + Duration{1});
  if (decision.reason == Reason::limit && decision.until) {
    // Over the limit it gets a new planned time, from which its late limit counts (semantics 1).
    messages_.reserve_day(look.running->row.id, checks_->day_of(*decision.until));
    message.due = *decision.until;
    message.late_from = *decision.until;
  }
  messages_.save(message);
  if (news && decision.reason != Reason::none) trace(look, decision, now);
}

void Outbox::skip(Look& look, const Decision& decision, Time now) {
  if (decision.reason == Reason::held_out && !look.firing.held_out)
    ledger_.set_held_out(look.firing.id, true);
  trace(look, decision, now);
  engine_->runs().skip(look.message, decision.reason, decision.line, now);
  engine_->runs().advance(*look.running, look.firing, look.message, now, now);
}

void Outbox::fire(Look& look, const Decision& decision, Time now) {
  if (!look.firing.held_out && (look.running->rule->holdout > 0 || site_->holdout > 0))
    ledger_.set_held_out(look.firing.id, false);
  if (look.step->kind == StepKind::pause_marketing) {
    trace(look, decision, now);
    fire_effect(look, now);
    return;
  }
  if (look.step->digest) {
    join_digest(look, now);
    return;
  }
  if (look.step->kind == StepKind::email && !composer_->allowed(look.message.recipient)) {
    Decision elsewhere{Verdict::skip, Reason::would_send, std::nullopt, -1, false};
    skip(look, elsewhere, now);
    return;
  }
  trace(look, decision, now);
  const Composer::Part part{look.message, look.firing};
  composer_->mint(*look.step, part, *rng_, now);
  const bool may_repeat = look.message.attempts > 0 && look.message.reason == Reason::none &&
                          look.message.state == MessageState::unknown;
  auto composed = look.step->kind == StepKind::webhook
                      ? composer_->webhook(*look.running, *look.step, part, now)
                      : composer_->mail(*look.running, *look.step, look.message, {part},
                                        may_repeat || decision.marked_unknown, now);
  hand(*look.running, look.message, std::move(composed), now);
}

void Outbox::fire_effect(Look& look, Time now) {
  if (look.message.customer)
    messages_.pause_marketing(*look.message.customer, site_->zone.add(now, look.step->pause));
  look.message.handed_at = now;
  finish(look.running, look.message, MessageState::sent, Reason::sent, now);
}

void Outbox::join_digest(Look& look, Time now) {
  Message& item = look.message;
  if (item.envelope) {
    // Woken while it rides: it still may go, so it stays where it is.
    item.next_at = never;
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
    // Items that waited for the window leave together at its opening; otherwise the digest stays
    // open for its time.
    made.due =
        item.reason == Reason::outside_window ? now : site_->zone.add(now, *look.step->digest);
    made.late_from = made.due;
    made.next_at = made.due;
    made.planned_at = now;
    envelope = messages_.add(made);
  }
  item.envelope = envelope;
  item.state = MessageState::held;
  item.reason = Reason::none;
  item.next_at = never;
  messages_.save(item);
}

bool Outbox::process_envelope(Message envelope, Time now) {
  if (busy_.find(envelope.recipient) != busy_.end()) return false;
  Running* running = engine_->find(envelope.rule);
  const Step* step =
      running == nullptr ? nullptr : engine::Runs::step_of(*running->rule, envelope.step);
  std::vector<Composer::Part> parts;
  bool waits = false;
  std::optional<Time> next;
  for (const std::int64_t id : messages_.items_of(envelope.id)) {
    const auto item = messages_.find(id);
    if (!item || is_final(item->state)) continue;
    auto looked = look(*item, now);
    if (!looked || step == nullptr) {
      Message orphaned = *item;
      orphan(orphaned, now);
      continue;
    }
    if (item->state == MessageState::claimed) {  // frozen by an earlier try
      parts.push_back({*item, looked->firing});
      continue;
    }
    const Decision decision = engine::decide(*running->rule, looked->situation);
    if (decision.verdict == Verdict::skip) {
      skip(*looked, decision, now);
    } else if (decision.verdict == Verdict::hold) {
      // A hold over the rule holds the envelope; a hold of the item's own lets it leave the digest
      // and join a later one.
      looked->message.envelope.reset();
      hold(*looked, decision, now);
      waits = true;
    } else {
      trace(*looked, decision, now);
      parts.push_back({looked->message, looked->firing});
    }
  }
  if (parts.empty() || step == nullptr) {
    envelope.state = MessageState::skipped;
    envelope.reason =
        waits ? Reason::on_hold : (step == nullptr ? Reason::rule_removed : Reason::state_ended);
    envelope.next_at.reset();
    envelope.ended_at = now;
    messages_.save(envelope);
    return true;
  }
  for (Composer::Part& part : parts) {
    part.message.state = MessageState::claimed;
    part.message.next_at.reset();
    part.message.handed_at = now;
    messages_.save(part.message);
  }
  auto composed = composer_->mail(*running, *step, envelope, parts,
                                  envelope.state == MessageState::unknown, now);
  hand(*running, envelope, std::move(composed), now);
  return true;
}

void Outbox::hand(Running& running, Message& carrier, Result<Outgoing> composed, Time now) {
  if (!composed) {
    fail(running, carrier, Reason::render_failed, composed.error().message, now);
    return;
  }
  carrier.state = MessageState::handed;
  carrier.reason = Reason::none;
  carrier.next_at.reset();
  carrier.handed_at = now;
  carrier.attempts += 1;
  messages_.save(carrier);
  if (policy_of(running.rule->purpose).counts_in_caps && carrier.channel == Channel::mail &&
      !carrier.is_envelope) {
    messages_.add_count(carrier.recipient, now, carrier.id);
  }
  if (running.rule->limit_per_day) messages_.use_day(carrier.rule, checks_->day_of(now), 1);
  busy_.insert(carrier.recipient);
  --room_;
  claimed_.push_back({carrier.channel, *std::move(composed), carrier.recipient});
}

void Outbox::hand_over() {
  std::vector<Claimed> claimed;
  claimed.swap(claimed_);
  // The mailbox is shared because a reload may replace this object while messages are on their way.
  const std::shared_ptr<Mailbox> mailbox = outcomes_;
  for (Claimed& c : claimed) {
    const std::int64_t id = c.outgoing.id;
    in_flight_[id] = {c.recipient, c.channel == Channel::mail && site_->retention.bodies_days > 0
                                       ? c.outgoing.bytes
                                       : std::string{}};
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
  stopped_ = old.stopped_;
}

void Outbox::abandon() {
  for (const Claimed& c : claimed_) busy_.erase(c.recipient);
  claimed_.clear();
  outcomes_->insert(outcomes_->begin(), settled_.begin(), settled_.end());
  settled_.clear();
}

// The rule is gone, or its edit dropped the step: what waits ends and says so.
void Outbox::orphan(Message& message, Time now) {
  engine_->runs().skip(message, Reason::rule_removed, -1, now);
  if (message.firing && !messages_.firing_waits(*message.firing, message.id)) {
    if (const auto firing = ledger_.firing(*message.firing)) {
      ledger_.close_firing(firing->id, Reason::rule_removed, -1);
      if (firing->scope)
        ledger_.give_back_place(firing->rule, firing->draft, *firing->scope, firing->id);
    }
  }
}

void Outbox::brake(Running& running, Time now) {
  if (running.brake_count == 0 || running.draft()) return;
  if (running.rule->purpose == Purpose::internal && !running.rule->brake) return;
  if (now > running.row.revised_at + std::chrono::hours{1}) {
    running.brake_count = 0;
    return;
  }
  if (!customers_) customers_ = ledger_.customers();
  const auto share =
      static_cast<std::int64_t>(static_cast<double>(*customers_) * default_brake_share);
  const std::int64_t allowed =
      running.rule->brake ? *running.rule->brake : std::max<std::int64_t>(default_brake, share);
  std::int64_t would_send = running.brake_count;
  if (running.rule->limit_per_day)
    would_send = std::min<std::int64_t>(would_send, *running.rule->limit_per_day);
  if (would_send <= allowed) return;
  const auto released = ledger_.brake_released(running.rule->id);
  if (released && *released >= running.row.revised_at) return;
  if (const store::HoldRow* hold = checks_->holds().find(running.rule->id, std::nullopt);
      hold != nullptr && hold->cause == "brake")
    return;
  store::HoldRow hold;
  hold.scope = "rule";
  hold.target = running.rule->id;
  hold.cause = "brake";
  hold.because = fmt::format(
      "would send {} messages within an hour of its activation or edit, more than its brake of {}; "
      "if that is meant: retaind release --rule {}",
      would_send, allowed, running.rule->id);
  hold.author = "retaind";
  hold.at = now;
  ledger_.add_hold(hold);
  checks_->refresh_holds(now);
  log::warning(fmt::format("rule {} is held: {}", running.rule->id, hold.because));
}

}  // namespace retaind::delivery
