#include "replay/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "engine/evaluate.h"

namespace retaind::replay {

using language::Rule;

std::string line_text(const language::Line& line) {
  const std::string text = fmt::format("`{}: {}`", line.key, line.condition->text);
  return line.step == nullptr ? text : fmt::format("{} of `{}`", text, line.step->key);
}

Coverage::Coverage(std::span<const Rule> rules) {
  for (const Rule& rule : rules) {
    Tried& tried = rules_[rule.id];
    tried.rule = &rule;
    language::each_line(rule, [&](const language::Line& line) {
      tried.lines.push_back({line, false, false, false});
    });
  }
}

void Coverage::saw(const engine::Checks::Subject& subject, const engine::Situation& situation) {
  const auto found = rules_.find(subject.rule->id);
  if (found == rules_.end() || found->second.lines.empty()) return;
  // The row is gone or its state is over: no line was reached, and there is nothing to read.
  if (!situation.facts.are_all_of(*subject.rule)) return;
  for (const engine::Checked& check : engine::check_each(*subject.rule, situation)) {
    read_lines(found->second.lines, check, situation);
    if (check.hit) break;
  }
}

/// Those that the check has looked at: all of its own, up to the one that decided.
void Coverage::read_lines(std::vector<Line>& lines, const engine::Checked& check,
                          const engine::Situation& situation) {
  using engine::Check;
  using engine::Truth;
  const bool stops =
      check.check == Check::stop_if || (check.check == Check::due && situation.now < situation.due);
  if (!stops && check.check != Check::hold_while && check.check != Check::conditions) return;
  const bool decides =
      check.hit && check.hit->line >= 0 && check.hit->reason != Reason::unknown_data;
  for (std::size_t number = 0; number < lines.size(); ++number) {
    Line& tried = lines[number];
    const std::string_view key = tried.line.key;
    const bool own = key == "stop-if"      ? stops
                     : key == "hold-while" ? check.check == Check::hold_while
                                           : check.check == Check::conditions;
    const bool of_step = tried.line.step == nullptr ||
                         (situation.step != nullptr && situation.step->key == tried.line.step->key);
    if (!own || !of_step) continue;
    const Truth truth =
        engine::evaluate(*tried.line.condition, situation.facts, situation.now, *situation.zone);
    (truth == Truth::yes ? tried.yes : truth == Truth::no ? tried.no : tried.unknown) = true;
    if (decides && static_cast<std::size_t>(check.hit->line) == number) return;
  }
}

void Coverage::saw(const std::vector<store::LedgerEntry>& ledger) {
  for (const store::LedgerEntry& entry : ledger) {
    const auto found = rules_.find(entry.rule);
    if (found == rules_.end()) continue;
    found->second.fired = true;
    if (entry.state == MessageState::sent || entry.state == MessageState::unknown ||
        entry.reason == Reason::would_send)
      found->second.steps.insert({entry.step, entry.variant});
  }
}

void Coverage::add(const Coverage& other) {
  for (const auto& [id, theirs] : other.rules_) {
    const auto found = rules_.find(id);
    if (found == rules_.end()) continue;
    Tried& ours = found->second;
    ours.fired = ours.fired || theirs.fired;
    ours.steps.insert(theirs.steps.begin(), theirs.steps.end());
    for (std::size_t i = 0; i < std::min(ours.lines.size(), theirs.lines.size()); ++i) {
      ours.lines[i].yes = ours.lines[i].yes || theirs.lines[i].yes;
      ours.lines[i].no = ours.lines[i].no || theirs.lines[i].no;
      ours.lines[i].unknown = ours.lines[i].unknown || theirs.lines[i].unknown;
    }
  }
}

void Coverage::add_untried(std::vector<Gap>& gaps, const Tried& tried, const language::Step& step) {
  const auto sent = tried.steps.lower_bound({step.key, ""});
  if (sent == tried.steps.end() || sent->first != step.key) {
    gaps.push_back({step.where, fmt::format("`{}` was never sent in any test", step.key)});
    return;
  }
  for (const language::Variant& variant : step.variants) {
    if (variant.share > 0 && tried.steps.count({step.key, variant.template_name}) == 0)
      gaps.push_back({step.where, fmt::format("variant `{}` of `{}` was never sent in any test",
                                              variant.template_name, step.key)});
  }
}

std::vector<Coverage::Gap> Coverage::gaps() const {
  std::vector<Gap> gaps;
  for (const auto& [id, tried] : rules_) {
    const Rule& rule = *tried.rule;
    if (!tried.fired) {
      // Its conditions and steps were not tried either: once is enough.
      gaps.push_back({rule.trigger.where, fmt::format("rule `{}` never fired in any test", id)});
      continue;
    }
    for (const Line& line : tried.lines) {
      const bool decided = line.yes || line.no || line.unknown;
      if (line.yes && line.no) continue;
      gaps.push_back({line.line.condition->where,
                      fmt::format("{} was never {} in any test", line_text(line.line),
                                  !decided                ? "decided"
                                  : !line.yes && !line.no ? "known"
                                  : !line.yes             ? "true"
                                                          : "false")});
    }
    for (const language::Step& step : rule.steps) add_untried(gaps, tried, step);
  }
  const auto place = [](const Gap& gap) {
    return std::make_tuple(gap.where.source ? std::string_view(gap.where.source->path) : "",
                           gap.where.begin);
  };
  std::stable_sort(gaps.begin(), gaps.end(),
                   [&](const Gap& a, const Gap& b) { return place(a) < place(b); });
  return gaps;
}

int Coverage::conditions() const {
  std::size_t count = 0;
  for (const auto& entry : rules_) count += entry.second.lines.size();
  return static_cast<int>(count);
}

int Coverage::tried() const {
  std::ptrdiff_t count = 0;
  for (const auto& entry : rules_)
    count += std::count_if(entry.second.lines.begin(), entry.second.lines.end(),
                           [](const Line& line) { return line.yes && line.no; });
  return static_cast<int>(count);
}

}  // namespace retaind::replay
