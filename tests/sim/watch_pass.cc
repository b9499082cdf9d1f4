#include <fmt/format.h>

#include <set>
#include <utility>

#include "watch.h"

// Schedules with `each:`: who is mailed by a pass, and who is only counted.
namespace sim {

using retaind::Reason;
using retaind::to_iso;
using retaind::language::Rule;

namespace {

enum class Wanted { no, perhaps, yes };

/// What a pass has to make of a row by the facts of now. What waits may end at once, when it would
/// be too late by then.
Wanted wanted(const Naive& naive, const Naive::Look& look) {
  if (naive.no_address(look) || naive.suppressed(look) || naive.no_consent(look)) return Wanted::no;
  if (naive.late(look) || naive.conditions(look) != Truth::yes) return Wanted::no;
  const bool waits = naive.paused(look) || naive.held(look) || naive.braked(look) ||
                     naive.window_closed(look) || naive.clock_held(look);
  return waits ? Wanted::perhaps : Wanted::yes;
}

}  // namespace

/// Each row that this transaction decided, and at the end all of them.
void Watch::check_pass(std::int64_t id, Time now, Duration elapsed) {
  auto& row = database_->prepared(
      "SELECT rule, part, due, last_row, through_row, fired, ended IS NOT NULL, (SELECT coalesce("
      "sum(rows), 0) FROM pass_count WHERE pass = p.id), (SELECT coalesce(sum(rows), 0) FROM "
      "pass_count WHERE pass = p.id AND reason = ?2), EXISTS (SELECT 1 FROM pass n WHERE n.rule = "
      "p.rule AND n.due > p.due) FROM pass p WHERE id = ?1");
  row.bind(1, id).bind(2, static_cast<int>(Reason::late_limit));
  if (!row.step()) {
    // The transaction that began it failed.
    if (passes_.count(id) != 0) say(fmt::format("pass {} is gone", id));
    return;
  }
  const std::int64_t rule_id = row.integer(0);
  const std::int64_t part = row.integer(1);
  const Time due = row.time(2);
  const std::int64_t last = row.integer(3);
  const std::int64_t through = row.integer(4);
  const std::int64_t fired = row.integer(5);
  const bool ended = row.integer(6) != 0;
  const std::int64_t counted = row.integer(7);
  const bool missed = row.integer(8) == counted && fired == 0 && row.integer(9) != 0;
  row.reset();
  const std::string name = rule_name(rule_id);
  const Rule* rule = naive_->rule(name);
  if (rule == nullptr) return say(fmt::format("pass {} of a removed rule", id));
  const auto [known, is_new] = passes_.try_emplace(id, Pass{0, now});
  const std::int64_t before = std::exchange(known->second.last, last);
  trace(now, "pass", id, name, last, fired);
  if (due > now) say(fmt::format("pass {} of {} began before its time", id, name));
  if (ended && fired + counted != through)
    say(fmt::format("pass {} of {}: {} fired and {} did not, of {} rows", id, name, fired, counted,
                    through));
  if (is_new && ended && missed) return;  // the daemon was away, and a later slot was due
  std::set<std::int64_t> matched;
  auto& made = database_->prepared(
      "SELECT row FROM firing WHERE rule = ?1 AND part = ?2 AND row > ?3 AND row <= ?4");
  made.bind(1, rule_id).bind(2, part).bind(3, before).bind(4, last);
  while (made.step()) matched.insert(made.integer(0));
  for (std::int64_t at = before + 1; at <= last; ++at) {
    retaind::Firing firing;
    firing.row = at;
    firing.customer = at;
    const Naive::Look look = look_of(*rule, firing, due, due, now, elapsed);
    const bool has = matched.count(at) != 0;
    Wanted want = wanted(*naive_, look);
    // Who an index left out when the pass began may have come to match since.
    if (want == Wanted::yes && known->second.began != now) want = Wanted::perhaps;
    if (want != Wanted::perhaps && has != (want == Wanted::yes))
      say(fmt::format("pass {} of {} at {}: row {} {}{}", id, name, to_iso(now), at,
                      has ? "was matched and must not be" : "was not matched and must be",
                      naive_->explain(look)));
    ++tally_->faults[has ? "matched by a pass" : "counted by a pass"];
  }
}

/// Each slot has had its pass, and no other time.
void Watch::check_slots(const Rule& rule, std::int64_t id, Time now) {
  std::set<Time> slots;
  const Time from = controls_->counts_from.at(rule.id);
  for (const NaiveOccurrence& o : naive_->occurrences(rule, now))
    if (o.due > from && o.due <= now) slots.insert(o.due);
  auto& passes = database_->prepared("SELECT due FROM pass WHERE rule = ?1 AND due > ?2");
  passes.bind(1, id).bind(2, from);
  while (passes.step()) {
    if (slots.erase(passes.time(0)) == 0)
      say(fmt::format("{}: a pass of {}, which is no slot", rule.id, to_iso(passes.time(0))));
  }
  for (const Time slot : slots)
    say(fmt::format("{}: the slot of {} had no pass; it is {}", rule.id, to_iso(slot),
                    to_iso(now)));
}

}  // namespace sim
