#pragma once
#include <array>
#include <functional>

#include "files.h"
#include "replay/world.h"
#include "simulation.h"

// What the files that make a Simulation share.
namespace sim {

using retaind::Reason;
using retaind::to_iso;
using retaind::delivery::Outcome;
using retaind::delivery::OutcomeKind;
using retaind::delivery::Outgoing;
using std::chrono::days;
namespace store = retaind::store;

inline constexpr auto lived = days{60};
inline constexpr auto quiet = days{21};

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
inline constexpr std::array<const char*, 10> crash_names{
    "none",       "before-commit", "before-hand-over", "before-answer", "before-settle",
    "in-backlog", "in-reload",     "after-reload",     "at-start",      "idle"};

/// A number of the seed's own for everything that is decided once a seed.
std::uint64_t mixed(std::uint64_t seed, std::uint64_t value);

/// One shop, one daemon, one seed.
class Simulation {
 public:
  Simulation(std::uint64_t seed, bool verbose);
  Result run();

 private:
  struct Deed {
    Time at;
    std::function<void()> act;
  };

  bool chance(int percent) { return rng_.below(100) < static_cast<std::uint64_t>(percent); }
  Duration up_to(Duration most);
  Result result();

  // The daemon
  void start();
  void adopt_counting();
  void note_crash(Crash point);
  void crash(Crash point, int arrived_percent);
  void resume_at(Time at);
  Outcome answer(const Outgoing& message);
  void settle();

  // Time
  void live(Time end);
  void act();
  void look();

  // What happens to the daemon
  static int on_commit(void* self);
  static int on_progress(void* self);
  void fail_statement();
  void at_random(std::function<void()> act);
  void plan();
  void jump(Duration by);
  void reload();
  void edit(const std::string& rule, const std::string& from, const std::string& to);
  void plan_edits();
  void plan_holds();
  void hold(const std::string& scope, const std::string& target, Duration length);
  void forget_hold(const std::string& scope, const std::string& target);
  void release(const std::string& scope, const std::string& target);
  void see_brakes();
  void calm();

  std::uint64_t seed_;
  int events_a_day_;  ///< one shop in eight is busy
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
  std::map<std::string, std::string> counting_, revisions_;
  std::set<std::string> seen_braked_;  ///< rules whose brake an operator knows of
  std::vector<std::int64_t> heard_;    ///< answers that are not yet in the ledger
  Crash armed_ = Crash::none;
  bool well_ = false, in_pass_ = false;
  bool refuse_commit_ = false, only_with_messages_ = false, refused_ = false;
  std::int64_t failing_in_ = 0;
  int sent_in_pass_ = 0;
  int looks_ = 0;
  std::int64_t passes_ = 0, idle_passes_ = 0, facts_seen_ = 0;
};

}  // namespace sim
