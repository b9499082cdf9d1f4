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
             const Naive& naive, Controls& controls, Tally& tally)
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
  if (name == "hold") watch.holds_touched_.insert(row);
  if (name == "pass") watch.passes_touched_.insert(row);
}

void Watch::say(std::string problem) {
  if (problems_.size() < 20) problems_.push_back(std::move(problem));
}

void Watch::note(std::string_view text) {
  for (const char c : text) note_byte(static_cast<unsigned char>(c));
  if (verbose) fmt::print("{} ", text);
}

void Watch::note(std::int64_t number) {
  for (int shift = 0; shift < 64; shift += 8)
    note_byte(static_cast<unsigned char>(number >> shift));
  if (verbose) fmt::print("{} ", number);
}

void Watch::note(Time time) {
  for (int shift = 0; shift < 64; shift += 8)
    note_byte(static_cast<unsigned char>(retaind::to_ms(time) >> shift));
  if (verbose) fmt::print("{} ", to_iso(time));
}

void Watch::end_of_line() const {
  if (verbose) fmt::print("\n");
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
  settled();  // what leaves was decided in a transaction that wrote all answers down
  ++sends_;
  const auto carrier = messages_.find(out.id);
  trace(now, "handed", out.id, out.message_id);
  if (!carrier || carrier->state != MessageState::handed)
    return say(fmt::format("message {} left without being `handed` in the ledger", out.id));
  Attempts& attempts = attempts_[out.id];
  const Rule* rule = naive_->rule(rule_name(carrier->rule));
  if (rule == nullptr)
    return say(fmt::format("message {} of a removed rule was handed over", out.id));
  const auto what = [&] {
    return fmt::format("message {} of {} at {}", out.id, rule->id, to_iso(now));
  };
  if (++attempts.handed > most_attempts) say(what() + ": there is no end of retries");
  if (attempts.message_id.empty()) attempts.message_id = out.message_id;
  if (attempts.message_id != out.message_id) say(what() + ": a retry has another Message-ID");
  if (carrier->channel == Channel::webhook) {
    if (attempts.body.empty()) attempts.body = out.bytes;
    if (attempts.body != out.bytes) say(what() + ": a retry of the webhook has another body");
  }
  if (const auto other = ids_.emplace(out.message_id, std::to_string(out.id)).first;
      other->second != std::to_string(out.id))
    say(what() + ": its Message-ID is also that of message " + other->second);
  const bool once = is_bulk(*rule) && carrier->channel == Channel::mail;
  if (once && attempts.lost) say(what() + ": its outcome was lost, and it went again");
  if (once && attempts.taken > 0) say(what() + ": a duplicate");
  const auto busy = flying_.emplace(carrier->recipient, out.id);
  if (!busy.second)
    say(fmt::format("{}: {} has message {} on its way already", what(), carrier->recipient,
                    busy.first->second));
  check_coupon(*carrier, out);
  const auto parts = parts_of(*carrier);
  if (parts.empty()) say(what() + ": an envelope without items");
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
  const auto what = [&] {
    return fmt::format("message {} ({} {} of row {}) at {}", part.id, rule->id, part.step,
                       firing->row, to_iso(now));
  };
  const auto place = places_.emplace(
      Place{rule->id, firing->row, firing->part, firing->draft, part.step, part.repeat},
      carrier.id);
  if (!place.second && place.first->second != carrier.id)
    say(fmt::format("{}: message {} went for the same occurrence, step and repeat", what(),
                    place.first->second));
  if (part.draft) say(what() + ": a draft was sent");
  const Naive::Look look = look_of(*rule, *firing, part.due, part.late_from, now, elapsed);
  const auto* step = retaind::engine::Runs::step_of(*rule, part.step);
  const bool mail = step != nullptr && step->kind == StepKind::email;
  // A frozen digest goes as it is; its items were looked at when it was claimed first.
  if (carrier.is_envelope && attempts_[carrier.id].handed > 1) return;
  if (mail && naive_->no_address(look)) say(what() + ": without an address");
  if (mail && naive_->suppressed(look)) say(what() + ": to a suppressed address");
  if (mail && naive_->no_consent(look)) say(what() + ": without consent");
  // Decided once for all messages of a firing: a share that is raised later does not reach them.
  if (let_in_.count(firing->id) == 0 && mail && naive_->held_out(look))
    say(what() + ": to somebody who is held out");
  let_in_.insert(firing->id);
  if (naive_->state_ended(look)) say(what() + ": after its state has ended");
  if (naive_->stopped(look)) say(what() + ": although stop-if is true");
  if (naive_->late(look)) say(what() + ": later than its late limit allows");
  if (now < part.due) say(what() + ": before it is due");
  if (naive_->paused(look)) say(what() + ": although it is paused");
  if (naive_->held(look)) say(what() + ": although it is on hold");
  if (naive_->braked(look)) say(what() + ": although its brake holds it");
  if (naive_->clock_held(look)) say(what() + ": although the clock has jumped");
  if (naive_->window_closed(look)) say(what() + ": outside its window");
  if (naive_->hold_while(look)) say(what() + ": although hold-while is true");
  const Truth conditions = naive_->conditions(look);
  if (conditions == Truth::no)
    say(what() + ": although a condition is false" + naive_->explain(look));
  if (conditions == Truth::unknown && rule->purpose != Purpose::internal)
    say(what() + ": although a condition is unknown" + naive_->explain(look));
  check_brake(part, now);
  check_once(part, *firing, now);
}

std::optional<int> Watch::brake_of(const std::string& rule) const {
  const Rule* found = naive_->rule(rule);
  if (found == nullptr || found->status == RuleStatus::draft) return std::nullopt;
  return found->brake;  // the default is more than these shops have customers
}

/// Within an hour of its activation or edit a rule sends no more than its brake lets through.
void Watch::check_brake(const Message& part, Time now) {
  const std::string rule = rule_name(part.rule);
  const auto brake = brake_of(rule);
  const auto revised = controls_->revised.find(rule);
  if (!brake || revised == controls_->revised.end() || now > revised->second + 1h) return;
  auto& loose = let_loose_[{rule, revised->second}];
  loose.insert(part.id);
  const auto released = controls_->brake_released.find(rule);
  const bool free =
      released != controls_->brake_released.end() && released->second >= revised->second;
  if (!free && static_cast<int>(loose.size()) > *brake)
    say(
        fmt::format("message {} of {} at {} is number {} within an hour of the edit, and its brake "
                    "is {}",
                    part.id, rule, to_iso(now), loose.size(), *brake));
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
  trace("taken", out.id);
  if (attempts.taken == 1) return;
  if (!attempts.lost)
    say(fmt::format("message {} was taken twice, and no outcome was lost", out.id));
  ++tally_->faults["taken twice"];
}

void Watch::answered(std::int64_t id, retaind::delivery::OutcomeKind kind) {
  using retaind::delivery::OutcomeKind;
  trace("answer", id, std::int64_t{static_cast<int>(kind)});
  const auto message = messages_.find(id);
  if (!message) return;
  flying_.erase(message->recipient);
  if (kind == OutcomeKind::unknown) attempts_[id].lost = true;
  if (kind == OutcomeKind::deferred || kind == OutcomeKind::rejected)
    refused_.emplace_back(*message, parts_of(*message));
}

void Watch::settled() {
  for (const auto& [message, parts] : refused_) {
    counted_[message.recipient].erase(message.id);
    for (auto& [day, ids] : days_) ids.erase(message.id);
    for (const Message& part : parts) {
      const std::int64_t refused = part.id;
      for (auto& [scope, sent] : once_)
        sent.erase(std::remove_if(sent.begin(), sent.end(),
                                  [&](const Sent& s) { return s.message == refused; }),
                   sent.end());
    }
  }
  refused_.clear();
}

void Watch::lost(std::int64_t id) {
  attempts_[id].lost = true;
  trace("lost", id);
}

}  // namespace sim
