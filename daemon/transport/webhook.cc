#include "transport/webhook.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/log.h"
#include "base/text.h"
#include "transport/one_line.h"
#include "transport/webhook_signature.h"

namespace retaind::transport {

using delivery::Outcome;
using delivery::OutcomeKind;

namespace {

constexpr int most_in_flight = 32;

/// RFC 9110 10.2.3: seconds or a date. Past dates and nonsense are no wish.
std::optional<Duration> parse_retry_after(const std::string& text, Time now) {
  constexpr long long longest = 24 * 60 * 60;
  const std::string_view word = trim(text);
  long long wait_s = 0;
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), wait_s);
  if (problem == std::errc::result_out_of_range) {
    wait_s = longest;
  } else if (problem != std::errc{} || end != word.data() + word.size()) {
    const std::time_t date = curl_getdate(text.c_str(), nullptr);
    if (date < 0) return {};
    wait_s = static_cast<long long>(date) - to_ms(now) / 1000;
  }
  if (wait_s <= 0) return {};
  return std::chrono::seconds{std::min(wait_s, longest)};
}

}  // namespace

Outcome webhook_outcome(const HttpAnswer& answer, Time now) {
  if (answer.status == 0)
    return {OutcomeKind::deferred, 0, one_line(answer.failure), answer.never_connected, {}};
  Outcome outcome;
  outcome.code = answer.status;
  outcome.reply =
      one_line(answer.body.empty() ? fmt::format("HTTP {}", answer.status)
                                   : fmt::format("HTTP {}: {}", answer.status, answer.body));
  switch (answer.status / 100) {
    case 2: return outcome;
    case 3:
      outcome.kind = OutcomeKind::rejected;
      outcome.reply = fmt::format(
          "HTTP {}: redirects are not followed; write the endpoint's final URL", answer.status);
      return outcome;
    default: break;
  }
  if (answer.status == 410) {
    outcome.kind = OutcomeKind::rejected;
    return outcome;
  }
  outcome.kind = OutcomeKind::deferred;
  outcome.retry_after = parse_retry_after(answer.retry_after, now);
  const bool soon = answer.status == 408 || answer.status == 429 || answer.status / 100 != 4;
  if (!soon && !outcome.retry_after) outcome.retry_after = std::chrono::hours{1};
  return outcome;
}

Webhook::Webhook(Loop& loop, WebhookTargets targets, std::function<void()> ready,
                 const Clock& clock)
    : loop_(loop),
      targets_(std::move(targets)),
      ready_(std::move(ready)),
      clock_(clock),
      public_(loop, false),
      private_(loop, true),
      alive_(std::make_shared<bool>(true)) {
  for (auto& [name, target] : targets_) {
    const std::string& text = target.token;
    target.token = trim(std::string_view(text).substr(0, text.find_first_of("\r\n")));
  }
}

Webhook::~Webhook() { *alive_ = false; }

int Webhook::capacity() const { return std::max(most_in_flight - in_flight_, 0); }

void Webhook::want(int) {}

void Webhook::send(delivery::Outgoing message, Done done) {
  ++in_flight_;
  const auto found = targets_.find(message.endpoint);
  if (found == targets_.end()) {
    Outcome outcome{
        OutcomeKind::deferred, 0,
        one_line("there is no endpoint `" + message.endpoint + "`; add it to retaind.yaml"), true,
        std::chrono::minutes{1}};
    post(loop_, [this, alive = alive_, id = message.id, done = std::move(done),
                 outcome = std::move(outcome)] {
      if (*alive) finish(id, done, outcome);
    });
    return;
  }
  const WebhookTarget& target = found->second;
  const std::string id = webhook_id(message.message_id);
  const std::int64_t now = to_ms(clock_.now()) / 1000;
  HttpPost request;
  request.url = target.endpoint.url;
  request.headers = {"Content-Type: application/json", "User-Agent: retaind", "webhook-id: " + id,
                     "webhook-timestamp: " + std::to_string(now)};
  if (!target.key.empty()) {
    request.headers.push_back("webhook-signature: " +
                              webhook_signature(target.key, id, now, message.bytes));
  }
  if (!target.token.empty()) request.headers.push_back("Authorization: Bearer " + target.token);
  request.body = std::move(message.bytes);
  HttpClient& client = target.endpoint.allow_private ? private_ : public_;
  client.post(std::move(request), [this, alive = alive_, id = message.id, name = message.endpoint,
                                   done = std::move(done)](const HttpAnswer& answer) {
    if (*alive) answered(id, name, done, answer);
  });
}

void Webhook::answered(std::int64_t id, const std::string& endpoint, const Done& done,
                       const HttpAnswer& answer) {
  Outcome outcome = webhook_outcome(answer, clock_.now());
  if (!answer.never_connected) {
    unreachable_.erase(endpoint);
  } else {
    BackOff& back_off = unreachable_[endpoint];
    if (back_off.fail(outcome.reply, clock_))
      log::warning("webhook " + endpoint + ": " + back_off.describe(clock_));
    outcome.retry_after = back_off.left(clock_);
  }
  finish(id, done, std::move(outcome));
}

void Webhook::finish(std::int64_t id, const Done& done, Outcome outcome) {
  --in_flight_;
  const std::shared_ptr<bool> alive = alive_;
  done(id, std::move(outcome));
  if (!*alive || ready_is_posted_) return;
  // Once for all that ended in this round of the loop, so that the outbox commits their outcomes
  // together.
  ready_is_posted_ = true;
  post(loop_, [this, alive] {
    if (!*alive) return;
    ready_is_posted_ = false;
    ready_();
  });
}

std::string Webhook::trouble() const {
  std::string all;
  for (const auto& [endpoint, back_off] : unreachable_) {
    if (!all.empty()) all += "; ";
    all += endpoint + ": " + back_off.describe(clock_);
  }
  return all;
}

}  // namespace retaind::transport
