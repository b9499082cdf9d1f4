#include <fmt/format.h>

#include <algorithm>

#include "engine/runs.h"
#include "watch.h"

// What the ledger says, against what is so.
namespace sim {

using namespace std::chrono_literals;
using retaind::Channel;
using retaind::Firing;
using retaind::is_final;
using retaind::Message;
using retaind::MessageState;
using retaind::Purpose;
using retaind::Reason;
using retaind::to_iso;
using retaind::delivery::Outgoing;
using retaind::language::Rule;
using retaind::language::RuleStatus;
using retaind::language::StepKind;

void Watch::committed(Time now, Duration elapsed) {
  std::set<std::int64_t> messages, firings, holds, passes;
  messages.swap(messages_touched_);
  firings.swap(firings_touched_);
  holds.swap(holds_touched_);
  passes.swap(passes_touched_);
  for (const std::int64_t id : holds) check_hold(id, now);
  for (const std::int64_t id : firings) check_firing(id, now, elapsed);
  for (const std::int64_t id : passes) check_pass(id, now, elapsed);
  for (const std::int64_t id : messages) check_changed(id, now, elapsed);
}

/// A brake holds a rule that would send too many, soon after its activation or edit, once.
void Watch::check_hold(std::int64_t id, Time now) {
  auto& row =
      database_->prepared("SELECT target, released_at FROM hold WHERE id = ?1 AND cause = 'brake'");
  row.bind(1, id);
  if (!row.step()) return;
  const std::string rule(row.text(0));
  const auto released = row.maybe_time(1);
  row.reset();
  if (released) {
    if (controls_->braked.erase(rule) != 0) ++tally_->faults["brake released: " + rule];
    controls_->brake_released[rule] = *released;
    return;
  }
  if (!controls_->braked.insert(rule).second) say(rule + ": its brake holds it twice");
  ++tally_->faults["brake holds: " + rule];
  trace(now, "brake", rule);
  const auto brake = brake_of(rule);
  const auto revised = controls_->revised.find(rule);
  if (!brake || revised == controls_->revised.end())
    return say(rule + ": held by a brake that it does not have");
  const Time from = revised->second;
  if (now > from + 1h)
    say(fmt::format("{}: its brake holds it at {}, and its edit was at {}", rule, to_iso(now),
                    to_iso(from)));
  const auto before = controls_->brake_released.find(rule);
  if (before != controls_->brake_released.end() && before->second >= from)
    say(rule + ": its brake holds it again after it was released");
  auto& count = database_->prepared(  // ended now: it was counted and then looked at in this pass
      "SELECT count(*) FROM message m JOIN rule r ON r.id = m.rule WHERE r.name = ?1 AND m.draft = "
      "0 AND m.due <= ?2 AND m.is_envelope = 0 AND (m.state IN (0, 1, 2, 3) OR m.handed_at >= ?3 "
      "OR m.ended_at = ?4)");
  const auto many =
      count.bind(1, rule).bind(2, from + 1h).bind(3, from).bind(4, now).single().value_or(0);
  if (many <= *brake)
    say(fmt::format("{}: its brake of {} holds it, and {} messages are let loose", rule, *brake,
                    many));
}

void Watch::check_firing(std::int64_t id, Time now, Duration elapsed) {
  const auto firing = ledger_.firing(id);
  if (!firing || !first_dues_.emplace(id, firing->due).second) return;
  ++changes_;
  const auto one =
      occurrences_.emplace(std::tuple{firing->rule, firing->draft, firing->row, firing->part}, id);
  if (!one.second && one.first->second != id)
    say(fmt::format("firings {} and {} are of one occurrence", id, one.first->second));
  const std::string name = rule_name(firing->rule);
  trace(now, "firing", id, name, firing->row, firing->due, retaind::name_of(firing->reason));
  const Rule* rule = naive_->rule(name);
  if (rule == nullptr) return say(fmt::format("firing {} of a removed rule", id));
  // Local times of customers are planned ahead, by what zones differ at most.
  const Time ahead = rule->customer_zone ? now + 54h : now;
  if (firing->due > ahead)
    say(fmt::format("firing {} of {} was made at {}, before its time {}", id, name, to_iso(now),
                    to_iso(firing->due)));
  if (firing->open || firing->reason == Reason::none || !messages_.of_firing(id).empty()) return;
  ++tally_->reasons[std::string(retaind::name_of(firing->reason))];
  const auto what = [&] {
    return fmt::format("firing {} of {} (row {}) at {}", id, name, firing->row, to_iso(now));
  };
  check_reason(look_of(*rule, *firing, firing->planned, firing->planned, now, elapsed),
               firing->reason, what, false, *firing);
}

void Watch::check_changed(std::int64_t id, Time now, Duration elapsed) {
  const auto message = messages_.find(id);
  if (!message) return;
  const bool is_new = known_.count(id) == 0;
  Known& known = known_[id];
  const bool over = is_final(message->state) && !message->next_at;
  const auto what = [&] {
    return fmt::format("message {} of {} ({}) at {}", id, rule_name(message->rule), message->step,
                       to_iso(now));
  };
  if (known.over && (message->state != known.state || message->reason != known.reason || !over))
    say(fmt::format("{}: its final outcome {}/{} became {}/{}", what(), name_of(known.state),
                    name_of(known.reason), name_of(message->state), name_of(message->reason)));
  if (!is_new && known.state == message->state && known.reason == message->reason &&
      known.over == over)
    return;
  known = {message->state, message->reason, over};
  ++changes_;
  ++tally_->states[std::string(name_of(message->state))];
  if (message->reason != Reason::none) ++tally_->reasons[std::string(name_of(message->reason))];
  trace(now, id, name_of(message->state), name_of(message->reason));
  if (message->is_envelope || !message->firing) return;
  const auto firing = ledger_.firing(*message->firing);
  const Rule* rule = naive_->rule(rule_name(message->rule));
  if (!firing) return say(what() + ": its firing is not there");
  const auto* step =
      rule == nullptr ? nullptr : retaind::engine::Runs::step_of(*rule, message->step);
  if (message->state == MessageState::sent && step != nullptr &&
      step->kind == StepKind::pause_marketing && message->customer) {
    Customer& c = shop_->customers[static_cast<std::size_t>(customer_index(message->customer))];
    const Time until = site_->zone.add(now, step->pause);
    if (!c.paused_until || *c.paused_until < until) c.paused_until = until;
  }
  if (message->state != MessageState::skipped && message->state != MessageState::held) return;
  if (rule == nullptr) {
    if (message->reason != Reason::rule_removed)
      say(what() + ": its rule is gone, and it says " + std::string(name_of(message->reason)));
    return;
  }
  check_reason(look_of(*rule, *firing, message->due, message->late_from, now, elapsed),
               message->reason, what, rule->steps.size() > 1 || (step != nullptr && step->repeat),
               *firing);
}

/// The reason is true, and none that comes before it is. `follows`: another message of the firing
/// may have ended this one.
void Watch::check_reason(const Naive::Look& look, Reason reason, const What& what, bool follows,
                         const Firing& firing) {
  const auto name = std::string(retaind::name_of(reason));
  const auto expect = [&](bool truth) {
    if (!truth)
      say(fmt::format("{}: it says {}, which is not so{}", what(), name, naive_->explain(look)));
  };
  const auto before = [&](bool truth, std::string_view earlier) {
    if (truth)
      say(fmt::format("{}: it says {}, and {} comes first{}", what(), name, earlier,
                      naive_->explain(look)));
  };
  switch (reason) {
    case Reason::none:
    case Reason::rule_removed:
      return;  // a step that an edit dropped; the rule itself is looked at above
    case Reason::gone: return expect(!naive_->in_facts(look) || naive_->state_ended(look));
    // While nobody knows what time it is, nothing is too late either.
    case Reason::clock: return expect(naive_->clock_held(look));
    default: break;
  }
  // The end of a state ends what waits at once; nothing else is read for it.
  if (reason == Reason::state_ended) return expect(naive_->state_ended(look));
  if (look.now < look.due) {  // some things end a message before it is due
    if (reason == Reason::stopped) return expect(naive_->stopped(look));
  }
  // A draft that waited when its rule went live.
  if (reason == Reason::would_send && firing.draft && look.rule->status != RuleStatus::draft)
    return;
  if (reason == Reason::no_address) return expect(naive_->no_address(look));
  const bool mail = std::all_of(look.rule->steps.begin(), look.rule->steps.end(),
                                [](const auto& s) { return s.kind == StepKind::email; });
  if (mail) before(naive_->no_address(look), "no-address");
  if (reason == Reason::suppressed) return expect(naive_->suppressed(look));
  if (mail) before(naive_->suppressed(look), "suppressed");
  if (reason == Reason::no_consent) return expect(naive_->no_consent(look));
  if (mail) before(naive_->no_consent(look), "no-consent");
  before(naive_->state_ended(look), "state-ended");
  if (reason == Reason::stopped) return expect(naive_->stopped(look));
  before(naive_->stopped(look), "stopped");
  if (reason == Reason::already_sent) {
    auto& others = database_->prepared(
        "SELECT count(*) FROM firing f WHERE f.rule = ?1 AND f.draft = ?2 AND f.scope = ?3 AND "
        "f.id <> ?4 AND (f.open = 1 OR "
        "EXISTS (SELECT 1 FROM message m WHERE m.firing = f.id AND (m.state IN (4, 5) OR m.reason "
        "IN (2, 13))) OR f.reason IN (2, 13) OR "
        "EXISTS (SELECT 1 FROM message m WHERE m.firing = f.id AND m.ended_at = ?5))");  // it was
                                                                                         // open in
                                                                                         // this
                                                                                         // pass
    others.bind(5, look.now)
        .bind(1, firing.rule)
        .bind(2, int{firing.draft})
        .bind(3, firing.scope)
        .bind(4, firing.id);
    const bool any = others.step() && others.integer(0) > 0;
    others.reset();
    return expect(any);
  }
  if (reason == Reason::late_limit) {
    // Also when the next look would be too late, or a later step of the firing was due as well.
    const bool waits = naive_->window_closed(look) || naive_->paused(look) || naive_->held(look) ||
                       naive_->braked(look) || naive_->clock_held(look);
    const auto& c = look.customer < 0
                        ? std::string()
                        : shop_->customers[static_cast<std::size_t>(look.customer)].email;
    const bool full =
        is_bulk(*look.rule) && static_cast<int>(counted_[c].size()) >= site_->cap.messages;
    return expect(naive_->late(look) || waits || follows || full ||
                  look.rule->limit_per_day.has_value());
  }
  before(naive_->late(look), "late-limit");
  if (reason == Reason::paused) return expect(naive_->paused(look));
  before(naive_->paused(look), "paused");
  if (reason == Reason::on_hold) return expect(naive_->held(look));
  if (reason == Reason::brake) return expect(naive_->braked(look));
  before(naive_->held(look), "on-hold");
  before(naive_->braked(look), "brake");
  before(naive_->clock_held(look), "clock");
  if (reason == Reason::outside_window) return expect(naive_->window_closed(look));
  before(naive_->window_closed(look), "outside-window");
  if (reason == Reason::hold_while) return expect(naive_->hold_while(look));
  before(naive_->hold_while(look), "hold-while");
  const Truth conditions = naive_->conditions(look);
  if (reason == Reason::condition_false) return expect(conditions == Truth::no);
  if (reason == Reason::unknown_data) return expect(conditions == Truth::unknown);
  before(conditions == Truth::no, "condition-false");
  before(conditions == Truth::unknown && look.rule->purpose != Purpose::internal, "unknown-data");
  if (reason == Reason::would_send) return expect(look.draft);
  if (reason == Reason::held_out) return expect(naive_->held_out(look) || follows);
  if (reason == Reason::limit) return expect(look.rule->limit_per_day.has_value());
  if (reason == Reason::capped) return expect(is_bulk(*look.rule));
}

// At rest --------------------------------------------------------------------------------------

void Watch::balance(Time now) {
  for (const Rule& rule : naive_->rules()) {
    const bool draft = rule.status == RuleStatus::draft;
    const auto row = [&]() -> std::int64_t {
      for (const auto& r : ledger_.rules()) {
        if (r.name == rule.id) return r.id;
      }
      return 0;
    }();
    if (rule.trigger.each) check_slots(rule, row, now);
    const Time from = controls_->counts_from.at(rule.id);
    std::map<std::pair<std::int64_t, std::int64_t>, int> left;        // (row, due)
    std::map<std::pair<std::int64_t, std::int64_t>, Time> first_due;  // the latest of them
    auto& firings = database_->prepared(
        "SELECT row, due, id FROM firing WHERE rule = ?1 AND draft = ?2 AND withdrawn = 0 AND due "
        "> ?3");
    firings.bind(1, row).bind(2, int{draft}).bind(3, from);
    while (firings.step()) {
      const std::pair key{firings.integer(0), firings.integer(1)};
      ++left[key];
      first_due[key] = std::max(first_due[key], first_dues_.at(firings.integer(2)));
    }
    std::map<std::int64_t, int> held;  // occurrences of each row, whenever they are due
    for (const NaiveOccurrence& o : naive_->occurrences(rule, now)) {
      ++held[o.row];
      if (o.due <= from) continue;
      if (o.history && o.due <= *o.history && !rule.backlog.all) {
        // What was imported as history is backlog of the import's time.
        if (!rule.backlog.within) {
          // One that counted and was moved back into the past by a correction stays what it is.
          const std::pair key{o.row, retaind::to_ms(o.due)};
          if (left.count(key) != 0 && first_due[key] <= *o.history)
            say(fmt::format("{} (row {}, due {}) fired, and it is history; it is {}", rule.id,
                            o.row, to_iso(o.due), to_iso(now)));
          continue;
        }
        if (o.due <= site_->zone.add(*o.history, rule.backlog.within->negated())) continue;
      }
      const auto found = left.find({o.row, retaind::to_ms(o.due)});
      const bool fired = found != left.end() && found->second > 0;
      if (fired) --found->second;
      if (!fired && o.due <= now && !rule.trigger.each)
        say(fmt::format("{} (row {}, due {}) was never fired; it is {}", rule.id, o.row,
                        to_iso(o.due), to_iso(now)));
    }
    for (const auto& [key, count] : left) {
      // One that is over keeps its due when the rule is timed anew.
      if (count > held[key.first])
        say(fmt::format("{} (row {}, due {}) fired, and the facts do not hold it; it is {}",
                        rule.id, key.first, to_iso(retaind::from_ms(key.second)), to_iso(now)));
    }
  }
}

void Watch::at_rest(Time now, std::size_t in_flight) {
  const auto handed = static_cast<std::size_t>(
      number("SELECT count(*) FROM message WHERE state = 3 AND state IN (2, 3)"));
  if (handed != in_flight)
    say(fmt::format("{}: {} messages are `handed`, {} are on their way", to_iso(now), handed,
                    in_flight));
  const auto stranded = number(
      "SELECT count(*) FROM message m WHERE m.next_at IS NULL AND (m.state < 2 OR (m.state = 2 AND "
      "NOT EXISTS (SELECT 1 FROM message e "
      "WHERE e.id = m.envelope AND (e.state = 3 OR e.next_at IS NOT NULL))))");
  if (stranded != 0)
    say(fmt::format("{}: {} messages wait and will never be looked at", to_iso(now), stranded));
  const auto lonely = number(
      "SELECT count(*) FROM message m WHERE m.state = 1 AND m.envelope IS NOT NULL AND NOT EXISTS "
      "(SELECT 1 FROM message e "
      "WHERE e.id = m.envelope AND e.next_at IS NOT NULL)");
  if (lonely != 0)
    say(fmt::format("{}: {} messages ride in a digest that has gone", to_iso(now), lonely));
  const auto open = number(
      "SELECT count(*) FROM firing f WHERE f.open = 1 AND NOT EXISTS (SELECT 1 FROM message m "
      "WHERE m.firing = f.id AND "
      "(m.state < 4 OR m.next_at IS NOT NULL))");
  if (open != 0)
    say(fmt::format("{}: {} firings are open and have nothing that waits", to_iso(now), open));
}

void Watch::at_the_end(Time now, Duration elapsed) {
  auto& rows = database_->prepared(
      "SELECT id FROM message WHERE (state < 4 OR next_at IS NOT NULL) AND is_envelope = 0");
  std::vector<std::int64_t> ids;
  while (rows.step()) ids.push_back(rows.integer(0));
  for (const std::int64_t id : ids) {
    const auto message = messages_.find(id);
    const auto firing = message->firing ? ledger_.firing(*message->firing) : std::nullopt;
    const Rule* rule = naive_->rule(rule_name(message->rule));
    if (!firing || rule == nullptr) {
      say(fmt::format("message {} of a removed rule still waits", id));
      continue;
    }
    if (message->due > now) continue;
    const Naive::Look look =
        look_of(*rule, *firing, message->due, message->late_from, now, elapsed);
    const bool holds = naive_->paused(look) || naive_->window_closed(look) ||
                       naive_->hold_while(look) || message->reason == Reason::limit ||
                       message->reason == Reason::capped || message->envelope;
    if (!holds)
      say(fmt::format("message {} of {}: still {}/{}, due {}, next look {}, it is {}", id, rule->id,
                      name_of(message->state), name_of(message->reason), to_iso(message->due),
                      message->next_at ? to_iso(*message->next_at) : "never", to_iso(now)));
  }
  const auto coupons = number(
      "SELECT count(*) FROM coupon c JOIN message m ON m.id = c.message WHERE (m.state IN (4, 5) "
      "AND c.voided_at IS NOT NULL) "
      "OR (m.state IN (6, 7) AND c.voided_at IS NULL)");
  if (coupons != 0)
    say(fmt::format("{} coupons are void though sent, or good though not sent", coupons));
  for (const auto& [id, attempts] : attempts_) {
    const auto message = messages_.find(id);
    if (!message) continue;
    const bool believed = message->state == MessageState::sent;
    if (believed && attempts.taken == 0)
      say(fmt::format("message {} counts as sent, and no peer has it", id));
    const bool refused =
        message->state == MessageState::failed || message->state == MessageState::skipped;
    if (refused && attempts.taken > 0 && !attempts.lost)
      say(fmt::format("message {} counts as not sent, and a peer has it", id));
  }
  auto& sent = database_->prepared(
      "SELECT id FROM message WHERE state = 4 AND envelope IS NULL AND channel <> 0");
  while (sent.step()) {
    if (attempts_.count(sent.integer(0)) == 0)
      say(fmt::format("message {} was never handed over and counts as sent", sent.integer(0)));
  }
}

}  // namespace sim
