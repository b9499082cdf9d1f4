#include "engine/runs.h"

#include <algorithm>

#include "engine/business_time.h"
#include "engine/variant.h"

namespace retaind::engine {

using language::Rule;
using language::Step;
using language::StepKind;

namespace {

/// An edit of shares moves nobody whose message is planned; a variant that the step has no more
/// goes back to the control.
std::string variant_left(const Step& step, const std::string& variant) {
  return variant.empty() || step.variants.empty() ? "" : template_of(step, variant);
}

bool is_open(const Message& message) {
  return message.state == MessageState::planned || message.state == MessageState::held;
}

bool has_one_message(const Rule& rule) {
  return rule.steps.size() == 1 && !rule.steps.front().repeat;
}

bool is_message(const Step& step) { return step.kind != StepKind::pause_marketing; }

}  // namespace

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

bool ends_at_once(const Rule& rule, const Decision& first) {
  // Draft firings keep their message: what it would have sent is what a draft is asked for.
  return first.verdict == Verdict::skip && first.reason != Reason::would_send &&
         (rule.steps.size() == 1 || ends_run(first.reason));
}

Runs::Runs(store::Database& database, const Site& site)
    : ledger_(database), messages_(database), people_(database), site_(&site) {}

const Step* Runs::step_of(const Rule& rule, std::string_view key) {
  for (const Step& step : rule.steps) {
    if (step.key == key) return &step;
  }
  return nullptr;
}

const Step* Runs::first_step(const Rule& rule) {
  for (const Step& step : rule.steps) {
    if (!step.after) return &step;
  }
  return nullptr;
}

std::optional<std::int64_t> Runs::scope_of(const Rule& rule, std::int64_t row,
                                           std::optional<std::int64_t> customer) {
  if (!rule.once_per) return std::nullopt;
  const auto id = *rule.once_per == rule.trigger.subject ? std::optional(row) : customer;
  if (!id) return std::nullopt;
  return store::scope_of(*rule.once_per, *id);
}

std::vector<Message> Runs::messages_of(const Firing& firing) {
  std::vector<Message> all;
  for (const std::int64_t id : messages_.of_firing(firing.id)) {
    if (auto message = messages_.find(id)) all.push_back(*std::move(message));
  }
  return all;
}

Message Runs::plan(const Running& running, const Firing& firing, const Step& step, Time due,
                   Time now) {
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
  message.channel = channel_of(step);
  if (!step.variants.empty() && firing.customer)
    message.variant = variant_of(running.row.first_name, step,
                                 people_.key_of(Subject::customer, *firing.customer));
  return message;
}

void Runs::keep_variant(const Step& step, Message& message) {
  const std::string left = variant_left(step, message.variant);
  if (left == message.variant) return;
  message.variant = left;
  messages_.set_variant(message.id, left);
}

Channel Runs::channel_of(const Step& step) {
  switch (step.kind) {
    case StepKind::email:
    case StepKind::notify: return Channel::mail;
    case StepKind::webhook: return Channel::webhook;
    case StepKind::pause_marketing: break;
  }
  return Channel::effect;
}

/// Nothing is added when the firing has the step already.
std::optional<Message> Runs::add(Running& running, Message message) {
  const auto id = messages_.add(message);
  if (!id) return std::nullopt;
  message.id = *id;
  count_for_brake(running, message);
  return message;
}

void Runs::count_for_brake(Running& running, const Message& message) {
  const Time end = running.brake_ends();
  if (message.channel != Channel::effect && !message.draft && message.planned_at <= end &&
      message.due <= end)
    ++running.brake_count;
}

Time Runs::after_due(const Rule& rule, const Firing& firing, const Step& step) const {
  return later(rule, firing.anchor.value_or(firing.due), *step.after, site_->zone);
}

bool Runs::begin(Running& running, Firing& firing, const Begun& begun, Time now) {
  const Decision* first = begun.first;
  if (first != nullptr && ends_at_once(*running.rule, *first)) {
    // One compact row: nothing was planned, so there is no message that could be asked about.
    firing.open = false;
    firing.reason = first->reason;
    firing.line = first->line;
    return ledger_.add_firing(firing).has_value();
  }
  if (begun.take != nullptr && begun.arrives_at_once && has_one_message(*running.rule))
    return begin_at_once(running, firing, begun, now);
  return begin_anew(running, firing, begun, now);
}

bool Runs::begin_anew(Running& running, Firing& firing, const Begun& begun, Time now) {
  const auto id = ledger_.add_firing(firing);
  if (!id) return false;
  firing.id = *id;
  if (firing.scope && begun.first != nullptr)
    ledger_.take_place(running.row.id, firing.draft, *firing.scope, *id);
  plan_all(running, firing, begun, now);
  return true;
}

/// The firing is written when it is over, which is now unless its message does not go.
bool Runs::begin_at_once(Running& running, Firing& firing, const Begun& begun, Time now) {
  if (!begun.is_new && ledger_.has_firing(firing)) return false;
  const Step& step = running.rule->steps.front();
  firing.id = ledger_.ended_aside()->next_id();
  Message only = plan(running, firing, step, std::max(firing.due, firing.planned), now);
  if (!(*begun.take)(step, only, true)) {
    Begun refused;
    refused.first = begun.first;
    return begin_anew(running, firing, refused, now);
  }
  firing.open = false;
  ledger_.add_sent(firing, only, begun.keys);
  if (firing.scope) {
    ledger_.take_place(running.row.id, firing.draft, *firing.scope, firing.id);
    keep_place(firing, now);
  }
  count_for_brake(running, only);
  return true;
}

void Runs::plan_all(Running& running, const Firing& firing, const Begun& begun, Time now) {
  const Decision* first = begun.first;
  const Rule& rule = *running.rule;
  const Step* chain = first_step(rule);
  struct Planned {
    const Step* step;
    Time own;  // by the anchor, though the backlog is planned later
  };
  std::vector<Planned> plans;
  for (const Step& step : rule.steps) {
    if (step.after) plans.push_back({&step, after_due(rule, firing, step)});
    if (&step == chain) plans.push_back({&step, firing.due});
  }
  if (begun.take != nullptr && plans.size() == 1) {
    Message only = plan(running, firing, *chain, std::max(firing.due, firing.planned), now);
    if ((*begun.take)(*chain, only, false)) return count_for_brake(running, only);
  }
  // Of a firing that catches up only the latest message goes. What is overdue at its own time is
  // found by the checks; a backlog has one time for all of them.
  const Planned* latest = nullptr;
  for (const Planned& p : plans) {
    if (p.own <= firing.planned && is_message(*p.step) &&
        (latest == nullptr || p.own > latest->own))
      latest = &p;
  }
  std::vector<std::pair<const Planned*, Message>> added;
  for (const Planned& p : plans) {
    const Time due = std::max(p.own, firing.planned);
    if (auto message = add(running, plan(running, firing, *p.step, due, now)))
      added.emplace_back(&p, *std::move(message));
  }
  for (auto& [p, message] : added) {
    const bool overtaken = firing.planned > firing.due && latest != nullptr &&
                           p->own < latest->own && is_message(*p->step);
    const bool skipped = p->step == chain && first != nullptr && first->verdict == Verdict::skip;
    if (!overtaken && !skipped) continue;
    if (message.channel != Channel::effect && !message.draft) --running.brake_count;
    skip(message, overtaken ? Reason::late_limit : first->reason, overtaken ? -1 : first->line,
         now);
    if (p->step == chain) advance(running, firing, message, now, now);
  }
}

void Runs::skip(Message& message, Reason reason, int line, Time now) {
  message.next_at.reset();
  message.ended_at = now;
  if (message.state == MessageState::unknown) {
    // Tried, and nobody knows whether it arrived: that it is not tried again makes it no skip.
    message.reason = Reason::none;
    messages_.save(message);
    return;
  }
  message.state = MessageState::skipped;
  message.reason = reason;
  message.line = line;
  messages_.save(message);
  messages_.void_minted(message.id, now);
}

void Runs::plan_next(Running& running, const Firing& firing, std::size_t from_index, Time base,
                     Time now) {
  const auto& steps = running.rule->steps;
  for (std::size_t i = from_index; i < steps.size(); ++i) {
    if (steps[i].after) continue;
    const Time due = steps[i].wait ? later(*running.rule, base, *steps[i].wait, site_->zone) : base;
    if (add(running, plan(running, firing, steps[i], due, now))) return;
    // It is there already, since the rule's steps were moved about.
    const auto all = messages_of(firing);
    if (std::any_of(all.begin(), all.end(), [&](const Message& m) {
          return m.step == steps[i].key && (!is_final(m.state) || m.next_at);
        }))
      return;
  }
}

void Runs::keep_place(const Firing& firing, Time at) {
  if (!firing.scope) return;
  // Nearly always it has the place already.
  if (ledger_.keep_place(firing.rule, firing.draft, *firing.scope, firing.id, at)) return;
  ledger_.take_place(firing.rule, firing.draft, *firing.scope, firing.id);
  ledger_.keep_place(firing.rule, firing.draft, *firing.scope, firing.id, at);
}

void Runs::advance(Running& running, const Firing& firing, const Message& message, Time gone_at,
                   Time now) {
  if (!firing.open) {
    conclude(firing, message, gone_at);
    return;
  }
  const bool left = message.state == MessageState::sent || message.state == MessageState::unknown;
  const bool virtually = message.reason == Reason::held_out || message.reason == Reason::would_send;
  const bool kept = (left || virtually) && message.channel != Channel::effect;
  if (!left && ends_run(message.reason)) {
    if (kept) keep_place(firing, gone_at);
    end(firing, message.reason, message.line, now);
    return;
  }
  const auto& steps = running.rule->steps;
  const auto step = std::find_if(steps.begin(), steps.end(),
                                 [&](const Step& s) { return s.key == message.step; });
  if (step != steps.end()) {
    if (step->repeat && (left || virtually) && message.repeat < step->repeat->at_most) {
      Message repeat = plan(running, firing, *step,
                            later(*running.rule, gone_at, step->repeat->every, site_->zone), now);
      repeat.repeat = message.repeat + 1;
      repeat.variant = variant_left(*step, message.variant);
      add(running, std::move(repeat));
    }
    if (!step->after && message.repeat == 0) {
      plan_next(running, firing, static_cast<std::size_t>(step - steps.begin()) + 1, gone_at, now);
    }
  }
  const bool over = !messages_.firing_waits(firing.id, message.id);
  // A firing that is over and has its place keeps it; only `again-after` asks since when.
  const bool by_its_end = over && !running.rule->again_after && ledger_.has_place(firing.id);
  if (kept && !by_its_end) keep_place(firing, gone_at);
  if (over) settle(firing, Reason::none, -1, kept);
}

void Runs::conclude(const Firing& firing, const Message& message, Time gone_at) {
  const bool left = message.state == MessageState::sent || message.state == MessageState::unknown;
  const bool kept = left && message.channel != Channel::effect;
  if (kept) keep_place(firing, gone_at);
  if (!messages_.firing_waits(firing.id, message.id))
    settle(firing, firing.open ? message.reason : firing.reason, firing.line, kept);
}

void Runs::drop_step(Running& running, const Firing& firing, Message& message, Time now) {
  skip(message, Reason::rule_removed, -1, now);
  if (!firing.open) return;
  const auto& steps = running.rule->steps;
  std::size_t behind = 0;
  const auto all = messages_of(firing);
  const bool chain_waits = std::any_of(all.begin(), all.end(), [&](const Message& m) {
    const Step* step = step_of(*running.rule, m.step);
    return step != nullptr && !step->after && m.repeat == 0 && !is_final(m.state);
  });
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].after) continue;
    if (std::any_of(all.begin(), all.end(),
                    [&](const Message& m) { return m.step == steps[i].key; }))
      behind = i + 1;
  }
  if (message.repeat == 0 && !chain_waits) plan_next(running, firing, behind, now, now);
  if (!messages_.firing_waits(firing.id, message.id)) settle(firing, Reason::rule_removed, -1);
}

void Runs::end(const Firing& firing, Reason reason, int line, Time now) {
  for (Message& message : messages_of(firing)) {
    // What is on its way cannot be called back; its outcome finds the run closed.
    const bool under_way =
        message.state == MessageState::handed || message.state == MessageState::claimed;
    if (under_way || (is_final(message.state) && !message.next_at)) continue;
    skip(message, reason, line, now);
  }
  settle(firing, reason, line);
}

void Runs::settle(const Firing& firing, Reason reason, int line, bool kept) {
  ledger_.close_firing(firing.id, reason, line);
  if (firing.scope && !kept && !messages_.on_its_way(firing.id))
    ledger_.give_back_place(firing.rule, firing.draft, *firing.scope, firing.id);
}

std::optional<Time> Runs::due_anew(const Firing& firing, const Step& step, const Message& message,
                                   const std::vector<Message>& all, const Rule& rule) const {
  const auto gone = [](const Message& m) { return m.handed_at ? m.handed_at : m.ended_at; };
  if (message.repeat > 0) {
    for (const Message& m : all) {
      if (m.step != message.step || m.repeat != message.repeat - 1 || !gone(m)) continue;
      if (step.repeat) return later(rule, *gone(m), step.repeat->every, site_->zone);
    }
    return std::nullopt;
  }
  if (step.after) return std::max(after_due(rule, firing, step), firing.planned);
  if (&step == first_step(rule)) return firing.planned;
  std::optional<Time> base;
  for (const Message& m : all) {
    const Step* before = step_of(rule, m.step);
    const bool chained = before == nullptr || !before->after;
    if (m.id < message.id && m.repeat == 0 && chained && gone(m)) base = gone(m);
  }
  if (!base) return std::nullopt;
  return step.wait ? later(rule, *base, *step.wait, site_->zone) : *base;
}

void Runs::replan(Running& running, const Firing& firing, Time now) {
  const Rule& rule = *running.rule;
  const auto all = messages_of(firing);
  for (Message message : all) {
    if (!is_open(message)) continue;
    const Step* step = step_of(rule, message.step);
    message.customer = firing.customer;
    if (step != nullptr) {
      keep_variant(*step, message);
      if (const auto due = due_anew(firing, *step, message, all, rule)) {
        message.due = *due;
        message.late_from = *due;
      }
    }
    const bool moved_on = step != nullptr && message.due > now;
    // A refusal is waited out, whatever was edited; a dropped step is not.
    const bool refused = step != nullptr && message.attempts > 0 &&
                         message.reason == Reason::none && message.next_at &&
                         *message.next_at < store::Messages::parked;
    message.next_at = std::max(moved_on ? message.due : now, refused ? *message.next_at : now);
    if (moved_on) {
      message.envelope.reset();
      message.state = MessageState::planned;
      message.reason = Reason::none;
      message.line = -1;
    }
    messages_.save(message);
  }
  for (const Step& step : rule.steps) {
    if (!step.after || after_due(rule, firing, step) <= now) continue;
    add(running, plan(running, firing, step, after_due(rule, firing, step), now));
  }
}

}  // namespace retaind::engine
