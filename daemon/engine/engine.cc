#include "engine/engine.h"

#include <algorithm>
#include <limits>

namespace retaind::engine {
namespace {

using language::Rule;
using language::Step;
using language::TriggerKind;

constexpr int feed_slice = 1000;
constexpr int smallest_slice = 50;
// Between two looks at what falls due beside a scan that was cut.
constexpr Duration newer_pause{50};

}  // namespace

Engine::Engine(store::Database& database, Checks& checks, const Site& site)
    : database_(&database),
      ledger_(database),
      messages_(database),
      passes_(database),
      checks_(&checks),
      site_(&site),
      runs_(database, site) {}

void Engine::set_next(Running& running, std::optional<Time> next) {
  if (running.next) heads_.erase({*running.next, &running});
  running.next = next;
  if (next) heads_.insert({*next, &running});
}

std::optional<Time> Engine::next_due() const {
  for (const auto& [at, running] : heads_) {
    if (!running->held_back) return at;
  }
  return std::nullopt;
}

Running* Engine::find(std::int64_t rule) {
  const auto found = std::find_if(running_.begin(), running_.end(),
                                  [&](const auto& r) { return r->row.id == rule; });
  return found == running_.end() ? nullptr : found->get();
}

void Engine::forget(Time now) {
  feed_known_ = false;
  const auto rows = ledger_.rules();
  for (const auto& running : running_) {
    running->scan.reset();
    running->newer.reset();
    running->pass.reset();
    for (const store::RuleRow& row : rows) {
      if (row.id == running->row.id) running->row = row;
    }
    count_for_brake(*running, now);
    set_next(*running, now);
  }
}

namespace {

/// Whether a planned message could leave.
bool has_due(store::Messages& messages, Time now) {
  const auto is_due = [&](Channel channel) {
    const auto next = messages.next_check(channel);
    return next && *next <= now;
  };
  return is_due(Channel::mail) || is_due(Channel::webhook);
}

/// How many of the rule's first step the sender takes now.
int appetite(const Running& running, Sender* sender) {
  const Step* first = Runs::first_step(*running.rule);
  const bool any = sender == nullptr || first == nullptr;
  return any ? std::numeric_limits<int>::max() : sender->appetite(Runs::channel_of(*first));
}

bool is_sated(const Running& running, Sender* sender) { return appetite(running, sender) <= 0; }

}  // namespace

bool Engine::run_due(Time now, int limit, Sender* sender) {
  const bool waited = has_due(messages_, now);
  bool more = read_feed(now, feed_slice);
  // The sender has not seen what the changes have just made due.
  const bool has_new = !waited && has_due(messages_, now);
  std::vector<Running*> due;
  for (auto head = heads_.begin(); head != heads_.end() && head->first <= now; ++head) {
    head->second->held_back = false;
    due.push_back(head->second);
  }
  std::erase_if(held_back_, [](const Running* running) { return !running->held_back; });
  if (due.empty()) return more;
  // Each rule gets a slice, so that one with a backlog delays no other.
  const int slice = std::max(smallest_slice, limit / static_cast<int>(due.size()));
  // Where several are due, all are planned before anything leaves: priority decides among them.
  Sender* const places = sender;
  if (more || has_new || due.size() > 1) sender = nullptr;
  for (Running* running : due) {
    // Of a scan that was cut no more is planned than leaves, or what falls due next would wait for
    // it.
    const int most = std::min(slice, appetite(*running, running->scan ? places : sender));
    running->held_back = most <= 0;
    if (!running->held_back) {
      if (!scan(*running, now, sender == nullptr ? most : slice, sender)) continue;
      set_next(*running, now);
      running->held_back = is_sated(*running, sender);
    }
    if (running->held_back)
      held_back_.push_back(running);
    else
      more = true;
  }
  const auto next = next_due();
  return more || (next && *next <= now);
}

bool Engine::holds_back(Channel channel) const {
  return std::any_of(held_back_.begin(), held_back_.end(), [&](const Running* running) {
    return Runs::channel_of(*Runs::first_step(*running->rule)) == channel;
  });
}

bool Engine::scan(Running& running, Time now, int limit, Sender* sender) {
  if (running.rule->trigger.each) return walk(running, now, limit, sender);
  const Time from = running.row.evaluated.value_or(now);
  if (!running.scan && now <= from) {
    // The clock was set back: the ledger has what is due until `from`.
    set_next(running, running.trigger->next_after(from));
    return false;
  }
  running.places.clear();
  if (!running.scan && !running.newer && scan_ahead(running, now, sender)) return false;
  if (!running.scan) {
    // A backlog that an earlier process had begun with.
    const auto activated = running.row.activated_at;
    const Time through = activated && from < *activated ? std::min(now, *activated) : now;
    running.scan = Scan{{from, through}, {}, false, std::nullopt};
    running.newer_from = through;
  }
  if (scan_newer(running, now, limit, sender)) return true;
  if (go_on(running, *running.scan, now, limit, sender)) return true;
  const bool found = running.scan->found || running.newer_from > running.scan->due.through;
  running.scan.reset();
  running.row.evaluated = running.newer_from;
  // Nothing due writes nothing: the next start then looks at the same empty range again.
  if (found) ledger_.set_evaluated(running.row.id, running.newer_from);
  set_next(running, next_after(running, running.newer_from));
  return false;
}

/// What has fallen due since the scan began does not wait for the rest of it, which may be a
/// backlog of hours. True when there is no more to be done now.
bool Engine::scan_newer(Running& running, Time now, int limit, Sender* sender) {
  if (!running.newer && now - running.newer_from >= newer_pause)
    running.newer = Scan{{running.newer_from, now}, {}, false, std::nullopt};
  if (!running.newer) return false;
  if (go_on(running, *running.newer, now, limit, sender)) return true;
  running.newer_from = running.newer->due.through;
  const bool found = running.newer->found;
  running.newer.reset();
  return found && is_sated(running, sender);
}

bool Engine::go_on(Running& running, Scan& scan, Time now, int limit, Sender* sender) {
  return running.trigger->scan(scan.due, scan.cursor, limit, now,
                               [&](const Occurrence& occurrence) {
                                 scan.found = true;
                                 if (!running.trigger->yearly() && !occurrence.ended)
                                   scan.seen = occurrence.anchor;
                                 consider(running, occurrence, now, sender);
                                 return !is_sated(running, sender);
                               });
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

Firing Engine::firing_of(const Running& running, const Occurrence& occurrence) const {
  Firing firing;
  firing.rule = running.row.id;
  firing.draft = running.draft();
  firing.trigger = running.trigger_id;
  firing.subject = running.rule->trigger.subject;
  firing.row = occurrence.row;
  firing.part = occurrence.part;
  firing.customer = occurrence.customer;
  firing.anchor = occurrence.anchor;
  firing.due = firing.planned = occurrence.due;
  firing.scope = Runs::scope_of(*running.rule, occurrence.row, occurrence.customer);
  return firing;
}

void Engine::consider(Running& running, const Occurrence& occurrence, Time now, Sender* sender) {
  Firing firing = firing_of(running, occurrence);
  const auto move_known = [&] {
    if (const auto known = ledger_.find_firing(firing)) move(running, *known, occurrence, now);
  };
  const Admission admitted = admission(running, occurrence);
  if (admitted == Admission::none) return move_known();
  if (admitted == Admission::backlog) firing.planned = now;
  // With `timezone: customer` a firing is planned ahead, and with `after:` steps alone nothing is
  // due yet: then nothing is decided.
  const bool decided = firing.due <= now && Runs::first_step(*running.rule) != nullptr;
  const Decision first =
      decided ? decide(*running.rule, situation_of(running, firing, occurrence, now)) : Decision{};
  if (!begin(running, firing, occurrence, decided ? &first : nullptr, now, sender)) move_known();
}

/// False when the occurrence has a firing already. Nearly always it is new: the ledger's unique key
/// says when it is not.
bool Engine::begin(Running& running, Firing& firing, const Occurrence& occurrence,
                   const Decision* first, Time now, Sender* sender) {
  Runs::Begun begun;
  begun.first = first;
  const Runs::Take take = [&](const Step& step, Message& message, bool at_once) {
    return sender->take(running, occurrence, firing, step, message, at_once, now);
  };
  if (sender != nullptr && first != nullptr && first->verdict == Verdict::fire &&
      occurrence.candidate != nullptr) {
    begun.take = &take;
    begun.arrives_at_once =
        sender->arrives_at_once(Runs::channel_of(*Runs::first_step(*running.rule)));
    const store::Candidate& row = *occurrence.candidate;
    if (!row.subject_key.empty()) {
      begun.is_new = !row.has_firing;
      begun.keys = {row.subject_key, row.customer_key};
    }
  }
  return runs_.begin(running, firing, begun, now);
}

Situation Engine::situation_of(Running& running, const Firing& firing, const Occurrence& occurrence,
                               Time now) {
  Checks::Subject subject;
  subject.rule = running.rule;
  subject.row = &running.row;
  subject.step = Runs::first_step(*running.rule);
  // Every step has an `after:`: what is asked of all of them.
  if (subject.step == nullptr) subject.step = &running.rule->steps.front();
  subject.trigger = running.trigger.get();
  subject.candidate = occurrence.candidate;
  subject.due = firing.planned;
  subject.late_from = firing.planned;
  subject.scope = firing.scope;
  subject.place_read = place_as_read(running, firing, occurrence);
  subject.customer = firing.customer;
  subject.draft = firing.draft;
  subject.ended = occurrence.ended;
  return checks_->situation(subject, now);
}

/// A scan reads each row together with its place. Where several rows share one, a row before may
/// have taken it since the scan began, and whether SQLite shows that is undefined.
bool Engine::place_as_read(Running& running, const Firing& firing, const Occurrence& occurrence) {
  if (!firing.scope || occurrence.candidate == nullptr || !occurrence.candidate->place_read)
    return false;
  return running.rule->once_per == running.rule->trigger.subject ||
         running.places.insert(*firing.scope).second;
}

/// Whether the facts had moved.
bool Engine::move(Running& running, Firing firing, const Occurrence& occurrence, Time now) {
  if (firing.due == occurrence.due && firing.anchor == occurrence.anchor &&
      firing.customer == occurrence.customer && !firing.withdrawn)
    return false;
  const bool was_backlog = firing.planned > firing.due;
  const bool becomes_backlog = admission(running, occurrence) == Admission::backlog;
  firing.anchor = occurrence.anchor;
  firing.due = occurrence.due;
  firing.planned = was_backlog       ? std::max(firing.planned, occurrence.due)
                   : becomes_backlog ? now
                                     : occurrence.due;
  firing.customer = occurrence.customer;
  ledger_.move_firing(firing);
  if (firing.open) runs_.replan(running, firing, now);
  return true;
}

}  // namespace retaind::engine
