#include "watch.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>

#include "engine/runs.h"
#include "engine/trigger.h"

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

namespace {

void merge(std::map<std::string, std::int64_t>& into,
           const std::map<std::string, std::int64_t>& from) {
  for (const auto& [name, count] : from) into[name] += count;
}

bool is_bulk(const Rule& rule) {
  return rule.purpose == Purpose::marketing || rule.purpose == Purpose::feedback;
}

std::string unfolded(std::string text) {
  for (std::size_t at; (at = text.find("=\r\n")) != std::string::npos;) text.erase(at, 3);
  return text;
}

constexpr int most_attempts = 300;

}  // namespace

void Tally::add(const Tally& other) {
  merge(states, other.states);
  merge(reasons, other.reasons);
  merge(crash_points, other.crash_points);
  merge(faults, other.faults);
  merge(rules, other.rules);
}

Watch::Watch(retaind::store::Database& database, Shop& shop, const retaind::Site& site,
             const Naive& naive, const Controls& controls, Tally& tally)
    : database_(&database),
      ledger_(database),
      messages_(database),
      shop_(&shop),
      site_(&site),
      naive_(&naive),
      controls_(&controls),
      tally_(&tally) {
  sqlite3_update_hook(database.handle(), &Watch::on_change, this);
}

Watch::~Watch() { sqlite3_update_hook(database_->handle(), nullptr, nullptr); }

void Watch::on_change(void* self, int /*operation*/, const char* /*database*/, const char* table,
                      long long row) {
  auto& watch = *static_cast<Watch*>(self);
  const std::string_view name{table};
  if (name == "message") watch.messages_touched_.insert(row);
  if (name == "firing") watch.firings_touched_.insert(row);
}

void Watch::say(std::string problem) {
  if (problems_.size() < 20) problems_.push_back(std::move(problem));
}

void Watch::trace(const std::string& line) {
  for (const char c : line) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  if (verbose) fmt::print("{}\n", line);
}

std::string Watch::rule_name(std::int64_t id) {
  const auto known = rule_names_.find(id);
  if (known != rule_names_.end()) return known->second;
  for (const auto& row : ledger_.rules()) rule_names_[row.id] = row.name;
  return rule_names_[id];
}

int Watch::customer_index(std::optional<std::int64_t> row) const {
  return row ? static_cast<int>(*row) - 1 : -1;
}

std::int64_t Watch::number(const std::string& sql) {
  auto& row = database_->prepared(sql);
  const std::int64_t value = row.step() ? row.integer(0) : 0;
  row.reset();
  return value;
}

Naive::Look Watch::look_of(const Rule& rule, const Firing& firing, Time due, Time late_from,
                           Time now, Duration elapsed) const {
  Naive::Look look;
  look.rule = &rule;
  look.row = firing.row;
  look.customer = customer_index(firing.customer);
  look.anchor = firing.anchor;
  look.due = due;
  look.late_from = late_from;
  look.now = now;
  look.elapsed = elapsed;
  look.draft = firing.draft;
  return look;
}

std::vector<Message> Watch::parts_of(const Message& carrier) {
  if (!carrier.is_envelope) return {carrier};
  std::vector<Message> parts;
  for (const auto id : messages_.items_of(carrier.id)) {
    const auto item = messages_.find(id);
    if (item && item->state == MessageState::claimed) parts.push_back(*item);
  }
  return parts;
}

bool Watch::counts(const Message& message) {
  const Rule* rule = naive_->rule(rule_name(message.rule));
  return rule != nullptr && is_bulk(*rule) && message.channel == Channel::mail;
}

// Hand-over ------------------------------------------------------------------------------------

void Watch::handed(const Outgoing& out, Time now, Duration elapsed) {
  ++sends_;
  const auto carrier = messages_.find(out.id);
  trace(fmt::format("{} handed {} {}", to_iso(now), out.id, out.message_id));
  if (!carrier || carrier->state != MessageState::handed)
    return say(fmt::format("message {} left without being `handed` in the ledger", out.id));
  Attempts& attempts = attempts_[out.id];
  const Rule* rule = naive_->rule(rule_name(carrier->rule));
  if (rule == nullptr)
    return say(fmt::format("message {} of a removed rule was handed over", out.id));
  const std::string what = fmt::format("message {} of {} at {}", out.id, rule->id, to_iso(now));
  if (++attempts.handed > most_attempts) say(what + ": there is no end of retries");
  if (attempts.message_id.empty()) attempts.message_id = out.message_id;
  if (attempts.message_id != out.message_id) say(what + ": a retry has another Message-ID");
  if (carrier->channel == Channel::webhook) {
    if (attempts.body.empty()) attempts.body = out.bytes;
    if (attempts.body != out.bytes) say(what + ": a retry of the webhook has another body");
  }
  if (const auto other = ids_.emplace(out.message_id, std::to_string(out.id)).first;
      other->second != std::to_string(out.id))
    say(what + ": its Message-ID is also that of message " + other->second);
  if (is_bulk(*rule) && attempts.lost) say(what + ": its outcome was lost, and it went again");
  if (is_bulk(*rule) && attempts.taken > 0) say(what + ": a duplicate");
  const auto busy = flying_.emplace(carrier->recipient, out.id);
  if (!busy.second)
    say(fmt::format("{}: {} has message {} on its way already", what, carrier->recipient,
                    busy.first->second));
  check_coupon(*carrier, out);
  const auto parts = parts_of(*carrier);
  if (parts.empty()) say(what + ": an envelope without items");
  for (const Message& part : parts) check_part(part, *carrier, now, elapsed);
  check_send(*carrier, now, elapsed);
  ++tally_->rules[rule->id];
}

void Watch::check_coupon(const Message& message, const Outgoing& out) {
  const auto coupon = messages_.coupon(message.id);
  if (!coupon) return;
  Attempts& attempts = attempts_[message.id];
  if (attempts.coupon.empty()) attempts.coupon = coupon->code;
  if (attempts.coupon != coupon->code)
    say(fmt::format("message {}: a retry has another coupon", message.id));
  if (unfolded(out.bytes).find(attempts.coupon) == std::string::npos)
    say(fmt::format("message {}: its coupon {} is not in its text", message.id, attempts.coupon));
}

void Watch::check_part(const Message& part, const Message& carrier, Time now, Duration elapsed) {
  const auto firing = part.firing ? ledger_.firing(*part.firing) : std::nullopt;
  const Rule* rule = naive_->rule(rule_name(part.rule));
  if (!firing || rule == nullptr) return;
  const std::string what = fmt::format("message {} ({} {} of row {}) at {}", part.id, rule->id,
                                       part.step, firing->row, to_iso(now));
  const auto place = places_.emplace(
      Place{rule->id, firing->row, firing->part, firing->draft, part.step, part.repeat},
      carrier.id);
  if (!place.second && place.first->second != carrier.id)
    say(fmt::format("{}: message {} went for the same occurrence, step and repeat", what,
                    place.first->second));
  if (part.draft) say(what + ": a draft was sent");
  const Naive::Look look = look_of(*rule, *firing, part.due, part.late_from, now, elapsed);
  const auto* step = retaind::engine::Runs::step_of(*rule, part.step);
  const bool mail = step != nullptr && step->kind == StepKind::email;
  // A frozen digest goes as it is; its items were looked at when it was claimed first.
  if (carrier.is_envelope && attempts_[carrier.id].handed > 1) return;
  if (mail && naive_->no_address(look)) say(what + ": without an address");
  if (mail && naive_->suppressed(look)) say(what + ": to a suppressed address");
  if (mail && naive_->no_consent(look)) say(what + ": without consent");
  if (mail && naive_->held_out(look)) say(what + ": to somebody who is held out");
  if (naive_->state_ended(look)) say(what + ": after its state has ended");
  if (naive_->stopped(look)) say(what + ": although stop-if is true");
  if (naive_->late(look)) say(what + ": later than its late limit allows");
  if (now < part.due) say(what + ": before it is due");
  if (naive_->paused(look)) say(what + ": although it is paused");
  if (naive_->held(look)) say(what + ": although it is on hold");
  if (naive_->clock_held(look)) say(what + ": although the clock has jumped");
  if (naive_->window_closed(look)) say(what + ": outside its window");
  if (naive_->hold_while(look)) say(what + ": although hold-while is true");
  const Truth conditions = naive_->conditions(look);
  if (conditions == Truth::no)
    say(what + ": although a condition is false" + naive_->explain(look));
  if (conditions == Truth::unknown && rule->purpose != Purpose::internal)
    say(what + ": although a condition is unknown" + naive_->explain(look));
  check_once(part, *firing, now);
}

void Watch::check_once(const Message& message, const Firing& firing, Time now) {
  const Rule& rule = *naive_->rule(rule_name(message.rule));
  if (!rule.once_per) return;
  std::int64_t scope = firing.row;
  if (*rule.once_per != rule.trigger.subject) scope = firing.customer.value_or(0);
  auto& sent = once_[{rule.id, scope}];
  for (const Sent& one : sent) {
    if (one.firing == firing.id) continue;
    if (rule.again_after && site_->zone.add(one.at, *rule.again_after) <= now) continue;
    say(fmt::format("message {} of {}: once-per is broken by message {} at {}", message.id, rule.id,
                    one.message, to_iso(one.at)));
  }
  sent.push_back({now, firing.id, message.id});
}

void Watch::check_cap(const Message& message, const std::string& address, Time now) {
  auto& counted = counted_[address];
  int count = 0;
  for (const auto& [id, at] : counted) {
    if (id != message.id && site_->zone.add(at, site_->cap.within) > now) ++count;
  }
  if (count >= site_->cap.messages)
    say(fmt::format("message {} at {}: {} of the cap's {} have gone to {} already", message.id,
                    to_iso(now), count, site_->cap.messages, address));
  counted[message.id] = now;
}

void Watch::check_send(const Message& message, Time now, Duration /*elapsed*/) {
  const Rule& rule = *naive_->rule(rule_name(message.rule));
  if (counts(message)) check_cap(message, message.recipient, now);
  if (rule.limit_per_day) {
    // A try whose outcome was lost has a place, which its retry takes along.
    for (auto& [day, ids] : days_) ids.erase(message.id);
    auto& day = days_[{rule.id, retaind::engine::number_of(site_->zone.date_of(now))}];
    day.insert(message.id);
    if (static_cast<int>(day.size()) > *rule.limit_per_day)
      say(fmt::format("message {} of {} at {}: the limit of {} a day is exceeded", message.id,
                      rule.id, to_iso(now), *rule.limit_per_day));
  }
}

void Watch::taken(const Outgoing& out) {
  Attempts& attempts = attempts_[out.id];
  ++attempts.taken;
  trace(fmt::format("taken {}", out.id));
  if (attempts.taken == 1) return;
  if (!attempts.lost)
    say(fmt::format("message {} was taken twice, and no outcome was lost", out.id));
  ++tally_->faults["taken twice"];
}

void Watch::answered(std::int64_t id, retaind::delivery::OutcomeKind kind) {
  using retaind::delivery::OutcomeKind;
  trace(fmt::format("answer {} {}", id, static_cast<int>(kind)));
  const auto message = messages_.find(id);
  if (!message) return;
  flying_.erase(message->recipient);
  if (kind == OutcomeKind::unknown) attempts_[id].lost = true;
  if (kind == OutcomeKind::deferred || kind == OutcomeKind::rejected) {
    counted_[message->recipient].erase(id);
    for (auto& [day, ids] : days_) ids.erase(id);
    for (const Message& part : parts_of(*message)) {
      for (auto& [scope, sent] : once_)
        sent.erase(std::remove_if(sent.begin(), sent.end(),
                                  [&](const Sent& s) { return s.message == part.id; }),
                   sent.end());
    }
  }
}

void Watch::lost(std::int64_t id) {
  attempts_[id].lost = true;
  trace(fmt::format("lost {}", id));
}

// The ledger -----------------------------------------------------------------------------------

void Watch::committed(Time now, Duration elapsed) {
  std::set<std::int64_t> messages, firings;
  messages.swap(messages_touched_);
  firings.swap(firings_touched_);
  for (const std::int64_t id : firings) check_firing(id, now, elapsed);
  for (const std::int64_t id : messages) check_changed(id, now, elapsed);
}

void Watch::check_firing(std::int64_t id, Time now, Duration elapsed) {
  const auto firing = ledger_.firing(id);
  if (!firing || !firings_known_.insert(id).second) return;
  ++changes_;
  const auto one =
      occurrences_.emplace(std::tuple{firing->rule, firing->draft, firing->row, firing->part}, id);
  if (!one.second && one.first->second != id)
    say(fmt::format("firings {} and {} are of one occurrence", id, one.first->second));
  const std::string name = rule_name(firing->rule);
  trace(fmt::format("{} firing {} {} {} {} {}", to_iso(now), id, name, firing->row,
                    to_iso(firing->due), retaind::name_of(firing->reason)));
  const Rule* rule = naive_->rule(name);
  if (rule == nullptr) return say(fmt::format("firing {} of a removed rule", id));
  // Local times of customers are planned ahead, by what zones differ at most.
  const Time ahead = rule->customer_zone ? now + 54h : now;
  if (firing->due > ahead)
    say(fmt::format("firing {} of {} was made at {}, before its time {}", id, name, to_iso(now),
                    to_iso(firing->due)));
  if (firing->open || firing->reason == Reason::none || !messages_.of_firing(id).empty()) return;
  ++tally_->reasons[std::string(retaind::name_of(firing->reason))];
  check_reason(look_of(*rule, *firing, firing->planned, firing->planned, now, elapsed),
               firing->reason,
               fmt::format("firing {} of {} (row {}) at {}", id, name, firing->row, to_iso(now)),
               false, *firing);
}

void Watch::check_changed(std::int64_t id, Time now, Duration elapsed) {
  const auto message = messages_.find(id);
  if (!message) return;
  const bool is_new = known_.count(id) == 0;
  Known& known = known_[id];
  const bool over = is_final(message->state) && !message->next_at;
  const std::string what = fmt::format("message {} of {} ({}) at {}", id, rule_name(message->rule),
                                       message->step, to_iso(now));
  if (known.over && (message->state != known.state || message->reason != known.reason || !over))
    say(fmt::format("{}: its final outcome {}/{} became {}/{}", what, name_of(known.state),
                    name_of(known.reason), name_of(message->state), name_of(message->reason)));
  if (!is_new && known.state == message->state && known.reason == message->reason &&
      known.over == over)
    return;
  known = {message->state, message->reason, over};
  ++changes_;
  ++tally_->states[std::string(name_of(message->state))];
  if (message->reason != Reason::none) ++tally_->reasons[std::string(name_of(message->reason))];
  trace(fmt::format("{} {} {} {}", to_iso(now), id, name_of(message->state),
                    name_of(message->reason)));
  if (message->is_envelope || !message->firing) return;
  const auto firing = ledger_.firing(*message->firing);
  const Rule* rule = naive_->rule(rule_name(message->rule));
  if (!firing) return say(what + ": its firing is not there");
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
      say(what + ": its rule is gone, and it says " + std::string(name_of(message->reason)));
    return;
  }
  check_reason(look_of(*rule, *firing, message->due, message->late_from, now, elapsed),
               message->reason, what, rule->steps.size() > 1 || (step != nullptr && step->repeat),
               *firing);
}

/// The reason is true, and none that comes before it is. `follows`: another message of the firing
/// may have ended this one.
void Watch::check_reason(const Naive::Look& look, Reason reason, const std::string& what,
                         bool follows, const Firing& firing) {
  const auto name = std::string(retaind::name_of(reason));
  const auto expect = [&](bool truth) {
    if (!truth)
      say(fmt::format("{}: it says {}, which is not so{}", what, name, naive_->explain(look)));
  };
  const auto before = [&](bool truth, std::string_view earlier) {
    if (truth)
      say(fmt::format("{}: it says {}, and {} comes first{}", what, name, earlier,
                      naive_->explain(look)));
  };
  switch (reason) {
    case Reason::none:
    case Reason::brake: return;
    case Reason::rule_removed:
      return;  // a step that an edit dropped; the rule itself is looked at above
    case Reason::gone: return expect(!naive_->in_facts(look) || naive_->state_ended(look));
    // While nobody knows what time it is, nothing is too late either.
    case Reason::clock: return expect(naive_->clock_held(look));
    default: break;
  }
  // Of an episode that was over before anybody looked nothing else is read.
  if (reason == Reason::state_ended && messages_.of_firing(firing.id).empty())
    return expect(naive_->state_ended(look));
  if (look.now < look.due) {  // some things end a message before it is due
    if (reason == Reason::state_ended) return expect(naive_->state_ended(look));
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
  if (reason == Reason::state_ended) return expect(naive_->state_ended(look));
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
                       naive_->clock_held(look);
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
  before(naive_->held(look), "on-hold");
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
    const Time from = controls_->counts_from.at(rule.id);
    std::map<std::pair<std::int64_t, std::int64_t>, int> left;  // (row, due)
    auto& firings = database_->prepared(
        "SELECT row, due FROM firing WHERE rule = ?1 AND draft = ?2 AND withdrawn = 0 AND due > "
        "?3");
    firings.bind(1, row).bind(2, int{draft}).bind(3, from);
    while (firings.step()) ++left[{firings.integer(0), firings.integer(1)}];
    std::map<std::int64_t, int> held;  // occurrences of each row, whenever they are due
    for (const NaiveOccurrence& o : naive_->occurrences(rule, now)) {
      ++held[o.row];
      if (o.due <= from) continue;
      if (o.history && o.due <= *o.history && !rule.backlog.all) {
        // What was imported as history is backlog of the import's time.
        if (!rule.backlog.within) continue;
        if (o.due <= site_->zone.add(*o.history, rule.backlog.within->negated())) continue;
      }
      const auto found = left.find({o.row, retaind::to_ms(o.due)});
      const bool fired = found != left.end() && found->second > 0;
      if (fired) --found->second;
      if (!fired && o.due <= now)
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
