#include "app/daemon.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/system_timer.hpp>
#include <csignal>
#include <utility>

#include "app/control.h"
#include "app/daemon_report.h"
#include "app/environment.h"
#include "app/notify.h"
#include "app/options.h"
#include "app/senders.h"
#include "app/site_files.h"
#include "base/log.h"
#include "base/text.h"
#include "delivery/core.h"
#include "delivery/release.h"
#include "store/identity.h"
#include "store/meta.h"
#include "store/process_lock.h"
#include "store/retention.h"
#include "store/wal_writer.h"

namespace retaind::app {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using delivery::Core;

// The safety net: a write whose poke was lost is seen after this time.
constexpr Duration look_every{60'000};
// After SIGTERM; systemd/retaind.service waits a little longer.
constexpr Duration drain_time{30'000};
// For the outcomes of connections that were given up to be written.
constexpr Duration last_outcomes{2'000};
// A store that is locked or full is tried again after this.
constexpr Duration trouble_pause{1'000};
// A transport that is closing has no room and so never says that it is ready, and one whose peer is
// away does not either: they are looked at.
constexpr Duration drain_look{20};
// With until_idle: what is due later than this is not waited for.
constexpr Duration soon{20'000};
// Of the store: stamp_of() the files that were rehearsed.
constexpr std::string_view rehearsed_stamp = "rehearsed";
// With until_idle: so many failed tries in a row are enough.
constexpr int patience_until_idle = 10;

}  // namespace

struct Daemon::Impl {
  explicit Impl(Daemon::Options given)
      : options(std::move(given)),
        rng(seed_from_system()),
        due(loop),
        minute(loop),
        drained(loop),
        signals(loop),
        notify(notify_socket()) {}

  Result<void> start();
  Result<delivery::SiteFiles> open();
  Result<void> recognise();
  void run();

  void wake();
  void pass();
  void pause(const std::string& why);
  void lose_store();
  void look_again(Duration delay);
  void arm();
  void each_minute();
  void tidy_up();
  void on_signal();
  void drain(std::string_view why);
  void give_up();
  void finish();
  [[nodiscard]] bool is_idle() const;
  std::string why_idle();
  ReloadOutcome reload();
  Value answer(const Value& request);
  [[nodiscard]] std::string status_line() const;

  Daemon::Options options;
  SystemClock clock;
  Rng rng;
  asio::io_context loop{1};
  std::optional<store::ProcessLock> lock;
  std::optional<store::Database> database;
  std::optional<store::Identity> identity;
  std::unique_ptr<Senders> senders;
  std::unique_ptr<Core> core;
  std::unique_ptr<ControlServer> control;
  asio::system_timer due;  ///< on the wall clock itself: a delay in milliseconds would round
  asio::steady_timer minute;
  asio::steady_timer drained;
  asio::signal_set signals;
  Notify notify;

  bool woken = false;
  bool draining = false;
  std::int64_t seen_version = 0;
  std::string trouble;  ///< of the last pass; said once and not every second
  int failures = 0;
  ReloadOutcome last_reload;
  Time started;
  int status = exit_fine;
};

Result<void> Daemon::Impl::start() {
  Result<delivery::SiteFiles> files = open();
  if (!files) return files.error();

  Result<std::unique_ptr<Senders>> made =
      Senders::open(loop, files->site, clock, [this] { wake(); });
  if (!made) return made.error();
  senders = std::move(*made);
  const std::filesystem::path socket = files->site.socket;
  Result<std::unique_ptr<Core>> adopted =
      Core::start(*database, clock, rng, std::move(*files), senders->transports(), &*identity);
  if (!adopted) return adopted.error();
  core = std::move(*adopted);

  Result<std::unique_ptr<ControlServer>> bound =
      ControlServer::open(loop, socket, [this](const Value& request) { return answer(request); });
  if (!bound) return bound.error();
  control = std::move(*bound);
  started = clock.now();
  return {};
}

/// The site's files and its store. What a daemon has started with once is not rehearsed again: a
/// restart takes as long as reading.
Result<delivery::SiteFiles> Daemon::Impl::open() {
  const std::string stamp = stamp_of(options.directory);
  LoadedSite loaded = read_files(options.directory);
  if (loaded.errors() > 0 || !loaded.site) return take_files(std::move(loaded)).error();
  Result<store::ProcessLock> taken = store::ProcessLock::take(loaded.site->store);
  if (!taken) return taken.error();
  lock.emplace(std::move(*taken));
  store::Database::Options store_options;
  store_options.mode = store::Database::Mode::create;
  Result<store::Database> opened = store::Database::open(loaded.site->store, store_options);
  if (!opened) return opened.error();
  database.emplace(std::move(*opened));
  if (Result<void> known = recognise(); !known) return known.error();

  const bool rehearsed = store::meta_value(*database, rehearsed_stamp) == stamp;
  if (!rehearsed) rehearse(loaded);
  const std::vector<std::string> warnings = warnings_of(loaded);
  Result<delivery::SiteFiles> files = take_files(std::move(loaded));
  if (!files) return files.error();
  for (const std::string& line : warnings) log::warning(line);
  if (!rehearsed) store::set_meta_value(*database, rehearsed_stamp, stamp);
  return files;
}

/// A restored or copied store does not know of everything that left: the core begins on hold.
Result<void> Daemon::Impl::recognise() {
  Result<store::Identity> found = store::Identity::open(*database, rng);
  if (!found) return found.error();
  identity.emplace(std::move(*found));
  return {};
}

void Daemon::Impl::run() {
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) signals.add(number);
  on_signal();
  log::info(fmt::format("started: {}", status_line()));
  notify.ready(status_line());
  each_minute();
  wake();
  loop.run();
}

/// Passes are posted, so that all completions that have come in by then share one commit.
void Daemon::Impl::wake() {
  if (woken) return;
  woken = true;
  asio::post(loop, [this] {
    woken = false;
    pass();
  });
}

void Daemon::Impl::pass() {
  if (!draining && !database->is_in_place()) return lose_store();
  const Result<Core::Pass> done = core->run_due();
  if (!done) return pause(done.error().message);
  if (!trouble.empty()) log::info("the store works again");
  trouble.clear();
  failures = 0;
  if (draining && core->in_flight() == 0 && !core->outbox().has_outcomes()) return finish();
  if (done->more) return wake();
  if (draining) return look_again(drain_look);
  if (options.until_idle && is_idle()) return drain(why_idle());
  const bool waits = core->in_flight() == 0 && core->outbox().expects_news();
  if (options.until_idle && waits) return look_again(drain_look);
  if (core->in_flight() == 0) store::make_wal_room(*database);
  arm();
}

/// Whoever restored or moved it, and whoever holds or imports, does so in a file that this process
/// does not see.
void Daemon::Impl::lose_store() {
  log::error(fmt::format(
      "the store {} has been moved, removed or replaced under the daemon, which stops, so that it "
      "sends nothing that the store at that place does not know: put the file where it belongs and "
      "start again",
      database->file().string()));
  status = exit_wrong;
  drain("without its store");
}

/// The store is locked, full or worse: said once and tried again every second, since the same work
/// is found again.
void Daemon::Impl::pause(const std::string& why) {
  if (trouble != why) log::error(why);
  trouble = why;
  ++failures;
  const bool nothing_to_lose = core->in_flight() == 0 && !core->outbox().has_outcomes();
  if (draining && nothing_to_lose) return finish();
  if (options.until_idle && failures > patience_until_idle) {
    status = exit_wrong;
    return finish();
  }
  look_again(trouble_pause);
}

void Daemon::Impl::look_again(Duration delay) {
  due.expires_after(delay);
  due.async_wait([this](error_code error) {
    if (!error) wake();
  });
}

void Daemon::Impl::arm() {
  const std::optional<Time> next = core->next_due();
  if (!next) {
    due.cancel();
    return;
  }
  // No further than a day, so that a time of a far year fits into the timer's nanoseconds.
  due.expires_at(std::min(*next, clock.now() + std::chrono::hours{24}));
  due.async_wait([this](error_code error) {
    if (!error) wake();
  });
}

bool Daemon::Impl::is_idle() const {
  if (core->in_flight() > 0 || core->outbox().has_outcomes()) return false;
  // A transport that connects is waited for, one whose peer is away is not.
  if (core->outbox().expects_news() && senders->trouble().empty()) return false;
  const std::optional<Time> next = core->next_due();
  return !next || *next > clock.now() + soon;
}

std::string Daemon::Impl::why_idle() {
  if (!core->outbox().expects_news()) return "nothing is due";
  status = exit_wrong;
  return "messages that are due wait, because of " + senders->trouble();
}

void Daemon::Impl::each_minute() {
  const std::optional<Duration> watchdog = watchdog_time();
  if (watchdog) notify.watchdog();
  const std::int64_t version = database->data_version();
  const std::optional<Time> next = core->next_due();
  if (!draining && !database->is_in_place()) wake();
  if (!draining) control->keep_in_place();
  // The second reason is a timer that slept with the machine.
  if (version != seen_version || (next && *next <= clock.now())) wake();
  seen_version = version;
  if (!draining) tidy_up();
  minute.expires_after(watchdog ? std::min(look_every, *watchdog / 2) : look_every);
  minute.async_wait([this](error_code error) {
    if (!error) each_minute();
  });
}

/// Retention and the WAL: a slice a minute, and further ones while nothing has to be sent.
void Daemon::Impl::tidy_up() {
  // Nothing grows old by a clock that has jumped.
  const Result<std::int64_t> purged =
      core->trusts_clock() ? store::purge(*database, core->site().retention, clock.now())
                           : Result<std::int64_t>(0);
  if (!purged) log::warning(purged.error().message);
  if (const Result<std::int64_t> moved = database->checkpoint(); !moved)
    log::warning(moved.error().message);
  if (!purged || *purged == 0 || core->in_flight() > 0) return;
  asio::post(loop, [this] {
    if (!draining && !woken) tidy_up();
  });
}

void Daemon::Impl::on_signal() {
  signals.async_wait([this](error_code error, int number) {
    if (error) return;
    if (number == SIGHUP) {
      reload();
    } else if (draining) {
      log::warning("told twice to stop: what is on its way is not waited for");
      return finish();
    } else {
      drain("told to stop");
    }
    on_signal();
  });
}

void Daemon::Impl::drain(std::string_view why) {
  draining = true;
  log::info(fmt::format("{}: {} on the way", why,
                        counted(static_cast<long long>(core->in_flight()), "message")));
  notify.stopping(
      fmt::format("waiting for {}", counted(static_cast<long long>(core->in_flight()), "message")));
  core->stop_claiming();
  senders->close();
  drained.expires_after(drain_time);
  drained.async_wait([this](error_code error) {
    if (!error) give_up();
  });
  wake();
}

/// Of a peer that does not answer. What may have arrived is unknown; what had not begun goes after
/// the next start.
void Daemon::Impl::give_up() {
  log::warning(
      fmt::format("{} had no answer in {} seconds: what may have arrived counts as unknown",
                  counted(static_cast<long long>(core->in_flight()), "message"),
                  drain_time / std::chrono::seconds(1)));
  senders->give_up();
  drained.expires_after(last_outcomes);
  drained.async_wait([this](error_code error) {
    if (!error) finish();
  });
}

void Daemon::Impl::finish() {
  control.reset();
  loop.stop();
}

ReloadOutcome Daemon::Impl::reload() {
  notify.reloading();
  last_reload = take_over(*core, options.directory, clock.now());
  last_reload.done ? log::info(last_reload.text) : log::error(last_reload.text);
  // READY ends the reload for the manager, whatever came of it.
  notify.ready(status_line());
  wake();
  return last_reload;
}

std::string Daemon::Impl::status_line() const { return status_text(*core, last_reload); }

Value Daemon::Impl::answer(const Value& request) {
  const Value* word = request.find("do");
  const std::string what =
      word != nullptr && word->as_text() != nullptr ? *word->as_text() : std::string();
  Value reply;
  if (what == "poke") {
    wake();
    reply.set("done", Value(true));
  } else if (what == "reload") {
    const ReloadOutcome outcome = reload();
    reply.set("done", Value(outcome.done));
    reply.set("text", Value(outcome.text));
  } else if (what == "resume-after-jump") {
    reply.set("done", Value(core->clock_held()));
    core->resume_after_jump();
    wake();
  } else if (what == "status") {
    reply = report_of(*core, *senders, last_reload, started, clock.now());
  } else {
    reply.set("error",
              Value(fmt::format("unknown request `{}`; is the daemon of the same version?", what)));
  }
  return reply;
}

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::start(const Options& options) {
  auto impl = std::make_unique<Impl>(options);
  if (Result<void> started = impl->start(); !started) return started.error();
  return std::make_unique<Daemon>(std::move(impl));
}

int Daemon::run() {
  impl_->run();
  log::info("stopped");
  return impl_->status;
}

}  // namespace retaind::app
