#include "replay/story_ledger.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "engine/evaluate.h"
#include "engine/pass.h"
#include "engine/runs.h"
#include "replay/coverage.h"
#include "store/people.h"
#include "store/related.h"

namespace retaind::replay {

using language::Rule;
using language::Step;
using store::LedgerEntry;

std::string place_text(const language::Where& where) {
  if (!where.source) return "?";
  const auto [line, column] = language::line_and_column(*where.source, where.begin);
  return fmt::format("{}:{}:{}", where.source->path, line, column);
}

namespace {

/// The line of a rule with that number; without a condition when there is none.
language::Line line_of(const Rule& rule, int number) {
  language::Line found;
  language::each_line(rule, [&](const language::Line& line) {
    if (number-- == 0) found = line;
  });
  return found;
}

}  // namespace

StoryLedger::StoryLedger(const language::Story& story, std::span<const Rule> rules)
    : story_(&story) {
  for (const Rule& rule : rules) rules_[rule.id] = &rule;
  for (const language::StoryPerson& person : story.people) people_[person.fact.key] = person.name;
}

void StoryLedger::saw(const engine::Checks::Subject& subject, const engine::Situation& situation) {
  if (subject.candidate == nullptr || !situation.facts.are_all_of(*subject.rule)) return;
  if (subject.rule->trigger.each && !subject.message) saw_in_pass(subject, situation);
  const engine::Decision decision = engine::decide(*subject.rule, situation);
  const language::Condition* condition = line_of(*subject.rule, decision.line).condition;
  if (condition == nullptr) return;
  values_[{subject.rule->id, subject.candidate->row, decision.line}] = engine::describe_values(
      *condition, *subject.rule, situation.facts, situation.now, *situation.zone);
}

void StoryLedger::saw_in_pass(const engine::Checks::Subject& subject,
                              const engine::Situation& situation) {
  const engine::PassVerdict verdict = engine::decide_in_pass(*subject.rule, situation);
  if (verdict.matched) return;
  LedgerEntry entry;
  // No firing has such a number.
  entry.firing = -1 - static_cast<std::int64_t>(unmatched_.size());
  entry.rule = subject.rule->id;
  entry.subject = subject.rule->trigger.subject;
  entry.row = subject.candidate->row;
  entry.state = MessageState::skipped;
  entry.reason = verdict.first.reason;
  entry.line = verdict.first.line;
  entry.due = subject.due;
  unmatched_.try_emplace({entry.rule, entry.row, entry.due}, entry);
}

void StoryLedger::refresh(store::Database& database) {
  entries_ = store::ledger_entries(database);
  store::People people(database);
  for (auto& [key, entry] : unmatched_) {
    if (entry.key.empty()) {
      entry.key = people.key_of(entry.subject, entry.row);
      const auto customer = store::customer_of(database, entry.subject, entry.row);
      if (customer) entry.customer = people.key_of(Subject::customer, *customer);
    }
    entries_.push_back(entry);
  }
}

const Rule* StoryLedger::rule(std::string_view id) const {
  const auto found = rules_.find(id);
  return found == rules_.end() ? nullptr : found->second;
}

std::vector<std::string> StoryLedger::rule_names() const {
  std::vector<std::string> names;
  for (const auto& entry : rules_) names.push_back(entry.first);
  return names;
}

const Step* StoryLedger::step_of(const LedgerEntry& entry) const {
  const Rule* of = rule(entry.rule);
  return of == nullptr ? nullptr : engine::Runs::step_of(*of, entry.step);
}

std::string StoryLedger::person(std::string_view customer_key) const {
  const auto found = people_.find(customer_key);
  return found == people_.end() ? std::string(customer_key) : found->second;
}

std::string StoryLedger::subject_text(const LedgerEntry& entry) const {
  const std::string who = person(entry.customer);
  if (entry.key.empty()) return "the schedule";
  if (entry.subject == Subject::customer) return person(entry.key);
  // An id that the story left out was made of its line, and says nothing.
  const std::string what = entry.key.starts_with("line-")
                               ? std::string(name_of(entry.subject))
                               : fmt::format("{} {}", name_of(entry.subject), entry.key);
  return who.empty() ? what : fmt::format("{}'s {}", who, what);
}

std::string StoryLedger::why(const LedgerEntry& entry) const {
  const Rule* of = rule(entry.rule);
  if (of == nullptr) return {};
  const language::Trigger& trigger = of->trigger;
  const std::string since =
      entry.anchor ? to_local_text(*entry.anchor, story_->zone) : std::string("?");
  const Step* step = step_of(entry);
  const Span& offset = step != nullptr && step->after ? *step->after : trigger.offset;
  const bool at_once = offset.is_zero();
  switch (trigger.kind) {
    case language::TriggerKind::state:
      return fmt::format("{} for {}, since {}", trigger.name, to_string(offset), since);
    case language::TriggerKind::event:
      return at_once ? fmt::format("{} on {}", trigger.name, since)
                     : fmt::format("{} after {} on {}", to_string(offset), trigger.name, since);
    case language::TriggerKind::date: return fmt::format("{}, {}", trigger.name, since);
    case language::TriggerKind::schedule: return fmt::format("every {}", trigger.name);
  }
  return {};
}

GoneOut StoryLedger::gone_out(Time at, const delivery::Outgoing& message) const {
  GoneOut gone;
  gone.at = at;
  if (message.endpoint.empty()) {
    gone.mail = render::read_mail(message.bytes);
  } else {
    gone.kind = language::StepKind::webhook;
    gone.name = message.endpoint;
    gone.mail.text = message.bytes;
  }
  for (const LedgerEntry& entry : entries_) {
    // What ended before the digest closed is not in it.
    const bool item = entry.envelope == message.id && entry.state != MessageState::skipped;
    if (entry.message != message.id && !item) continue;
    if (!entry.key.empty()) gone.about.push_back(entry.key);
    if (entry.firing != 0) gone.why = why(entry);
    gone.rule = entry.rule;
    gone.step = entry.step;
    gone.variant = entry.variant;
    if (const Step* step = step_of(entry)) {
      gone.kind = step->kind;
      gone.name = step->kind == language::StepKind::email ? step->template_name : step->target;
    }
    const bool team = gone.kind == language::StepKind::notify;
    if (!team) gone.to = person(entry.customer);
    if (team && !item) gone.to = entry.recipient;
  }
  return gone;
}

std::vector<const LedgerEntry*> StoryLedger::reasons() const {
  std::vector<const LedgerEntry*> found;
  for (const LedgerEntry& entry : entries_) {
    if (entry.reason == Reason::none || entry.reason == Reason::sent) continue;
    const bool over = is_final(entry.state) && !entry.next_at;
    if (over && told_.count({entry.message, entry.firing, entry.state, entry.reason}) != 0)
      continue;
    found.push_back(&entry);
  }
  return found;
}

void StoryLedger::looked() {
  for (const LedgerEntry& entry : entries_)
    if (is_final(entry.state))
      told_.insert({entry.message, entry.firing, entry.state, entry.reason});
}

std::string StoryLedger::reason_text(const LedgerEntry& entry) const {
  std::string text = fmt::format("{}: {}", name_of(entry.reason), subject_text(entry));
  const Rule* of = rule(entry.rule);
  if (of == nullptr) return text;
  text += fmt::format(", rule `{}`{}", of->id, entry.step.empty() ? "" : ", `" + entry.step + "`");
  const language::Line line = line_of(*of, entry.line);
  if (line.condition == nullptr) {
    const auto row = std::find_if(retaind::reasons().begin(), retaind::reasons().end(),
                                  [&](const ReasonRow& r) { return r.reason == entry.reason; });
    return text + fmt::format("\n{}", row->about);
  }
  text += fmt::format("\n{} in {}", line_text(line), place_text(line.condition->where));
  const auto values = values_.find({entry.rule, entry.row, entry.line});
  if (values != values_.end() && !values->second.empty())
    text += fmt::format("\nit read {}", values->second);
  return text;
}

}  // namespace retaind::replay
