#pragma once
#include <string>

#include "app/options.h"
#include "base/result.h"
#include "store/ledger.h"

namespace retaind::app {

/// What `hold` and `release` are about: exactly one of --all, --rule, --customer.
struct HoldScope {
  bool all = false;
  std::string rule;
  std::string customer;

  void add_to(Options& options);
  /// Empty when it is right; otherwise what is wrong with it.
  [[nodiscard]] std::string mistake() const;
  [[nodiscard]] std::string_view scope() const {
    return all ? "all" : !rule.empty() ? "rule" : "customer";
  }
  [[nodiscard]] const std::string& target() const { return !rule.empty() ? rule : customer; }
  /// "everything", "rule thanks-and-feedback", "customer C0042".
  [[nodiscard]] std::string text() const;
  /// Refuses a rule or a customer that the store does not know, with the nearest rule.
  Result<void> look_up(store::Ledger& ledger) const;
};

}  // namespace retaind::app
