#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>

#include "simulation_parts.h"

namespace sim {

using namespace std::chrono_literals;
namespace {

retaind::Site site_of(std::uint64_t seed) {
  static constexpr std::array<const char*, 6> zones{"Europe/Berlin",       "America/New_York",
                                                    "Asia/Tokyo",          "UTC",
                                                    "Australia/Lord_Howe", "Asia/Kolkata"};
  retaind::Site site = read_site();
  site.zone = *retaind::Zone::find(zones[mixed(seed, 1) % zones.size()]);
  if (mixed(seed, 2) % 4 == 0) site.holdout = 0.1;
  site.feedback_needs_consent = mixed(seed, 3) % 3 != 0;
  if (mixed(seed, 4) % 3 == 0) site.cap.messages = 3;
  site.retention.traces_days = mixed(seed, 5) % 4 == 0 ? 90 : 0;
  site.retention.bodies_days = 0;
  return site;
}

Time start_of(std::uint64_t seed) {
  // Around changes of summer time on both hemispheres, a leap day, a turn of the year.
  static constexpr std::array<const char*, 6> days_around{"2026-02-20", "2026-10-05", "2028-02-01",
                                                          "2026-12-01", "2027-03-10", "2026-06-15"};
  const auto date = *retaind::parse_date(days_around[mixed(seed, 6) % days_around.size()]);
  return std::chrono::time_point_cast<Duration>(std::chrono::sys_days{date}) +
         Duration{static_cast<std::int64_t>(mixed(seed, 7) % 86'400'000)};
}

}  // namespace

std::uint64_t mixed(std::uint64_t seed, std::uint64_t value) {
  std::uint64_t x = seed * 0x9e3779b97f4a7c15ULL + value;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

Simulation::Simulation(std::uint64_t seed, bool verbose)
    : seed_(seed),
      events_a_day_(mixed(seed, 11) % 8 == 0 ? 24 : 6),
      rng_(mixed(seed, 8)),
      daemon_rng_(mixed(seed, 9)),
      site_(site_of(seed)),
      files_(site_),
      clock_(start_of(seed)),
      database_(*store::Database::in_memory()),
      life_(database_, shop_, rng_),
      naive_(shop_, site_, controls_),
      watch_(database_, shop_, site_, naive_, controls_, tally_),
      world_(database_, clock_, daemon_rng_, [this] { return files_.read(); }) {
  watch_.verbose = verbose;
  sqlite3_commit_hook(database_.handle(), &Simulation::on_commit, this);
  for (auto* peer : {&world_.mail(), &world_.webhooks()}) {
    peer->answer = [this](const Outgoing& message) { return answer(message); };
    peer->on_send = [this](const Outgoing& message) {
      ++sent_in_pass_;
      watch_.handed(message, clock_.now(), clock_.elapsed());
    };
  }
}

Result Simulation::run() {
  const bool late_history = chance(25);
  const int customers = 200 + static_cast<int>(rng_.below(30));
  // A big past makes passes that are cut.
  const int before = mixed(seed_, 10) % 12 == 0 ? 600 : customers;
  if (!late_history) life_.populate(before, clock_.now(), chance(50));
  start();
  if (late_history) life_.populate(before, clock_.now() + 1ms, true);
  plan();
  live(clock_.now() + lived);
  if (!watch_.problems().empty()) return result();
  calm();
  live(clock_.now() + quiet);
  if (!watch_.problems().empty()) return result();
  settle();
  watch_.balance(clock_.now());
  if (world_.running()) watch_.at_rest(clock_.now(), world_.core().in_flight());
  watch_.at_the_end(clock_.now(), clock_.elapsed());
  return result();
}

Duration Simulation::up_to(Duration most) {
  return Duration{static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(most.count())))};
}

Result Simulation::result() {
  for (const std::string& refusal : life_.refusals())
    watch_.say("the store refused a fact: " + refusal);
  // A wake-up has a reason: something changed, was answered, became due or may have.
  const std::int64_t reasons = life_.facts() + watch_.sends() + watch_.changes() + 2'000;
  if (passes_ > 3 * reasons) watch_.say(fmt::format("{} passes for {} reasons", passes_, reasons));
  Result result;
  result.problems = watch_.problems();
  result.tally = tally_;
  result.hash = watch_.hash();
  result.facts = life_.facts();
  result.sends = watch_.sends();
  result.changes = watch_.changes();
  result.passes = passes_;
  result.idle_passes = idle_passes_;
  return result;
}

void Simulation::start() {
  controls_.clock_until.reset();
  for (int attempt = 0; !world_.running() && attempt < 5; ++attempt) {
    if (armed_ == Crash::at_start) {
      refuse_commit_ = true;
      only_with_messages_ = false;
      note_crash(Crash::at_start);
    }
    auto started = world_.start();
    if (!started && !refused_) watch_.say("the daemon does not start: " + started.error().message);
    refused_ = false;
  }
  adopt_counting();
  naive_.set_rules(files_.rules());
  watch_.committed(clock_.now(), clock_.elapsed());
}

/// From when each rule counts, by the design's words: a rule that is new, comes back, goes live
/// or is timed anew counts from then on, plus its backlog.
void Simulation::adopt_counting() {
  std::map<std::string, std::string> now, revisions;
  for (const auto& rule : files_.rules()) {
    std::string state = fmt::format(
        "{} {} {} {} {} {}", rule.trigger.name, rule.trigger.offset.months,
        rule.trigger.offset.days, rule.trigger.offset.elapsed.count(),
        rule.trigger.at_minute.value_or(-1), rule.status == retaind::language::RuleStatus::draft);
    const auto was = counting_.find(rule.id);
    if (was == counting_.end() || was->second != state) {
      Time from = clock_.now();
      if (rule.backlog.all) from = Time{};
      if (rule.backlog.within) from = site_.zone.add(from, rule.backlog.within->negated());
      controls_.counts_from[rule.id] = from;
    }
    if (was == counting_.end() || was->second != state || revisions_[rule.id] != rule.revision)
      controls_.revised[rule.id] = clock_.now();
    now[rule.id] = state;
    revisions[rule.id] = rule.revision;
  }
  counting_ = now;
  revisions_ = revisions;
}

void Simulation::note_crash(Crash point) {
  ++tally_.crash_points[crash_names[static_cast<std::size_t>(point)]];
  watch_.trace(clock_.now(), "crash", crash_names[static_cast<std::size_t>(point)]);
  if (armed_ == point) armed_ = Crash::none;
}

/// kill -9: of what was on its way, some has arrived.
void Simulation::crash(Crash point, int arrived_percent) {
  note_crash(point);
  for (auto* peer : {&world_.mail(), &world_.webhooks()}) {
    for (const Outgoing& message : peer->forget()) {
      if (chance(arrived_percent)) {
        watch_.taken(message);
        ++tally_.faults["lost and delivered"];
      } else {
        ++tally_.faults["lost and not delivered"];
      }
      watch_.lost(message.id);
    }
  }
  for (const std::int64_t id : heard_) watch_.lost(id);
  heard_.clear();
  watch_.daemon_died();
  world_.crash();
  sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr);
  refuse_commit_ = refused_ = false;
  watch_.committed(clock_.now(), clock_.elapsed());
  if (chance(30)) return resume_at(clock_.now() + up_to(20h));
  start();
}

void Simulation::resume_at(Time at) {
  ++tally_.faults["down for a while"];
  deeds_.push_back({at, [this] {
                      if (!world_.running()) start();
                    }});
}

Outcome Simulation::answer(const Outgoing& message) {
  Outcome outcome;
  const std::uint64_t roll =
      well_ ? 99 : mixed(seed_ ^ 0x5eed, static_cast<std::uint64_t>(message.id)) % 100;
  const std::uint64_t again = well_ ? 99 : rng_.below(100);
  outcome.code = 250;
  if (roll < 2 && again < 97) {  // a mailbox that is full for ever
    outcome = {OutcomeKind::deferred, 452, "mailbox full", false, std::nullopt};
  } else if (roll < 4) {
    outcome = {OutcomeKind::rejected, 550, "no such user", false, std::nullopt};
  } else if (again < 8) {
    outcome = {OutcomeKind::deferred, 451, "greylisted", false, std::nullopt};
    if (chance(40)) outcome.retry_after = 1min + up_to(3h);
  } else if (again < 11) {
    outcome = {OutcomeKind::deferred, 421, "closing", true, 1min + up_to(1h)};
  } else if (again < 16) {
    outcome = {OutcomeKind::unknown, 0, "the connection was lost", false, std::nullopt};
  }
  if (outcome.kind == OutcomeKind::sent) watch_.taken(message);
  if (outcome.kind == OutcomeKind::unknown && chance(50)) {
    watch_.taken(message);
    ++tally_.faults["unknown and delivered"];
  } else if (outcome.kind == OutcomeKind::unknown) {
    ++tally_.faults["unknown and not delivered"];
  }
  if (outcome.host_trouble) ++tally_.faults["host trouble"];
  watch_.answered(message.id, outcome.kind);
  heard_.push_back(message.id);
  return outcome;
}

/// Everything due at this instant, with whatever has been armed.
void Simulation::settle() {
  for (int turn = 0; world_.running(); ++turn) {
    if (turn > 20'000)
      return watch_.say(to_iso(clock_.now()) + ": the same instant never came to rest");
    const bool mail = world_.mail().answer_due();
    const bool web = world_.webhooks().answer_due();
    const bool answered = mail || web;
    if (answered && armed_ == Crash::before_settle) {
      crash(Crash::before_settle, 50);
      continue;
    }
    static constexpr std::array<Duration, 4> latencies{0ms, 200ms, 3s, 2min};
    world_.mail().latency = world_.webhooks().latency =
        armed_ == Crash::before_answer ? Duration{2min} : latencies[well_ ? 0 : rng_.below(4)];
    if (armed_ == Crash::before_commit) refuse_commit_ = only_with_messages_ = true;
    sent_in_pass_ = 0;
    in_pass_ = true;
    auto pass = world_.core().run_due();
    in_pass_ = false;
    if (!pass) {
      if (!refused_) return watch_.say("a pass failed: " + pass.error().message);
      refused_ = false;
      sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr);
      watch_.committed(clock_.now(), clock_.elapsed());
      if (armed_ == Crash::before_commit)
        crash(Crash::before_commit, 50);
      else
        ++tally_.faults["a transaction failed"];
      continue;
    }
    heard_.clear();
    watch_.settled();
    if (pass->wrote) {
      ++passes_;
      if (!watch_.touched() && !answered && life_.facts() == facts_seen_) ++idle_passes_;
      facts_seen_ = life_.facts();
    }
    watch_.committed(clock_.now(), clock_.elapsed());
    see_brakes();
    if (pass->more && armed_ == Crash::in_backlog) {
      crash(Crash::in_backlog, 50);
      continue;
    }
    if (sent_in_pass_ > 0 && armed_ == Crash::before_hand_over) {
      crash(Crash::before_hand_over, 0);
      continue;
    }
    if (sent_in_pass_ > 0 && armed_ == Crash::before_answer) {
      crash(Crash::before_answer, 50);
      continue;
    }
    bool answers = false;
    for (auto* peer : {&world_.mail(), &world_.webhooks()}) {
      const auto next = peer->next_answer();
      answers |= next && *next <= clock_.now();
    }
    if (!pass->more && !pass->wrote && !answered && !answers) return;
  }
}

void Simulation::live(Time end) {
  Time next_life = clock_.now() + 1min;
  Time next_look = clock_.now() + 12h;
  while (clock_.now() < end && watch_.problems().empty()) {
    settle();
    Time next = end;
    if (!well_) next = std::min(next, next_life);
    next = std::min(next, next_look);
    for (const Deed& deed : deeds_) next = std::min(next, deed.at);
    if (world_.running()) {
      const auto due = world_.next_due();
      if (due && *due <= clock_.now())
        return watch_.say(
            fmt::format("{}: due at {}, and nothing moves", to_iso(clock_.now()), to_iso(*due)));
      if (due) next = std::min(next, *due);
    }
    clock_.advance_to(std::max(next, clock_.now()));
    if (!well_ && clock_.now() >= next_life) {
      life_.happen(clock_.now());
      next_life = clock_.now() + up_to(Duration{2 * 24h} / events_a_day_) + 1ms;
    }
    act();
    if (clock_.now() >= next_look) {
      look();
      next_look = clock_.now() + 24h + up_to(12h);
    }
  }
}

void Simulation::act() {
  for (std::size_t i = 0; i < deeds_.size();) {
    if (deeds_[i].at > clock_.now()) {
      ++i;
      continue;
    }
    const Deed deed = std::move(deeds_[i]);
    deeds_.erase(deeds_.begin() + static_cast<std::ptrdiff_t>(i));
    deed.act();
    i = 0;
  }
}

void Simulation::look() {
  settle();
  if (!world_.running()) return;
  if (++looks_ % 3 != 0) return;
  watch_.at_rest(clock_.now(), world_.core().in_flight());
  // By a clock that nobody trusts nothing is looked for.
  if (looks_ % 6 == 0 && !world_.core().clock_held()) watch_.balance(clock_.now());
}

Result simulate(std::uint64_t seed, bool verbose) { return Simulation(seed, verbose).run(); }

}  // namespace sim
