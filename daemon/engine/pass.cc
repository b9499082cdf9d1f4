#include "engine/pass.h"

#include <algorithm>

#include "engine/engine.h"

// A schedule with `each:` goes through all rows in slices, by id: a row that changes on the way is
// looked at once, whatever happens to it. The cursor is in the transaction of each slice.
namespace retaind::engine {
namespace {

using language::Rule;
using language::Step;

// As many ids as a slice may fetch from an index and keep; beyond that the table is read in its
// order.
constexpr std::size_t most_listed = 50'000;
// Rows that SQL leaves out cost a fraction of one that is decided.
constexpr std::int64_t left_out_at_once = 10;

}  // namespace

PassVerdict decide_in_pass(const Rule& rule, const Situation& situation) {
  Situation whole = situation;
  // The step's own `if` ends the step, and the steps behind it go on.
  if (rule.steps.size() > 1) whole.step = nullptr;
  if (Runs::first_step(rule) == nullptr) {
    const auto against = conditions_against(rule, whole);
    return {!against, against.value_or(Decision{})};
  }
  const Decision first = decide(rule, situation);
  if (first.verdict == Verdict::fire || first.reason == Reason::would_send) return {true, first};
  if (first.verdict == Verdict::skip && (rule.steps.size() == 1 || ends_run(first.reason)))
    return {false, first};
  if (const auto against = conditions_against(rule, whole)) return {false, *against};
  return {true, first};
}

bool Engine::walk(Running& running, Time now, int limit, Sender* sender) {
  const Time from = running.row.evaluated.value_or(now);
  const auto due = running.trigger->slots({from, now});
  if (!running.pass) {
    if (const auto open = passes_.open(running.row.id, running.draft()))
      running.pass.emplace().row = *open;
  }
  if (!due.empty()) begin_pass(running, due, now);
  if (running.pass) pass_slice(running, now, limit, sender);
  if (running.pass) return true;
  set_next(running, running.trigger->next_after(*running.row.evaluated));
  return false;
}

/// Of several slots that are due only the last is passed through, as of several messages of one
/// firing: nobody wants last week's and this week's at once.
void Engine::begin_pass(Running& running, const std::vector<ScheduleSlot>& slots, Time now) {
  if (running.pass) end_pass(running.pass->row, {Reason::late_limit, -1, false, 0}, now);
  running.pass.reset();
  miss_slots(running, slots, now);
  running.row.evaluated = slots.back().due;
  ledger_.set_evaluated(running.row.id, slots.back().due);
  Pass pass;
  pass.row = pass_of(running, slots.back());
  const auto id = passes_.add(pass.row);
  if (!id) return;
  pass.row.id = *id;
  running.pass = std::move(pass);
}

void Engine::miss_slots(Running& running, const std::vector<ScheduleSlot>& slots, Time now) {
  for (std::size_t i = 0; i + 1 < slots.size(); ++i) {
    store::PassRow missed = pass_of(running, slots[i]);
    missed.last_row = missed.through_row;
    missed.ended = now;
    if (const auto id = passes_.add(missed))
      passes_.count(*id, {Reason::late_limit, -1, false,
                          passes_.rows_through(missed.subject, missed.through_row)});
  }
}

store::PassRow Engine::pass_of(const Running& running, const ScheduleSlot& slot) {
  store::PassRow pass;
  pass.rule = running.row.id;
  pass.draft = running.draft();
  pass.trigger = running.trigger_id;
  pass.subject = running.rule->trigger.subject;
  pass.part = slot.nominal;
  pass.due = slot.due;
  pass.through_row = running.trigger->rows().most_rows();
  return pass;
}

/// What nobody has looked at is counted as `rest`.
void Engine::end_pass(store::PassRow& pass, const store::PassCount& rest, Time now) {
  const std::int64_t all = passes_.rows_through(pass.subject, pass.through_row);
  store::PassCount count = rest;
  count.rows = std::max<std::int64_t>(0, all - passes_.decided(pass));
  passes_.count(pass.id, count);
  pass.ended = now;
  passes_.save(pass);
}

/// The rule has other slots from now on, or none.
void Engine::drop_passes(std::int64_t rule, Time now) {
  for (const bool draft : {false, true}) {
    if (auto open = passes_.open(rule, draft))
      end_pass(*open, {Reason::rule_removed, -1, false, 0}, now);
  }
}

/// Who watches is shown every row.
std::optional<TimeRange> Engine::narrowed(const Running& running, Time now) const {
  return checks_->is_watched() ? std::nullopt : running.trigger->narrowed(now);
}

/// Asks the index which rows there are to look at. Again after a restart, by the facts as they are
/// then: whoever is left out of that cannot pass now.
void Engine::look_up(Running& running, Time now) {
  Pass& pass = *running.pass;
  pass.looked_for = true;
  const auto range = narrowed(running, now);
  if (!range) return;
  auto rows =
      running.trigger->rows().within(*range, pass.row.last_row, pass.row.through_row, most_listed);
  pass.listed = rows.has_value();
  if (rows) pass.rows = *std::move(rows);
}

void Engine::pass_slice(Running& running, Time now, int limit, Sender* sender) {
  Pass& pass = *running.pass;
  if (!pass.looked_for) look_up(running, now);
  running.places.clear();
  const Step* first = Runs::first_step(*running.rule);
  const ScheduleSlot slot{pass.row.due, pass.row.part};
  const auto visit = [&](const store::Candidate& candidate) {
    consider_in_pass(running, Trigger::make_each(candidate, slot), now, sender);
    return sender == nullptr || first == nullptr || sender->appetite(Runs::channel_of(*first)) > 0;
  };
  store::Occurrences& rows = running.trigger->rows();
  const std::int64_t through = pass.row.through_row;
  std::int64_t& last = pass.row.last_row;
  if (pass.listed) {
    bool more = true;
    for (int i = 0; i < limit && more && pass.next < pass.rows.size(); ++i) {
      last = pass.rows[pass.next++];
      rows.walk(last - 1, last, std::nullopt, 1, now,
                [&](const store::Candidate& c) { return more = visit(c); });
    }
    if (pass.next == pass.rows.size()) last = through;
  } else {
    const auto range = narrowed(running, now);
    const std::int64_t to = range ? std::min(through, last + limit * left_out_at_once) : through;
    last = rows.walk(last, to, range, limit, now, visit);
  }
  for (const auto& [why, count] : pass.counts)
    passes_.count(pass.row.id, {why.first, why.second, false, count});
  pass.counts.clear();
  if (last < through) return passes_.save(pass.row);
  // What is left is what the index left out, or rows without a customer.
  const bool by_index = narrowed(running, now).has_value();
  end_pass(pass.row,
           {by_index ? Reason::condition_false : Reason::no_address,
            by_index ? running.trigger->narrowed_by() : -1, by_index, 0},
           now);
  running.pass.reset();
}

void Engine::consider_in_pass(Running& running, const Occurrence& occurrence, Time now,
                              Sender* sender) {
  Firing firing = firing_of(running, occurrence);
  const PassVerdict verdict =
      decide_in_pass(*running.rule, situation_of(running, firing, occurrence, now));
  Pass& pass = *running.pass;
  if (!verdict.matched) {
    ++pass.counts[{verdict.first.reason, verdict.first.line}];
    return;
  }
  const bool decided = Runs::first_step(*running.rule) != nullptr;
  begin(running, firing, occurrence, decided ? &verdict.first : nullptr, now, sender);
  ++pass.row.fired;
}

}  // namespace retaind::engine
