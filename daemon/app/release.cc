#include <fmt/format.h>

#include "app/command.h"
#include "app/control.h"
#include "app/hold_scope.h"
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

}  // namespace

int run_release(const Words& words) {
  std::string site;
  HoldScope scope;
  Options options(
      "release",
      "Ends a hold. What waited is checked again and goes out, as far as it is not too late.");
  options.site(site);
  scope.add_to(options);
  if (const std::optional<int> status = options.parse(words)) return *status;
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
