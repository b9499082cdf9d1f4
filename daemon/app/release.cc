#include <fmt/format.h>

#include "app/command.h"
#include "app/control.h"
#include "app/hold_scope.h"
#include "app/site_load.h"
#include "app/store_access.h"
#include "base/text.h"
#include "store/messages.h"

namespace retaind::app {
namespace {

struct Released {
  int holds = 0;
};

/// Held messages are not looked at again before something changes: this is the change.
Result<void> wake_held(store::Database& database, const HoldScope& scope, Time now) {
  store::Ledger ledger(database);
  store::Messages messages(database);
  if (!scope.customer.empty()) {
    for (const std::int64_t id :
         messages.waiting_of_customer(*ledger.customer_by_key(scope.customer)))
      messages.wake(id, now);
    return {};
  }
  std::optional<std::int64_t> rule;
  for (const store::RuleRow& row : ledger.rules()) {
    if (row.name == scope.rule) rule = row.id;
  }
  for (const Reason reason : {Reason::on_hold, Reason::brake})
    messages.wake_reason(reason, rule, now);
  return {};
}

Result<Released> release(OpenSite& open, const HoldScope& scope) {
  const Time now = SystemClock().now();
  store::Ledger ledger(open.database);
  Result<store::Transaction> transaction = store::Transaction::begin(open.database);
  if (!transaction) return transaction.error();
  if (Result<void> known = scope.look_up(ledger); !known) return known.error();
  Released released;
  released.holds = ledger.release(scope.scope(), scope.target(), now);
  if (released.holds > 0) {
    if (Result<void> woken = wake_held(open.database, scope, now); !woken) return woken.error();
  }
  if (Result<void> done = transaction->commit(); !done) return done.error();
  return released;
}

/// The jump is known to the running process alone.
int resume_after_jump(const std::string& given) {
  const Result<std::filesystem::path> directory = find_site(given);
  if (!directory) return failed(directory.error().message);
  const Result<Site> site = settings_of(*directory);
  if (!site) return failed(site.error().message);
  Value request;
  request.set("do", Value("resume-after-jump"));
  const Result<Value> reply = ask_daemon(site->socket, request, Duration{10'000});
  if (!reply) return failed(reply.error().message);
  const Value* done = reply->find("done");
  if (done == nullptr || done->as_bool() == nullptr || !*done->as_bool())
    return failed("the clock is not held; `retaind status` tells what is");
  fmt::print("released: the clock\n");
  return exit_fine;
}

}  // namespace

int run_release(const Words& words) {
  std::string site;
  HoldScope scope;
  bool clock = false;
  Options options(
      "release",
      "Ends a hold. What waited is checked again and goes out, as far as it is not too late.");
  options.site(site);
  scope.add_to(options);
  options.flag("--clock", clock, "go on after a jump of the clock");
  if (const std::optional<int> status = options.parse(words)) return *status;
  if (clock) return resume_after_jump(site);
  if (const std::string mistake = scope.mistake(); !mistake.empty())
    return misused("release", mistake);

  Result<OpenSite> open = open_site(site, store::Database::Mode::write);
  if (!open) return failed(open.error().message);
  const Result<Released> released = release(*open, scope);
  if (!released) return failed(released.error().message);
  if (released->holds == 0)
    return failed(
        fmt::format("nothing is held as `{}`; `retaind status` lists the holds", scope.text()));
  poke_daemon(open->site.socket);
  fmt::print("released: {}\n", scope.text());
  return exit_fine;
}

}  // namespace retaind::app
