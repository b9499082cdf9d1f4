#include "engine/checks.h"

#include <algorithm>
#include <cmath>

#include "base/digest.h"
#include "base/text.h"
#include "engine/runs.h"

namespace retaind::engine {

using language::Rule;
using language::Step;
using language::StepKind;

bool ActiveHolds::refresh(store::Database& database, Time now) {
  store::Holds holds(database);
  const std::int64_t stamp = holds.stamp();
  if (stamp == stamp_ && (!next_end_ || now < *next_end_)) return false;
  stamp_ = stamp;
  rows_ = holds.in_force(now);
  by_rule_.clear();
  by_customer_.clear();
  everything_.reset();
  next_end_.reset();
  store::Ledger ledger(database);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const store::HoldRow& hold = rows_[i];
    if (hold.until && (!next_end_ || *hold.until < *next_end_)) next_end_ = hold.until;
    if (hold.scope == "all") everything_ = i;
    if (hold.scope == "rule") by_rule_[hold.target] = i;
    if (hold.scope == "customer") {
      if (const auto id = ledger.customer_by_key(hold.target)) by_customer_[*id] = i;
    }
  }
  return true;
}

const store::HoldRow* ActiveHolds::find(std::string_view rule,
                                        std::optional<std::int64_t> customer) const {
  if (rows_.empty()) return nullptr;
  if (everything_) return &rows_[*everything_];
  if (const auto found = by_rule_.find(rule); found != by_rule_.end()) return &rows_[found->second];
  if (!customer) return nullptr;
  const auto found = by_customer_.find(*customer);
  return found == by_customer_.end() ? nullptr : &rows_[found->second];
}

bool ActiveHolds::has(std::string_view cause, std::string_view target) const {
  return std::any_of(rows_.begin(), rows_.end(), [&](const store::HoldRow& hold) {
    return hold.cause == cause && hold.target == target;
  });
}

Checks::Checks(store::Database& database, const Site& site)
    : database_(&database), ledger_(database), messages_(database), site_(&site) {}

Checks::Subject Checks::subject_of(const Running& running, const Step& step, const Firing& firing,
                                   const Message& message, const store::Candidate* candidate) {
  Subject subject;
  subject.rule = running.rule;
  subject.row = &running.row;
  subject.step = &step;
  subject.trigger = running.trigger.get();
  subject.candidate = candidate;
  subject.due = message.due;
  subject.late_from = message.late_from;
  subject.scope = firing.scope;
  subject.firing = firing.id;
  subject.message = message.id;
  subject.customer = firing.customer;
  subject.draft = message.draft;
  subject.held_out = firing.held_out;
  if (running.rule->trigger.kind == language::TriggerKind::state) {
    subject.ended =
        candidate == nullptr || !candidate->in_state || candidate->episode != firing.part;
  }
  return subject;
}

int Checks::day_of(Time time) const { return number_of(site_->zone.date_of(time)); }

bool Checks::in_holdout(const store::RuleRow& row, const Rule& rule,
                        std::string_view customer_key) const {
  // The share is compared with the hash as a fraction of its whole range, so that raising the share
  // keeps everyone who was held out before. The site's own holdout has its own hash and comes
  // first.
  const auto bucket = [&](std::string_view name, double part) {
    if (part <= 0) return false;
    std::string key{name};
    key += '\0';
    key += customer_key;
    return static_cast<double>(stable_hash(key)) < part * std::ldexp(1.0, 64);
  };
  // The site's holdout measures advertising: nobody is kept from a notice they need.
  const bool advertising = rule.purpose == Purpose::marketing || rule.purpose == Purpose::feedback;
  return bucket("", advertising ? site_->holdout : 0) || bucket(row.first_name, rule.holdout);
}

std::string Checks::recipient(const Step& step, const store::Candidate* candidate) const {
  switch (step.kind) {
    case StepKind::email:
      return candidate == nullptr ? std::string{} : std::string(candidate->address);
    case StepKind::notify:
    case StepKind::webhook: return step.target;
    case StepKind::pause_marketing: break;
  }
  return {};
}

const Calendar::Opening* Checks::stretch_of(const Rule& rule, Time time, const Zone& zone) const {
  static constexpr Calendar::Opening always{Time::min(), Time::min(), Time::max()};
  if (rule.send_window.empty()) return &always;
  const auto is_known = [&](const Opening& o) {
    return o.answer.holds_at(time) && o.zone == zone && o.calendar == rule.send_window;
  };
  if (is_known(openings_.front())) return &openings_.front().answer;
  const auto known = std::find_if(openings_.begin() + 1, openings_.end(), is_known);
  if (known != openings_.end()) {
    std::rotate(openings_.begin(), known, known + 1);
  } else {
    const auto calendar = site_->calendars.find(rule.send_window);
    if (calendar == site_->calendars.end() || calendar->second.always_open()) return &always;
    const auto found = calendar->second.next_opening(time, zone);
    if (!found) return nullptr;
    std::rotate(openings_.begin(), openings_.end() - 1, openings_.end());
    openings_.front() = {rule.send_window, zone, *found};
  }
  return &openings_.front().answer;
}

namespace {

/// Counted from the first opening at or after the due time (semantics 11).
Time late_in(const Calendar::Opening* stretch, Time late_from, const Span& limit,
             const Zone& zone) {
  return zone.add(stretch == nullptr ? late_from : std::max(stretch->opens, late_from), limit);
}

}  // namespace

std::optional<Time> Checks::late_at(const Rule& rule, Time late_from, const Zone& zone) const {
  if (!rule.late_limit) return std::nullopt;
  return late_in(stretch_of(rule, late_from, zone), late_from, *rule.late_limit, zone);
}

void Checks::check_windows(const Subject& subject, const Zone& zone, Situation& s) const {
  const Rule& rule = *subject.rule;
  const Calendar::Opening* stretch = stretch_of(rule, s.now, zone);
  if (subject.step->kind != StepKind::pause_marketing) {
    if (stretch == nullptr) s.window_never_opens = true;
    if (stretch != nullptr && stretch->opens > s.now) s.opens = stretch->opens;
  }
  // Most lie in the stretch that they are due in.
  if (rule.late_limit && stretch != nullptr && stretch->holds_at(subject.late_from))
    s.late_at = late_in(stretch, subject.late_from, *rule.late_limit, zone);
  else
    s.late_at = late_at(rule, subject.late_from, zone);
}

void Checks::check_holds(const Subject& subject, Situation& s) const {
  // A live rule set back to draft leaves its planned messages waiting, not sent.
  s.paused = subject.rule->status == language::RuleStatus::paused ||
             (subject.rule->status == language::RuleStatus::draft && !subject.draft);
  if (subject.rule->purpose == Purpose::marketing && subject.candidate != nullptr &&
      subject.candidate->marketing_paused_until &&
      *subject.candidate->marketing_paused_until > s.now &&
      subject.step->kind != StepKind::pause_marketing) {
    s.paused = true;
    s.paused_until = subject.candidate->marketing_paused_until;
  }
  if (const store::HoldRow* hold = holds_.find(subject.rule->id, subject.customer)) {
    s.hold = hold->cause == "brake" ? Reason::brake : Reason::on_hold;
    s.hold_until = hold->until;
  }
  if (clock_hold_) {
    s.hold = Reason::clock;
    s.hold_until = clock_hold_;
  }
}

void Checks::check_place(const Subject& subject, Situation& s) {
  if (!subject.scope) return;
  auto place = subject.place_read && subject.candidate != nullptr
                   ? subject.candidate->place
                   : ledger_.place(subject.row->id, subject.draft, *subject.scope);
  if (!place) return;
  if (subject.firing && place->firing == *subject.firing) {
    s.has_place = true;
    return;
  }
  if (subject.rule->again_after) place = ledger_.as_kept(*place);
  if (place->kept && subject.rule->again_after && place->first_at) {
    // Only a later occurrence is let through; one inside the period ends already-sent.
    if (site_->zone.add(*place->first_at, *subject.rule->again_after) <= s.now) return;
  }
  s.place_taken = true;
}

std::optional<Time> Checks::next_free_day(const Subject& subject, Time now) {
  const int limit = *subject.rule->limit_per_day;
  const LocalDate today = site_->zone.date_of(now);
  if (messages_.day(subject.row->id, number_of(today)).used < limit) return std::nullopt;
  const auto after = [](LocalDate date) {
    return LocalDate{std::chrono::sys_days{date} + std::chrono::days{1}};
  };
  LocalDate free = after(today);
  // Messages over the limit fill one day after the other, so only the last one can have room.
  if (const auto last = messages_.last_reserved(subject.row->id)) {
    const LocalDate day = date_of_number(last->first);
    if (day >= free) free = last->second.reserved < limit ? day : after(day);
  }
  return site_->zone.start_of(free);
}

void Checks::check_counts(const Subject& subject, Situation& s) {
  if (subject.draft || subject.step->kind == StepKind::pause_marketing) return;
  if (subject.rule->limit_per_day) s.limited_until = next_free_day(subject, s.now);
  const PurposeRow& policy = policy_of(subject.rule->purpose);
  if (policy.counts_in_caps && subject.candidate != nullptr &&
      subject.step->kind == StepKind::email) {
    // The cap is reached while its n-th newest send counts, and frees a place when that one leaves
    // the window.
    const auto oldest = messages_.nth_newest_count(subject.candidate->address, site_->cap.messages);
    if (!oldest) return;
    const Time free = site_->zone.add(*oldest, site_->cap.within);
    if (free > s.now) s.capped_until = free;
  }
}

Situation Checks::situation(const Subject& subject, Time now) {
  Situation s = gather(subject, now);
  if (watch_) watch_(subject, s);
  return s;
}

Situation Checks::gather(const Subject& subject, Time now) {
  Situation s;
  const Rule& rule = *subject.rule;
  const store::Candidate* candidate = subject.candidate;
  const PurposeRow& policy = policy_of(rule.purpose);
  const Zone& zone = candidate != nullptr && subject.trigger != nullptr
                         ? subject.trigger->zone_of(*candidate)
                         : site_->zone;
  s.now = now;
  s.due = subject.due;
  s.step = subject.step;
  s.zone = &site_->zone;
  s.draft = subject.draft;
  s.rule_removed = subject.row->removed_at.has_value();
  s.gone = candidate == nullptr && language::has_row(rule.trigger) && !subject.ended;
  s.state_ended = subject.ended;
  const bool to_customer = subject.step->kind == StepKind::email;
  if (candidate != nullptr) {
    s.facts = std::span(candidate->cells).first(rule.slots.size());
    s.facts.aggregates = rule.aggregates;
    if (subject.trigger != nullptr && !rule.aggregates.empty())
      s.facts.rows = subject.trigger->related(*candidate, now);
    s.needs_address = to_customer;
    s.has_address = candidate->has_address;
    s.suppressed = to_customer && policy.suppression_applies && candidate->suppressed;
    const bool basis = rule.purpose == Purpose::feedback && !site_->feedback_needs_consent;
    s.needs_consent = to_customer && policy.needs_consent && !basis;
    s.consented =
        candidate->consent && (!candidate->consent_until || *candidate->consent_until > now);
  }
  check_windows(subject, zone, s);
  check_holds(subject, s);
  check_place(subject, s);
  if (subject.firing && subject.message && subject.step->kind != StepKind::pause_marketing) {
    s.overtaken_at = messages_.overtaken_at(*subject.firing, subject.due);
    s.overtaken = s.overtaken_at && *s.overtaken_at <= now;
  }
  if (!subject.message) return s;
  check_counts(subject, s);
  s.held_out = check_holdout(subject);
  return s;
}

bool Checks::check_holdout(const Subject& subject) const {
  // Decided once, at the firing's first message, whatever kind that is; effects follow it.
  if (subject.held_out) return *subject.held_out;
  const bool effect = subject.step->kind == StepKind::pause_marketing;
  if (effect || subject.candidate == nullptr || subject.candidate->customer_key.empty())
    return false;
  return in_holdout(*subject.row, *subject.rule, subject.candidate->customer_key);
}

}  // namespace retaind::engine
