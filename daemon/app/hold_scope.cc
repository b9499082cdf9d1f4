#include "app/hold_scope.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"

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
  if (!customer.empty() && !ledger.customer_by_key(customer)) {
    return Error{
        ErrorKind::not_found,
        fmt::format("there is no customer `{}` in the store; give the id that you imported",
                    customer)};
  }
  if (rule.empty()) return {};
  const std::vector<store::RuleRow> known = ledger.rules();
  std::vector<std::string_view> names;
  for (const store::RuleRow& row : known) names.emplace_back(row.name);
  if (std::find(names.begin(), names.end(), rule) != names.end()) return {};
  const std::optional<std::string_view> near = nearest(rule, names);
  return Error{
      ErrorKind::not_found,
      fmt::format("no rule `{}` has run in this store{}", rule,
                  near ? fmt::format("; did you mean `{}`?", *near)
                       : "; a rule that never ran is stopped with `status: paused` in its file")};
}

}  // namespace retaind::app
