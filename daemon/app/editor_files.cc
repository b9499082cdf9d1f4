#include "app/editor_files.h"

#include <fmt/format.h>

#include <system_error>

#include "base/file.h"
#include "base/value.h"

namespace retaind::app {
namespace {

namespace fs = std::filesystem;
using language::SchemaOf;

std::string schema_path(SchemaOf of) { return fmt::format(".schema/{}.json", name_of(of)); }

// Workspace paths, so that the site may lie anywhere.
constexpr std::string_view settings = R"({
  "yaml.schemas": {
    "./.schema/rule.json": "rules/*.yaml",
    "./.schema/story.json": "tests/*.yaml",
    "./.schema/site.json": "retaind.yaml",
    "./.schema/vocabulary.json": "vocabulary.yaml",
    "./.schema/mapping.json": "mappings/*.yaml"
  },
  "[yaml]": { "editor.insertSpaces": true, "editor.tabSize": 2 }
}
)";
constexpr std::string_view extensions = R"({
  "recommendations": ["redhat.vscode-yaml"]
}
)";

}  // namespace

language::EditorNames names_of(const LoadedSite& loaded) {
  std::vector<std::string> rules;
  for (const language::Rule& rule : loaded.rules.rules) rules.push_back(rule.id);
  return language::editor_names(loaded.site ? &*loaded.site : nullptr, loaded.templates.names(),
                                rules);
}

std::vector<EditorFile> editor_files(const language::EditorNames& names) {
  std::vector<EditorFile> files;
  for (int i = 0; i < language::schema_count; ++i) {
    const auto of = static_cast<SchemaOf>(i);
    files.push_back({schema_path(of), to_json(language::json_schema(of, names)) + "\n", true});
  }
  files.push_back({".vscode/settings.json", std::string(settings), false});
  files.push_back({".vscode/extensions.json", std::string(extensions), false});
  return files;
}

Result<WrittenFiles> write_editor_files(const fs::path& site) {
  WrittenFiles files;
  for (const EditorFile& file : editor_files(names_of(load_site(site)))) {
    const fs::path path = site / file.path;
    std::error_code error;
    if (!file.ours && fs::exists(path, error)) {
      const Result<std::string> there = read_file(path, 1U << 20U);
      if (!there || *there != file.text) files.left_alone.push_back(file);
      continue;
    }
    fs::create_directories(path.parent_path(), error);
    if (Result<void> done = write_file_durably(path, file.text, 0644); !done) return done.error();
    files.written.push_back(file.path);
  }
  return files;
}

}  // namespace retaind::app
