#include "engine/explain.h"

#include <algorithm>

#include "engine/business_time.h"
#include "engine/variant.h"
#include "store/people.h"

namespace retaind::engine {
namespace {

using namespace std::chrono_literals;
using language::Condition;
using language::Rule;
using language::Step;
using language::StepKind;
using language::TriggerKind;

// Nobody asks for what changes behind this, and a window that opens each day is no reason to walk
// on.
constexpr Duration horizon = 366 * 2 * 24h;
constexpr int most_points = 20'000;

bool waits(const Message& message) { return message.next_at || !is_final(message.state); }

bool same(const Decision& a, const Decision& b) {
  return a.verdict == b.verdict && a.reason == b.reason && a.line == b.line;
}

Running running_of(store::Database& database, const Site& site, const Rule& rule,
                   store::RuleRow row) {
  Running running;
  running.rule = &rule;
  running.row = std::move(row);
  running.trigger_id = store::People(database).trigger_id(rule.trigger.name).value_or(0);
  running.trigger = std::make_unique<Trigger>(database, rule, site.zone);
  return running;
}

}  // namespace

const Condition* condition_at(const Rule& rule, int line) {
  const Condition* found = nullptr;
  language::each_line(rule, [&](const language::Line& l) {
    if (line-- == 0) found = l.condition;
  });
  return found;
}

std::optional<Time> Explained::digest_closes() const {
  for (const KnownMessage& known : messages)
    if (known.digest_closes) return known.digest_closes;
  return std::nullopt;
}

Explainer::Explainer(store::Database& database, const Site& site, const Rule& rule,
                     store::RuleRow row)
    : database_(&database),
      site_(&site),
      running_(running_of(database, site, rule, std::move(row))),
      ledger_(database),
      messages_(database),
      checks_(database, site),
      engine_(database, checks_, site) {}

Explainer::Found Explainer::make(const Occurrence& occurrence) const {
  Found found;
  found.row = occurrence.row;
  found.customer = occurrence.customer;
  found.explained.part = occurrence.part;
  found.explained.anchor = occurrence.anchor;
  found.explained.due = occurrence.due;
  found.explained.ended = occurrence.ended;
  found.explained.admission = engine_.admission(running_, occurrence);
  return found;
}

std::vector<Explainer::Found> Explainer::gather(std::int64_t customer, Time at, std::size_t& rows) {
  if (!language::has_row(running_.rule->trigger)) return gather_slots(at);
  std::vector<Found> found;
  // Of what recurs each year a look back of one is enough.
  const Time since = at - 400 * 24h;
  store::People people(*database_);
  const auto ids = running_.trigger->rows().rows_of(customer);
  rows = ids.size();
  for (const std::int64_t row : ids) {
    const std::size_t first = found.size();
    for (const Occurrence& occurrence : occurrences_of(row, since, at))
      found.push_back(make(occurrence));
    add_known(found, row);
    if (found.size() == first) continue;
    const std::string key = people.key_of(running_.rule->trigger.subject, row);
    for (std::size_t i = first; i < found.size(); ++i) {
      found[i].explained.row = key;
      found[i].explained.counted = is_counted(found[i]);
    }
  }
  return found;
}

/// Of a schedule with `each:` the last slot and the next, by the facts of now: what became of the
/// row at earlier ones only a firing tells.
std::vector<Occurrence> Explainer::occurrences_of(std::int64_t row, Time since, Time at) const {
  if (!running_.rule->trigger.each) return running_.trigger->of_row(row, since, at);
  std::vector<Occurrence> found;
  const store::Candidate* candidate = running_.trigger->rows().by_row(row, at);
  if (candidate == nullptr) return found;
  const auto past = running_.trigger->slots({at - 32 * 24h, at});
  const auto ahead = running_.trigger->slots({at, at + 32 * 24h});
  if (!past.empty()) found.push_back(Trigger::make_each(*candidate, past.back()));
  if (!ahead.empty()) found.push_back(Trigger::make_each(*candidate, ahead.front()));
  return found;
}

bool Explainer::is_counted(const Found& found) {
  if (!running_.rule->trigger.each || found.explained.firing) return false;
  const Time due = found.explained.due;
  for (const store::PassRow& pass :
       store::Passes(*database_).due(running_.row.id, running_.draft(), due, due + Duration{1}))
    return found.row <= pass.through_row && (pass.ended || found.row <= pass.last_row);
  return false;
}

std::vector<Explainer::Found> Explainer::gather_slots(Time at) {
  std::vector<Found> found;
  Trigger::Cursor cursor;
  running_.trigger->scan({at - 32 * 24h, at + 32 * 24h}, cursor, 100, at,
                         [&](const Occurrence& slot) { found.push_back(make(slot)); });
  add_known(found, 0);
  return found;
}

/// The row's firings: each to its occurrence, or for itself when the facts do not hold it any more.
void Explainer::add_known(std::vector<Found>& found, std::int64_t row) {
  if (running_.row.id == 0 || running_.trigger_id == 0) return;
  for (const Firing& firing :
       ledger_.firings_of_row(running_.row.id, running_.draft(), running_.trigger_id, row)) {
    auto same_part = std::find_if(found.begin(), found.end(), [&](const Found& f) {
      return f.row == row && f.explained.part == firing.part;
    });
    if (same_part == found.end()) {
      Found gone;
      gone.row = row;
      gone.customer = firing.customer;
      gone.explained.part = firing.part;
      gone.explained.anchor = firing.anchor;
      gone.explained.due = firing.due;
      const language::Trigger& trigger = running_.rule->trigger;
      gone.explained.in_facts = trigger.date != nullptr && trigger.date->yearly;
      same_part = found.insert(found.end(), std::move(gone));
    }
    same_part->explained.firing = firing;
  }
}

void Explainer::read_messages(Explained& explained) {
  if (!explained.firing) return;
  store::People people(*database_);
  bool waiting = false;
  for (const std::int64_t id : messages_.of_firing(explained.firing->id)) {
    auto message = messages_.find(id);
    if (!message) continue;
    waiting = waiting || waits(*message);
    KnownMessage known;
    const auto at = message->handed_at ? message->handed_at : message->ended_at;
    if (at) known.values = people.values_read(id, *at);
    if (message->envelope && waits(*message)) {
      if (const auto digest = messages_.find(*message->envelope))
        known.digest_closes = digest->next_at.value_or(digest->due);
    }
    known.message = *std::move(message);
    explained.messages.push_back(std::move(known));
  }
  explained.over = !waiting && !explained.firing->open;
}

Explainer::Subject Explainer::subject_of(const Found& found, Time at) const {
  const Explained& explained = found.explained;
  const Rule& rule = *running_.rule;
  Subject subject;
  subject.row = found.row;
  if (explained.firing) {
    subject.in_ledger = true;
    subject.firing = *explained.firing;
    const Message* next = nullptr;
    for (const KnownMessage& known : explained.messages) {
      const Message& m = known.message;
      const bool sooner = next == nullptr || (waits(m) && (!waits(*next) || m.due < next->due));
      if (sooner) next = &m;
    }
    if (next != nullptr) {
      subject.message = *next;
      subject.step = Runs::step_of(rule, next->step);
      if (subject.step != nullptr) return subject;
    }
  }
  // As it would be planned: the step that is due with the occurrence, else the first `after:`.
  subject.step = Runs::first_step(rule);
  subject.message.due = explained.admission == Engine::Admission::backlog
                            ? std::max(at, explained.due)
                            : explained.due;
  if (subject.step == nullptr) {
    for (const Step& step : rule.steps) {
      const Time due =
          later(*running_.rule, explained.anchor.value_or(explained.due), *step.after, site_->zone);
      if (subject.step != nullptr && due >= subject.message.due) continue;
      subject.step = &step;
      subject.message.due = due;
    }
  }
  subject.message.step = subject.step->key;
  subject.message.late_from = subject.message.due;
  subject.message.draft = subject.firing.draft = running_.draft();
  if (!subject.in_ledger) {
    subject.firing.part = explained.part;
    subject.firing.customer = found.customer;
    subject.firing.scope = Runs::scope_of(rule, found.row, found.customer);
  }
  return subject;
}

Explainer::Look Explainer::look(const Subject& subject, Checks& checks, Time at) {
  Look look;
  look.zone = site_->zone;
  const Rule& rule = *running_.rule;
  const bool with_row = language::has_row(rule.trigger);
  const store::Candidate* candidate =
      with_row ? running_.trigger->rows().by_row(subject.row, at) : nullptr;
  auto asked =
      Checks::subject_of(running_, *subject.step, subject.firing, subject.message, candidate);
  if (!subject.in_ledger) asked.firing.reset();
  checks.refresh_holds(at);
  checks.set_clock_hold(clock_until_ && at < *clock_until_ ? clock_until_ : std::nullopt);
  look.situation = checks.situation(asked, at);
  look.decision = decide(rule, look.situation);
  if (candidate == nullptr) return look;
  look.zone = running_.trigger->zone_of(*candidate);
  look.consent_until = candidate->consent_until;
  look.marketing_paused_until = candidate->marketing_paused_until;
  store::People people(*database_);
  for (const language::Slot& slot : rule.slots) {
    if (slot.field->derivation != Derivation::dated_flag) continue;
    const bool own = slot.field->subject == rule.trigger.subject;
    const auto row = own ? std::optional(subject.row) : candidate->customer;
    const auto turns =
        row ? people.time_of(slot.field->subject, *row, slot.field->column) : std::nullopt;
    if (turns && *turns > at) look.flags_turn.push_back(*turns);
  }
  return look;
}

void Explainer::points_of(Check check, const Subject& subject, const Look& look, Time until,
                          const std::function<void(Time)>& consider) {
  const Rule& rule = *running_.rule;
  const Situation& s = look.situation;
  const auto maybe = [&](const std::optional<Time>& at) {
    if (at) consider(*at);
  };
  const auto lines = [&](const std::vector<Condition>& conditions) {
    for (const Time at : look.flags_turn) consider(at);
    for (const Condition& condition : conditions)
      maybe(next_turn(condition, s.facts, s.now, until, *s.zone));
  };
  switch (check) {
    case Check::due:
      consider(s.due);
      if (s.now < s.due) lines(rule.stop_if);
      break;
    case Check::consent: maybe(look.consent_until); break;
    case Check::stop_if: lines(rule.stop_if); break;
    case Check::once_per:
      if (subject.firing.scope && rule.again_after) {
        const auto place =
            ledger_.place(running_.row.id, subject.message.draft, *subject.firing.scope);
        if (place && place->first_at)
          consider(site_->zone.add(*place->first_at, *rule.again_after));
      }
      break;
    case Check::late_limit:
      maybe(s.overtaken_at);
      if (s.late_at) consider(*s.late_at + Duration{1});
      break;
    case Check::pause: maybe(look.marketing_paused_until); break;
    case Check::hold:
    case Check::clock:
      maybe(s.hold_until);
      if (s.hold_until) consider(*s.hold_until + Duration{1});
      break;
    case Check::window: {
      maybe(s.opens);
      const auto calendar = site_->calendars.find(rule.send_window);
      if (s.opens || calendar == site_->calendars.end() || calendar->second.always_open()) break;
      if (!s.window_never_opens) maybe(calendar->second.closing(s.now, look.zone));
      break;
    }
    case Check::hold_while: lines(rule.hold_while); break;
    case Check::conditions:
      lines(rule.if_all);
      lines(rule.unless_any);
      lines(subject.step->if_all);
      break;
    case Check::limit:
      if (s.limited_until) {
        const LocalDate today = site_->zone.date_of(s.now);
        consider(
            site_->zone.start_of(LocalDate{std::chrono::sys_days{today} + std::chrono::days{1}}));
      }
      break;
    case Check::cap: maybe(s.capped_until); break;
    case Check::rule:
    case Check::row:
    case Check::address:
    case Check::suppression:
    case Check::state:
    case Check::draft:
    case Check::holdout: break;
  }
}

/// Where the answer may turn next: the check that decided stops hitting, or one before it begins
/// to.
std::optional<Time> Explainer::next_point(const Subject& subject, const Look& look, Time until) {
  std::optional<Time> next;
  const auto consider = [&](Time at) {
    if (at > look.situation.now && at <= until && (!next || at < *next)) next = at;
  };
  for (const Checked& checked : check_each(*running_.rule, look.situation)) {
    points_of(checked.check, subject, look, until, consider);
    if (checked.hit) break;
  }
  return next;
}

std::optional<Time> Explainer::next_answer(const Subject& subject, Time at) {
  Checks checks(*database_, *site_);
  const Time until = at + horizon;
  Look here = look(subject, checks, at);
  const Decision now = here.decision;
  for (int i = 0; i < most_points; ++i) {
    const auto next = next_point(subject, here, until);
    if (!next) return std::nullopt;
    here = look(subject, checks, *next);
    if (!same(here.decision, now)) return next;
  }
  return std::nullopt;
}

void Explainer::read_lines(Explained& explained, const Look& look) const {
  const Rule& rule = *running_.rule;
  int number = 0;
  language::each_line(rule, [&](const language::Line& asked) {
    ExplainedLine line;
    line.line = asked;
    line.number = number++;
    if (asked.step != nullptr && asked.step != explained.step) return;
    const Readings& facts = look.situation.facts;
    if (facts.are_all_of(rule)) {
      line.truth = evaluate(*asked.condition, facts, look.situation.now, site_->zone);
      line.values = describe_values(*asked.condition, rule, facts, look.situation.now, site_->zone);
    }
    explained.lines.push_back(std::move(line));
  });
}

void Explainer::explain_one(Explained& explained, const Subject& subject, Time at) {
  Checks checks(*database_, *site_);
  const Look here = look(subject, checks, at);
  explained.step = subject.step;
  const auto& customer = subject.firing.customer;
  explained.variant = subject.message.variant;
  if (!subject.in_ledger && customer && !subject.step->variants.empty())
    explained.variant =
        variant_of(running_.row.first_name, *subject.step,
                   store::People(*database_).key_of(retaind::Subject::customer, *customer));
  explained.message_due = subject.message.due;
  explained.decision = here.decision;
  explained.checks = check_each(*running_.rule, here.situation);
  read_lines(explained, here);
  explained.situation = here.situation;
  explained.situation.facts = {};
  if (const auto* candidate = language::has_row(running_.rule->trigger)
                                  ? running_.trigger->rows().by_row(subject.row, at)
                                  : nullptr)
    explained.address = candidate->address;
  if (explained.over || explained.counted) return;
  const bool ahead = at < subject.message.due && explained.decision.reason == Reason::none &&
                     explained.decision.verdict == Verdict::hold;
  if (ahead) {
    const Look then = look(subject, checks, subject.message.due);
    explained.when_due = then.decision;
    explained.checks = check_each(*running_.rule, then.situation);
    explained.lines.clear();
    read_lines(explained, then);
    explained.situation = then.situation;
    explained.situation.facts = {};
  }
  explained.changes_at = next_answer(subject, at);
}

Explainer::Answer Explainer::explain(std::int64_t customer, Time at, std::size_t most) {
  Answer answer;
  std::vector<Found> found = gather(customer, at, answer.rows);
  for (Found& f : found) {
    f.explained.over = f.explained.firing && !f.explained.firing->open;
  }
  std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return a.explained.due < b.explained.due;
  });
  // What waits, and of the rest those around the time that is asked about.
  std::vector<bool> chosen(found.size());
  std::size_t past = 0;
  std::size_t ahead = 0;
  for (std::size_t i = found.size(); i-- > 0;) {
    const Explained& e = found[i].explained;
    if (e.due <= at) chosen[i] = (e.firing && e.firing->open) || past++ < most;
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Explained& e = found[i].explained;
    if (e.due > at) chosen[i] = (e.firing && e.firing->open) || ahead++ < most;
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!chosen[i]) {
      ++answer.left_out;
      continue;
    }
    Explained& explained = found[i].explained;
    read_messages(explained);
    const Subject subject = subject_of(found[i], at);
    explain_one(explained, subject, at);
    answer.occurrences.push_back(std::move(explained));
  }
  return answer;
}

}  // namespace retaind::engine
