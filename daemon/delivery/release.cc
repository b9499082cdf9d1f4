#include "delivery/release.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/zone.h"
#include "store/holds.h"
#include "store/ledger.h"
#include "store/messages.h"
#include "store/meta.h"

namespace retaind::delivery {
namespace {

constexpr std::string_view request_key = "mark_sent_until";

/// Held messages are not looked at again before something changes: this is the change.
void wake_held(store::Database& database, const Release& what, Time now) {
  store::Ledger ledger(database);
  store::Messages messages(database);
  if (what.scope == "customer") {
    if (const auto customer = ledger.customer_by_key(what.target)) {
      for (const std::int64_t id : messages.waiting_of_customer(*customer)) messages.wake(id, now);
    }
    return;
  }
  std::optional<std::int64_t> rule;
  for (const store::RuleRow& row : ledger.rules()) {
    if (what.scope == "rule" && row.name == what.target) rule = row.id;
  }
  for (const Reason reason : {Reason::on_hold, Reason::brake})
    messages.wake_reason(reason, rule, now);
}

Result<Released> ask_to_mark(store::Database& database, Time until, Time now) {
  const auto holds = store::Holds(database).in_force(now);
  const bool restored = std::any_of(holds.begin(), holds.end(), [](const store::HoldRow& hold) {
    return hold.cause == "restored";
  });
  if (!restored) {
    return Error{ErrorKind::invalid,
                 "the store is not on hold after a restore, so nothing is marked as sent; release "
                 "without --mark-sent-until"};
  }
  if (until > now) {
    return Error{ErrorKind::invalid,
                 fmt::format("{} is in the future; name the time until which the lost store has "
                             "sent",
                             to_iso(until))};
  }
  if (const auto last = store::Messages(database).last_handed(); last && until < *last) {
    return Error{ErrorKind::invalid,
                 fmt::format("{} is before {}, when this store itself sent its last message; name "
                             "the time until which the lost store has sent",
                             to_iso(until), to_iso(*last))};
  }
  store::set_meta_value(database, request_key, std::to_string(to_ms(until)));
  return Released{0, true};
}

}  // namespace

void hold_restored(store::Database& database, store::Identity& identity, Time now) {
  const store::Identity::Recognised seen = identity.recognised();
  store::HoldRow hold;
  hold.scope = "all";
  hold.cause = "restored";
  hold.author = "retaind";
  hold.at = now;
  hold.because = fmt::format(
      "{}: messages sent {} may be missing from its ledger, and would go again; import the facts "
      "that "
      "it lost, then, if the lost store sent until T: retaind release --all --mark-sent-until T, "
      "if "
      "it sent nothing more: retaind release --all",
      seen.about,
      seen.missing_since ? "after " + to_iso(*seen.missing_since) : std::string("at any time"));
  store::Holds(database).add(hold);
  identity.adopt(now);
  log::error("everything is on hold: " + hold.because);
}

std::optional<Time> mark_requested(store::Database& database) {
  const auto text = store::meta_value(database, request_key);
  if (!text || text->empty()) return std::nullopt;
  return from_ms(std::stoll(*text));
}

void end_restored(store::Database& database, Time now) {
  store::set_meta_value(database, request_key, "");
  store::Holds(database).release_cause("restored", now);
  wake_held(database, {}, now);
}

Result<Released> release(store::Database& database, const Release& what, Time now) {
  auto transaction = store::Transaction::begin(database);
  if (!transaction) return transaction.error();
  Released released;
  if (what.mark_sent_until) {
    auto asked = ask_to_mark(database, *what.mark_sent_until, now);
    if (!asked) return asked.error();
    released = *asked;
  } else {
    released.holds = store::Holds(database).release(what.scope, what.target, now);
    if (released.holds == 0) {
      return Error{ErrorKind::not_found,
                   fmt::format("nothing is held as {}{}{}; `retaind status` lists the holds",
                               what.scope, what.target.empty() ? "" : " ", what.target)};
    }
    store::set_meta_value(database, request_key, "");
    wake_held(database, what, now);
  }
  if (auto committed = transaction->commit(); !committed) return committed.error();
  return released;
}

}  // namespace retaind::delivery
