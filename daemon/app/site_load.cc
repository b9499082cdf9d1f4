#include "app/site_load.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>

#include "base/digest.h"
#include "base/text.h"
#include "base/value.h"
#include "delivery/rehearsal.h"
#include "language/codes.h"
#include "language/lint.h"
#include "language/report.h"

namespace retaind::app {
namespace {

using language::Diagnostic;
using language::Format;
using language::Severity;

int count(const std::vector<Diagnostic>& diagnostics, Severity severity) {
  return static_cast<int>(
      std::count_if(diagnostics.begin(), diagnostics.end(),
                    [severity](const Diagnostic& d) { return d.severity == severity; }));
}

int template_files(const render::TemplateSet& templates) {
  int files = 0;
  for (const std::string& name : templates.names())
    files += static_cast<int>(templates.locales(name).size());
  return files;
}

Diagnostic diagnostic_of(render::TemplateError error) {
  language::Where where;
  where.begin = error.at;
  where.end = error.at + error.length;
  where.source = std::make_shared<language::Source>(
      language::Source{std::move(error.path), std::move(error.text)});
  auto [message, remedy] = language::split_remedy(
      Error{ErrorKind::invalid, error.what.empty() ? error.message : error.what}, "");
  return {Severity::error, language::name_of(delivery::code_of(error.kind)), std::move(where),
          std::move(message), std::move(remedy)};
}

/// Files that somebody seems to take for templates. Pictures, notes and what an editor leaves
/// behind may lie there.
void note_left_aside(const std::filesystem::path& directory, std::vector<Diagnostic>& out) {
  std::vector<std::filesystem::path> files;
  std::error_code ignored;
  for (std::filesystem::directory_iterator at(directory, ignored), end; at != end;
       at.increment(ignored))
    files.push_back(at->path());
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& file : files) {
    const std::string name = file.filename().string();
    const std::string end = file.extension().string();
    const bool meant = end == ".html" || end == ".htm" || end == ".mjml" || end == ".Liquid" ||
                       name.ends_with(".liquid.txt");
    if (!meant || name.starts_with('.') || name.starts_with('#')) continue;
    const std::string stem =
        name.substr(0, std::min(name.find(".liquid."), name.size() - end.size()));
    const bool has_locale = stem.find('.') != std::string::npos || stem.starts_with('_');
    language::Where where;
    where.source = std::make_shared<language::Source>(language::Source{file.string(), {}});
    out.push_back(
        {Severity::warning, language::name_of(language::Code::file_left_aside), std::move(where),
         "this file is left aside: templates end in `.liquid`",
         has_locale
             ? fmt::format("rename it to `{}.liquid`", stem)
             : fmt::format("rename it to `{}.en.liquid`, or whatever its language is", stem)});
  }
}

void add_stamp(std::string& text, const std::filesystem::path& path) {
  struct stat now {};
  if (::stat(path.c_str(), &now) != 0) return;
  fmt::format_to(std::back_inserter(text), "{} {} {} {}.{} {}.{}\n", path.native(), now.st_ino,
                 now.st_size, now.st_mtim.tv_sec, now.st_mtim.tv_nsec, now.st_ctim.tv_sec,
                 now.st_ctim.tv_nsec);
}

}  // namespace

std::string stamp_of(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  std::error_code ignored;
  for (const char* part : {"rules", "templates"}) {
    for (std::filesystem::recursive_directory_iterator at(directory / part, ignored), end;
         at != end; at.increment(ignored))
      files.push_back(at->path());
  }
  for (const char* file : {"retaind.yaml", "vocabulary.yaml"}) files.push_back(directory / file);
  files.emplace_back("/proc/self/exe");
  std::sort(files.begin(), files.end());
  std::string text;
  for (const std::filesystem::path& file : files) add_stamp(text, file);
  return hex(sha256(text));
}

void rehearse(LoadedSite& loaded) {
  if (!loaded.site) return;
  if (!loaded.template_diagnostics.empty()) return;  // a file that was not read would be missing
  auto found = delivery::rehearse(*loaded.site, loaded.rules.rules, loaded.templates);
  if (!found) {
    loaded.template_diagnostics.push_back({Severity::error,
                                           language::name_of(language::Code::not_composed),
                                           {},
                                           found.error().message,
                                           ""});
    return;
  }
  for (Diagnostic& finding : *found) {
    // Of rules that could not be read nobody knows what they name.
    if (finding.code != language::name_of(language::Code::unused) || !loaded.rules.has_errors())
      loaded.template_diagnostics.push_back(std::move(finding));
  }
}

int LoadedSite::errors() const {
  return count(site_diagnostics, Severity::error) + count(rules.diagnostics, Severity::error) +
         count(template_diagnostics, Severity::error);
}

int LoadedSite::warnings() const {
  return count(site_diagnostics, Severity::warning) + count(rules.diagnostics, Severity::warning) +
         count(template_diagnostics, Severity::warning);
}

LoadedSite load_site(const std::filesystem::path& directory) {
  LoadedSite loaded = read_files(directory);
  rehearse(loaded);
  return loaded;
}

LoadedSite read_files(const std::filesystem::path& directory) {
  LoadedSite loaded;
  language::CheckedSite site = language::read_site(directory);
  loaded.site_diagnostics = std::move(site.diagnostics);
  loaded.settings = std::move(site.text);
  std::vector<render::TemplateError> errors;
  loaded.templates = render::TemplateSet::load(directory / "templates", errors);
  for (render::TemplateError& error : errors)
    loaded.template_diagnostics.push_back(diagnostic_of(std::move(error)));
  note_left_aside(directory / "templates", loaded.site_diagnostics);
  std::error_code ignored;
  loaded.files = std::filesystem::exists(directory / "vocabulary.yaml", ignored) ? 2 : 1;
  loaded.files += template_files(loaded.templates);
  if (site.site && site.words_whole) {
    loaded.rules =
        language::check_rules(directory / "rules", *site.site, {loaded.templates.names()});
    loaded.files += loaded.rules.files;
    if (!loaded.rules.has_errors())
      language::lint_unused(site.names, loaded.rules.rules, loaded.site_diagnostics);
    language::lint_sender(site.sender, *site.site, loaded.rules.rules, loaded.site_diagnostics);
    loaded.site = std::move(site.site);
  }
  return loaded;
}

Result<Site> settings_of(const std::filesystem::path& directory) {
  language::CheckedSite checked = language::read_site(directory);
  if (checked.site) return std::move(*checked.site);
  return Error{ErrorKind::invalid,
               "the settings have mistakes\n" +
                   language::to_text(checked.diagnostics, Format::human, false)};
}

std::string findings(const LoadedSite& loaded, Format format, bool colour) {
  if (format == Format::json) {
    Value::Array rows;
    for (const auto* diagnostics :
         {&loaded.site_diagnostics, &loaded.rules.diagnostics, &loaded.template_diagnostics})
      for (const Diagnostic& diagnostic : *diagnostics) rows.push_back(to_value(diagnostic));
    return to_json(Value(std::move(rows))) + "\n";
  }
  std::string text = language::to_text(loaded.site_diagnostics, format, colour);
  text += language::to_text(loaded.rules.diagnostics, format, colour);
  text += language::to_text(loaded.template_diagnostics, format, colour);
  return text;
}

std::string mistakes(const LoadedSite& loaded, bool colour) {
  std::string text;
  for (const auto* diagnostics :
       {&loaded.site_diagnostics, &loaded.rules.diagnostics, &loaded.template_diagnostics})
    for (const Diagnostic& diagnostic : *diagnostics)
      if (diagnostic.severity == Severity::error) text += to_text(diagnostic, colour);
  return text;
}

std::string summary(const LoadedSite& loaded) {
  const int errors = loaded.errors();
  const int warnings = loaded.warnings();
  std::string text = errors > 0 ? counted(errors, "error") : std::string("no errors");
  if (warnings > 0) text += ", " + counted(warnings, "warning");
  return text + " in " + counted(loaded.files, "file");
}

}  // namespace retaind::app
