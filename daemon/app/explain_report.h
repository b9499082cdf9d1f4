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
  Site site;                         ///< as it runs
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
  bool daemon_silent = false;
  bool kept_here = false;  ///< `only-to:` keeps mail to this customer on the machine
};

struct ExplainAsk {
  std::string rule, customer;
  Time at;
  bool ahead = false;
  std::size_t most = 3;  ///< occurrences that are over, and that lie ahead
  /// From the daemon, the only one who knows: its clock jumped, and it sends nothing until then.
  std::optional<Time> clock_until = std::nullopt;
  bool daemon_silent = false;  ///< it runs and did not say whether its clock jumped
};

Result<ExplainReport> make_explain(store::Database& database, const Site& site,
                                   const std::filesystem::path& directory, const ExplainAsk& asked);

/// The same for a time that has passed: the dated facts are lived through again in a fresh store,
/// with the rules that ran (replay/then.h). Ids of its ledger mean nothing and are left out.
Result<ExplainReport> make_explain_past(store::Database& database, const Site& site,
                                        const std::filesystem::path& directory,
                                        const ExplainAsk& asked);

std::string to_text(const ExplainReport& report);
Value to_value(const ExplainReport& report);

/// "2026-03-10 09:00" in the zone, without milliseconds: people read it.
std::string when(Time time, const Zone& zone);
/// "tried 2 times: 451 4.7.1 …" of a message that its peer did not take and that goes again; else
/// empty.
std::string refusal_of(const Message& message);

/// "goes at the next look", "waits until 2026-03-10 09:00: outside-window": what becomes of it, in
/// one sentence.
std::string result_of(const ExplainReport& report, const engine::Explained& explained,
                      const Zone& zone);
/// The line that decided, "rules/win-back.yaml:17  send-window: daytime"; empty: no line of a file.
std::pair<std::string, std::string> decided_by(const ExplainReport& report,
                                               const engine::Explained& explained);

}  // namespace retaind::app
