#include "engine/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/columns.h"

namespace retaind::engine {
namespace {

using language::Rule;
using language::RuleStatus;
using language::TriggerKind;

// Facts before this do not exist for a daemon that sends mail.
constexpr Time beginning{Duration{0}};
constexpr int feed_slice = 1000;

std::string timing_of(const Rule& rule) {
  const language::Trigger& t = rule.trigger;
  return fmt::format("{} {} {} {} {} {} {} {} {}", t.name, t.column, t.offset.months, t.offset.days,
                     t.offset.elapsed.count(), t.at_minute.value_or(-1), t.weekdays, t.month_day,
                     rule.customer_zone);
}

std::string_view text_of(const Rule& rule) {
  return rule.trigger.where.source == nullptr ? std::string_view{}
                                              : std::string_view(rule.trigger.where.source->text);
}

}  // namespace

std::int64_t count_left_out(Trigger& trigger, TimeRange due, Time now) {
  std::int64_t count = 0;
  Trigger::Cursor cursor;
  while (trigger.scan(due, cursor, 10000, now, [&](const Occurrence&) { ++count; })) {
  }
  return count;
}

Engine::Engine(store::Database& database, Checks& checks, const Site& site)
    : database_(&database),
      ledger_(database),
      messages_(database),
      checks_(&checks),
      site_(&site),
      runs_(database, checks, site) {}

void Engine::start_counting(store::RuleRow& row, const Rule& rule, Time now) {
  row.activated_at = now;
  row.revised_at = now;
  Time from = now;
  if (rule.backlog.all) from = beginning;
  if (rule.backlog.within) from = site_->zone.add(now, rule.backlog.within->negated());
  row.counts_from = from;
  row.evaluated = from;
  row.left_out = 0;
  // A yearly date has no past that anyone could have missed.
  const bool yearly = rule.trigger.kind == TriggerKind::date && rule.trigger.date->yearly;
  if (rule.backlog.all || yearly || rule.trigger.kind == TriggerKind::schedule) return;
  Trigger trigger{*database_, rule, site_->zone};
  row.left_out = count_left_out(trigger, {beginning, from}, now);
}

void Engine::adopt_one(const Rule& rule, store::RuleRow* known, Time now) {
  auto running = std::make_unique<Running>();
  running->rule = &rule;
  const std::string timing = timing_of(rule);
  bool retimed = false;
  if (known == nullptr) {
    store::RuleRow row;
    row.name = rule.id;
    row.first_name = rule.id;
    row.status = static_cast<int>(rule.status);
    row.revision = rule.revision;
    row.timing = timing;
    start_counting(row, rule, now);
    row.id = ledger_.add_rule(row, text_of(rule));
    running->row = row;
  } else {
    store::RuleRow row = *known;
    const auto was = static_cast<RuleStatus>(row.status);
    const bool went_live = was == RuleStatus::draft && rule.status != RuleStatus::draft;
    const bool back = row.removed_at.has_value();
    const bool edited = row.revision != rule.revision;
    retimed = row.timing != timing;
    row.removed_at.reset();
    row.status = static_cast<int>(rule.status);
    row.timing = timing;
    if (edited || back) {
      row.revision = rule.revision;
      row.revised_at = now;
      ledger_.add_revision(row.id, now, row.revision, text_of(rule));
    }
    if (went_live || back || retimed) start_counting(row, rule, now);
    if (went_live || back || retimed || edited || was != rule.status || known->status != row.status)
      ledger_.save_rule(row);
    if (was == RuleStatus::paused && rule.status == RuleStatus::live)
      messages_.wake_reason(Reason::paused, row.id, now);
    if (edited) messages_.wake_rule(row.id, now);
    running->row = row;
    if (went_live) {
      for (const std::int64_t id : ledger_.open_firings_of_rule(row.id, true, 0, INT32_MAX)) {
        if (const auto firing = ledger_.firing(id))
          runs_.end(*running, *firing, Reason::would_send, -1, now);
      }
    }
  }
  running->trigger_id = ledger_.trigger_id(rule.trigger.name);
  running->trigger = std::make_unique<Trigger>(*database_, rule, site_->zone);
  set_wakes(*running);
  running_.push_back(std::move(running));
  if (retimed) retime(*running_.back(), now);
  set_next(*running_.back(), now);
}

void Engine::adopt(std::vector<Rule> rules, Time now) {
  heads_.clear();
  running_.clear();
  rules_ = std::move(rules);
  std::vector<store::RuleRow> known = ledger_.rules();
  for (const Rule& rule : rules_) {
    const auto row = std::find_if(known.begin(), known.end(),
                                  [&](const store::RuleRow& r) { return r.name == rule.id; });
    adopt_one(rule, row == known.end() ? nullptr : &*row, now);
  }
  for (store::RuleRow& row : known) {
    const bool kept =
        std::any_of(rules_.begin(), rules_.end(), [&](const Rule& r) { return r.id == row.name; });
    if (kept || row.removed_at) continue;
    row.removed_at = now;
    ledger_.save_rule(row);
    messages_.wake_rule(row.id, now);
  }
  feed_seen_ = ledger_.feed_seen();
  feed_known_ = true;
}

void Engine::set_wakes(Running& running) {
  const Rule& rule = *running.rule;
  running.wakes[static_cast<std::size_t>(rule.trigger.subject)] |= running.trigger->columns();
  for (const auto* list : {&rule.stop_if, &rule.hold_while}) {
    for (const language::Condition& condition : *list) {
      for (const language::Node& node : condition.nodes) {
        if (node.op != language::Op::field) continue;
        const Field& field = *rule.slots[node.slot].field;
        running.wakes[static_cast<std::size_t>(field.subject)] |=
            store::column_mask(field.subject, field.column);
      }
    }
  }
}

void Engine::set_next(Running& running, std::optional<Time> next) {
  if (running.next) heads_.erase({*running.next, &running});
  running.next = next;
  if (next) heads_.insert({*next, &running});
}

std::optional<Time> Engine::next_due() const {
  if (heads_.empty()) return std::nullopt;
  return heads_.begin()->first;
}

Running* Engine::find(std::int64_t rule) {
  const auto found = std::find_if(running_.begin(), running_.end(),
                                  [&](const auto& r) { return r->row.id == rule; });
  return found == running_.end() ? nullptr : found->get();
}

void Engine::forget(Time now) {
  feed_known_ = false;
  for (const auto& running : running_) {
    running->cursor.reset();
    for (const store::RuleRow& row : ledger_.rules()) {
      if (row.id == running->row.id) running->row = row;
    }
    set_next(*running, now);
  }
}

bool Engine::run_due(Time now, int limit) {
  bool more = read_feed(now, feed_slice);
  int left = limit;
  while (!heads_.empty() && heads_.begin()->first <= now && left > 0) {
    Running& running = *heads_.begin()->second;
    const bool cut = scan(running, now, left);
    left -= limit / 4;  // A rule with a backlog gives way to the others after a slice.
    if (cut) {
      set_next(running, now);
      more = true;
      // Behind the others that are due now.
      if (heads_.size() > 1 && std::next(heads_.begin())->first <= now) continue;
      break;
    }
  }
  return more || (!heads_.empty() && heads_.begin()->first <= now);
}

bool Engine::scan(Running& running, Time now, int limit) {
  if (!running.cursor) {
    running.cursor.emplace();
    running.scan_through = now;
  }
  const Time from = running.row.evaluated.value_or(now);
  bool found = false;
  const bool more = running.trigger->scan({from, running.scan_through}, *running.cursor, limit, now,
                                          [&](const Occurrence& occurrence) {
                                            found = true;
                                            consider(running, occurrence, now);
                                          });
  if (more) return true;
  running.cursor.reset();
  running.row.evaluated = running.scan_through;
  // Nothing due writes nothing: the next start then looks at the same empty range again.
  if (found) ledger_.set_evaluated(running.row.id, running.scan_through);
  set_next(running, running.trigger->next_after(running.scan_through));
  return false;
}

Engine::Admission Engine::admission(const Running& running, const Occurrence& occurrence) const {
  const store::RuleRow& row = running.row;
  if (row.counts_from && occurrence.due <= *row.counts_from) return Admission::none;
  if (occurrence.history_until && occurrence.due <= *occurrence.history_until) {
    const language::Backlog& backlog = running.rule->backlog;
    if (backlog.all) return Admission::backlog;
    if (!backlog.within) return Admission::none;
    const Time from = site_->zone.add(*occurrence.history_until, backlog.within->negated());
    return occurrence.due > from ? Admission::backlog : Admission::none;
  }
  return row.activated_at && occurrence.due <= *row.activated_at ? Admission::backlog
                                                                 : Admission::regular;
}

void Engine::consider(Running& running, const Occurrence& occurrence, Time now) {
  const Rule& rule = *running.rule;
  const Admission admitted = admission(running, occurrence);
  if (admitted == Admission::none) return;
  Firing firing;
  firing.rule = running.row.id;
  firing.draft = running.draft();
  firing.trigger = running.trigger_id;
  firing.subject = rule.trigger.subject;
  firing.row = occurrence.row;
  firing.part = occurrence.part;
  if (const auto known = ledger_.find_firing(firing)) {
    if (known->due != occurrence.due || known->anchor != occurrence.anchor)
      move(running, *known, occurrence, now);
    return;
  }
  firing.customer = occurrence.customer;
  firing.anchor = occurrence.anchor;
  firing.due = occurrence.due;
  firing.planned = admitted == Admission::backlog ? now : occurrence.due;
  firing.scope = runs_.scope_of(rule, occurrence.row, occurrence.customer);

  Checks::Subject subject;
  subject.rule = &rule;
  subject.row = &running.row;
  subject.step = &rule.steps.front();
  subject.trigger = running.trigger.get();
  subject.candidate = occurrence.candidate;
  subject.due = firing.planned;
  subject.late_from = firing.planned;
  subject.scope = firing.scope;
  subject.customer = firing.customer;
  subject.draft = firing.draft;
  subject.ended = occurrence.ended;
  const Decision first = decide(rule, checks_->situation(subject, now));
  runs_.begin(running, firing, occurrence, first, now);
}

void Engine::move(Running& running, const Firing& firing, const Occurrence& occurrence, Time now) {
  ledger_.move_firing(firing.id, occurrence.anchor, occurrence.due);
  if (!firing.open) return;
  bool first = true;
  for (const std::int64_t id : messages_.of_firing(firing.id)) {
    auto message = messages_.find(id);
    if (!message) continue;
    const language::Step* step = Runs::step_of(*running.rule, message->step);
    const bool waits =
        message->state == MessageState::planned || message->state == MessageState::held;
    if (waits && step != nullptr && message->repeat == 0 && !message->envelope) {
      std::optional<Time> due;
      if (step->after)
        due = site_->zone.add(occurrence.anchor.value_or(occurrence.due), *step->after);
      if (!step->after && first)
        due = step->wait ? site_->zone.add(occurrence.due, *step->wait) : occurrence.due;
      if (due) {
        message->due = *due;
        message->late_from = *due;
        message->next_at = std::max(*due, now);
        messages_.save(*message);
      }
    }
    if (step != nullptr && !step->after) first = false;
  }
}

void Engine::retime(Running& running, Time now) {
  std::int64_t after = 0;
  while (true) {
    const auto ids = ledger_.open_firings_of_rule(running.row.id, running.draft(), after, 1000);
    if (ids.empty()) return;
    after = ids.back();
    for (const std::int64_t id : ids) {
      const auto firing = ledger_.firing(id);
      if (!firing || !firing->anchor) continue;
      Occurrence occurrence;
      occurrence.anchor = firing->anchor;
      occurrence.due = running.trigger->due_of(*firing->anchor, site_->zone);
      if (occurrence.due != firing->due) move(running, *firing, occurrence, now);
    }
  }
}

bool Engine::read_feed(Time now, int limit) {
  if (!feed_known_) {
    feed_seen_ = ledger_.feed_seen();
    feed_known_ = true;
  }
  const auto changes = ledger_.changes_after(feed_seen_, limit);
  if (changes.empty()) return false;
  for (const store::FeedRow& change : changes) handle(change, now);
  feed_seen_ = changes.back().seq;
  ledger_.set_feed_seen(feed_seen_);
  return static_cast<int>(changes.size()) == limit;
}

void Engine::handle(const store::FeedRow& change, Time now) {
  for (const auto& running : running_) {
    const language::Trigger& trigger = running->rule->trigger;
    if (trigger.subject != change.subject || trigger.kind == TriggerKind::schedule) continue;
    if (change.row == 0) {
      // A bulk load: the index ranges are looked through again from where the rule counts; the
      // ledger knows what it has.
      running->row.evaluated = running->row.counts_from;
      running->cursor.reset();
      set_next(*running, now);
    } else if ((running->trigger->columns() & change.columns) != 0) {
      look_at_row(*running, change.row, now);
    }
  }
  if (change.row != 0) wake(change, now);
}

void Engine::look_at_row(Running& running, std::int64_t row, Time now) {
  const std::vector<Occurrence> occurrences = running.trigger->of_row(row, now);
  for (const Occurrence& occurrence : occurrences) {
    const bool scanned = running.row.evaluated && occurrence.due <= *running.row.evaluated;
    if (scanned || occurrence.due <= now) {
      consider(running, occurrence, now);
      continue;
    }
    Firing key;
    key.rule = running.row.id;
    key.draft = running.draft();
    key.trigger = running.trigger_id;
    key.row = row;
    key.part = occurrence.part;
    const auto known = ledger_.find_firing(key);
    if (known && (known->due != occurrence.due || known->anchor != occurrence.anchor))
      move(running, *known, occurrence, now);
    if (!running.next || occurrence.due < *running.next)
      set_next(running, std::max(occurrence.due, now));
  }
  const bool yearly =
      running.rule->trigger.kind == TriggerKind::date && running.rule->trigger.date->yearly;
  const int year = static_cast<int>(site_->zone.date_of(now).year());
  for (const Firing& firing :
       ledger_.firings_of_row(running.row.id, running.draft(), running.trigger_id, row)) {
    const bool still = std::any_of(occurrences.begin(), occurrences.end(),
                                   [&](const Occurrence& o) { return o.part == firing.part; });
    if (still || (yearly && std::abs(firing.part / 10000 - year) > 1)) continue;
    ledger_.withdraw_firing(firing.id);
    if (firing.open) runs_.end(running, firing, Reason::gone, -1, now);
  }
}

void Engine::wake(const store::FeedRow& change, Time now) {
  const auto touched = [&](std::int64_t rule) {
    const Running* running = find(rule);
    return running != nullptr &&
           (running->wakes[static_cast<std::size_t>(change.subject)] & change.columns) != 0;
  };
  for (const std::int64_t id : ledger_.open_firings(change.subject, change.row)) {
    const auto firing = ledger_.firing(id);
    if (!firing || !touched(firing->rule)) continue;
    for (const std::int64_t message : messages_.of_firing(id)) messages_.wake(message, now);
  }
  if (change.subject != Subject::customer) return;
  for (const std::int64_t id : messages_.waiting_of_customer(change.row)) {
    const auto message = messages_.find(id);
    if (message && touched(message->rule)) messages_.wake(id, now);
  }
}

}  // namespace retaind::engine
