#include "replay/world.h"

#include <fmt/format.h>

#include <algorithm>

namespace retaind::replay {

using delivery::Outcome;
using delivery::OutcomeKind;
using delivery::Outgoing;

int VirtualTransport::capacity() const {
  return away ? 0 : std::max(0, places - static_cast<int>(waiting_.size()));
}

// There is no connection to open: capacity() says it all, and the world asks again when an answer
// frees a place.
void VirtualTransport::want(int /*waiting*/) {}

void VirtualTransport::send(Outgoing message, Done done) {
  const Time now = clock_->now();
  if (on_send) on_send(message);
  waiting_.push_back({std::move(message), std::move(done), now, now + latency});
}

std::string VirtualTransport::trouble() const { return away ? "away" : ""; }

bool VirtualTransport::arrives_at_once() const {
  return !away && !answer && latency == Duration{0} && !on_send && !on_answer;
}

std::optional<Time> VirtualTransport::next_answer() const {
  std::optional<Time> next;
  for (const Waiting& waiting : waiting_) {
    if (!next || waiting.answered < *next) next = waiting.answered;
  }
  return next;
}

bool VirtualTransport::answer_due() {
  bool answered = false;
  for (std::size_t i = 0; i < waiting_.size();) {
    if (waiting_[i].answered > clock_->now()) {
      ++i;
      continue;
    }
    Waiting waiting = std::move(waiting_[i]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    Outcome outcome;
    outcome.code = 250;
    if (answer) outcome = answer(waiting.message);
    if (on_answer) on_answer({waiting.message, waiting.handed, outcome.kind});
    waiting.done(waiting.message.id, std::move(outcome));
    answered = true;
  }
  return answered;
}

std::vector<Outgoing> VirtualTransport::forget() {
  std::vector<Outgoing> lost;
  for (Waiting& waiting : waiting_) lost.push_back(std::move(waiting.message));
  waiting_.clear();
  return lost;
}

World::World(store::Database& database, SimClock& clock, Rng& rng, Files files,
             store::Identity* identity)
    : database_(&database),
      clock_(&clock),
      rng_(&rng),
      files_(std::move(files)),
      identity_(identity),
      mail_(clock),
      webhooks_(clock) {}

Result<void> World::start() {
  auto files = files_();
  if (!files) return files.error();
  auto core = delivery::Core::start(*database_, *clock_, *rng_, *std::move(files),
                                    {&mail_, &webhooks_}, identity_);
  if (!core) return core.error();
  core_ = *std::move(core);
  if (watch_) core_->checks().set_watch(watch_);
  return {};
}

void World::set_watch(engine::Checks::Watch watch) {
  watch_ = std::move(watch);
  if (core_ != nullptr) core_->checks().set_watch(watch_);
}

Result<void> World::reload() {
  auto files = files_();
  if (!files) return files.error();
  auto reloaded = core_->reload(*std::move(files));
  if (reloaded && watch_) core_->checks().set_watch(watch_);
  return reloaded;
}

void World::crash() {
  mail_.forget();
  webhooks_.forget();
  core_.reset();
  if (database_->in_transaction()) database_->rollback();
}

Result<void> World::stop() {
  if (core_ == nullptr) return {};
  core_->stop_claiming();
  if (auto settled = settle(); !settled) return settled;
  while (core_->in_flight() > 0) {
    const auto mail = mail_.next_answer();
    const auto web = webhooks_.next_answer();
    if (!mail && !web) break;
    clock_->advance_to(mail && web ? std::min(*mail, *web) : (mail ? *mail : *web));
    if (auto settled = settle(); !settled) return settled;
  }
  core_.reset();
  return {};
}

Result<void> World::settle() {
  if (core_ == nullptr) return {};
  constexpr int limit = 200'000;
  for (int i = 0; i < limit; ++i) {
    const bool mail = mail_.answer_due();
    const bool web = webhooks_.answer_due();
    auto pass = core_->run_due();
    if (!pass) return pass.error();
    ++passes_;
    const auto mail_next = mail_.next_answer();
    const auto web_next = webhooks_.next_answer();
    const bool answers =
        (mail_next && *mail_next <= clock_->now()) || (web_next && *web_next <= clock_->now());
    if (!pass->more && !pass->wrote && !mail && !web && !answers) return {};
  }
  return Error{ErrorKind::internal, "the same instant never came to rest"};
}

std::optional<Time> World::next_due() {
  std::optional<Time> next = core_ == nullptr ? std::nullopt : core_->next_due();
  for (const auto& at : {mail_.next_answer(), webhooks_.next_answer()}) {
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

Result<void> World::run_to(Time time) {
  while (true) {
    if (auto settled = settle(); !settled) return settled;
    if (looks_ahead_ && core_ != nullptr) core_->engine().look_ahead(clock_->now(), time);
    const auto next = next_due();
    if (!next || *next > time) break;
    if (*next <= clock_->now())
      return Error{ErrorKind::internal, fmt::format("due at {} and nothing moves", to_iso(*next))};
    clock_->advance_to(*next);
  }
  clock_->advance_to(time);
  return settle();
}

}  // namespace retaind::replay
