#include <fmt/format.h>

#include <algorithm>

#include "engine/engine.h"
#include "store/columns.h"

// How a set of rule files becomes what runs (semantics 1-4).
namespace retaind::engine {
namespace {

using language::Rule;
using language::RuleStatus;
using language::TriggerKind;

// Facts before this do not exist for a daemon that sends mail.
constexpr Time beginning{Duration{0}};

/// What decides which occurrences there are and when they are due.
std::string timing_of(const Rule& rule) {
  const language::Trigger& t = rule.trigger;
  const Span within = rule.backlog.within.value_or(Span{});
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {}/{}/{}", t.name, t.column, t.offset.months,
                     t.offset.days, t.offset.elapsed.count(), t.at_minute.value_or(-1), t.weekdays,
                     t.month_day, rule.customer_zone, rule.backlog.all, within.months, within.days,
                     within.elapsed.count()) +
         (rule.business && t.offset.business ? " " + rule.business->canonical() : "");
}

std::string_view text_of(const Rule& rule) {
  return rule.trigger.where.source == nullptr ? std::string_view{}
                                              : std::string_view(rule.trigger.where.source->text);
}

bool is_yearly(const Rule& rule) {
  return rule.trigger.kind == TriggerKind::date && rule.trigger.date->yearly;
}

}  // namespace

std::int64_t count_left_out(Trigger& trigger, Time through, Time now) {
  if (const auto counted = trigger.count({beginning, through})) return *counted;
  std::int64_t count = 0;
  Trigger::Cursor cursor;
  while (trigger.scan({beginning, through}, cursor, 10000, now, [&](const Occurrence& occurrence) {
    if (occurrence.due <= through) ++count;
  })) {
  }
  return count;
}

Time counts_from(const Rule& rule, const Zone& site, Time activated) {
  // Of what recurs for ever the past is no backlog: of a yearly date the last one, of a schedule
  // none.
  if (rule.trigger.kind == TriggerKind::schedule) return activated;
  Time from = activated;
  if (rule.backlog.all) from = beginning;
  if (rule.backlog.within) from = site.add(activated, rule.backlog.within->negated());
  if (is_yearly(rule)) from = std::max(from, site.add(activated, Span{-12, 0, Duration{0}, false}));
  return from;
}

void Engine::start_counting(store::RuleRow& row, const Rule& rule, Time now) {
  Trigger trigger{*database_, rule, site_->zone};
  const bool scheduled = rule.trigger.kind == TriggerKind::schedule;
  row.activated_at = now;
  row.revised_at = now;
  const Time from = counts_from(rule, site_->zone, now);
  row.counts_from = from;
  row.evaluated = from - trigger.spread();
  row.left_out = 0;
  if (rule.backlog.all || is_yearly(rule) || scheduled) return;
  row.left_out = count_left_out(trigger, from, now);
  if (row.id == 0) return;
  // What was decided by an earlier timing is not left out, and no backlog would take it.
  const std::int64_t decided = ledger_.firings_through(row.id, rule.status == RuleStatus::draft,
                                                       ledger_.trigger_id(rule.trigger.name), from);
  row.left_out = std::max<std::int64_t>(0, row.left_out - decided);
}

void Engine::adopt_one(const Rule& rule, store::RuleRow* known, Time now) {
  auto running = std::make_unique<Running>();
  running->rule = &rule;
  running->trigger_id = ledger_.trigger_id(rule.trigger.name);
  running->trigger = std::make_unique<Trigger>(*database_, rule, site_->zone);
  running->trigger->rows().index_anchor();
  running_.push_back(std::move(running));
  Running& added = *running_.back();
  set_wakes(added);
  if (known != nullptr) {
    take_over(added, *known, now);
  } else {
    store::RuleRow row;
    row.name = rule.id;
    row.first_name = rule.id;
    row.status = static_cast<int>(rule.status);
    row.revision = rule.revision;
    row.timing = timing_of(rule);
    start_counting(row, rule, now);
    row.id = ledger_.add_rule(row, text_of(rule));
    added.row = row;
    added.news_after = ledger_.last_change();
  }
  added.trigger->rows().read_places({added.row.id, added.draft()});
  count_for_brake(added, now);
  set_next(added, now);
}

void Engine::take_over(Running& running, const store::RuleRow& known, Time now) {
  const Rule& rule = *running.rule;
  store::RuleRow row = known;
  const auto was = static_cast<RuleStatus>(row.status);
  const bool went_live = was == RuleStatus::draft && rule.status != RuleStatus::draft;
  const bool back = row.removed_at.has_value();
  const bool edited = row.revision != rule.revision;
  const bool retimed = row.timing != timing_of(rule);
  row.removed_at.reset();
  row.status = static_cast<int>(rule.status);
  row.timing = timing_of(rule);
  if (edited || back) {
    row.revision = rule.revision;
    row.revised_at = now;
    ledger_.add_revision(row.id, now, row.revision, text_of(rule));
  }
  if (went_live || back || retimed) {
    drop_passes(row.id, now);
    start_counting(row, rule, now);
  }
  if (went_live || back || retimed || edited || was != rule.status) ledger_.save_rule(row);
  running.row = row;
  if (rule.status == RuleStatus::live && was != RuleStatus::live)
    messages_.wake_reason(Reason::paused, row.id, now);
  if (went_live) {
    for (const std::int64_t id : ledger_.open_firings_of_rule(row.id, true, 0, INT32_MAX)) {
      if (const auto firing = ledger_.firing(id)) runs_.end(*firing, Reason::would_send, -1, now);
    }
  }
  if (edited || retimed) replan_all(running, now);
}

/// Unsent messages get their due anew from the anchor.
void Engine::replan_all(Running& running, Time now) {
  messages_.forget_reserved(running.row.id, number_of(site_->zone.date_of(now)));
  std::int64_t after = 0;
  while (true) {
    const auto ids = ledger_.open_firings_of_rule(running.row.id, running.draft(), after, 1000);
    if (ids.empty()) return;
    after = ids.back();
    for (const std::int64_t id : ids) {
      const auto firing = ledger_.firing(id);
      if (!firing) continue;
      if (firing->trigger != running.trigger_id) {
        // Another trigger has other occurrences; the row may even be of another kind.
        runs_.end(*firing, Reason::rule_removed, -1, now);
        continue;
      }
      const auto occurrences = running.trigger->of_row(firing->row, beginning, now);
      const auto same = std::find_if(occurrences.begin(), occurrences.end(),
                                     [&](const Occurrence& o) { return o.part == firing->part; });
      const bool moved = same != occurrences.end() && move(running, *firing, *same, now);
      if (!moved) runs_.replan(running, *firing, now);
    }
  }
}

/// So that the texts of the running rules can be read as they run.
void Engine::keep_vocabulary() {
  const auto& words = rules_.empty() ? nullptr : rules_.front().vocabulary;
  const std::string_view text = words == nullptr ? std::string_view() : words->text();
  if (ledger_.running_vocabulary() != text) ledger_.set_running_vocabulary(text);
}

void Engine::adopt(std::vector<Rule> rules, Time now) {
  heads_.clear();
  held_back_.clear();
  running_.clear();
  rules_ = std::move(rules);
  std::vector<store::RuleRow> known = ledger_.rules();
  const auto called = [&](std::string_view name) {
    return std::find_if(known.begin(), known.end(),
                        [&](const store::RuleRow& r) { return r.name == name; });
  };
  keep_vocabulary();
  for (const Rule& rule : rules_) {
    auto row = called(rule.id);
    if (row == known.end() && !rule.was.empty()) {
      row = called(rule.was);
      if (row != known.end()) ledger_.rename_rule(*row, rule.id);
    }
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
  ahead_through_.reset();
  pauses_ = std::any_of(rules_.begin(), rules_.end(), [](const Rule& rule) {
    return std::any_of(rule.steps.begin(), rule.steps.end(), [](const language::Step& step) {
      return step.kind == language::StepKind::pause_marketing;
    });
  });
}

void Engine::count_for_brake(Running& running, Time now) {
  running.brake_count = 0;
  if (running.draft() || now > running.brake_ends()) return;
  running.brake_count =
      messages_.let_loose(running.row.id, running.row.revised_at, running.brake_ends());
}

void Engine::set_wakes_of_others(Running& running, const language::Aggregate& aggregate) {
  const auto add = [&](Subject subject, std::string_view column) {
    running.wakes_others[static_cast<std::size_t>(subject)] |= store::column_mask(subject, column);
  };
  const Relation& relation = *aggregate.relation;
  const bool items = relation.of == Subject::item;
  add(items ? Subject::order : relation.of, relation.begins);
  add(items ? Subject::order : relation.of, "customer");
  if (items) add(Subject::item, "key");
  for (const language::Slot& slot : aggregate.slots) add(slot.field->subject, slot.field->column);
  for (const language::Node& node : aggregate.where.nodes) {
    if (node.op != language::Op::field || node.of_row) continue;
    const Field& field = *running.rule->slots[node.slot].field;
    running.wakes[static_cast<std::size_t>(field.subject)] |=
        store::column_mask(field.subject, field.column);
  }
}

void Engine::set_wakes(Running& running) {
  const Rule& rule = *running.rule;
  running.wakes[static_cast<std::size_t>(rule.trigger.subject)] |= running.trigger->columns();
  for (const auto* list : {&rule.stop_if, &rule.hold_while}) {
    for (const language::Condition& condition : *list) {
      for (const language::Node& node : condition.nodes) {
        if (node.op == language::Op::field) {
          const Field& field = *rule.slots[node.slot].field;
          running.wakes[static_cast<std::size_t>(field.subject)] |=
              store::column_mask(field.subject, field.column);
        }
        if (node.op == language::Op::aggregate)
          set_wakes_of_others(running, rule.aggregates[node.slot]);
      }
    }
  }
}

}  // namespace retaind::engine
