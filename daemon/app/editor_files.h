#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "app/site_load.h"
#include "base/result.h"
#include "language/schema.h"

namespace retaind::app {

/// The names of a site as far as its files can be read, for completion.
language::EditorNames names_of(const LoadedSite& loaded);

struct EditorFile {
  std::string path;  ///< in the site: ".schema/rule.json"
  std::string text;
  bool ours;  ///< made anew each time; others belong to the user once they are there
};
/// Schemas, and the settings that make VS Code use them and offer the extension that does. A rule
/// itself needs no line for it.
std::vector<EditorFile> editor_files(const language::EditorNames& names);

struct WrittenFiles {
  std::vector<std::string> written;    ///< paths
  std::vector<EditorFile> left_alone;  ///< the user's own, which say something else
};
/// Writes them into the site. What is not ours and there already stays.
Result<WrittenFiles> write_editor_files(const std::filesystem::path& site);

}  // namespace retaind::app
