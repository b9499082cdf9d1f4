#include "app/site_load.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/value.h"
#include "delivery/rehearsal.h"
#include "language/lint.h"

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

int count(const std::vector<render::TemplateError>& errors, bool warnings) {
  return static_cast<int>(
      std::count_if(errors.begin(), errors.end(),
                    [&](const render::TemplateError& e) { return e.is_warning == warnings; }));
}

int template_files(const render::TemplateSet& templates) {
  int files = 0;
  for (const std::string& name : templates.names())
    files += static_cast<int>(templates.locales(name).size());
  return files;
}

Value value_of(const render::TemplateError& error) {
  Value row;
  row.set("severity", Value(error.is_warning ? "warning" : "error"));
  row.set("file", Value(error.path));
  row.set("line", Value(static_cast<std::int64_t>(error.line)));
  row.set("column", Value(static_cast<std::int64_t>(error.column)));
  row.set("message", Value(error.message));
  return row;
}

std::string text_of(const render::TemplateError& error, Format format) {
  if (format == Format::github) {
    const std::string_view kind = error.is_warning ? "warning" : "error";
    // The text for people begins with the kind, too.
    std::string_view said = std::string_view(error.message).substr(0, error.message.find('\n'));
    if (said.starts_with(fmt::format("{}: ", kind))) said.remove_prefix(kind.size() + 2);
    return fmt::format("::{} file={},line={},col={}::{}\n", kind, error.path, error.line,
                       error.column, said);
  }
  return error.message + (error.message.empty() || error.message.back() == '\n' ? "" : "\n");
}

/// What rules and templates are only wrong about together.
void add_unsendable(LoadedSite& loaded, const Site& site) {
  if (!loaded.template_errors.empty()) return;  // a file that was not read would be missing
  const auto found = delivery::rehearse(site, loaded.rules.rules, loaded.templates);
  if (!found) {
    loaded.template_errors.push_back({{}, 0, 0, found.error().message});
    return;
  }
  for (const Diagnostic& finding : found->findings) {
    // Of rules that could not be read nobody knows what they name.
    if (finding.severity != Severity::note || !loaded.rules.has_errors())
      loaded.rules.diagnostics.push_back(finding);
  }
  for (const delivery::Unsendable& mail : found->unsendable) {
    const language::Source& source = *mail.step->where.source;
    const auto [line, column] = line_and_column(source, mail.step->where.begin);
    const std::size_t head = std::min(mail.why.find('\n'), mail.why.size());
    loaded.template_errors.push_back(
        {source.path, line, column,
         fmt::format("{}: `{}` of the rule `{}` cannot be composed for a reader of `{}`: {}\n  --> "
                     "{}:{}:{}{}",
                     mail.certain ? "error" : "warning", mail.step->key, mail.rule->id, mail.locale,
                     mail.why.substr(0, head), source.path, line, column, mail.why.substr(head)),
         !mail.certain});
  }
}

}  // namespace

int LoadedSite::errors() const {
  return count(site_diagnostics, Severity::error) + count(rules.diagnostics, Severity::error) +
         count(template_errors, false);
}

int LoadedSite::warnings() const {
  return count(site_diagnostics, Severity::warning) + count(rules.diagnostics, Severity::warning) +
         count(template_errors, true);
}

LoadedSite load_site(const std::filesystem::path& directory) {
  LoadedSite loaded;
  language::CheckedSite site = language::read_site(directory);
  loaded.site_diagnostics = std::move(site.diagnostics);
  loaded.templates = render::TemplateSet::load(directory / "templates", loaded.template_errors);
  std::error_code ignored;
  loaded.files = std::filesystem::exists(directory / "vocabulary.yaml", ignored) ? 2 : 1;
  loaded.files += template_files(loaded.templates);
  if (site.site && site.words_whole) {
    loaded.rules =
        language::check_rules(directory / "rules", *site.site, {loaded.templates.names()});
    loaded.files += loaded.rules.files;
    if (!loaded.rules.has_errors())
      language::lint_unused(site.names, loaded.rules.rules, loaded.site_diagnostics);
    add_unsendable(loaded, *site.site);
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
    for (const auto* diagnostics : {&loaded.site_diagnostics, &loaded.rules.diagnostics})
      for (const Diagnostic& diagnostic : *diagnostics) rows.push_back(to_value(diagnostic));
    for (const render::TemplateError& error : loaded.template_errors)
      rows.push_back(value_of(error));
    return to_json(Value(std::move(rows))) + "\n";
  }
  std::string text = language::to_text(loaded.site_diagnostics, format, colour);
  text += language::to_text(loaded.rules.diagnostics, format, colour);
  for (const render::TemplateError& error : loaded.template_errors) text += text_of(error, format);
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
