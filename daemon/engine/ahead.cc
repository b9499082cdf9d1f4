#include <algorithm>
#include <functional>
#include <limits>

#include "engine/engine.h"

// Most occurrences end at once, with a reason and without a message. While no fact changes, that
// can be decided before their time, all of a rule in one scan, and no instant is lived for them.
namespace retaind::engine {
namespace {

bool same(const Decision& a, const Decision& b) {
  return a.verdict == b.verdict && a.reason == b.reason && a.line == b.line;
}

// Of one rule, between two looks ahead.
constexpr std::size_t most_kept = 1000;

/// Those of which a scan finds many that are due at many times: of a time of day it finds all at
/// once anyway, as of a date that comes every year, and with `timezone: customer` a scan asks by
/// another time than the due.
bool is_scattered(const Running& running) {
  const language::Rule& rule = *running.rule;
  const language::Trigger& trigger = rule.trigger;
  return trigger.kind != language::TriggerKind::schedule && !running.trigger->yearly() &&
         !trigger.at_minute && !rule.customer_zone && Runs::first_step(rule) != nullptr;
}

}  // namespace

void Engine::look_ahead(Time now, Time until) {
  if (ahead_through_ && *ahead_through_ >= until) return;
  if (checks_->is_watched() || is_behind()) return;
  checks_->refresh_holds(now);
  for (const auto& running : running_) {
    const bool busy = running->scan || running->held_back || !running->row.evaluated ||
                      (running->next && *running->next <= now);
    if (!busy && is_scattered(*running)) look_ahead(*running, now, until);
  }
  ahead_through_ = until;
}

void Engine::look_ahead(Running& running, Time now, Time until) {
  const Time from = std::max(*running.row.evaluated, running.ahead_through.value_or(now));
  if (until <= from) return;
  const store::Occurrences::Ahead ahead{
      [&](Time anchor) { return running.trigger->due_of(anchor, site_->zone); },
      running.trigger_id};
  store::Occurrences& rows = running.trigger->rows();
  Trigger::Cursor cursor;
  running.places.clear();
  rows.read_ahead(&ahead);
  running.trigger->scan(
      {from, until}, cursor, std::numeric_limits<int>::max(), now,
      [&](const Occurrence& occurrence) {
        if (ends_ahead(running, occurrence, now)) return;
        running.ahead_stops.push_back({occurrence.due, nullptr});
        // What is paused is no fact, and may change.
        if (occurrence.candidate != nullptr && !pauses_ && running.ahead_stops.size() <= most_kept)
          running.ahead_stops.back().row = std::make_unique<store::Candidate>(rows.take_shown());
      });
  rows.read_ahead(nullptr);
  std::stable_sort(running.ahead_stops.begin(), running.ahead_stops.end(),
                   [](const auto& a, const auto& b) { return a.at > b.at; });
  running.ahead_through = until;
  set_next(running, next_after(running, from));
}

/// False, and nothing done, when it has to wait for its time.
bool Engine::ends_ahead(Running& running, const Occurrence& occurrence, Time now) {
  if (occurrence.candidate == nullptr || occurrence.candidate->has_firing ||
      admission(running, occurrence) != Admission::regular)
    return false;
  Firing firing = firing_of(running, occurrence);
  const Situation situation = situation_of(running, firing, occurrence, occurrence.due);
  const Decision decision = decide(*running.rule, situation);
  if (!ends_at_once(*running.rule, decision) || !stands(running, situation, decision, now))
    return false;
  firing.open = false;
  firing.reason = decision.reason;
  firing.line = decision.line;
  ledger_.add_ended(firing,
                    {occurrence.candidate->subject_key, occurrence.candidate->customer_key});
  return true;
}

/// Whether it is decided the same, whatever becomes of the messages until then: these change who
/// has a place, who is paused, and what the brake holds. (A hold that is there ends nothing.)
bool Engine::stands(const Running& running, const Situation& situation, const Decision& decision,
                    Time now) const {
  const language::Rule& rule = *running.rule;
  const auto stands_with = [&](auto&& change) {
    Situation other = situation;
    change(other);
    return same(decide(rule, other), decision);
  };
  if (rule.once_per && !stands_with([](Situation& s) { s.place_taken = !s.place_taken; }))
    return false;
  if (pauses_ && rule.purpose == Purpose::marketing &&
      !stands_with([](Situation& s) { s.paused = !s.paused; }))
    return false;
  return now > running.brake_ends() || situation.hold ||
         stands_with([](Situation& s) { s.hold = Reason::brake; });
}

/// The one occurrence that is due, as it was read ahead; of several the rows are read again, and
/// their order is that of every scan. Whether there was one.
bool Engine::scan_ahead(Running& running, Time now, Sender* sender) {
  auto& stops = running.ahead_stops;
  const bool known = !stops.empty() && stops.back().at <= now && stops.back().row &&
                     running.ahead_through >= now && *running.row.evaluated < stops.back().at &&
                     (stops.size() == 1 || stops[stops.size() - 2].at > now);
  if (!known) return false;
  const auto row = std::move(stops.back().row);
  stops.pop_back();
  row->place_read = false;  // it may have been taken since
  row->place.reset();
  running.trigger->rows().show(row.get());
  consider(running, running.trigger->make(*row), now, sender);
  running.trigger->rows().show(nullptr);
  running.newer_from = now;
  running.row.evaluated = now;
  ledger_.set_evaluated(running.row.id, now);
  set_next(running, next_after(running, now));
  return true;
}

/// The earliest due after `time` at which there may be something to do: for what lies behind all
/// that was looked at ahead that is its end, for the next look ahead begins there.
std::optional<Time> Engine::next_after(Running& running, Time time) {
  auto& stops = running.ahead_stops;
  while (!stops.empty() && stops.back().at <= time) stops.pop_back();
  const Time passed =
      stops.empty() ? running.ahead_through.value_or(time) : stops.back().at - Duration{1};
  running.row.evaluated = std::max(*running.row.evaluated, passed);
  if (!stops.empty()) return stops.back().at;
  if (running.ahead_through && *running.ahead_through > time)
    return *running.ahead_through + Duration{1};
  return running.trigger->next_after(*running.row.evaluated);
}

}  // namespace retaind::engine
