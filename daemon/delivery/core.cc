#include "delivery/core.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"

namespace retaind::delivery {
namespace {

using namespace std::chrono_literals;

constexpr Duration jump_limit = 1h;
constexpr Duration steady_for = 10min;

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
};

Core::Core(store::Database& database, const Clock& clock, Rng& rng, Outbox::Transports transports)
    : database_(&database),
      clock_(&clock),
      rng_(&rng),
      transports_(transports),
      ledger_(database) {}

Core::~Core() = default;

Result<std::unique_ptr<Core>> Core::start(store::Database& database, const Clock& clock, Rng& rng,
                                          SiteFiles files, Outbox::Transports transports,
                                          store::Identity* identity) {
  std::unique_ptr<Core> core{
      new Core(database, clock, rng,
               transports)};  // NOLINT(cppcoreguidelines-owning-memory): private constructor
  core->identity_ = identity;
  if (auto adopted = core->adopt(std::move(files), true); !adopted) return adopted.error();
  return core;
}

std::string Core::salt() {
  if (const auto known = ledger_.setting("message_id_salt")) return *known;
  std::string made = lower_ascii(rng_->code(10));
  ledger_.set_setting("message_id_salt", made);
  return made;
}

Result<void> Core::adopt(SiteFiles files, bool first) {
  const Time now = clock_->now();
  auto transaction = store::Transaction::begin(*database_);
  if (!transaction) return transaction.error();
  std::vector<language::Rule> rules;
  rules.swap(files.rules);
  auto fresh = std::make_unique<Running>(*database_, std::move(files), salt(), *rng_, transports_);
  fresh->engine.adopt(std::move(rules), now);
  if (first) fresh->outbox.recover(now);
  if (auto committed = transaction->commit(); !committed) return committed.error();
  if (running_ != nullptr) fresh->outbox.take_over(running_->outbox);
  running_ = std::move(fresh);
  feed_at_ = -1;
  return {};
}

Result<void> Core::reload(SiteFiles files) { return adopt(std::move(files), false); }

void Core::watch_clock(Time now) {
  const Duration elapsed = clock_->elapsed();
  if (last_now_ && now - *last_now_ > elapsed - last_elapsed_ + jump_limit) {
    steady_at_ = elapsed + steady_for;
    log::error(
        fmt::format("the clock jumped forward by {} minutes: nothing is sent until it is steady "
                    "for 10 minutes, or: retaind release --clock",
                    std::chrono::duration_cast<std::chrono::minutes>(now - *last_now_ -
                                                                     (elapsed - last_elapsed_))
                        .count()));
  }
  last_now_ = now;
  last_elapsed_ = elapsed;
  if (steady_at_ && elapsed >= *steady_at_) steady_at_.reset();
  running_->checks.set_clock_hold(steady_at_ ? std::optional(now + (*steady_at_ - elapsed))
                                             : std::nullopt);
}

void Core::resume_after_jump() { steady_at_.reset(); }
bool Core::clock_held() const { return steady_at_.has_value(); }

bool Core::has_work(Time now) {
  if (running_->outbox.has_outcomes()) return true;
  const auto due = running_->engine.next_due();
  if (due && *due <= now) return true;
  const std::int64_t last = ledger_.last_change();
  if (last != feed_at_) return true;
  const auto send = running_->outbox.next_due();
  return send && *send <= now;
}

Result<Core::Pass> Core::run_due() {
  const Time now = clock_->now();
  watch_clock(now);
  Pass pass;
  if (!has_work(now)) return pass;
  auto transaction = store::Transaction::begin(*database_);
  if (!transaction) return transaction.error();
  const std::int64_t last = ledger_.last_change();
  Outbox& outbox = running_->outbox;
  outbox.settle(now);
  pass.more = running_->engine.run_due(now);
  // Everything due is planned before anything is claimed, so that priority decides among messages
  // of one moment; a backlog that takes many passes does not hold up what is due besides it.
  pass.more = outbox.claim(now) || pass.more;
  if (identity_ != nullptr) identity_->advance(now);
  if (auto committed = transaction->commit(); !committed) {
    outbox.abandon();
    running_->engine.forget(now);
    return committed.error();
  }
  feed_at_ = last;
  pass.wrote = true;
  if (identity_ != nullptr) {
    if (auto noted = identity_->note(); !noted) log::warning(noted.error().message);
  }
  outbox.committed();
  outbox.hand_over();
  return pass;
}

std::optional<Time> Core::next_due() {
  std::optional<Time> next = running_->engine.next_due();
  const auto send = running_->outbox.next_due();
  if (send && (!next || *send < *next)) next = send;
  return next;
}

void Core::stop_claiming() { running_->outbox.stop_claiming(); }
std::size_t Core::in_flight() const { return running_->outbox.in_flight(); }
engine::Engine& Core::engine() { return running_->engine; }
Outbox& Core::outbox() { return running_->outbox; }
engine::Checks& Core::checks() { return running_->checks; }
const Site& Core::site() const { return running_->files.site; }

}  // namespace retaind::delivery
