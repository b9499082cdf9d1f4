#include "transport/smtp_thread.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace retaind::transport {

namespace asio = boost::asio;
using delivery::Outcome;
using delivery::Outgoing;

namespace {

/// From home.
struct Orders {
  std::vector<Outgoing> messages;
  std::optional<int> want;
  bool close = false;
  bool give_up = false;
};

/// To home.
struct News {
  std::vector<std::pair<std::int64_t, Outcome>> ended;
  SmtpStanding standing;
  std::uint64_t taken = 0;  ///< messages that had come over when `standing` was looked at
};

/// What lies between the threads until the other one comes for it.
template <class T>
class Shelf {
 public:
  /// Calls `change` with what lies there; true when the other side has to be told to come.
  template <class Change>
  bool put(Change change) {
    const std::lock_guard lock(mutex_);
    change(content_);
    return !std::exchange(told_, true);
  }
  T take() {
    const std::lock_guard lock(mutex_);
    told_ = false;
    return std::exchange(content_, T{});
  }

 private:
  std::mutex mutex_;
  T content_;
  bool told_ = false;
};

/// Signals are the home thread's.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

/// Touched by the home thread alone, but for `news`.
struct SmtpThread::Home {
  Home(Loop& the_loop, std::function<void()> the_ready, const Clock& the_clock)
      : loop(the_loop), ready(std::move(the_ready)), clock(the_clock) {}

  void read();

  Loop& loop;
  std::function<void()> ready;
  const Clock& clock;
  Shelf<News> news;
  SmtpStanding standing;
  std::uint64_t taken = 0;
  std::uint64_t sent = 0;
  std::unordered_map<std::int64_t, Done> waiting;
  Orders orders;  ///< not handed over yet
  bool handing_over = false;
  int wanted = 0;
  bool closing = false;
};

/// Touched by its own thread alone, but for `orders` and `loop`.
struct SmtpThread::Away {
  void read();
  void tell();

  Loop loop{1};
  asio::executor_work_guard<Loop::executor_type> work{loop.get_executor()};
  std::weak_ptr<Home> home;
  Loop* home_loop = nullptr;
  Shelf<Orders> orders;
  std::unique_ptr<Smtp> smtp;
  std::vector<std::pair<std::int64_t, Outcome>> ended;
  std::uint64_t taken = 0;
  std::thread thread;
};

void SmtpThread::Away::read() {
  Orders given = orders.take();
  for (Outgoing& message : given.messages) {
    ++taken;
    smtp->send(std::move(message), [this](std::int64_t id, Outcome outcome) {
      ended.emplace_back(id, std::move(outcome));
    });
  }
  if (given.want) smtp->want(*given.want);
  if (given.close) smtp->close();
  if (given.give_up) smtp->give_up();
}

void SmtpThread::Away::tell() {
  const std::shared_ptr<Home> there = home.lock();
  if (there == nullptr) return;
  const bool first = there->news.put([&](News& news) {
    news.ended.insert(news.ended.end(), std::make_move_iterator(ended.begin()),
                      std::make_move_iterator(ended.end()));
    news.standing = smtp->standing();
    news.taken = taken;
  });
  ended.clear();
  if (!first) return;
  post(*home_loop, [where = home] {
    if (const std::shared_ptr<Home> reader = where.lock()) reader->read();
  });
}

void SmtpThread::Home::read() {
  News read = news.take();
  standing = std::move(read.standing);
  taken = read.taken;
  for (auto& [id, outcome] : read.ended) {
    const auto found = waiting.find(id);
    if (found == waiting.end()) continue;
    const Done done = std::move(found->second);
    waiting.erase(found);
    done(id, std::move(outcome));
  }
  if (ready) ready();
}

SmtpThread::SmtpThread(std::shared_ptr<Home> home, std::shared_ptr<Away> away)
    : home_(std::move(home)), away_(std::move(away)) {}

Result<std::unique_ptr<SmtpThread>> SmtpThread::start(Loop& home, SmtpSettings settings,
                                                      std::string_view credential,
                                                      std::function<void()> ready,
                                                      const Clock& clock, Duration idle) {
  auto here = std::make_shared<Home>(home, std::move(ready), clock);
  auto away = std::make_shared<Away>();
  away->home = here;
  away->home_loop = &home;
  away->smtp = std::make_unique<Smtp>(
      away->loop, std::move(settings), credential, [where = away.get()] { where->tell(); }, clock,
      idle);
  away->smtp->on_change([where = away.get()] { where->tell(); });
  here->standing = away->smtp->standing();
  const SignalsBlocked blocked;
  try {
    away->thread = std::thread([where = away.get()] { where->loop.run(); });
    pthread_setname_np(away->thread.native_handle(), "smtp");
  } catch (const std::system_error& error) {
    return Error{ErrorKind::unavailable,
                 std::string("no thread for the mail server's connections: ") + error.what()};
  }
  return std::make_unique<SmtpThread>(std::move(here), std::move(away));
}

SmtpThread::~SmtpThread() {
  post(away_->loop, [away = away_.get()] {
    away->smtp.reset();
    away->loop.stop();
  });
  away_->thread.join();
}

int SmtpThread::capacity() const {
  if (home_->closing) return 0;
  const auto since = static_cast<int>(home_->sent - home_->taken);
  return std::max(home_->standing.capacity - since, 0);
}

void SmtpThread::want(int waiting) {
  if (waiting == 0 && home_->wanted == 0) return;
  home_->wanted = waiting;
  home_->orders.want = waiting;
  hand_over();
}

void SmtpThread::send(Outgoing message, Done done) {
  ++home_->sent;
  home_->waiting.emplace(message.id, std::move(done));
  home_->orders.messages.push_back(std::move(message));
  hand_over();
}

/// Behind the handler that is running, so that all it sends goes over at once.
void SmtpThread::hand_over() {
  if (std::exchange(home_->handing_over, true)) return;
  post(home_->loop, [home = std::weak_ptr(home_), away = std::weak_ptr(away_)] {
    const auto from = home.lock();
    const auto to = away.lock();
    if (from == nullptr || to == nullptr) return;
    from->handing_over = false;
    Orders given = std::exchange(from->orders, Orders{});
    const bool first = to->orders.put([&](Orders& orders) {
      orders.messages.insert(orders.messages.end(), std::make_move_iterator(given.messages.begin()),
                             std::make_move_iterator(given.messages.end()));
      if (given.want) orders.want = given.want;
      orders.close = orders.close || given.close;
      orders.give_up = orders.give_up || given.give_up;
    });
    if (first) post(to->loop, [where = to.get()] { where->read(); });
  });
}

std::string SmtpThread::trouble() const { return home_->standing.trouble(home_->clock); }

void SmtpThread::close() {
  home_->closing = true;
  home_->orders.close = true;
  hand_over();
}

void SmtpThread::give_up() {
  home_->closing = true;
  home_->orders.give_up = true;
  hand_over();
}

int SmtpThread::in_flight() const { return static_cast<int>(home_->waiting.size()); }
bool SmtpThread::closed() const { return home_->standing.closed; }

}  // namespace retaind::transport
