#include "delivery/outbox.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "delivery/outbox_look.h"
#include "engine/evaluate.h"
#include "store/holds.h"

// Which messages are looked at, and what the look decides. outbox_send.cc sends, outbox_digest.cc
// collects, outbox_outcomes.cc writes down what came of it.
namespace retaind::delivery {
namespace {

using engine::Decision;
using engine::Running;
using engine::Verdict;
using language::StepKind;

constexpr int default_brake = 500;
constexpr double default_brake_share = 0.05;
// While a peer is away its messages are looked at in slices of so many a second, and then again
// after a pause: what ends meanwhile (late, no consent, held) is not to wait for the peer.
constexpr int look_over_slice = 200;
constexpr Duration look_over_step{1'000};
constexpr Duration look_over_pause{600'000};

}  // namespace

Outbox::Outbox(store::Database& database, engine::Engine& engine, engine::Checks& checks,
               Composer& composer, const Site& site, Rng& rng, Transports transports)
    : database_(&database),
      ledger_(database),
      messages_(database),
      bodies_(database),
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
    const Transport* carrier = transport(channel);
    if (channel != Channel::effect && carrier == nullptr) continue;
    const auto at = messages_.next_check(channel);
    if (!at || *at >= store::Messages::never) continue;
    // A full or absent transport calls when it has room; until then its messages are no reason to
    // wake up.
    if (channel != Channel::effect && carrier->capacity() <= 0 &&
        waiting_for_room_.count(channel) != 0) {
      const auto over = look_overs_.find(channel);
      if (carrier->trouble().empty() || over == look_overs_.end()) continue;
      const Time again = over->second.first;
      if (!next || again < *next) next = again;
      continue;
    }
    if (!next || *at < *next) next = at;
  }
  return next;
}

bool Outbox::expects_news() const { return !in_flight_.empty() || !waiting_for_room_.empty(); }

bool Outbox::claim(Time now, int limit) {
  if (stopped_) return false;
  checks_->refresh_holds(now);
  for (const auto& running : engine_->running()) brake(*running, now);
  wake_parked(now);
  int budget = limit;
  bool more = false;
  for (const Channel channel : {Channel::effect, Channel::mail, Channel::webhook})
    more = claim_channel(channel, now, budget) || more;
  return more || has_turns();
}

void Outbox::note_parked(const Message& message) {
  parked_.insert({message.channel, message.recipient});
  emptied_.erase({message.channel, message.recipient});
}

bool Outbox::has_turns() const {
  return !stopped_ && std::any_of(parked_.begin(), parked_.end(), [&](const auto& recipient) {
    return busy_.count(recipient) == 0 && waiting_for_room_.count(recipient.first) == 0;
  });
}

/// One message of each recipient who is free; nobody else would wake those that wait behind one
/// that ended, was held or could not be rendered.
void Outbox::wake_parked(Time now) {
  for (const auto& recipient : parked_) {
    if (busy_.count(recipient) == 0 && !messages_.unpark(recipient.first, recipient.second, now))
      emptied_.insert(recipient);
  }
}

bool Outbox::claim_channel(Channel channel, Time now, int& budget) {
  waiting_for_room_.erase(channel);
  Transport* carrier = transport(channel);
  if (channel != Channel::effect && carrier == nullptr) return false;
  while (budget > 0) {
    room_ = channel == Channel::effect ? budget : room_of(channel);
    if (room_ <= 0) break;
    const int most = std::min(budget, room_);
    const auto ids = messages_.fetch_due(channel, now, most);
    for (const std::int64_t id : ids) {
      if (room_ <= 0) break;
      process(id, now);
      --budget;
    }
    if (static_cast<int>(ids.size()) < most) {
      if (carrier != nullptr) carrier->want(engine_->holds_back(channel) ? look_ahead : 0);
      return false;
    }
  }
  if (room_ > 0) return true;
  await_room(channel, now);
  return false;
}

int Outbox::room_of(Channel channel) const {
  return transport(channel)->capacity() -
         static_cast<int>(std::count_if(claimed_.begin(), claimed_.end(),
                                        [&](const Claimed& c) { return c.channel == channel; }));
}

void Outbox::await_room(Channel channel, Time now) {
  Transport* carrier = transport(channel);
  const bool held_back = engine_->holds_back(channel);
  const auto waiting = messages_.due(channel, now, look_ahead);
  carrier->want(held_back ? look_ahead : static_cast<int>(waiting.size()));
  if (waiting.empty() && !held_back) return;
  waiting_for_room_.insert(channel);
  const Time again = look_overs_[channel].first;
  if (now >= again && !carrier->trouble().empty()) look_over(channel, now);
}

void Outbox::look_over(Channel channel, Time now) {
  auto& [again, behind] = look_overs_[channel];
  const auto ids = messages_.due_behind(channel, now, behind, look_over_slice);
  for (const std::int64_t id : ids) process(id, now);
  const bool more = static_cast<int>(ids.size()) == look_over_slice;
  behind = more ? ids.back() : 0;
  again = now + (more ? look_over_step : look_over_pause);
}

std::optional<Outbox::Look> Outbox::look(const Message& message, Time now) {
  Look look;
  look.message = message;
  look.running = engine_->find(message.rule);
  if (look.running == nullptr || !message.firing) return std::nullopt;
  const auto firing = ledger_.firing(*message.firing);
  if (!firing || firing->trigger != look.running->trigger_id) return std::nullopt;
  look.firing = *firing;
  look.step = engine::Runs::step_of(*look.running->rule, message.step);
  if (look.step == nullptr) return std::nullopt;
  if (language::has_row(look.running->rule->trigger))
    look.candidate = look.running->trigger->rows().by_row(firing->row, now);
  const auto subject =
      engine::Checks::subject_of(*look.running, *look.step, *firing, message, look.candidate);
  look.situation = checks_->situation(subject, now);
  return look;
}

void Outbox::process(std::int64_t id, Time now) {
  const auto message = messages_.find(id);
  // An earlier one of the same pass may have ended or moved it.
  if (!message || !message->next_at || *message->next_at > now) return;
  if (message->is_envelope) {
    if (room_ > 0) process_envelope(*message, now);
    return;
  }
  auto looked = look(*message, now);
  if (!looked) {
    Message orphaned = *message;
    orphan(orphaned, now);
    return;
  }
  decide_and_act(*looked, now);
}

void Outbox::decide_and_act(Look& look, Time now) {
  const Decision decision = engine::decide(*look.running->rule, look.situation);
  switch (decision.verdict) {
    case Verdict::hold: hold(look, decision, now); return;
    case Verdict::skip: skip(look, decision, now); return;
    case Verdict::fire: break;
  }
  if (room_ <= 0) return;
  look.message.recipient = recipient_of(look, now);
  const bool busy = !look.step->digest && !look.message.recipient.empty() &&
                    busy_.count({look.message.channel, look.message.recipient}) != 0;
  if (busy) {
    if (look.message.state != MessageState::unknown) look.message.state = MessageState::planned;
    look.message.reason = Reason::none;
    look.message.line = -1;
    look.message.next_at = store::Messages::parked;
    messages_.save(look.message);
    note_parked(look.message);
    take_place(look);
    return;
  }
  fire(look, decision, now);
}

std::string Outbox::recipient_of(const Look& look, Time now) {
  if (look.step->kind == StepKind::notify)
    return composer_->assignee_or_team(*look.step, look.firing, now);
  return checks_->recipient(*look.step, look.candidate);
}

void Outbox::trace(const Look& look, const Decision& decision, Time now) {
  if (site_->retention.traces_days == 0) return;
  const language::Rule& rule = *look.running->rule;
  std::string values;
  language::each_line(rule, [&](const language::Line& line) {
    if (look.candidate == nullptr) return;  // the row is gone, or could not be read
    if (line.step != nullptr && line.step != look.step) return;
    const std::string read =
        engine::describe_values(*line.condition, rule, look.situation.facts, now, site_->zone);
    if (read.empty()) return;
    if (!values.empty()) values += ", ";
    values += read;
  });
  if (decision.marked_unknown)
    values += " (sent although something is unknown: the rule is internal)";
  const Reason reason = decision.verdict == Verdict::fire ? Reason::sent : decision.reason;
  ledger_.add_decision(look.message.firing, look.message.id, now, reason, values);
}

/// From its due time on an open firing has the once-per place.
void Outbox::take_place(const Look& look) {
  const Firing& firing = look.firing;
  if (firing.scope && firing.open && !look.situation.has_place)
    ledger_.take_place(firing.rule, firing.draft, *firing.scope, firing.id);
}

void Outbox::hold(Look& look, const Decision& decision, Time now) {
  Message& message = look.message;
  std::optional<Time> next = decision.until;
  // One that is too late already waits for the clock to be trusted, and not for a time behind it.
  if (const auto late = look.situation.late_at;
      late && *late >= now && (!next || *late + Duration{1} < *next))
    next = *late + Duration{1};
  const auto overtaken = look.situation.overtaken_at;
  if (overtaken && *overtaken > now && (!next || *overtaken < *next)) next = overtaken;
  const bool news = message.reason != decision.reason;
  const bool due = decision.reason != Reason::none;
  // One that may have arrived stays `unknown` while it waits to be tried again.
  if (message.state != MessageState::unknown)
    message.state = due ? MessageState::held : MessageState::planned;
  message.reason = decision.reason;
  message.line = decision.line;
  message.next_at = std::max(next.value_or(store::Messages::never), now + Duration{1});
  if (decision.reason == Reason::limit && decision.until) {
    // Over the limit it gets a new planned time, from which its late limit counts (semantics 1).
    messages_.reserve_day(look.running->row.id, checks_->day_of(*decision.until));
    message.due = *decision.until;
    message.late_from = *decision.until;
  }
  messages_.save(message);
  if (due) take_place(look);
  if (news && due) trace(look, decision, now);
}

void Outbox::skip(Look& look, const Decision& decision, Time now) {
  if (decision.reason == Reason::held_out && !look.firing.held_out) {
    ledger_.set_held_out(look.firing.id, true);
    look.firing.held_out = true;
  }
  trace(look, decision, now);
  engine_->runs().skip(look.message, decision.reason, decision.line, now);
  engine_->runs().advance(*look.running, look.firing, look.message, now, now);
}

// The rule is gone, or its edit dropped the step: what waits ends and says so.
void Outbox::orphan(Message& message, Time now) {
  engine::Runs& runs = engine_->runs();
  const auto firing = message.firing ? ledger_.firing(*message.firing) : std::nullopt;
  Running* running = engine_->find(message.rule);
  if (!firing) {
    runs.skip(message, Reason::rule_removed, -1, now);
  } else if (running == nullptr || firing->trigger != running->trigger_id) {
    runs.end(*firing, Reason::rule_removed, -1, now);
  } else {
    runs.drop_step(*running, *firing, message, now);
  }
}

/// How many messages the rule may send within an hour of its activation or edit.
std::int64_t Outbox::brake_of(const Running& running) {
  if (running.rule->brake) return *running.rule->brake;
  const auto share =
      static_cast<std::int64_t>(static_cast<double>(ledger_.customers()) * default_brake_share);
  return std::max<std::int64_t>(default_brake, share);
}

void Outbox::brake(Running& running, Time now) {
  if (running.brake_count == 0 || running.draft()) return;
  if (running.rule->purpose == Purpose::internal && !running.rule->brake) return;
  if (now > running.brake_ends()) {
    running.brake_count = 0;
    return;
  }
  const std::int64_t allowed = brake_of(running);
  std::int64_t would_send = running.brake_count;
  if (running.rule->limit_per_day)
    would_send = std::min<std::int64_t>(would_send, *running.rule->limit_per_day);
  if (would_send <= allowed) return;
  const auto released = store::Holds(*database_).brake_released(running.rule->id);
  if (released && *released >= running.row.revised_at) return;
  if (checks_->holds().has("brake", running.rule->id)) return;
  store::HoldRow hold;
  hold.scope = "rule";
  hold.target = running.rule->id;
  hold.cause = "brake";
  hold.because = fmt::format(
      "would send at least {} messages within an hour of its activation or edit, more than its "
      "brake of {}; "
      "if that is meant: retaind release --rule {}",
      would_send, allowed, running.rule->id);
  hold.author = "retaind";
  hold.at = now;
  store::Holds(*database_).add(hold);
  checks_->refresh_holds(now);
  log::warning(fmt::format("rule {} is held: {}", running.rule->id, hold.because));
}

}  // namespace retaind::delivery
