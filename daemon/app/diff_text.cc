#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/diff_report.h"
#include "app/explain_report.h"
#include "base/text.h"

namespace retaind::app {
namespace {

using replay::Difference;
using replay::PlannedRow;

std::string_view name_of(RuleChange::Kind kind) {
  constexpr std::string_view names[] = {"added", "back", "changed", "status", "renamed", "removed"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view name_of(Difference::Kind kind) {
  constexpr std::string_view names[] = {"appears", "vanishes", "moves", "reworded", "other", "due"};
  return names[static_cast<std::size_t>(kind)];
}

std::string rule_text(const RuleChange& change) {
  std::string text =
      fmt::format("{:<9} {}{} ({})", name_of(change.kind),
                  change.was.empty() ? "" : change.was + " → ", change.id, change.status);
  if (!change.keys.empty()) text += ": " + join(change.keys, ", ");
  text += "\n";
  if (change.waiting > 0)
    text +=
        fmt::format("          {} {}\n", counted(change.waiting, "waiting message"),
                    change.kind == RuleChange::Kind::removed
                        ? "of it end as rule-removed"
                        : "of it: due times are counted anew, nothing that was sent is repeated");
  if (!change.counts_anew) return text;
  text += fmt::format("          {} left out{}\n", counted(change.left_out, "past occurrence"),
                      change.left_out > 0 ? "; `backlog:` would take them" : "");
  if (change.taken > 0)
    text +=
        fmt::format("          {} taken by `backlog:`\n", counted(change.taken, "past occurrence"));
  return text;
}

std::string fate(const std::optional<PlannedRow>& row) {
  if (!row) return "not matched";
  std::string text = row->outcome == replay::PlannedOutcome::waiting
                         ? "waiting"
                         : std::string(retaind::name_of(row->state));
  if (row->reason != Reason::none && row->reason != Reason::sent)
    text += fmt::format(" ({})", retaind::name_of(row->reason));
  return text;
}

std::string line_of(const Difference& difference) {
  const PlannedRow& row = difference.after ? *difference.after : *difference.before;
  std::string text = fmt::format("  {:<19}  {} {}  {}", when(row.when(), row.zone), row.rule,
                                 row.step, replay::whom(row));
  if (difference.kind == Difference::Kind::moves && difference.before->when() != row.when()) {
    text += fmt::format("  instead of {}", when(difference.before->when(), row.zone));
  } else if (difference.kind == Difference::Kind::reworded) {
    text += fmt::format("  {} instead of {}", row.text, difference.before->text);
  } else if (difference.kind == Difference::Kind::vanishes) {
    text += fmt::format("  now {}", fate(difference.after));
  } else if (difference.kind != Difference::Kind::appears || difference.before) {
    text += fmt::format("  {} instead of {}", fate(difference.after), fate(difference.before));
  }
  return text + "\n";
}

std::array<std::int64_t, 6> counts_of(const DiffReport& report) {
  std::array<std::int64_t, 6> counts{};
  for (const Difference& difference : report.differences)
    ++counts[static_cast<std::size_t>(difference.kind)];
  return counts;
}

Value value_of(const std::optional<PlannedRow>& row) {
  if (!row) return {};
  Value one;
  one.set("due", Value(to_iso(row->due)));
  if (row->at && row->outcome != replay::PlannedOutcome::waiting)
    one.set("at", Value(to_iso(*row->at)));
  one.set("outcome", Value(replay::name_of(row->outcome)));
  one.set("reason", Value(retaind::name_of(row->reason)));
  if (!row->text.empty()) one.set("template", Value(row->text));
  return one;
}

}  // namespace

std::string to_text(const DiffReport& report, std::size_t most) {
  std::string text =
      "the files against what runs; nothing is changed, and `retaind reload` takes them over\n\n";
  for (const RuleChange& change : report.rules) text += rule_text(change);
  if (report.rules.empty()) text += "no rule differs\n";
  if (!report.settings.empty())
    text += fmt::format("settings  retaind.yaml: {}\n", join(report.settings, ", "));
  if (!report.restart.empty())
    text += fmt::format("          `{}` needs a restart: `retaind reload` would refuse all of it\n",
                        report.restart);
  const auto counts = counts_of(report);
  const Zone& zone = report.site.zone;
  text +=
      fmt::format("\nfrom {} to {}: ", when(report.after.from, zone), when(report.after.to, zone));
  if (report.differences.empty()) return text + "the plan stays the same\n";
  text += fmt::format(
      "{} appear, {} vanish, {} move, {} get another text, {} are not sent for another reason\n",
      counted(counts[0], "message"), grouped(counts[1]), grouped(counts[2]), grouped(counts[3]),
      grouped(counts[4]));
  if (counts[5] > 0)
    text += fmt::format("{} by another due time, and leave or end as before\n",
                        counts[5] == 1 ? "1 message goes" : grouped(counts[5]) + " messages go");
  for (const Difference::Kind kind :
       {Difference::Kind::appears, Difference::Kind::vanishes, Difference::Kind::moves,
        Difference::Kind::reworded, Difference::Kind::other}) {
    const auto index = static_cast<std::size_t>(kind);
    if (counts[index] == 0) continue;
    constexpr std::string_view heads[] = {"appear", "vanish", "move", "get another text",
                                          "differ besides"};
    text += fmt::format("\n{}:\n", heads[index]);
    std::size_t shown = 0;
    for (const Difference& difference : report.differences) {
      if (difference.kind == kind && shown < most) {
        text += line_of(difference);
        ++shown;
      }
    }
    const auto all = static_cast<std::size_t>(counts[index]);
    if (all > shown) text += fmt::format("  … {} more; --limit shows them\n", all - shown);
  }
  return text;
}

Value to_value(const DiffReport& report) {
  Value root;
  Value::Array rules;
  for (const RuleChange& change : report.rules) {
    Value one;
    one.set("change", Value(name_of(change.kind)));
    one.set("rule", Value(change.id));
    if (!change.was.empty()) one.set("was", Value(change.was));
    one.set("status", Value(change.status));
    Value::Array keys;
    for (const std::string& key : change.keys) keys.push_back(Value(key));
    one.set("keys", Value(std::move(keys)));
    one.set("waiting", Value(change.waiting));
    one.set("left_out", Value(change.left_out));
    one.set("backlog", Value(change.taken));
    rules.push_back(std::move(one));
  }
  root.set("rules", Value(std::move(rules)));
  Value::Array settings;
  for (const std::string& key : report.settings) settings.push_back(Value(key));
  root.set("settings", Value(std::move(settings)));
  if (!report.restart.empty()) root.set("needs_restart", Value(report.restart));
  Value::Array messages;
  for (const Difference& difference : report.differences) {
    const PlannedRow& row = difference.after ? *difference.after : *difference.before;
    Value one;
    one.set("kind", Value(name_of(difference.kind)));
    one.set("rule", Value(row.rule));
    if (!row.step.empty()) one.set("step", Value(row.step));
    one.set("subject", Value(row.subject));
    if (!row.customer.empty()) one.set("customer", Value(row.customer));
    one.set("before", value_of(difference.before));
    one.set("after", value_of(difference.after));
    messages.push_back(std::move(one));
  }
  root.set("messages", Value(std::move(messages)));
  return root;
}

}  // namespace retaind::app
