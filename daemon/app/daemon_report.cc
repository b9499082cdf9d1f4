#include "app/daemon_report.h"

#include <fmt/format.h>

#include "app/site_files.h"
#include "base/text.h"

namespace retaind::app {
namespace {

constexpr std::string_view unchanged = " · nothing was changed, the running rules stay";

Value time_value(std::optional<Time> time) { return time ? Value(to_iso(*time)) : Value(); }

}  // namespace

std::string_view name_of(language::RuleStatus status) {
  switch (status) {
    case language::RuleStatus::draft: return "draft";
    case language::RuleStatus::live: return "live";
    case language::RuleStatus::paused: return "paused";
  }
  return "";
}

ReloadOutcome take_over(delivery::Core& core, const std::filesystem::path& directory, Time now) {
  LoadedSite loaded = load_site(directory);
  // Notes are for who edits: `retaind check` says them.
  for (auto* diagnostics :
       {&loaded.site_diagnostics, &loaded.rules.diagnostics, &loaded.template_diagnostics})
    std::erase_if(*diagnostics, [](const language::Diagnostic& diagnostic) {
      return diagnostic.severity == language::Severity::note;
    });
  const std::string said = findings(loaded, language::Format::human, false);
  const std::string counts = summary(loaded);
  Result<delivery::SiteFiles> files = take_files(std::move(loaded));
  if (!files) return {now, false, files.error().message + std::string(unchanged)};
  if (const std::string setting = needs_restart(core.site(), files->site); !setting.empty()) {
    return {
        now, false,
        fmt::format(
            "`{}` in retaind.yaml has changed, which needs a restart: systemctl restart retaind{}",
            setting, unchanged)};
  }
  const std::size_t rules = files->rules.size();
  if (Result<void> swapped = core.reload(std::move(*files)); !swapped)
    return {now, false, swapped.error().message + std::string(unchanged)};
  return {now, true,
          fmt::format("{}{} · {} taken over", said, counts,
                      counted(static_cast<long long>(rules), "rule"))};
}

std::string status_text(delivery::Core& core, const ReloadOutcome& reload) {
  std::string text =
      fmt::format("{}, {}", counted(static_cast<long long>(core.engine().running().size()), "rule"),
                  core.site().deliver_live ? "live" : "to the maildir");
  if (core.clock_held()) text += "; held: the clock jumped";
  if (!core.checks().holds().all().empty()) {
    text += fmt::format(
        "; {}", counted(static_cast<long long>(core.checks().holds().all().size()), "hold"));
  }
  if (reload.at && !reload.done) text += "; the last reload failed, the old rules run";
  return text;
}

Value report_of(delivery::Core& core, const Senders& senders, const ReloadOutcome& reload,
                Time started, Time now) {
  Value report;
  report.set("started", Value(to_iso(started)));
  report.set("now", Value(to_iso(now)));
  report.set("deliver", Value(core.site().deliver_live ? "live" : "maildir"));
  report.set("clock_held", Value(core.clock_held()));
  if (core.clock_held()) report.set("clock_held_until", time_value(core.checks().clock_hold()));
  report.set("in_flight", Value(static_cast<std::int64_t>(core.in_flight())));
  report.set("next_due", time_value(core.next_due()));
  report.set("trouble", Value(senders.trouble()));
  if (reload.at) {
    Value last;
    last.set("at", Value(to_iso(*reload.at)));
    last.set("done", Value(reload.done));
    last.set("text", Value(reload.text));
    report.set("reload", std::move(last));
  }
  Value::Array rules;
  for (const auto& running : core.engine().running()) {
    Value rule;
    rule.set("id", Value(running->rule->id));
    rule.set("status", Value(name_of(running->rule->status)));
    rule.set("next_due", time_value(running->next));
    rules.push_back(std::move(rule));
  }
  report.set("rules", Value(std::move(rules)));
  return report;
}

std::vector<std::string> warnings_of(const LoadedSite& loaded) {
  std::vector<std::string> lines;
  for (const auto* list :
       {&loaded.site_diagnostics, &loaded.rules.diagnostics, &loaded.template_diagnostics}) {
    for (const language::Diagnostic& diagnostic : *list) {
      if (diagnostic.severity == language::Severity::warning)
        lines.push_back(language::to_text(diagnostic, false));
    }
  }
  return lines;
}

}  // namespace retaind::app
