#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>

#include "delivery/release.h"
#include "simulation_parts.h"
#include "store/holds.h"

// What happens to the daemon and is not its fault; and what operators do.
namespace sim {

using namespace std::chrono_literals;

int Simulation::on_commit(void* self) {
  auto& simulation = *static_cast<Simulation*>(self);
  if (!simulation.refuse_commit_) return 0;
  if (simulation.only_with_messages_ && !simulation.watch_.touched_messages()) return 0;
  simulation.refuse_commit_ = false;
  simulation.refused_ = true;
  simulation.watch_.trace(simulation.clock_.now(), "a commit fails");
  return 1;
}

// Between 1 and `operations` steps of SQLite's machine from now a statement fails.
void Simulation::fail_statement() {
  failing_in_ = static_cast<std::int64_t>(1 + rng_.below(400));
  sqlite3_progress_handler(database_.handle(), 20, &Simulation::on_progress, this);
}

int Simulation::on_progress(void* self) {
  auto& simulation = *static_cast<Simulation*>(self);
  if (!simulation.in_pass_ || --simulation.failing_in_ > 0) return 0;
  if (simulation.failing_in_ < 0 || sqlite3_get_autocommit(simulation.database_.handle()) != 0)
    return 0;
  simulation.refused_ = true;
  simulation.watch_.trace(simulation.clock_.now(), "a statement fails");
  return 1;
}

void Simulation::at_random(std::function<void()> act) {
  deeds_.push_back({clock_.now() + 12h + up_to(Duration{lived} - 24h), std::move(act)});
}

void Simulation::plan() {
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
  if (chance(30)) {
    at_random([this] {  // an old shop's customers move in: what was due until now is history
      life_.populate(12, clock_.now(), true);
      ++tally_.faults["history imported"];
    });
  }
  plan_edits();
  plan_holds();
}

void Simulation::jump(Duration by) {
  clock_.jump(by);
  watch_.trace(clock_.now(), "the clock jumps");
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

void Simulation::reload() {
  if (!world_.running()) return;
  if (!world_.core().trusts_clock()) {
    if (world_.reload()) watch_.say("a reload counts from the time of a clock that has jumped");
    world_.core().resume_after_jump();
    controls_.clock_until.reset();
    ++tally_.faults["reload while the clock is held"];
  }
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
  if (!done && std::exchange(refused_, false)) done = world_.reload();  // it had been about to fail
  if (!done) return watch_.say("a reload failed: " + done.error().message);
  adopt_counting();
  naive_.set_rules(files_.rules());
  watch_.committed(clock_.now(), clock_.elapsed());
  ++tally_.faults["reload"];
  if (chance(15)) crash(Crash::after_reload, 50);
}

void Simulation::edit(const std::string& rule, const std::string& from, const std::string& to) {
  at_random([this, rule, from, to] {
    if (!world_.running() || !files_.edit(rule, from, to)) return;
    reload();
  });
}

void Simulation::plan_edits() {
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

void Simulation::plan_holds() {
  at_random([this] { hold("all", "", up_to(50h)); });
  at_random([this] { hold("rule", "thanks-and-feedback", up_to(90h)); });
  at_random([this] { hold("rule", "ticket-unresolved-48h", up_to(30h)); });
  for (int i = 0; i < 6; ++i) {
    at_random([this] {
      hold("customer", shop_.customers[rng_.below(shop_.customers.size())].key, up_to(days{12}));
    });
  }
}

void Simulation::hold(const std::string& scope, const std::string& target, Duration length) {
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
    const bool refuse = std::exchange(refuse_commit_, false);
    auto transaction = store::Transaction::begin(database_);
    store::Holds(database_).add(row);
    if (!transaction->commit()) return watch_.say("a hold was refused");
    refuse_commit_ = refuse;
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

void Simulation::forget_hold(const std::string& scope, const std::string& target) {
  if (scope == "all") controls_.hold_all = false;
  if (scope == "rule") controls_.held_rules.erase(target);
  if (scope == "customer") controls_.held_customers.erase(target);
}

void Simulation::release(const std::string& scope, const std::string& target) {
  const bool refuse = std::exchange(refuse_commit_, false);
  const auto done =
      retaind::delivery::release(database_, {scope, target, std::nullopt}, clock_.now());
  refuse_commit_ = refuse;
  if (!done && done.error().kind != retaind::ErrorKind::not_found)
    watch_.say("a release was refused: " + done.error().message);
  forget_hold(scope, target);
  watch_.committed(clock_.now(), clock_.elapsed());
}

/// Somebody reads what the brake says and, sooner or later, lets the rule go.
void Simulation::see_brakes() {
  if (controls_.braked == seen_braked_) return;
  for (const std::string& rule : controls_.braked) {
    if (seen_braked_.count(rule) != 0 || chance(20)) continue;
    deeds_.push_back({clock_.now() + 10min + up_to(days{4}), [this, rule] {
                        if (controls_.braked.count(rule) != 0) release("rule", rule);
                      }});
  }
  seen_braked_ = controls_.braked;
}

/// Nothing goes wrong any more.
void Simulation::calm() {
  well_ = true;
  armed_ = Crash::none;
  refuse_commit_ = false;
  sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr);
  world_.mail().away = world_.webhooks().away = false;
  if (!world_.running()) start();
  const auto braked = controls_.braked;  // a release takes it away
  for (const std::string& rule : braked) release("rule", rule);
}

}  // namespace sim
