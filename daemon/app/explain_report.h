#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/known_rule.h"
#include "base/value.h"
#include "engine/explain.h"
#include "replay/assumed.h"
#include "store/database.h"
#include "store/holds.h"

namespace retaind::app {

/// Why a rule sends to a customer, waits or does not.
struct ExplainReport {
  std::unique_ptr<KnownRule> known;  ///< `answer` points into it
  store::People::Person person;
  Time at;
  bool ahead = false;  ///< asked about a time to come
  /// Of a past that was lived again: what rests on a field whose past is not known.
  std::optional<replay::Assumed> assumed;
  bool places_assumed = false;  ///< other customers' places under a limit were left out
  engine::Explainer::Answer answer;
  std::vector<store::People::Consent> consents;
  std::vector<store::People::Suppression> suppressions;
  std::vector<store::HoldRow> holds;  ///< that concern the rule, the customer or all
  bool kept_here = false;             ///< `only-to:` keeps mail to this customer on the machine
};

Result<ExplainReport> make_explain(store::Database& database, const Site& site,
                                   const std::filesystem::path& directory, const std::string& rule,
                                   const std::string& customer, Time at, bool ahead,
                                   std::size_t most);

/// The same for a time that has passed: the dated facts are lived through again in a fresh store,
/// with the rules that ran (replay/then.h). Ids of its ledger mean nothing and are left out.
Result<ExplainReport> make_explain_past(store::Database& database, const Site& site,
                                        const std::filesystem::path& directory,
                                        const std::string& rule, const std::string& customer,
                                        Time at, std::size_t most);

std::string to_text(const ExplainReport& report, const Site& site);
Value to_value(const ExplainReport& report, const Site& site);

/// "2026-03-10 09:00" in the zone, without milliseconds: people read it.
std::string when(Time time, const Zone& zone);

/// "goes at the next look", "waits until 2026-03-10 09:00: outside-window": what becomes of it, in
/// one sentence.
std::string result_of(const ExplainReport& report, const engine::Explained& explained,
                      const Zone& zone);
/// The line that decided, "rules/win-back.yaml:17  send-window: daytime"; empty: no line of a file.
std::pair<std::string, std::string> decided_by(const ExplainReport& report,
                                               const engine::Explained& explained);

}  // namespace retaind::app
