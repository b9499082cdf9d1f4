#include "engine/runs.h"

#include <algorithm>

namespace retaind::engine {

using language::Rule;
using language::Step;
using language::StepKind;

bool ends_run(Reason reason) {
  switch (reason) {
    case Reason::suppressed:
    case Reason::no_consent:
    case Reason::stopped:
    case Reason::state_ended:
    case Reason::already_sent:
    case Reason::rule_removed:
    case Reason::gone:
    case Reason::erased: return true;
    default: return false;
  }
}

Runs::Runs(store::Database& database, Checks& checks, const Site& site)
    : ledger_(database), messages_(database), checks_(&checks), site_(&site) {}

const Step* Runs::step_of(const Rule& rule, std::string_view key) {
  for (const Step& step : rule.steps) {
    if (step.key == key) return &step;
  }
  return nullptr;
}

std::optional<std::int64_t> Runs::scope_of(const Rule& rule, std::int64_t row,
                                           std::optional<std::int64_t> customer) const {
  if (!rule.once_per) return std::nullopt;
  if (*rule.once_per == rule.trigger.subject) return row;
  return customer;
}

Message Runs::plan(const Running& running, const Firing& firing, const Step& step, Time due,
                   Time now) const {
  Message message;
  message.firing = firing.id;
  message.rule = running.row.id;
  message.customer = firing.customer;
  message.step = step.key;
  message.draft = firing.draft;
  message.priority = running.rule->priority;
  message.due = due;
  message.late_from = due;
  message.next_at = std::max(due, now);
  message.planned_at = now;
  switch (step.kind) {
    case StepKind::email:
    case StepKind::notify: message.channel = Channel::mail; break;
    case StepKind::webhook: message.channel = Channel::webhook; break;
    case StepKind::pause_marketing: message.channel = Channel::effect; break;
  }
  return message;
}

void Runs::begin(Running& running, Firing& firing, const Occurrence& occurrence,
                 const Decision& first, Time now) {
  const Rule& rule = *running.rule;
  const Step* chain = nullptr;
  for (const Step& step : rule.steps) {
    if (!step.after) {
      chain = &step;
      break;
    }
  }
  const bool single = rule.steps.size() == 1;
  if (first.verdict == Verdict::skip && (single || ends_run(first.reason))) {
    // One compact row: nothing was planned, so there is no message that could be asked about.
    firing.open = false;
    firing.reason = first.reason;
    firing.line = first.line;
    ledger_.add_firing(firing);
    return;
  }
  const auto id = ledger_.add_firing(firing);
  if (!id) return;
  firing.id = *id;
  if (firing.scope) ledger_.take_place(running.row.id, firing.draft, *firing.scope, *id);
  for (const Step& step : rule.steps) {
    if (!step.after) continue;
    const Time due = site_->zone.add(occurrence.anchor.value_or(firing.due), *step.after);
    Message message = plan(running, firing, step, std::max(due, firing.planned), now);
    messages_.add(message);
    count_for_brake(running, message, now);
  }
  if (chain == nullptr) return;
  const Time due = chain->wait ? site_->zone.add(firing.planned, *chain->wait) : firing.planned;
  Message message = plan(running, firing, *chain, due, now);
  const auto message_id = messages_.add(message);
  count_for_brake(running, message, now);
  if (first.verdict == Verdict::skip && !chain->wait && message_id) {
    message.id = *message_id;
    skip(message, first.reason, first.line, now);
    advance(running, firing, message, now, now);
  }
}

void Runs::skip(Message& message, Reason reason, int line, Time now) {
  message.state = MessageState::skipped;
  message.reason = reason;
  message.line = line;
  message.next_at.reset();
  message.ended_at = now;
  messages_.save(message);
  messages_.void_minted(message.id, now);
}

void Runs::count_for_brake(Running& running, const Message& message, Time now) {
  const Time end = running.row.revised_at + std::chrono::hours{1};
  if (message.channel != Channel::effect && !message.draft && now <= end && message.due <= end)
    ++running.brake_count;
}

void Runs::plan_next(Running& running, const Firing& firing, std::size_t after_index, Time base,
                     Time now) {
  const auto& steps = running.rule->steps;
  for (std::size_t i = after_index + 1; i < steps.size(); ++i) {
    if (steps[i].after) continue;
    const Time due = steps[i].wait ? site_->zone.add(base, *steps[i].wait) : base;
    const Message message = plan(running, firing, steps[i], due, now);
    messages_.add(message);
    count_for_brake(running, message, now);
    return;
  }
}

void Runs::advance(Running& running, const Firing& firing, const Message& message, Time gone_at,
                   Time now) {
  if (ends_run(message.reason)) {
    end(running, firing, message.reason, message.line, now);
    return;
  }
  const auto& steps = running.rule->steps;
  const auto step = std::find_if(steps.begin(), steps.end(),
                                 [&](const Step& s) { return s.key == message.step; });
  const bool left = message.state == MessageState::sent || message.state == MessageState::unknown;
  const bool virtually = message.reason == Reason::held_out || message.reason == Reason::would_send;
  if (firing.scope && (left || virtually) && message.channel != Channel::effect) {
    ledger_.keep_place(running.row.id, firing.draft, *firing.scope, firing.id, gone_at);
  }
  if (step != steps.end()) {
    if (step->repeat && (left || virtually) && message.repeat < step->repeat->at_most) {
      Message repeat =
          plan(running, firing, *step, site_->zone.add(gone_at, step->repeat->every), now);
      repeat.repeat = message.repeat + 1;
      messages_.add(repeat);
    }
    if (!step->after && message.repeat == 0) {
      plan_next(running, firing, static_cast<std::size_t>(step - steps.begin()), gone_at, now);
    }
  }
  if (!messages_.firing_waits(firing.id, message.id)) settle(running, firing, Reason::none, -1);
}

void Runs::end(Running& running, const Firing& firing, Reason reason, int line, Time now) {
  for (const std::int64_t id : messages_.of_firing(firing.id)) {
    auto message = messages_.find(id);
    // What is on its way cannot be called back; its outcome finds the run closed.
    if (!message || is_final(message->state) || message->state == MessageState::handed) continue;
    skip(*message, reason, line, now);
  }
  settle(running, firing, reason, line);
}

void Runs::settle(Running& running, const Firing& firing, Reason reason, int line) {
  ledger_.close_firing(firing.id, reason, line);
  if (firing.scope) ledger_.give_back_place(running.row.id, firing.draft, *firing.scope, firing.id);
}

}  // namespace retaind::engine
