#include "app/senders.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "app/environment.h"
#include "transport/maildir.h"
#include "transport/smtp_thread.h"
#include "transport/webhook.h"
#include "transport/webhook_signature.h"

namespace retaind::app {
namespace {

Result<transport::WebhookTargets> read_targets(const Site& site) {
  transport::WebhookTargets targets;
  for (const auto& [name, endpoint] : site.endpoints) {
    transport::WebhookTarget target;
    target.endpoint = endpoint;
    const Result<std::string> secret =
        read_secret(endpoint.secret_file, fmt::format("webhooks: {}: secret-file", name));
    if (!secret) return secret.error();
    if (!secret->empty()) {
      Result<std::string> key = transport::parse_webhook_secret(*secret);
      if (!key) return key.error().in(fmt::format("webhooks: {}: secret-file", name));
      target.key = std::move(*key);
    }
    Result<std::string> token =
        read_secret(endpoint.token_file, fmt::format("webhooks: {}: token-file", name));
    if (!token) return token.error();
    target.token = std::move(*token);
    targets.emplace(name, std::move(target));
  }
  return targets;
}

}  // namespace

struct Senders::Impl {
  std::unique_ptr<transport::Maildir> maildir;
  std::unique_ptr<transport::SmtpThread> smtp;
  std::unique_ptr<transport::Webhook> webhook;
};

Senders::Senders() : impl_(std::make_unique<Impl>()) {}
Senders::~Senders() = default;

Result<std::unique_ptr<Senders>> Senders::open(transport::Loop& loop, const Site& site,
                                               const Clock& clock, std::function<void()> ready) {
  auto senders = std::make_unique<Senders>();
  Impl& impl = *senders->impl_;
  if (!site.deliver_live) {
    impl.maildir =
        std::make_unique<transport::Maildir>(loop, site.maildir, std::move(ready), clock);
    return senders;
  }
  if (!site.smtp) {
    return Error{
        ErrorKind::invalid,
        "retaind.yaml says `deliver: live` and names no mail server; add `smtp:` with its host"};
  }
  const Result<std::string> password = read_secret(site.smtp->password_file, "smtp: password-file");
  if (!password) return password.error();
  Result<transport::WebhookTargets> targets = read_targets(site);
  if (!targets) return targets.error();
  auto smtp = transport::SmtpThread::start(loop, *site.smtp, *password, ready, clock);
  if (!smtp) return smtp.error();
  impl.smtp = std::move(*smtp);
  impl.webhook =
      std::make_unique<transport::Webhook>(loop, std::move(*targets), std::move(ready), clock);
  return senders;
}

delivery::Outbox::Transports Senders::transports() const {
  if (impl_->maildir) return {impl_->maildir.get(), impl_->maildir.get()};
  return {impl_->smtp.get(), impl_->webhook.get()};
}

void Senders::close() {
  if (impl_->smtp) impl_->smtp->close();
}

void Senders::give_up() {
  if (impl_->smtp) impl_->smtp->give_up();
}

bool Senders::closed() const { return !impl_->smtp || impl_->smtp->closed(); }

std::string Senders::trouble() const {
  std::string text;
  const auto add = [&text](std::string_view what, const std::string& trouble) {
    if (trouble.empty()) return;
    if (!text.empty()) text += "; ";
    text += what;
    text += trouble;
  };
  if (impl_->maildir) add("maildir: ", impl_->maildir->trouble());
  if (impl_->smtp) add("", impl_->smtp->trouble());
  if (impl_->webhook) add("webhooks: ", impl_->webhook->trouble());
  return text;
}

}  // namespace retaind::app
