#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "language/diagnostic.h"
#include "language/plan.h"
#include "model/site.h"

namespace retaind::language {

/// What the checker may ask about templates without knowing the module that renders them.
struct TemplateNames {
  std::vector<std::string> names;  ///< "thanks", "win-back"
  /// For a text that has been running: its templates may have been renamed since.
  bool any = false;
};

struct CheckedRules {
  std::vector<Rule> rules;  ///< complete only when there is no error
  std::vector<Diagnostic>
      diagnostics;  ///< all errors and warnings of all files, by file and position
  int files = 0;
  [[nodiscard]] bool has_errors() const;
};

/// Parses and checks one rule text. The rule is returned only when it has no error.
std::optional<Rule> check_rule(std::shared_ptr<const Source> source, const Site& site,
                               const TemplateNames& templates,
                               std::vector<Diagnostic>& diagnostics);

/// Every *.yaml of a directory, in name order. Editor backups and hidden files are left aside; an
/// empty or unreadable directory, a file that vanishes while it is read, two rules with one id are
/// diagnostics.
CheckedRules check_rules(const std::filesystem::path& directory, const Site& site,
                         const TemplateNames& templates);

/// A name that retaind.yaml gives to something that rules may name.
struct SiteName {
  std::string_view key;  ///< "teams", "webhooks", "calendars"
  std::string name;
  Where where;
};

struct CheckedSite {
  std::optional<Site> site;  ///< only without errors in retaind.yaml
  bool words_whole = true;   ///< else the site's vocabulary lacks what has a mistake
  std::vector<SiteName> names;
  Where sender;      ///< its key
  std::string text;  ///< of retaind.yaml
  std::vector<Diagnostic> diagnostics;
};
/// Reads DIRECTORY/retaind.yaml, and vocabulary.yaml beside it when there is one; relative paths
/// count from the directory.
CheckedSite read_site(const std::filesystem::path& directory);

/// The settings of a retaind.yaml that has been running, with the shipped words; empty: this
/// version cannot read them.
std::optional<Site> settings_in(std::string text, const std::filesystem::path& directory);

/// The words of a vocabulary.yaml that has been running.
std::shared_ptr<const Vocabulary> vocabulary_in(std::string text, const Site& site);

}  // namespace retaind::language
