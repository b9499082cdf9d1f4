#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "language/check.h"
#include "render/template.h"

namespace retaind::app {

/// Everything that a site's files say, read as a whole: what `check` shows, `run` starts with and
/// `reload` swaps in.
struct LoadedSite {
  std::optional<Site> site;  ///< empty when retaind.yaml or vocabulary.yaml has an error
  std::string settings;      ///< text of retaind.yaml
  language::CheckedRules rules;
  render::TemplateSet templates;
  std::vector<language::Diagnostic> site_diagnostics;
  std::vector<language::Diagnostic> template_diagnostics;  ///< and of mails as a whole
  int files = 0;                                           ///< that were read

  [[nodiscard]] int errors() const;
  [[nodiscard]] int warnings() const;
};

/// Reads retaind.yaml, vocabulary.yaml, rules/ and templates/ of a site. Rules are checked only
/// when settings and vocabulary are readable, because nearly every finding would follow from
/// theirs.
LoadedSite load_site(const std::filesystem::path& directory);

/// The same without what rules and templates are only wrong about together, which costs a mail of
/// each text in each language; rehearse() adds it, to a site that could be read.
LoadedSite read_files(const std::filesystem::path& directory);
void rehearse(LoadedSite& loaded);
/// Equal as long as neither a file that read_files() reads nor this program has changed: it tells
/// by size, times and inode.
std::string stamp_of(const std::filesystem::path& directory);

/// The settings alone, for subcommands that need no rules; all their mistakes in one message. A
/// mistake in the vocabulary does not keep an operator from `hold`: what it says is left out.
Result<Site> settings_of(const std::filesystem::path& directory);

/// All findings, each with its excerpt, ordered as they were read; empty when there is none.
std::string findings(const LoadedSite& loaded, language::Format format, bool colour);
/// The errors alone, for whoever refuses the site because of them.
std::string mistakes(const LoadedSite& loaded, bool colour);
/// "2 errors in 8 files", "8 files, no errors, 1 warning".
std::string summary(const LoadedSite& loaded);

}  // namespace retaind::app
