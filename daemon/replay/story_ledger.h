#pragma once
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "delivery/core.h"
#include "language/story.h"
#include "render/read_mail.h"
#include "store/ledger_entries.h"

namespace retaind::replay {

/// A message that went out, as its receiver sees it and as the ledger knows it.
struct GoneOut {
  Time at;
  std::string rule, step;
  language::StepKind kind = language::StepKind::email;
  std::string name;     ///< template, team or endpoint
  std::string variant;  ///< template, of a step with variants
  std::string to;       ///< short name of a person, or a team
  std::vector<std::string> about;
  render::ReadMail mail;  ///< of a webhook, its text is the body
  std::string why;        ///< "7 days after order.completed on 2026-03-02 10:00"
};

/// What the ledger of a case says, in the words of its story: short names of people, days of the
/// story, lines of the rules.
class StoryLedger {
 public:
  StoryLedger(const language::Story& story, std::span<const language::Rule> rules);

  /// Remembers what a decision read, which the ledger does not keep for everything.
  void saw(const engine::Checks::Subject& subject, const engine::Situation& situation);
  /// Reads the ledger anew.
  void refresh(store::Database& database);
  [[nodiscard]] const std::vector<store::LedgerEntry>& entries() const { return entries_; }

  /// A message by its id in the ledger.
  [[nodiscard]] GoneOut gone_out(Time at, const delivery::Outgoing& message) const;
  /// Entries that say why nothing went: ended since the last call of looked(), or waiting now.
  [[nodiscard]] std::vector<const store::LedgerEntry*> reasons() const;
  void looked();

  /// "condition-false for anna's order 1001 …", with the line that decided and what it read.
  [[nodiscard]] std::string reason_text(const store::LedgerEntry& entry) const;
  [[nodiscard]] std::string person(std::string_view customer_key) const;
  [[nodiscard]] const language::Rule* rule(std::string_view id) const;
  [[nodiscard]] std::vector<std::string> rule_names() const;
  [[nodiscard]] const language::Step* step_of(const store::LedgerEntry& entry) const;

 private:
  void saw_in_pass(const engine::Checks::Subject& subject, const engine::Situation& situation);
  [[nodiscard]] std::string subject_text(const store::LedgerEntry& entry) const;
  [[nodiscard]] std::string why(const store::LedgerEntry& entry) const;

  const language::Story* story_;
  std::map<std::string, const language::Rule*, std::less<>> rules_;
  std::map<std::string, std::string, std::less<>> people_;  ///< key → short name
  std::vector<store::LedgerEntry> entries_;
  /// Whom passes did not match, by rule, row and due: of these the ledger only has a count.
  std::map<std::tuple<std::string, std::int64_t, Time>, store::LedgerEntry> unmatched_;
  using Ending = std::tuple<std::int64_t, std::int64_t, MessageState, Reason>;
  std::set<Ending> told_;  ///< final by the last look
  /// By rule and row: what the line that decided has read.
  std::map<std::tuple<std::string, std::int64_t, int>, std::string> values_;
};

/// "`rules/thanks.yaml:9`" of a place.
std::string place_text(const language::Where& where);

/// What is wrong between what was expected and what went, one entry a difference; empty: nothing.
std::vector<std::string> differences(const language::Story& story,
                                     const std::vector<language::StoryMessage>& expected,
                                     const std::vector<GoneOut>& gone, const StoryLedger& ledger);
/// The same for a line's `because`.
std::vector<std::string> wrong_reason(const language::StoryLine& line, const StoryLedger& ledger);

}  // namespace retaind::replay
