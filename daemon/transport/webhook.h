#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "delivery/transport.h"
#include "model/site.h"
#include "transport/back_off.h"
#include "transport/http_client.h"

namespace retaind::transport {

struct WebhookTarget {
  Endpoint endpoint;
  std::string key;    ///< of parse_webhook_secret(); empty: unsigned
  std::string token;  ///< text of the token file; empty: none
};
using WebhookTargets = std::map<std::string, WebhookTarget, std::less<>>;

/// POST of JSON to the site's endpoints by Standard Webhooks 1.0.0, 32 at once.
///
/// 2xx is `sent`; 410 and redirects are `rejected`; 429, 5xx and no answer are `deferred`, with
/// Retry-After (at most a day). Other 4xx are mostly a mistake that somebody will mend: `deferred`,
/// by an hour. Never `unknown`: the id is the same at every attempt, so a repeat is harmless.
class Webhook final : public delivery::Transport {
 public:
  Webhook(Loop& loop, WebhookTargets targets, std::function<void()> ready, const Clock& clock);
  ~Webhook() override;

  [[nodiscard]] int capacity() const override;
  void want(int waiting) override;
  void send(delivery::Outgoing message, Done done) override;
  /// The endpoints that could not be reached at their last attempt.
  [[nodiscard]] std::string trouble() const override;

 private:
  void answered(std::int64_t id, const std::string& endpoint, const Done& done,
                const HttpAnswer& answer);
  void finish(std::int64_t id, const Done& done, delivery::Outcome outcome);

  Loop& loop_;
  WebhookTargets targets_;
  std::function<void()> ready_;
  const Clock& clock_;
  HttpClient public_;
  HttpClient private_;
  std::map<std::string, BackOff> unreachable_;  ///< by endpoint, until it answers
  int in_flight_ = 0;
  bool ready_is_posted_ = false;
  std::shared_ptr<bool> alive_;  ///< false once destroyed, for what is still posted
};

/// What an answer means, and for how long to leave the endpoint alone.
delivery::Outcome webhook_outcome(const HttpAnswer& answer, Time now);

}  // namespace retaind::transport
