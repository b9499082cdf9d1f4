#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "base/zone.h"
#include "language/keys.h"
#include "language/report.h"
#include "language/words.h"
#include "language/yaml.h"

namespace retaind::language {

/// A map whose keys come from the table. Unknown keys are reported when it is made.
class MapReader {
 public:
  MapReader(Report& report, const YamlNode& map, Keys of);

  /// Empty when the key is not there. An empty value is reported by whoever reads it.
  [[nodiscard]] const YamlNode* get(std::string_view key) const;
  /// The same, and its absence is a mistake of the whole map.
  const YamlNode* need(std::string_view key, std::string_view remedy);
  [[nodiscard]] Range key_at(std::string_view key) const;
  [[nodiscard]] bool had_unknown_keys() const { return unknown_; }

 private:
  Report& report_;
  const YamlNode& map_;
  Keys of_;
  bool unknown_ = false;
  bool foreign_ = false;  ///< a setting that belongs elsewhere: it knows none of the keys
};

/// True when the node is a map; reports it otherwise.
bool expect_map(Report& report, std::string_view key, const YamlNode& node,
                std::string_view example);
/// The values of a list, or the one value that stands there without a list.
std::vector<const YamlNode*> one_or_more(const YamlNode& node);

// Each reads one value of `key` or reports why it cannot.

std::optional<std::string> read_text(Report& report, std::string_view key, const YamlNode& node);
/// The same for a word of a table, which an editor knows letter by letter: without blanks in its
/// quotes.
std::optional<std::string> read_word(Report& report, std::string_view key, const YamlNode& node);
/// [a-z0-9-]+, at most 100: it becomes part of file names, links and keys in the ledger.
std::optional<std::string> read_name(Report& report, std::string_view key, const YamlNode& node);
/// Whether a duration may be one of business time, which the rule's calendar counts.
enum class Business : std::uint8_t { refused, allowed };
std::optional<Span> read_duration(Report& report, std::string_view key, const YamlNode& node,
                                  Business business = Business::refused);
/// The same, longer than nothing.
std::optional<Span> read_positive(Report& report, std::string_view key, const YamlNode& node,
                                  Business business = Business::refused);
std::optional<int> read_count(Report& report, std::string_view key, const YamlNode& node,
                              Whole range);
/// "10%" as 0.1; under 100 %, or with `whole` at most that.
std::optional<double> read_share(Report& report, std::string_view key, const YamlNode& node,
                                 bool whole = false);
std::optional<bool> read_yes_no(Report& report, std::string_view key, const YamlNode& node);
/// "09:00" as minutes.
std::optional<int> read_time_of_day(Report& report, std::string_view key, const YamlNode& node);
std::optional<Money> read_money(Report& report, std::string_view key, const YamlNode& node);
std::optional<Currency> read_currency(Report& report, std::string_view key, const YamlNode& node);
/// What to write for a word that is no currency: the code that was meant, where one is near.
std::string currency_remedy(std::string_view word);
/// Index into `words`.
std::optional<std::size_t> read_choice(Report& report, std::string_view key, const YamlNode& node,
                                       std::span<const std::string_view> words);
/// A name that must be one of `names`, such as a team's.
std::optional<std::string> read_known(Report& report, Code code, std::string_view what,
                                      const YamlNode& node,
                                      std::span<const std::string_view> names);

}  // namespace retaind::language
