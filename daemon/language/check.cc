#include "language/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <system_error>

#include "base/file.h"
#include "base/text.h"
#include "language/lint.h"
#include "language/load.h"
#include "language/report.h"
#include "language/rule_parts.h"
#include "language/yaml.h"

namespace retaind::language {
namespace {

namespace fs = std::filesystem;

/// A diagnostic about a file or directory as a whole.
void report_path(std::vector<Diagnostic>& out, Severity severity, Code code, const fs::path& path,
                 std::string message, std::string remedy) {
  auto source = std::make_shared<Source>(Source{path.string(), {}});
  out.push_back(
      {severity, name_of(code), {std::move(source), 0, 0}, std::move(message), std::move(remedy)});
}

/// Sorted, so that everyone sees the same order of diagnostics.
std::vector<fs::path> rule_files(const fs::path& directory, std::vector<Diagnostic>& out) {
  std::error_code error;
  std::vector<fs::path> files = yaml_files(directory, "rule files", out, error);
  if (error) {
    report_path(out, Severity::error, Code::no_rules, directory,
                fmt::format("the rule directory cannot be read: {}", error.message()),
                "check the path and its permissions");
    return {};
  }
  if (files.empty())
    report_path(out, Severity::error, Code::no_rules, directory, "no rule file is here",
                "write one, such as `thanks.yaml`, or name another directory");
  return files;
}

std::string place(const Where& where) {
  return fmt::format("{}:{}", where.source->path,
                     line_and_column(*where.source, where.begin).first);
}

/// Two rules with one id, now or before, would share one memory of what was sent.
void refuse_twins(const std::vector<RuleFile>& files, std::vector<Diagnostic>& out) {
  std::map<std::string_view, const RuleFile*> ids;
  std::map<std::string_view, const RuleFile*> former;
  const auto refuse = [&](const Where& at, std::string message, std::string remedy) {
    out.push_back(
        {Severity::error, name_of(Code::rule_twice), at, std::move(message), std::move(remedy)});
  };
  for (const auto& file : files) {
    if (file.id.empty()) continue;
    const auto [before, fresh] = ids.emplace(file.id, &file);
    if (!fresh)
      refuse(file.id_at, fmt::format("the rule `{}` is there twice", file.id),
             fmt::format("the first is in {}: give one of them another id",
                         place(before->second->id_at)));
  }
  for (const auto& file : files) {
    if (file.was.empty()) continue;
    if (const auto still = ids.find(file.was); still != ids.end()) {
      refuse(file.was_at, fmt::format("`{}` is still the id of a rule", file.was),
             still->second == &file
                 ? "delete the line: `was` names the id that the rule had before"
                 : fmt::format("delete the line, or the rule in {}", place(still->second->id_at)));
      continue;
    }
    const auto [before, fresh] = former.emplace(file.was, &file);
    if (!fresh)
      refuse(file.was_at, fmt::format("two rules say that they were `{}`", file.was),
             fmt::format("the first is in {}: what was sent can follow one of them only",
                         place(before->second->was_at)));
  }
}

}  // namespace

bool CheckedRules::has_errors() const {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::error; });
}

std::vector<fs::path> yaml_files(const fs::path& directory, std::string_view what,
                                 std::vector<Diagnostic>& out, std::error_code& error) {
  std::vector<fs::path> all;
  for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    all.push_back(entry->path());
  if (error) return {};
  std::sort(all.begin(), all.end());
  std::vector<fs::path> files;
  for (const fs::path& path : all) {
    const std::string name = path.filename().string();
    const std::string ending = lower_ascii(path.extension().string());
    std::error_code ignored;
    // Hidden ones, and what editors keep while a file is open.
    if (name.starts_with('.') || name.starts_with('#')) continue;
    if (path.extension() == ".yaml")
      files.push_back(path);
    else if (fs::is_directory(path, ignored))
      report_path(out, Severity::warning, Code::file_left_aside, path,
                  fmt::format("this directory is left aside: {} lie side by side", what),
                  fmt::format("move its files to `{}`", directory.string()));
    else if (ending == ".yml" || ending == ".yaml")
      report_path(out, Severity::warning, Code::file_left_aside, path,
                  fmt::format("this file is left aside: {} end in `.yaml`", what),
                  fmt::format("rename it to `{}.yaml`", path.stem().string()));
  }
  return files;
}

std::shared_ptr<const Source> load_source(const fs::path& path, std::vector<Diagnostic>& out) {
  std::error_code ignored;
  const auto status = fs::status(path, ignored);
  // A pipe would never end, and a device may be worse.
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    report_path(out, Severity::error, Code::unreadable_file, path, "this is no file",
                "put a file here, or rename it");
    return nullptr;
  }
  Result<std::string> text = read_file(path, yaml_limits::bytes);
  if (text) return std::make_shared<Source>(Source{path.string(), std::move(*text)});
  if (text.error().kind == ErrorKind::invalid) {
    report_path(out, Severity::error, Code::file_too_large, path, "the file is too large",
                fmt::format("at most {} bytes are read: one rule a file",
                            grouped(static_cast<long long>(yaml_limits::bytes))));
  } else {
    auto [message, remedy] = split_remedy(text.error(), "check the path");
    report_path(out, Severity::error, Code::unreadable_file, path, std::move(message),
                std::move(remedy));
  }
  return nullptr;
}

CheckedRules check_rules(const fs::path& directory, const Site& site,
                         const TemplateNames& templates) {
  CheckedRules result;
  std::vector<RuleFile> files;
  for (const fs::path& path : rule_files(directory, result.diagnostics)) {
    ++result.files;
    const auto source = load_source(path, result.diagnostics);
    if (!source) continue;
    files.push_back(read_rule_file(source, site, templates, result.diagnostics));
  }
  refuse_twins(files, result.diagnostics);
  for (auto& file : files)
    if (file.rule) result.rules.push_back(std::move(*file.rule));
  if (!result.has_errors()) lint_together(result.rules, site, result.diagnostics);
  sort_by_place(result.diagnostics, 0);
  return result;
}

}  // namespace retaind::language
