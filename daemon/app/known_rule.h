#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "language/plan.h"
#include "model/site.h"
#include "store/ledger.h"
#include "store/people.h"

namespace retaind::app {

/// A rule as it runs, which its file need not show: that may be edited and not yet reloaded.
struct KnownRule {
  language::Rule rule;
  store::RuleRow row;  ///< of the ledger; id 0: it never ran
  std::string note;    ///< what the reader should know about file and ledger; may be empty
};
/// The site with the settings and the vocabulary that the rules run with, which its files need not
/// say any more. Where nothing has run, it is the given one.
Site as_it_runs(const Site& files, store::Database& database);

/// The rule of that name: the text that runs, with the places of its file when both say the same.
/// The error names the nearest.
Result<KnownRule> find_rule(store::Database& database, const Site& site,
                            const std::filesystem::path& directory, std::string_view name);

/// "; did you mean `win-back-90d`?", or `otherwise`. Rules have names of several words, which
/// people shorten: where no name is near as a whole, the first words are compared.
std::string or_nearest_rule(std::string_view word, std::span<const std::string_view> names,
                            std::string_view otherwise);

/// "rules/win-back.yaml:7": where the rule says something.
std::string place_of(const language::Where& where);
/// The same for a key of the rule ("send-window"), or for the rule when it does not have it.
std::string place_of_key(const language::Rule& rule, std::string_view key);
/// The line itself, without its end and comment.
std::string line_at(const language::Where& where);
std::string line_of_key(const language::Rule& rule, std::string_view key);

/// Whom a word means: by key, alias or address; the error lists several or the nearest.
Result<store::People::Person> find_person(store::Database& database, std::string_view word);

}  // namespace retaind::app
