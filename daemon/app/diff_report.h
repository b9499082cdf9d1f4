#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/value.h"
#include "model/site.h"
#include "replay/diff.h"

namespace retaind::app {

/// What a reload would do to one rule.
struct RuleChange {
  enum class Kind : std::uint8_t { added, back, changed, status, renamed, removed };
  Kind kind = Kind::changed;
  std::string id;
  std::string was;     ///< of a rename
  std::string status;  ///< "live", or "draft → live"
  std::vector<std::string>
      keys;                  ///< of the rule file, that say something else now; and vocabulary.yaml
  std::int64_t waiting = 0;  ///< messages that get their due anew, or end with the rule
  std::int64_t left_out = 0;  ///< past occurrences that are no backlog
  std::int64_t taken = 0;     ///< past occurrences that are
  bool counts_anew = false;   ///< the rule begins to count: what was due before is backlog
};

/// The files against what runs.
struct DiffReport {
  Site site;
  std::vector<std::string> settings;  ///< keys of retaind.yaml that say something else
  std::string restart;                ///< the one of them that a reload would refuse
  std::vector<RuleChange> rules;
  replay::Plan before, after;
  std::vector<replay::Difference> differences;
};

/// Both plans are lived in shadows of one snapshot, the first with the rules, settings and
/// vocabulary that run; the store keeps no templates, so these are taken as they are.
Result<DiffReport> make_diff(const std::filesystem::path& directory, int days, Time now,
                             const std::function<void(Time)>& progress);

std::string to_text(const DiffReport& report, std::size_t most);
Value to_value(const DiffReport& report);

}  // namespace retaind::app
