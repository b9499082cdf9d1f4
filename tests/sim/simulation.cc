#include "simulation.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>

#include "files.h"
#include "replay/world.h"

namespace sim {

using namespace std::chrono_literals;
using retaind::Reason;
using retaind::to_iso;
using retaind::delivery::Outcome;
using retaind::delivery::OutcomeKind;
using retaind::delivery::Outgoing;
using std::chrono::days;
namespace store = retaind::store;

namespace {

constexpr auto lived = days{60};
constexpr auto quiet = days{40};
constexpr int events_a_day = 24;

enum class Crash {
  none,
  before_commit,     ///< the transaction of a pass is lost
  before_hand_over,  ///< committed as `handed`, and nothing has left
  before_answer,     ///< the peer may have it
  before_settle,     ///< the answer was heard and not written down
  in_backlog,        ///< a pass was cut and there is more
  in_reload,         ///< the transaction of a reload is lost
  after_reload,
  at_start,  ///< the next daemon dies while it starts
  idle,
};
constexpr std::array<const char*, 10> crash_names{
    "none",       "before-commit", "before-hand-over", "before-answer", "before-settle",
    "in-backlog", "in-reload",     "after-reload",     "at-start",      "idle"};

std::uint64_t mixed(std::uint64_t seed, std::uint64_t value) {
  std::uint64_t x = seed * 0x9e3779b97f4a7c15ULL + value;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

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

class Simulation {
 public:
  Simulation(std::uint64_t seed, bool verbose)
      : seed_(seed),
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

  Result run() {
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

 private:
  struct Deed {
    Time at;
    std::function<void()> act;
  };

  static int on_commit(void* self) {
    auto& simulation = *static_cast<Simulation*>(self);
    if (!simulation.refuse_commit_) return 0;
    if (simulation.only_with_messages_ && !simulation.watch_.touched_messages()) return 0;
    simulation.refuse_commit_ = false;
    simulation.refused_ = true;
    return 1;
  }

  // Between 1 and `operations` steps of SQLite's machine from now a statement fails.
  void fail_statement() {
    failing_in_ = static_cast<std::int64_t>(1 + rng_.below(400));
    sqlite3_progress_handler(database_.handle(), 20, &Simulation::on_progress, this);
  }

  static int on_progress(void* self) {
    auto& simulation = *static_cast<Simulation*>(self);
    if (!simulation.in_pass_ || --simulation.failing_in_ > 0) return 0;
    if (simulation.failing_in_ < 0 || sqlite3_get_autocommit(simulation.database_.handle()) != 0)
      return 0;
    simulation.refused_ = true;
    return 1;
  }

  bool chance(int percent) { return rng_.below(100) < static_cast<std::uint64_t>(percent); }
  Duration up_to(Duration most) {
    return Duration{
        static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(most.count())))};
  }

  Result result() {
    for (const std::string& refusal : life_.refusals())
      watch_.say("the store refused a fact: " + refusal);
    // A wake-up has a reason: something changed, was answered, became due or may have.
    const std::int64_t reasons = life_.facts() + watch_.sends() + watch_.changes() + 2'000;
    if (passes_ > 3 * reasons)
      watch_.say(fmt::format("{} passes for {} reasons", passes_, reasons));
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

  // The daemon ---------------------------------------------------------------------------------

  void start() {
    controls_.clock_until.reset();
    for (int attempt = 0; !world_.running() && attempt < 5; ++attempt) {
      if (armed_ == Crash::at_start) {
        refuse_commit_ = true;
        only_with_messages_ = false;
        note_crash(Crash::at_start);
      }
      auto started = world_.start();
      if (!started && !refused_)
        watch_.say("the daemon does not start: " + started.error().message);
      refused_ = false;
    }
    adopt_counting();
    naive_.set_rules(files_.rules());
    watch_.committed(clock_.now(), clock_.elapsed());
  }

  /// From when each rule counts, by the design's words: a rule that is new, comes back, goes live
  /// or is timed anew counts from then on, plus its backlog.
  void adopt_counting() {
    std::map<std::string, std::string> now;
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
      now[rule.id] = state;
    }
    counting_ = now;
  }

  void note_crash(Crash point) {
    ++tally_.crash_points[crash_names[static_cast<std::size_t>(point)]];
    watch_.trace(fmt::format("{} crash {}", to_iso(clock_.now()),
                             crash_names[static_cast<std::size_t>(point)]));
    if (armed_ == point) armed_ = Crash::none;
  }

  /// kill -9: of what was on its way, some has arrived.
  void crash(Crash point, int arrived_percent) {
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

  void resume_at(Time at) {
    ++tally_.faults["down for a while"];
    deeds_.push_back({at, [this] {
                        if (!world_.running()) start();
                      }});
  }

  Outcome answer(const Outgoing& message) {
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
    if (outcome.kind == OutcomeKind::sent) heard_.push_back(message.id);
    return outcome;
  }

  /// Everything due at this instant, with whatever has been armed.
  void settle() {
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
      if (pass->wrote) {
        ++passes_;
        if (!watch_.touched() && !answered && life_.facts() == facts_seen_) ++idle_passes_;
        facts_seen_ = life_.facts();
      }
      watch_.committed(clock_.now(), clock_.elapsed());
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

  // Time ---------------------------------------------------------------------------------------

  void live(Time end) {
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
        next_life = clock_.now() + up_to(Duration{2 * 24h} / events_a_day) + 1ms;
      }
      act();
      if (clock_.now() >= next_look) {
        look();
        next_look = clock_.now() + 24h + up_to(12h);
      }
    }
  }

  void act() {
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

  void look() {
    settle();
    if (!world_.running()) return;
    watch_.at_rest(clock_.now(), world_.core().in_flight());
    // By a clock that nobody trusts nothing is looked for.
    if (++looks_ % 6 == 0 && !world_.core().clock_held()) watch_.balance(clock_.now());
  }

  // What happens to the daemon -----------------------------------------------------------------

  void at_random(std::function<void()> act) {
    deeds_.push_back({clock_.now() + 12h + up_to(Duration{lived} - 24h), std::move(act)});
  }

  void plan() {
    const int crashes = 3 + static_cast<int>(rng_.below(4));
    for (int i = 0; i < crashes; ++i) {
      static constexpr std::array<Crash, 7> points{
          Crash::before_commit, Crash::before_hand_over, Crash::before_answer, Crash::before_settle,
          Crash::in_backlog,    Crash::at_start,         Crash::idle};
      const Crash point = points[rng_.below(points.size())];
      at_random([this, point] {
        if (!world_.running()) return;
        armed_ = point;
        if (point == Crash::idle || point == Crash::at_start) crash(Crash::idle, 50);
      });
    }
    at_random([this] { jump(1h + 5min + up_to(9h)); });
    at_random([this] { jump(-(10min + up_to(20h))); });
    for (int i = 0; i < 3; ++i) at_random([this] { fail_statement(); });
    at_random([this] { refuse_commit_ = true, only_with_messages_ = true; });
    for (int i = 0; i < 2; ++i) {
      at_random([this] {
        auto& peer = chance(80) ? world_.mail() : world_.webhooks();
        peer.away = true;
        ++tally_.faults["peer away"];
        deeds_.push_back({clock_.now() + 1h + up_to(30h), [&peer] { peer.away = false; }});
      });
    }
    plan_edits();
    plan_holds();
  }

  void jump(Duration by) {
    clock_.jump(by);
    watch_.trace(fmt::format("the clock jumps to {}", to_iso(clock_.now())));
    ++tally_.faults[by > 0ms ? "clock forward" : "clock back"];
    if (by <= 0ms || !world_.running()) return;
    controls_.clock_until = clock_.elapsed() + 10min;
    if (chance(30)) {
      settle();
      if (!world_.running()) return;
      world_.core().resume_after_jump();
      controls_.clock_until.reset();
      ++tally_.faults["operator resumes"];
    }
  }

  void reload() {
    if (!world_.running()) return;
    if (armed_ == Crash::none && chance(15)) {
      refuse_commit_ = true;
      only_with_messages_ = false;
      auto done = world_.reload();
      if (done) watch_.say("a reload whose transaction failed says that all is well");
      refused_ = false;
      // The old set stays until the reload is tried again, or the daemon dies and finds the new
      // one.
      if (chance(50)) return crash(Crash::in_reload, 50);
      settle();
      if (!world_.running()) return start();
    }
    auto done = world_.reload();
    if (!done) return watch_.say("a reload failed: " + done.error().message);
    adopt_counting();
    naive_.set_rules(files_.rules());
    watch_.committed(clock_.now(), clock_.elapsed());
    ++tally_.faults["reload"];
    if (chance(15)) crash(Crash::after_reload, 50);
  }

  void edit(const std::string& rule, const std::string& from, const std::string& to) {
    at_random([this, rule, from, to] {
      if (!world_.running() || !files_.edit(rule, from, to)) return;
      reload();
    });
  }

  void plan_edits() {
    edit("thanks-and-feedback", "after: 7 days", "after: 5 days");
    if (chance(60)) edit("paused-note", "status: paused", "status: live");
    if (chance(60)) edit("draft-note", "status: draft", "status: live");
    if (chance(40)) edit("month-later", "after: 1 month", "after: 20 days");
    if (chance(40)) edit("win-back-90d", "holdout: 10%", "holdout: 20%");
    if (chance(40)) edit("first-steps", "- wait: 2 days", "- wait: 1 day");
    if (chance(40)) edit("receipt", "status: live", "status: paused");
    if (chance(40)) edit("receipt", "status: paused", "status: live");
    if (chance(60)) {
      at_random([this] {
        if (!world_.running()) return;
        files_.add("blast");
        reload();
      });
      at_random([this] { release("rule", "blast"); });
    }
    at_random([this] {
      if (!world_.running()) return;
      files_.remove("parcel");
      reload();
      deeds_.push_back({clock_.now() + 1h + up_to(days{5}), [this] {
                          files_.add("parcel");
                          if (world_.running()) reload();
                        }});
    });
    at_random([this] {  // a mistake changes nothing
      if (!world_.running()) return;
      if (!files_.edit("welcome", "purpose: marketing", "purpose: marketng")) return;
      if (world_.reload()) watch_.say("a faulty rule file was accepted");
      files_.edit("welcome", "purpose: marketng", "purpose: marketing");
      ++tally_.faults["faulty reload"];
    });
  }

  void plan_holds() {
    at_random([this] { hold("all", "", up_to(50h)); });
    at_random([this] { hold("rule", "thanks-and-feedback", up_to(90h)); });
    at_random([this] { hold("rule", "ticket-unresolved-48h", up_to(30h)); });
    for (int i = 0; i < 6; ++i) {
      at_random([this] {
        hold("customer", shop_.customers[rng_.below(shop_.customers.size())].key, up_to(days{12}));
      });
    }
  }

  void hold(const std::string& scope, const std::string& target, Duration length) {
    auto& held = scope == "rule" ? controls_.held_rules : controls_.held_customers;
    if (scope == "all" ? controls_.hold_all : held.count(target) != 0) return;
    store::HoldRow row;
    row.scope = scope;
    row.target = target;
    row.cause = "operator";
    row.because = "the simulation wants it";
    row.author = "operator";
    row.at = clock_.now();
    const bool ends_itself = chance(30);
    if (ends_itself) row.until = clock_.now() + length;
    {
      auto transaction = store::Transaction::begin(database_);
      store::Ledger(database_).add_hold(row);
      if (!transaction->commit()) return watch_.say("a hold was refused");
    }
    ++tally_.faults["hold " + scope];
    if (scope == "all")
      controls_.hold_all = true;
    else
      held.insert(target);
    deeds_.push_back({clock_.now() + length, [this, scope, target, ends_itself] {
                        if (ends_itself) {
                          forget_hold(scope, target);
                        } else {
                          release(scope, target);
                        }
                      }});
  }

  void forget_hold(const std::string& scope, const std::string& target) {
    if (scope == "all") controls_.hold_all = false;
    if (scope == "rule") controls_.held_rules.erase(target);
    if (scope == "customer") controls_.held_customers.erase(target);
  }

  void release(const std::string& scope, const std::string& target) {
    auto transaction = store::Transaction::begin(database_);
    store::Ledger ledger(database_);
    store::Messages messages(database_);
    if (ledger.release(scope, target, clock_.now()) > 0) {
      if (scope == "customer") {
        for (const auto id : messages.waiting_of_customer(*ledger.customer_by_key(target)))
          messages.wake(id, clock_.now());
      } else {
        std::optional<std::int64_t> rule;
        for (const auto& row : ledger.rules()) {
          if (row.name == target) rule = row.id;
        }
        for (const Reason reason : {Reason::on_hold, Reason::brake})
          messages.wake_reason(reason, rule, clock_.now());
      }
    }
    if (!transaction->commit()) watch_.say("a release was refused");
    forget_hold(scope, target);
    watch_.committed(clock_.now(), clock_.elapsed());
  }

  /// Nothing goes wrong any more.
  void calm() {
    well_ = true;
    armed_ = Crash::none;
    refuse_commit_ = false;
    sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr);
    world_.mail().away = world_.webhooks().away = false;
    if (!world_.running()) start();
    if (files_.has("blast")) release("rule", "blast");
  }

  std::uint64_t seed_;
  retaind::Rng rng_, daemon_rng_;
  retaind::Site site_;
  Files files_;
  retaind::SimClock clock_;
  store::Database database_;
  Shop shop_;
  Life life_;
  Controls controls_;
  Tally tally_;
  Naive naive_;
  Watch watch_;
  retaind::replay::World world_;
  std::vector<Deed> deeds_;
  std::map<std::string, std::string> counting_;
  std::vector<std::int64_t> heard_;  ///< answers that are not yet in the ledger
  Crash armed_ = Crash::none;
  bool well_ = false, in_pass_ = false;
  bool refuse_commit_ = false, only_with_messages_ = false, refused_ = false;
  std::int64_t failing_in_ = 0;
  int sent_in_pass_ = 0;
  int looks_ = 0;
  std::int64_t passes_ = 0, idle_passes_ = 0, facts_seen_ = 0;
};

Result simulate(std::uint64_t seed, bool verbose) { return Simulation(seed, verbose).run(); }

const std::vector<std::string>& expected_crash_points() {
  static const std::vector<std::string> points(crash_names.begin() + 1, crash_names.end());
  return points;
}

std::vector<std::string> missing(const Tally& tally) {
  std::vector<std::string> absent;
  const auto want = [&](const std::map<std::string, std::int64_t>& seen, const std::string& name) {
    if (seen.count(name) == 0) absent.push_back(name);
  };
  for (const auto& row : retaind::reasons()) {
    // Erasure is not there yet.
    if (row.reason != Reason::none && row.reason != Reason::erased)
      want(tally.reasons, std::string(row.name));
  }
  for (const char* state :
       {"planned", "held", "claimed", "handed", "sent", "unknown", "failed", "skipped"})
    want(tally.states, state);
  for (const std::string& point : expected_crash_points()) want(tally.crash_points, point);
  for (const char* fault :
       {"taken twice", "lost and delivered", "lost and not delivered", "unknown and delivered",
        "unknown and not delivered", "down for a while", "host trouble", "peer away",
        "a transaction failed", "clock forward", "clock back", "operator resumes", "reload",
        "faulty reload", "hold all", "hold rule", "hold customer"})
    want(tally.faults, fault);
  for (const auto& rule : Files(read_site()).rules()) {
    if (rule.status != retaind::language::RuleStatus::paused) want(tally.rules, rule.id);
  }
  return absent;
}

}  // namespace sim
