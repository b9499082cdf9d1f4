#include "app/hold_scope.h"

#include <fmt/format.h>

#include "app/store_access.h"

namespace retaind::app {

void HoldScope::add_to(Options& options) {
  options.flag("--all", all, "everything")
      .value("--rule", "RULE", rule, "one rule")
      .value("--customer", "ID", customer, "one customer, by your own id");
}

std::string HoldScope::mistake() const {
  const int given = (all ? 1 : 0) + (rule.empty() ? 0 : 1) + (customer.empty() ? 0 : 1);
  if (given == 1) return {};
  return given == 0 ? "say what: --all, --rule RULE or --customer ID"
                    : "say only one of --all, --rule and --customer";
}

std::string HoldScope::text() const {
  return all ? "everything" : fmt::format("{} {}", scope(), target());
}

Result<void> HoldScope::look_up(store::Ledger& ledger) const {
  if (Result<void> known = known_customer(ledger, customer); !known) return known;
  return known_rule(ledger, rule);
}

}  // namespace retaind::app
