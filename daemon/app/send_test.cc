#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <optional>

#include "app/command.h"
#include "app/preview_report.h"
#include "app/senders.h"
#include "base/rng.h"
#include "base/text.h"

namespace retaind::app {
namespace {

using delivery::Outcome;
using delivery::OutcomeKind;

constexpr Duration patience{60'000};
constexpr Duration look{100};

/// One mail through a site's transport: no ledger, no retry.
class OneMail {
 public:
  explicit OneMail(delivery::Outgoing mail) : mail_(std::move(mail)) {}

  Result<Outcome> send(const Site& site, const Clock& clock) {
    auto senders = Senders::open(loop_, site, clock, [this] { try_to_send(); });
    if (!senders) return senders.error();
    senders_ = std::move(*senders);
    transport_ = senders_->transports().mail;
    began_ = clock.elapsed();
    transport::LoopTimer timer(loop_);
    tick(timer, clock);
    transport_->want(1);
    try_to_send();
    loop_.run();
    // The server hears QUIT.
    senders_->close();
    timer.arm(std::chrono::seconds(1), [this] { loop_.stop(); });
    loop_.restart();
    while (!senders_->closed() && loop_.run_one() > 0) {
    }
    if (outcome_) return *outcome_;
    if (handed_) return Outcome{OutcomeKind::unknown, 0, "no answer within a minute", false, {}};
    return Error{ErrorKind::unavailable,
                 trouble_.empty() ? fmt::format("nothing was heard from the mail server for {} s; "
                                                "try again, `retaind status` says what the daemon "
                                                "sees",
                                                patience.count() / 1000)
                                  : fmt::format("{}; nothing was sent, check `smtp:` in "
                                                "retaind.yaml",
                                                trouble_)};
  }

 private:
  void try_to_send() {
    if (handed_ || transport_ == nullptr || transport_->capacity() <= 0) return;
    handed_ = true;
    transport_->send(mail_, [this](std::int64_t /*id*/, Outcome outcome) {
      outcome_ = std::move(outcome);
      loop_.stop();
    });
  }

  void tick(transport::LoopTimer& timer, const Clock& clock) {
    timer.arm(look, [this, &timer, &clock] {
      try_to_send();
      trouble_ = senders_->trouble();
      const bool refused = !handed_ && !trouble_.empty();
      if (refused || clock.elapsed() - began_ > patience) return loop_.stop();
      tick(timer, clock);
    });
  }

  delivery::Outgoing mail_;
  boost::asio::io_context loop_{1};
  std::unique_ptr<Senders> senders_;
  delivery::Transport* transport_ = nullptr;
  Duration began_{0};
  bool handed_ = false;
  std::optional<Outcome> outcome_;
  std::string trouble_;
};

int report_outcome(const Outcome& outcome, const Site& site, const std::string& to) {
  const std::string said = outcome.reply.empty() ? "" : ": " + outcome.reply;
  switch (outcome.kind) {
    case OutcomeKind::sent:
      if (site.deliver_live) {
        fmt::print("sent to {}{}; nothing was written in the ledger\n", to, said);
      } else {
        fmt::print("written to {} for {}: without `deliver: live` nothing leaves this machine\n",
                   site.maildir.string(), to);
      }
      return exit_fine;
    case OutcomeKind::deferred:
      return failed(fmt::format("not taken now{}; try again later, a test is not retried", said));
    case OutcomeKind::rejected: return failed(fmt::format("refused{}; name another address", said));
    case OutcomeKind::unknown:
      return failed(fmt::format("it may have arrived or not{}; look into the mailbox", said));
  }
  return exit_wrong;
}

}  // namespace

int run_send_test(const Words& words) {
  std::string site;
  std::string to;
  PreviewAsk ask;
  Options options("send-test",
                  "Sends one mail of a rule, composed as `preview` does, to an address of yours. "
                  "Nothing is written in the ledger.");
  options.positional("RULE", ask.rule, "id of the rule, by its file as it is")
      .site(site)
      .value("--customer", "ID", ask.customer, "whose data are in it: id, alias or address")
      .value("--to", "ADDRESS", to, "who gets it")
      .value("--step", "KEY", ask.step, "another step than the first: email:thanks, or thanks")
      .value("--variant", "NAME", ask.variant,
             "another text than this customer gets, of a step with variants: its template")
      .value("--locale", "CODE", ask.locale, "as if the customer read this language: de, ja")
      .footer("The subject begins with [test]. Coupon codes and links in it work nowhere.");
  if (const std::optional<int> status = options.parse(words)) return *status;
  if (ask.customer.empty()) return misused("send-test", "--customer is needed: about whom?");
  if (!parse_email(to))
    return misused("send-test", to.empty() ? std::string("--to is needed: who gets it?")
                                           : fmt::format("--to `{}` is no e-mail address", to));
  const Result<std::filesystem::path> directory = find_site(site);
  if (!directory) return failed(directory.error().message);
  const SystemClock clock;
  Result<PreviewReport> report = make_preview(*directory, ask, clock.now());
  if (!report) return failed(report.error().message);
  if (report->step->kind == language::StepKind::webhook)
    return failed("a webhook goes to no address; `retaind preview` shows its body");
  const Site& settings = *report->loaded.site;
  Rng rng(seed_from_system());
  Result<delivery::Outgoing> mail =
      delivery::as_test(report->made, settings, to, lower_ascii(rng.code(10)), clock.now());
  if (!mail) return failed(mail.error().message);
  const Result<Outcome> outcome = OneMail(*std::move(mail)).send(settings, clock);
  if (!outcome) return failed(outcome.error().message);
  return report_outcome(*outcome, settings, to);
}

}  // namespace retaind::app
