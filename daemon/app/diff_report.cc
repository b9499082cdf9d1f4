#include "app/diff_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "app/daemon_report.h"
#include "app/known_rule.h"
#include "app/site_files.h"
#include "base/text.h"
#include "language/check.h"
#include "store/ledger.h"
#include "store/messages.h"
#include "store/meta.h"

namespace retaind::app {
namespace {

using Kind = RuleChange::Kind;
using language::Rule;

/// The top-level keys of a rule file with their lines, comments and blanks left aside.
std::map<std::string, std::string> blocks_of(std::string_view text) {
  std::map<std::string, std::string> blocks;
  std::string key;
  for (std::string_view line : split(text, '\n')) {
    if (const std::size_t comment = line.find(" #"); comment != std::string_view::npos)
      line = line.substr(0, comment);
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t colon = line.find(':');
    if (line.front() != ' ' && line.front() != '-' && colon != std::string_view::npos)
      key = line.substr(0, colon);
    blocks[key] += std::string(line) + "\n";
  }
  return blocks;
}

std::vector<std::string> changed_keys(std::string_view before, std::string_view after) {
  const auto old = blocks_of(before);
  const auto now = blocks_of(after);
  std::vector<std::string> keys;
  for (const auto& [key, text] : old) {
    const auto same = now.find(key);
    if (same == now.end() || same->second != text) keys.push_back(key);
  }
  for (const auto& [key, text] : now) {
    if (old.find(key) == old.end()) keys.push_back(key);
  }
  // These decide nothing, or are said apart.
  std::erase_if(keys, [](const std::string& key) {
    return key == "about" || key == "status" || key == "was" || key == "rule";
  });
  std::sort(keys.begin(), keys.end());
  return keys;
}

std::string_view text_of(const Rule& rule) {
  return rule.trigger.where.source == nullptr ? std::string_view{}
                                              : std::string_view(rule.trigger.where.source->text);
}

/// The rules that run, by their own texts.
Result<std::vector<Rule>> running_rules(store::Ledger& ledger, const Site& running) {
  std::vector<Rule> rules;
  for (const store::RuleRow& row : ledger.rules()) {
    if (row.removed_at) continue;
    std::vector<language::Diagnostic> ignored;
    auto source = std::make_shared<language::Source>(
        language::Source{row.name + " (as it runs)", ledger.running_text(row.id)});
    auto rule = language::check_rule(std::move(source), running, {{}, true}, ignored);
    if (!rule) {
      return Error{ErrorKind::invalid,
                   fmt::format("the text of `{}` as it runs cannot be read by this version, so "
                               "there is nothing to compare with; start the daemon anew with "
                               "these files",
                               row.name)};
    }
    rule->id = row.name;
    rule->status = static_cast<language::RuleStatus>(row.status);
    rule->revision = row.revision;
    rules.push_back(std::move(*rule));
  }
  return rules;
}

std::int64_t waiting_of(store::Database& shadow, std::int64_t rule) {
  store::Messages messages(shadow);
  std::int64_t count = 0;
  std::int64_t after = 0;
  constexpr int slice = 10'000;
  while (true) {
    const auto ids = messages.waiting_of_rule(rule, slice, after);
    count += static_cast<std::int64_t>(ids.size());
    if (static_cast<int>(ids.size()) < slice) return count;
    after = ids.back();
  }
}

std::string arrow(language::RuleStatus from, language::RuleStatus to) {
  return from == to ? std::string(name_of(to)) : fmt::format("{} → {}", name_of(from), name_of(to));
}

class Comparison {
 public:
  Comparison(store::Database& shadow, std::vector<store::RuleRow> rows)
      : shadow_(&shadow), ledger_(shadow), rows_(std::move(rows)) {}

  std::vector<RuleChange> rules(const std::vector<Rule>& files) {
    std::vector<RuleChange> changes;
    for (const Rule& rule : files) {
      const store::RuleRow* row = row_of(rule.id);
      if (row == nullptr && !rule.was.empty()) {
        row = row_of(rule.was);
        if (row != nullptr) renamed[rule.id] = rule.was;
      }
      if (auto change = change_of(rule, row)) changes.push_back(std::move(*change));
    }
    for (const store::RuleRow& row : rows_) {
      const bool kept = std::any_of(files.begin(), files.end(), [&](const Rule& rule) {
        return rule.id == row.name || (row_of(rule.id) == nullptr && rule.was == row.name);
      });
      if (kept || row.removed_at) continue;
      RuleChange gone;
      gone.kind = Kind::removed;
      gone.id = row.name;
      gone.status = name_of(static_cast<language::RuleStatus>(row.status));
      gone.waiting = waiting_of(*shadow_, row.id);
      changes.push_back(std::move(gone));
    }
    return changes;
  }

  std::map<std::string, std::string, std::less<>> renamed;  ///< new id → old

 private:
  const store::RuleRow* row_of(std::string_view name) const {
    const auto found = std::find_if(rows_.begin(), rows_.end(),
                                    [&](const store::RuleRow& row) { return row.name == name; });
    return found == rows_.end() ? nullptr : &*found;
  }

  std::optional<RuleChange> change_of(const Rule& rule, const store::RuleRow* row) {
    RuleChange change;
    change.id = rule.id;
    change.status = name_of(rule.status);
    change.counts_anew = true;
    if (row == nullptr) {
      change.kind = Kind::added;
      return change;
    }
    const auto status = static_cast<language::RuleStatus>(row->status);
    change.status = arrow(status, rule.status);
    change.counts_anew = row->removed_at.has_value() ||
                         (status == language::RuleStatus::draft && rule.status != status);
    const bool edited = row->revision != rule.revision;
    if (edited) change.keys = changed_keys(ledger_.running_text(row->id), text_of(rule));
    if (edited && rule.vocabulary->text() != ledger_.running_vocabulary())
      change.keys.emplace_back("vocabulary.yaml");
    // A calendar that the rule counts by is part of what it says.
    if (edited && change.keys.empty() && row->name == rule.id)
      change.keys.emplace_back("retaind.yaml");
    if (row->name != rule.id) {
      change.kind = Kind::renamed;
      change.was = row->name;
    } else if (row->removed_at) {
      change.kind = Kind::back;
    } else if (edited) {
      change.kind = Kind::changed;
    } else if (status != rule.status) {
      change.kind = Kind::status;
    } else {
      return std::nullopt;
    }
    if (std::find(change.keys.begin(), change.keys.end(), "when") != change.keys.end() ||
        std::find(change.keys.begin(), change.keys.end(), "backlog") != change.keys.end())
      change.counts_anew = true;
    if (edited) change.waiting = waiting_of(*shadow_, row->id);
    return change;
  }

  store::Database* shadow_;
  store::Ledger ledger_;
  std::vector<store::RuleRow> rows_;
};

void add_backlog(RuleChange& change, const replay::Plan& before, const replay::Plan& after) {
  if (!change.counts_anew) return;
  if (const auto left = after.left_out.find(change.id); left != after.left_out.end())
    change.left_out = left->second;
  const auto backlog = [](const replay::Plan& plan, const std::string& id) {
    std::map<std::pair<std::string, std::int64_t>, int> occurrences;
    for (const replay::PlannedRow& row : plan.rows) {
      if (row.rule == id && row.backlog) ++occurrences[{row.subject, row.part}];
    }
    return static_cast<std::int64_t>(occurrences.size());
  };
  change.taken = std::max<std::int64_t>(
      0, backlog(after, change.id) - backlog(before, change.was.empty() ? change.id : change.was));
}

}  // namespace

Result<DiffReport> make_diff(const std::filesystem::path& directory, int days, Time now,
                             const std::function<void(Time)>& progress) {
  Result<delivery::SiteFiles> files = files_to_try(directory);
  if (!files) return files.error();
  DiffReport report;
  report.site = files->site;
  auto shadows = store::Database::shadows_of(report.site.store, 2);
  if (!shadows) return shadows.error();
  store::Ledger ledger((*shadows)[0]);
  const Site runs = as_it_runs(report.site, (*shadows)[0]);
  const std::string settings = store::running_settings((*shadows)[0]);
  if (!settings.empty()) report.settings = changed_keys(settings, files->settings);
  if (!report.settings.empty()) report.restart = needs_restart(runs, report.site);
  auto running = running_rules(ledger, runs);
  if (!running) return running.error();
  Comparison comparison((*shadows)[0], ledger.rules());
  report.rules = comparison.rules(files->rules);
  // A set of templates cannot be shared.
  delivery::SiteFiles as_they_run{runs, std::move(*running), load_site(directory).templates,
                                  files->secret};
  const Time to = report.site.zone.add(now, Span{0, days, Duration{0}, false});
  auto before = replay::plan((*shadows)[0], std::move(as_they_run), now, to, progress);
  if (!before) return before.error();
  auto after = replay::plan((*shadows)[1], *std::move(files), now, to, progress);
  if (!after) return after.error();
  report.before = *std::move(before);
  report.after = *std::move(after);
  report.differences = replay::compare(report.before, report.after, comparison.renamed);
  for (RuleChange& change : report.rules) add_backlog(change, report.before, report.after);
  return report;
}

}  // namespace retaind::app
