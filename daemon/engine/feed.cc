#include <algorithm>

#include "engine/engine.h"
#include "store/change_feed.h"
#include "store/columns.h"
#include "store/related.h"

// What a change of the facts means for the rules.
namespace retaind::engine {

using language::TriggerKind;

bool Engine::is_behind() {
  if (!feed_known_) {
    feed_seen_ = ledger_.feed_seen();
    feed_known_ = true;
  }
  return ledger_.last_change() > feed_seen_;
}

bool Engine::read_feed(Time now, int limit) {
  if (!is_behind()) return false;
  std::int64_t known = running_.empty() ? 0 : ledger_.last_change();
  for (const auto& running : running_) known = std::min(known, running->news_after);
  if (known > feed_seen_) {
    feed_seen_ = known;
    ledger_.set_feed_seen(feed_seen_);
  }
  const auto changes = ledger_.changes_after(feed_seen_, limit);
  if (changes.empty()) return false;  // the transaction has failed and reads nothing more
  for (const store::FeedRow& change : changes) handle(change, now);
  feed_seen_ = changes.back().seq;
  ledger_.set_feed_seen(feed_seen_);
  return static_cast<int>(changes.size()) == limit;
}

void Engine::handle(const store::FeedRow& change, Time now) {
  const bool zone_changed =
      change.subject == Subject::customer &&
      (change.columns & store::column_mask(Subject::customer, "time_zone")) != 0;
  for (const auto& running : running_) {
    const language::Trigger& trigger = running->rule->trigger;
    if (trigger.kind == TriggerKind::schedule || change.seq <= running->news_after) continue;
    if (zone_changed && running->rule->customer_zone && trigger.subject != Subject::customer &&
        change.row != 0) {
      for (const std::int64_t row : running->trigger->rows().rows_of(change.row))
        look_at_row(*running, row, now);
    }
    if (trigger.subject != change.subject) continue;
    if (change.row == 0) {
      // A bulk load: the index ranges are looked through again from where the rule counts; the
      // ledger knows what it has. Written down, because the feed is not read twice.
      running->row.evaluated = running->row.counts_from.value_or(now) - running->trigger->spread();
      ledger_.set_evaluated(running->row.id, *running->row.evaluated);
      running->scan.reset();
      running->newer.reset();
      set_next(*running, now);
    } else if ((running->trigger->columns() & change.columns) != 0) {
      look_at_row(*running, change.row, now);
    }
  }
  if (change.row != 0) wake(change, now);
}

void Engine::look_at_row(Running& running, std::int64_t row, Time now) {
  const Time since = running.row.counts_from.value_or(now);
  const std::vector<Occurrence> occurrences = occurrences_of(running, row, since, now);
  for (const Occurrence& occurrence : occurrences) {
    const Time found_at = running.trigger->found_at(occurrence);
    // What lies before a scan is found by it.
    const bool between =
        running.scan && found_at > running.scan->due.through && found_at <= running.newer_from;
    const bool passed = !running.row.evaluated || found_at <= *running.row.evaluated || between ||
                        (running.scan && running.scan->passed(occurrence, found_at)) ||
                        (running.newer && running.newer->passed(occurrence, found_at));
    if (passed) {
      consider(running, occurrence, now);
    } else if (!running.next || found_at < *running.next) {
      set_next(running, std::max(found_at, now));
    }
  }
  for (const Firing& firing :
       ledger_.firings_of_row(running.row.id, running.draft(), running.trigger_id, row))
    look_at_known(running, firing, occurrences, since, now);
}

std::vector<Occurrence> Engine::occurrences_of(Running& running, std::int64_t row, Time since,
                                               Time now) {
  std::vector<Occurrence> found = running.trigger->of_row(row, since, now);
  const StateKind* state = running.rule->trigger.state;
  if (state == nullptr || !state->own) return found;
  // The store does not know where an episode of such a state ends. Of one that came to a firing the
  // engine does, and writes it down, or takes it back when the row is in that episode again.
  const auto is_known = [&](std::int64_t part) {
    return std::any_of(found.begin(), found.end(),
                       [&](const Occurrence& o) { return o.part == part; });
  };
  bool changed = false;
  const auto current =
      std::find_if(found.begin(), found.end(), [](const Occurrence& o) { return !o.ended; });
  if (current != found.end())
    changed = store::forget_ended(*database_, state->name, row, current->part);
  const store::Candidate* candidate = running.trigger->rows().by_row(row, now);
  if (candidate != nullptr && candidate->anchor && *candidate->anchor <= now) {
    for (const Firing& firing :
         ledger_.firings_of_row(running.row.id, running.draft(), running.trigger_id, row)) {
      if (!firing.anchor || firing.withdrawn || is_known(firing.part)) continue;
      changed = store::note_ended(*database_, {state->name, row, firing.part, *firing.anchor, now,
                                               candidate->history_until}) ||
                changed;
    }
  }
  return changed ? running.trigger->of_row(row, since, now) : found;
}

void Engine::look_at_known(Running& running, const Firing& firing,
                           const std::vector<Occurrence>& occurrences, Time since, Time now) {
  const bool date = running.rule->trigger.kind == TriggerKind::date;
  const bool yearly = date && running.rule->trigger.date->yearly;
  const auto same = std::find_if(occurrences.begin(), occurrences.end(),
                                 [&](const Occurrence& o) { return o.part == firing.part; });
  if (same == occurrences.end()) {
    if (yearly && firing.due <= since) return;  // nobody has looked that far back
    if (!firing.withdrawn) ledger_.withdraw_firing(firing.id);
    // A date that has come and then moves on to the next period was no mistake.
    const bool has_come = date && !yearly && firing.anchor && *firing.anchor <= now;
    if (firing.open && !has_come) runs_.end(firing, Reason::gone, -1, now);
    return;
  }
  if (same->ended) {
    if (firing.open) runs_.end(firing, Reason::state_ended, -1, now);
  } else {
    move(running, firing, *same, now);
  }
}

void Engine::wake(const store::FeedRow& change, Time now) {
  const auto subject = static_cast<std::size_t>(change.subject);
  const auto touched = [&](const Running& running) {
    return change.seq > running.news_after && (running.wakes[subject] & change.columns) != 0;
  };
  const auto touched_by_others = [&](const Running& running) {
    return change.seq > running.news_after && (running.wakes_others[subject] & change.columns) != 0;
  };
  const auto any = [&](const auto& test) {
    return std::any_of(running_.begin(), running_.end(), [&](const auto& r) { return test(*r); });
  };
  const auto wake_all = [&](const std::vector<store::Messages::Asleep>& messages,
                            const auto& test) {
    for (const auto& message : messages) {
      const Running* running = find(message.rule);
      if (running != nullptr && test(*running)) messages_.wake(message.id, now);
    }
  };
  if (any(touched)) wake_all(messages_.asleep_of_row(change.subject, change.row, now), touched);
  if (!any(touched_by_others)) return;
  if (const auto customer = store::customer_of(*database_, change.subject, change.row))
    wake_all(messages_.asleep_of_customer(*customer, now), touched_by_others);
}

}  // namespace retaind::engine
