#include "delivery/core.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "delivery/release.h"
#include "insight/bought_together.h"
#include "store/meta.h"

namespace retaind::delivery {
namespace {

using namespace std::chrono_literals;

constexpr Duration jump_limit = 1h;
constexpr Duration steady_for = 10min;
// Occurrences a pass. While messages are on their way their connections are not to run dry.
constexpr int slice = 1000;
constexpr int slice_under_way = 200;
// Rows of pairs; so that what is under way is not kept waiting.
constexpr int pairs_under_way = 2000;
// What is held back until there are connections is planned all the same when these cannot be made.
constexpr Duration connection_look = 50ms;

}  // namespace

// Declared in the order in which they depend on each other; a reload builds a new one aside.
struct Core::Running {
  Running(store::Database& database, SiteFiles given, const std::string& salt, Rng& rng,
          Outbox::Transports transports)
      : files(std::move(given)),
        checks(database, files.site),
        engine(database, checks, files.site),
        composer(database, files.site, files.templates, files.secret, salt),
        outbox(database, engine, checks, composer, files.site, rng, transports) {}

  SiteFiles files;
  engine::Checks checks;
  engine::Engine engine;
  Composer composer;
  Outbox outbox;
  std::optional<insight::BoughtTogether> together;  ///< while a rule that is no draft shows it

  void show_recommendations(store::Database& database, const std::vector<language::Rule>& rules);
};

/// What nobody shows is not kept, and goes.
void Core::Running::show_recommendations(store::Database& database,
                                         const std::vector<language::Rule>& rules) {
  std::set<std::string> texts;
  bool wanted = false;
  for (const language::Rule& rule : rules) {
    std::set<std::string> of_rule = recommending_texts(rule, files.templates);
    wanted = wanted || (!of_rule.empty() && rule.status != language::RuleStatus::draft);
    texts.merge(of_rule);
  }
  composer.recommend_in(std::move(texts));
  if (!files.mails_are_read) return composer.only_try();
  if (wanted)
    together.emplace(database);
  else
    insight::BoughtTogether::drop(database);
}

Core::Core(Key /*key*/, store::Database& database, const Clock& clock, Rng& rng,
           Outbox::Transports transports)
    : database_(&database), clock_(&clock), rng_(&rng), transports_(transports) {}

Core::~Core() = default;

Result<std::unique_ptr<Core>> Core::start(store::Database& database, const Clock& clock, Rng& rng,
                                          SiteFiles files, Outbox::Transports transports,
                                          store::Identity* identity) {
  auto core = std::make_unique<Core>(Key{}, database, clock, rng, transports);
  core->identity_ = identity;
  if (auto adopted = core->adopt(std::move(files), true); !adopted) return adopted.error();
  return core;
}

std::string Core::salt() {
  if (const auto known = store::meta_value(*database_, "message_id_salt")) return *known;
  std::string made = lower_ascii(rng_->code(10));
  store::set_meta_value(*database_, "message_id_salt", made);
  return made;
}

Result<void> Core::adopt(SiteFiles files, bool first) {
  const Time now = clock_->now();
  auto transaction = store::Transaction::begin(*database_);
  if (!transaction) return transaction.error();
  std::vector<language::Rule> rules;
  rules.swap(files.rules);
  store::keep_running_settings(*database_, files.settings);
  auto fresh = std::make_unique<Running>(*database_, std::move(files), salt(), *rng_, transports_);
  fresh->show_recommendations(*database_, rules);
  fresh->engine.adopt(std::move(rules), now);
  if (first) fresh->outbox.recover(now);
  const bool restored = first && identity_ != nullptr && identity_->recognised().must_hold();
  if (restored) hold_restored(*database_, *identity_, now);
  if (auto committed = transaction->commit(); !committed) return committed.error();
  if (restored) {
    if (auto noted = identity_->note(); !noted) return noted.error();
  }
  if (running_ != nullptr) fresh->outbox.take_over(running_->outbox);
  running_ = std::move(fresh);
  quiet_.reset();
  return {};
}

Result<void> Core::reload(SiteFiles files) {
  // A new rule counts from now on, which must not be a time that never was.
  if (!trusts_clock())
    return Error{ErrorKind::unavailable,
                 "the clock has jumped forward, and a new rule would count from a time that may be "
                 "wrong: wait until it is steady, or say that it is right with `retaind release "
                 "--clock`, and reload then"};
  return adopt(std::move(files), false);
}

bool Core::trusts_clock() {
  watch_clock(clock_->now());
  return !clock_held();
}

void Core::watch_clock(Time now) {
  const Duration elapsed = clock_->elapsed();
  if (last_now_) {
    const Duration jump = (now - *last_now_) - (elapsed - last_elapsed_);
    if (jump > jump_limit) {
      steady_at_ = elapsed + steady_for;
      log::error(
          fmt::format("the clock jumped forward by {} minutes: nothing is sent until it is steady "
                      "for 10 minutes, or: retaind release --clock",
                      std::chrono::duration_cast<std::chrono::minutes>(jump).count()));
    } else if (steady_at_ && jump < -jump_limit) {
      steady_at_ = elapsed + steady_for;  // not steady yet
    }
  }
  last_now_ = now;
  last_elapsed_ = elapsed;
  if (steady_at_ && elapsed >= *steady_at_) resume_after_jump();
  running_->checks.set_clock_hold(steady_at_ ? std::optional(now + (*steady_at_ - elapsed))
                                             : std::nullopt);
}

void Core::resume_after_jump() {
  wake_after_jump_ = wake_after_jump_ || steady_at_.has_value();
  steady_at_.reset();
}

bool Core::clock_held() const { return steady_at_.has_value(); }

std::optional<LostStore> Core::lost_store() {
  running_->checks.refresh_holds(clock_->now());
  const auto& holds = running_->checks.holds().all();
  const auto restored = std::find_if(holds.begin(), holds.end(), [](const store::HoldRow& hold) {
    return hold.cause == "restored";
  });
  if (restored == holds.end()) return std::nullopt;
  const auto until = mark_requested(*database_);
  if (!until) return std::nullopt;
  return LostStore{*until, restored->at};
}

bool Core::is_quiet() {
  return quiet_ && !wake_after_jump_ && !steady_at_ && !running_->outbox.has_outcomes() &&
         quiet_->rows == database_->rows_changed() && quiet_->version == database_->data_version();
}

bool Core::has_work(Time now) {
  if (is_quiet() && (!quiet_->until || now < *quiet_->until)) return false;
  const Quiet seen{database_->data_version(), database_->rows_changed(), std::nullopt};
  quiet_.reset();
  if (running_->outbox.has_outcomes() || running_->outbox.has_turns()) return true;
  if (wake_after_jump_ || lost_store()) return true;
  if (running_->together && running_->together->is_behind()) return true;
  // What is due by a clock that nobody trusts is not looked for yet.
  const auto due = running_->engine.next_due();
  if (!steady_at_ && due && *due <= now) return true;
  if (!steady_at_ && running_->engine.is_behind()) return true;
  if (!steady_at_ && running_->outbox.has_appetite()) return true;
  const auto send = running_->outbox.next_due();
  if (send && *send <= now) return true;
  if (!steady_at_ && !running_->outbox.expects_news()) {
    quiet_ = seen;
    quiet_->until = due && send ? std::min(due, send) : (due ? due : send);
  }
  return false;
}

bool Core::work(Time now) {
  Outbox& outbox = running_->outbox;
  if (wake_after_jump_) store::Messages(*database_).wake_reason(Reason::clock, std::nullopt, now);
  outbox.settle(now);
  outbox.open(now);
  // Before any mail of this pass shows it.
  const bool counting =
      running_->together && running_->together->keep_up(
                                outbox.in_flight() > 0 ? pairs_under_way : insight::pairs_a_slice);
  bool more = !steady_at_ && running_->engine.run_due(
                                 now, outbox.in_flight() > 0 ? slice_under_way : slice, &outbox);
  // Marked only when everything due is in the ledger.
  if (const auto lost = lost_store(); lost && !steady_at_ && !more) {
    more = outbox.mark_sent(*lost, "counted as sent when the restored store was released", now);
    if (!more) end_restored(*database_, now);
  }
  // Everything due is planned before anything is claimed, so that priority decides among messages
  // of one moment; a backlog that takes many passes does not hold up what is due besides it.
  return outbox.claim(now) || more || counting;
}

Result<Core::Pass> Core::run_due() {
  const Time now = clock_->now();
  watch_clock(now);
  Pass pass;
  if (!has_work(now)) return pass;
  auto transaction = store::Transaction::begin(*database_);
  if (!transaction) return transaction.error();
  pass.more = work(now);
  if (identity_ != nullptr) identity_->advance(now);
  Outbox& outbox = running_->outbox;
  if (auto committed = transaction->commit(); !committed) {
    outbox.abandon();
    running_->engine.forget(now);
    if (running_->together) running_->together->forget();
    return committed.error();
  }
  wake_after_jump_ = false;
  pass.wrote = true;
  if (identity_ != nullptr) {
    if (auto noted = identity_->note(); !noted) log::warning(noted.error().message);
  }
  outbox.committed();
  outbox.hand_over();
  pass.more = pass.more || nobody_tells();
  return pass;
}

/// What the engine holds back for room waits for outcomes or connections, and none is to come.
bool Core::nobody_tells() const {
  const Outbox& outbox = running_->outbox;
  for (const Channel channel : {Channel::mail, Channel::webhook}) {
    if (running_->engine.holds_back(channel) && !outbox.under_way(channel) &&
        !outbox.connects(channel))
      return true;
  }
  return false;
}

/// Of a connection that comes to nothing nobody tells.
bool Core::awaits_connection() const {
  for (const Channel channel : {Channel::mail, Channel::webhook}) {
    if (running_->engine.holds_back(channel) && running_->outbox.connects(channel)) return true;
  }
  return false;
}

std::optional<Time> Core::next_due() {
  if (is_quiet()) return quiet_->until;
  std::optional<Time> next;
  if (steady_at_) {
    next = clock_->now() + (*steady_at_ - clock_->elapsed());
  } else {
    next = running_->engine.next_due();
  }
  const auto send = running_->outbox.next_due();
  if (send && (!next || *send < *next)) next = send;
  if (awaits_connection()) {
    const Time look = clock_->now() + connection_look;
    if (!next || look < *next) next = look;
  }
  return next;
}

void Core::stop_claiming() {
  running_->outbox.stop_claiming();
  quiet_.reset();
}
std::size_t Core::in_flight() const { return running_->outbox.in_flight(); }
engine::Engine& Core::engine() { return running_->engine; }
Outbox& Core::outbox() { return running_->outbox; }
engine::Checks& Core::checks() { return running_->checks; }
const Site& Core::site() const { return running_->files.site; }

}  // namespace retaind::delivery
