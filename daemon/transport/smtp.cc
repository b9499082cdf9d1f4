#include "transport/smtp.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/log.h"
#include "transport/back_off.h"
#include "transport/smtp_connection.h"

namespace retaind::transport {

using delivery::OutcomeKind;
using delivery::Outgoing;

class Smtp::Pool : public std::enable_shared_from_this<Smtp::Pool> {
 public:
  Pool(Loop& loop, SmtpSettings settings, std::string_view credential, std::function<void()> ready,
       const Clock& clock, Duration idle);

  int capacity() const;
  void want(int waiting);
  void send(Outgoing message, Done done);
  std::string trouble() const { return standing().trouble(clock_); }
  void close();
  void give_up();
  int in_flight() const;
  bool closed() const { return closing_ && connections_.empty(); }
  SmtpStanding standing() const;
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }
  /// The owner is gone: nothing may be called any more.
  void abandon();

 private:
  struct Connection {
    std::unique_ptr<SmtpConnection> line;
    /// Opened to find out whether the host is well again, or bears more connections than it did.
    bool probes = false;
  };

  void schedule();
  void turn();
  void tell(bool ended);
  void note_changes();
  void collect();
  void deepen();
  void bury(const SmtpSession& session);
  void open_more();
  int may_open() const;
  int ready_connections() const;
  std::string name() const {
    return fmt::format("smtp {}:{}", policy_.settings.host, policy_.settings.port);
  }

  Loop& loop_;
  SmtpPolicy policy_;
  std::shared_ptr<SmtpTls> tls_;
  std::string misconfigured_;
  std::function<void()> ready_;
  std::function<void()> changed_;
  const Clock& clock_;
  std::vector<Connection> connections_;
  std::vector<SmtpSession::Finished> finished_;
  BackOff back_off_;
  LoopTimer retry_;
  int wanted_ = 0;
  int depth_ = 1;     ///< of the last connection that was ready
  int pipeline_ = 1;  ///< depth of connections with PIPELINING
  int answered_ = 0;  ///< messages since `counted_since_`
  Duration counted_since_{0};
  SmtpStanding told_;  ///< what the owner knows; of its capacity what was sent since is gone
  int ceiling_ = 0;  ///< connections that the host is known to bear, while it refuses further ones
  bool scheduled_ = false;
  bool in_turn_ = false;
  bool closing_ = false;
  bool abandoned_ = false;
};

Smtp::Pool::Pool(Loop& loop, SmtpSettings settings, std::string_view credential,
                 std::function<void()> ready, const Clock& clock, Duration idle)
    : loop_(loop), ready_(std::move(ready)), clock_(clock), retry_(loop) {
  while (credential.ends_with('\n') || credential.ends_with('\r')) credential.remove_suffix(1);
  policy_.settings = std::move(settings);
  policy_.password = credential;
  policy_.idle = idle;
  pipeline_ = std::min(SmtpSession::least_depth, std::max(policy_.settings.pipeline, 1));
  tls_ = make_smtp_tls(policy_.settings, misconfigured_);
}

void Smtp::Pool::abandon() {
  abandoned_ = true;
  retry_.cancel();
  connections_.clear();
  ready_ = nullptr;
  changed_ = nullptr;
}

int Smtp::Pool::capacity() const {
  if (closing_) return 0;
  // A place counts as free only when the outcome of who had it has been told: until then the ledger
  // still says `handed`, and no more than places may be.
  int free = -static_cast<int>(finished_.size());
  for (const Connection& connection : connections_) {
    free += connection.line->session().free_slots() - connection.line->session().unreported();
  }
  return std::max(free, 0);
}

int Smtp::Pool::in_flight() const {
  auto held = static_cast<int>(finished_.size());
  for (const Connection& connection : connections_) held += connection.line->session().held();
  return held;
}

void Smtp::Pool::want(int waiting) {
  wanted_ = std::max(waiting, 0);
  if (!in_turn_) open_more();
}

void Smtp::Pool::send(Outgoing message, Done done) {
  wanted_ = std::max(wanted_ - 1, 0);
  told_.capacity -= 1;
  // Who sends by what was told last may be one ahead of a connection that is gone or holds less by
  // now: another one takes it.
  SmtpConnection* best = nullptr;
  for (const Connection& connection : connections_) {
    const SmtpSession& session = connection.line->session();
    if (session.takes() && (best == nullptr || session.free_slots() > best->session().free_slots()))
      best = connection.line.get();
  }
  if (best != nullptr && !closing_) {
    best->session().add(std::move(message), std::move(done));
  } else {
    // A connection may have ended since capacity() was asked.
    finished_.push_back({message.id,
                         std::move(done),
                         {OutcomeKind::deferred, 0, "no connection is free", true, {}}});
  }
  schedule();
}

SmtpStanding Smtp::Pool::standing() const {
  return {capacity(), ready_connections() > 0, closed(), name(), misconfigured_, back_off_};
}

std::string SmtpStanding::trouble(const Clock& clock) const {
  if (!fault.empty()) return host + ": " + fault;
  if (serves || !back_off.failing()) return {};
  return host + ": " + back_off.describe(clock);
}

void Smtp::Pool::close() {
  closing_ = true;
  wanted_ = 0;
  retry_.cancel();
  for (const Connection& connection : connections_) connection.line->session().quit();
  schedule();
}

void Smtp::Pool::give_up() {
  close();
  for (const Connection& connection : connections_)
    connection.line->session().end("no answer, and retaind was told to stop");
}

/// Everything that happened in one round of the loop is handled together, behind the events that
/// are already waiting: the outbox commits their outcomes at once, and what it hands over in return
/// shares the writes.
void Smtp::Pool::schedule() {
  if (scheduled_ || in_turn_ || abandoned_) return;
  scheduled_ = true;
  post(loop_, [self = shared_from_this()] {
    self->scheduled_ = false;
    if (!self->abandoned_) self->turn();
  });
}

void Smtp::Pool::turn() {
  in_turn_ = true;
  collect();
  std::vector<SmtpSession::Finished> finished;
  finished.swap(finished_);
  for (SmtpSession::Finished& message : finished) {
    message.done(message.id, std::move(message.outcome));
    if (abandoned_) return;
  }
  answered_ += static_cast<int>(finished.size());
  deepen();
  tell(!finished.empty());
  if (abandoned_) return;
  for (const Connection& connection : connections_) connection.line->flush();
  in_turn_ = false;
  open_more();
  note_changes();
  if (abandoned_) return;
  const bool more = std::any_of(connections_.begin(), connections_.end(), [](const Connection& c) {
    return c.line->session().has_finished();
  });
  if (more || !finished_.empty()) schedule();
}

/// The connections together hold as many messages as the server has answered in a moment: a fast
/// one then costs few commits, and of a slow one a crash leaves few messages `unknown`.
void Smtp::Pool::deepen() {
  constexpr Duration moment{16};
  const Duration now = clock_.elapsed();
  const Duration counted = now - counted_since_;
  if (counted < moment) return;
  const auto per_moment = answered_ * moment / counted;
  const auto connections =
      static_cast<Duration::rep>(std::max<std::size_t>(connections_.size(), 1));
  const auto wanted = static_cast<int>(per_moment / connections);
  const int most = std::max(policy_.settings.pipeline, 1);
  // Upwards at once, downwards a step a moment: after one in which this process was busy elsewhere
  // a fast server is as fast as before.
  pipeline_ =
      std::clamp(std::max(wanted, pipeline_ - 1), std::min(SmtpSession::least_depth, most), most);
  counted_since_ = now;
  answered_ = 0;
  for (const Connection& connection : connections_) connection.line->session().set_depth(pipeline_);
}

/// Who has been told calls back when it comes to it: its commits take long enough for the next
/// outcomes to gather.
void Smtp::Pool::tell(bool ended) {
  if (!ready_ || (!ended && capacity() <= told_.capacity)) return;
  told_ = standing();
  ready_();
}

/// What `ready` does not tell.
void Smtp::Pool::note_changes() {
  const bool same = capacity() >= told_.capacity && (ready_connections() > 0) == told_.serves &&
                    closed() == told_.closed && back_off_ == told_.back_off;
  if (same) return;
  told_ = standing();
  if (changed_) changed_();
}

/// Takes what the connections have for us, and the connections that are over out of the pool.
void Smtp::Pool::collect() {
  for (Connection& connection : connections_) {
    SmtpSession& session = connection.line->session();
    if (session.ready()) depth_ = session.depth();
    for (SmtpSession::Finished& message : session.take_finished())
      finished_.push_back(std::move(message));
    if (connection.probes && session.answered() > 0) {
      connection.probes = false;
      back_off_.succeed();
      log::info(name() + ": works again");
    }
    if (!session.ended()) continue;
    bury(session);
    connection.line.reset();
  }
  std::erase_if(connections_,
                [](const Connection& connection) { return connection.line == nullptr; });
}

int Smtp::Pool::ready_connections() const {
  return static_cast<int>(
      std::count_if(connections_.begin(), connections_.end(), [](const Connection& connection) {
        return connection.line != nullptr && connection.line->session().ready();
      }));
}

/// Decides whether an ended connection says that the host is in trouble. One that has carried a
/// message does not: the next attempt will tell.
void Smtp::Pool::bury(const SmtpSession& session) {
  if (closing_ || session.answered() > 0) return;
  const bool served = session.was_ready() && session.interrupted() == 0;
  if (served && (session.winding_down() || wanted_ == 0)) return;
  ceiling_ = ready_connections();
  if (back_off_.fail(session.end_reason(), clock_))
    log::warning(name() + ": " + back_off_.describe(clock_));
}

/// The number of further connections that the host's state and the settings allow now.
int Smtp::Pool::may_open() const {
  int limit = policy_.settings.connections;
  if (back_off_.left(clock_).count() > 0) {
    limit = std::min(limit, ceiling_);
  } else if (back_off_.failing()) {
    // One that is ready has shown nothing yet: hosts refuse at MAIL, too.
    const auto shown = std::count_if(connections_.begin(), connections_.end(), [](const auto& c) {
      return !c.probes && c.line->session().ready();
    });
    limit = std::min(limit, static_cast<int>(shown) + 1);
  }
  return std::max(limit - static_cast<int>(connections_.size()), 0);
}

void Smtp::Pool::open_more() {
  if (closing_ || abandoned_ || wanted_ == 0 || !misconfigured_.empty()) return;
  int places = 0;
  for (const Connection& connection : connections_) {
    const SmtpSession& session = connection.line->session();
    places += session.ready() ? std::max(session.free_slots(), 0) : depth_;
  }
  const Duration pause = back_off_.left(clock_);
  const int missing = (wanted_ - places + depth_ - 1) / depth_;
  for (int i = std::min(missing, may_open()); i > 0; --i) {
    auto line =
        std::make_unique<SmtpConnection>(loop_, policy_, tls_, clock_, [this] { schedule(); });
    line->session().set_depth(pipeline_);
    line->open();
    connections_.push_back({std::move(line), back_off_.failing() && pause.count() == 0});
  }
  if (missing > 0 && pause.count() > 0 && !retry_.armed()) {
    retry_.arm(pause, [this] { open_more(); });
  }
}

Smtp::Smtp(Loop& loop, SmtpSettings settings, std::string_view credential,
           std::function<void()> ready, const Clock& clock, Duration idle)
    : pool_(std::make_shared<Pool>(loop, std::move(settings), credential, std::move(ready), clock,
                                   idle)) {}
Smtp::~Smtp() { pool_->abandon(); }
int Smtp::capacity() const { return pool_->capacity(); }
void Smtp::want(int waiting) { pool_->want(waiting); }
void Smtp::send(Outgoing message, Done done) { pool_->send(std::move(message), std::move(done)); }
std::string Smtp::trouble() const { return pool_->trouble(); }
void Smtp::close() { pool_->close(); }
void Smtp::give_up() { pool_->give_up(); }
int Smtp::in_flight() const { return pool_->in_flight(); }
bool Smtp::closed() const { return pool_->closed(); }
void Smtp::on_change(std::function<void()> changed) { pool_->on_change(std::move(changed)); }
SmtpStanding Smtp::standing() const { return pool_->standing(); }

}  // namespace retaind::transport
