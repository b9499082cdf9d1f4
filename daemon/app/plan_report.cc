#include "app/plan_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "app/explain_report.h"
#include "app/known_rule.h"
#include "app/site_files.h"
#include "base/text.h"
#include "replay/backtest.h"
#include "store/ledger.h"
#include "store/passes.h"

namespace retaind::app {
namespace {

using replay::PlannedOutcome;
using replay::PlannedRow;

LocalDate day_of(const PlannedRow& row) { return row.zone.date_of(row.when()); }

Result<void> check_rule(const std::vector<language::Rule>& rules, const std::string& name) {
  if (name.empty()) return {};
  std::vector<std::string_view> names;
  for (const language::Rule& rule : rules) names.emplace_back(rule.id);
  if (std::find(names.begin(), names.end(), name) != names.end()) return {};
  return Error{ErrorKind::not_found,
               fmt::format("there is no rule `{}` in rules/{}", name,
                           or_nearest_rule(name, names, "; leave --rule out to see all of them"))};
}

/// The columns of the table: days; of a plan that is longer, weeks or months, named by their
/// first day.
class Columns {
 public:
  Columns(LocalDate from, LocalDate to) : first_(from) {
    const auto days = std::chrono::sys_days{to} - std::chrono::sys_days{from};
    kind_ = days <= std::chrono::days{14}    ? Kind::day
            : days <= std::chrono::days{100} ? Kind::week
                                             : Kind::month;
  }
  [[nodiscard]] LocalDate of(LocalDate day) const {
    if (kind_ == Kind::day) return day;
    if (kind_ == Kind::month) return day.year() / day.month() / 1;
    const std::chrono::sys_days at{day};
    return at - (at - std::chrono::sys_days{first_}) % std::chrono::days{7};
  }
  [[nodiscard]] std::string name(LocalDate column) const {
    constexpr std::string_view weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = static_cast<unsigned>(column.day());
    const std::string_view month = months[static_cast<unsigned>(column.month()) - 1];
    if (kind_ == Kind::month)
      return fmt::format("{} {}", month, static_cast<int>(column.year()) % 100);
    if (kind_ == Kind::week) return fmt::format("{} {:02}", month, day);
    const std::chrono::weekday weekday{std::chrono::sys_days{column}};
    return fmt::format("{} {:02}", weekdays[weekday.c_encoding()], day);
  }
  [[nodiscard]] std::string_view legend() const {
    constexpr std::string_view words[] = {"", "by weeks, each named by its first day\n",
                                          "by months\n"};
    return words[static_cast<std::size_t>(kind_)];
  }

 private:
  enum class Kind : std::uint8_t { day, week, month } kind_;
  LocalDate first_;
};

/// Lines are rules.
std::string table(const replay::Plan& plan, const Zone& zone) {
  const Columns columns(zone.date_of(plan.from), zone.date_of(plan.to));
  std::set<LocalDate> shown;
  for (std::chrono::sys_days day{zone.date_of(plan.from)}; LocalDate{day} <= zone.date_of(plan.to);
       day += std::chrono::days{1})
    shown.insert(columns.of(LocalDate{day}));
  std::map<std::string, std::map<LocalDate, std::int64_t>> sent;
  std::size_t width = 5;
  for (const PlannedRow& row : plan.rows) {
    if (row.outcome != PlannedOutcome::sent && row.outcome != PlannedOutcome::would_send) continue;
    std::string name = row.rule;
    if (row.outcome == PlannedOutcome::would_send) name += row.draft ? " (draft)" : " (stays here)";
    width = std::max(width, name.size());
    const LocalDate column = columns.of(day_of(row));
    ++sent[name][column];
    shown.insert(column);
  }
  std::string text = fmt::format("{}{:<{}}", columns.legend(), "", width);
  for (const LocalDate& column : shown) text += fmt::format(" {:>7}", columns.name(column));
  text += "    total\n";
  std::map<LocalDate, std::int64_t> totals;
  const auto line = [&](const std::string& name, const std::map<LocalDate, std::int64_t>& counts) {
    text += fmt::format("{:<{}}", name, width);
    std::int64_t total = 0;
    for (const LocalDate& column : shown) {
      const auto count = counts.find(column);
      const std::int64_t here = count == counts.end() ? 0 : count->second;
      text += here == 0 ? "       -" : fmt::format(" {:>7}", grouped(here));
      total += here;
      totals[column] += here;
    }
    text += fmt::format(" {:>8}\n", grouped(total));
  };
  for (const auto& [name, counts] : sent) line(name, counts);
  if (sent.size() != 1) line("total", std::map(totals));
  return text;
}

std::string reasons_of(const replay::Plan& plan, PlannedOutcome outcome, std::string_view head) {
  std::map<std::pair<std::string, Reason>, std::int64_t> counts;
  for (const PlannedRow& row : plan.rows) {
    if (row.outcome == outcome) ++counts[{row.rule, row.reason}];
  }
  if (counts.empty()) return {};
  std::string text = fmt::format("\n{}\n", head);
  for (const auto& [what, count] : counts) {
    text += fmt::format("{:>9}  {}: {}, {}\n", grouped(count), what.first, name_of(what.second),
                        reasons()[static_cast<std::size_t>(what.second)].about);
  }
  return text;
}

/// How many get each text of the steps with variants.
std::string variants_of(const replay::Plan& plan) {
  std::map<std::tuple<std::string, std::string, std::string>, std::int64_t> counts;
  for (const PlannedRow& row : plan.rows) {
    if (row.variant.empty()) continue;
    if (row.outcome == PlannedOutcome::sent || row.outcome == PlannedOutcome::would_send)
      ++counts[{row.rule, row.step, row.variant}];
  }
  std::string text = counts.empty() ? "" : "\nvariants of what is sent:\n";
  for (const auto& [what, count] : counts) {
    const auto& [rule, step, variant] = what;
    text += fmt::format("{:>9}  {} {}: {}\n", grouped(count), rule, step, variant);
  }
  return text;
}

std::string who(const replay::Plan& plan, std::size_t most, std::string_view head,
                const std::function<bool(const PlannedRow&)>& chosen) {
  std::string text;
  std::size_t shown = 0;
  std::size_t all = 0;
  for (const PlannedRow& row : plan.rows) {
    if (!chosen(row) || ++all > most) continue;
    ++shown;
    text += fmt::format("  {:<19}  {} {}{}  {}{}\n", when(row.when(), row.zone), row.rule, row.step,
                        row.variant.empty() ? "" : fmt::format(" (variant {})", row.variant),
                        replay::whom(row),
                        row.reason == Reason::none || row.reason == Reason::sent
                            ? ""
                            : fmt::format("  {}", name_of(row.reason)));
  }
  if (all == 0) return {};
  text = fmt::format("\n{}\n", head) + text;
  if (all > shown)
    text += fmt::format("  … {} more; --csv FILE lists all\n",
                        grouped(static_cast<long long>(all - shown)));
  return text;
}

std::vector<UnmatchedRows> unmatched_of(store::Database& shadow, const replay::Plan& plan,
                                        const std::string& rule) {
  std::vector<UnmatchedRows> found;
  store::Passes passes(shadow);
  for (const store::RuleRow& row : store::Ledger(shadow).rules()) {
    if (row.removed_at || (!rule.empty() && row.name != rule)) continue;
    const bool draft = row.status == static_cast<int>(language::RuleStatus::draft);
    for (const store::PassRow& pass :
         passes.due(row.id, draft, plan.from + Duration{1}, plan.to + Duration{1})) {
      std::map<Reason, std::int64_t> by_reason;
      for (const store::PassCount& count : passes.counts(pass.id))
        by_reason[count.reason] += count.rows;
      for (const auto& [reason, rows] : by_reason)
        found.push_back({row.name, pass.due, reason, rows});
    }
  }
  return found;
}

std::string unmatched_text(const PlanReport& report) {
  std::string text;
  for (const UnmatchedRows& one : report.unmatched)
    text += fmt::format("{:>9}  {} on {}: {}, {}\n", grouped(one.rows), one.rule,
                        when(one.due, report.site.zone), name_of(one.reason),
                        reasons()[static_cast<std::size_t>(one.reason)].about);
  return text.empty() ? text : "\ngone through by `each` and not matched, and why:\n" + text;
}

std::string balance(const replay::Plan& plan) {
  const auto count = [&](PlannedOutcome outcome) {
    const auto found = plan.counts.find(outcome);
    return found == plan.counts.end() ? std::int64_t{0} : found->second;
  };
  std::string text = fmt::format("\nmatched {} = {} sent", grouped(plan.matched),
                                 grouped(count(PlannedOutcome::sent)));
  if (count(PlannedOutcome::would_send) > 0)
    text += fmt::format(" + {} only noted", grouped(count(PlannedOutcome::would_send)));
  text +=
      fmt::format(" + {} not sent for a reason + {} still waiting: {}\n",
                  grouped(count(PlannedOutcome::not_sent)), grouped(count(PlannedOutcome::waiting)),
                  plan.even() ? "the numbers add up" : "THE NUMBERS DO NOT ADD UP");
  if (count(PlannedOutcome::later) > 0)
    text += fmt::format("{} more are planned already for later days\n",
                        grouped(count(PlannedOutcome::later)));
  return text;
}

}  // namespace

Result<PlanReport> make_plan(const std::filesystem::path& directory, int days,
                             const std::string& rule, Time now,
                             const std::function<void(Time)>& progress) {
  Result<delivery::SiteFiles> files = files_to_try(directory);
  if (!files) return files.error();
  if (Result<void> known = check_rule(files->rules, rule); !known) return known.error();
  PlanReport report;
  report.site = files->site;
  report.rule = rule;
  auto shadow = store::Database::shadow_of(report.site.store);
  if (!shadow) return shadow.error();
  const Time to = report.site.zone.add(now, Span{0, days, Duration{0}, false});
  auto plan = replay::plan(*shadow, *std::move(files), now, to, progress);
  if (!plan) return plan.error();
  report.plan = *std::move(plan);
  if (!rule.empty()) replay::keep_only(report.plan, rule);
  report.unmatched = unmatched_of(*shadow, report.plan, rule);
  if (Result<void> read = shadow->take_error(); !read) return read.error();
  return report;
}

std::string to_text(const PlanReport& report, std::size_t most) {
  const replay::Plan& plan = report.plan;
  const Zone& zone = report.site.zone;
  std::string text = fmt::format(
      "plan from {} to {} {}, by the files as they are and the facts of now; nothing is sent\n\n",
      when(plan.from, zone), when(plan.to, zone), zone.name());
  text += table(plan, zone);
  text += variants_of(plan);
  text += reasons_of(plan, PlannedOutcome::not_sent, "not sent, and why:");
  text += reasons_of(plan, PlannedOutcome::waiting, "still waiting at the end, and for what:");
  text += unmatched_text(report);
  text += balance(plan);
  text += who(plan, most, "who gets what, in local time:", [](const PlannedRow& row) {
    return row.outcome == PlannedOutcome::sent || row.outcome == PlannedOutcome::would_send;
  });
  text += who(plan, most, "who does not:", [](const PlannedRow& row) {
    return row.outcome == PlannedOutcome::not_sent || row.outcome == PlannedOutcome::waiting;
  });
  return text;
}

std::string_view plan_header() {
  return "day,rule,step,repeat,subject,customer,due,at,local,outcome,reason,variant";
}

std::string plan_line(const PlannedRow& row) {
  const bool over = row.outcome != PlannedOutcome::waiting && row.at;
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}", to_string(day_of(row)),
                     replay::quoted(row.rule), replay::quoted(row.step), row.repeat,
                     replay::quoted(row.subject), replay::quoted(row.customer), to_iso(row.due),
                     over ? to_iso(*row.at) : "", to_local_text(row.when(), row.zone),
                     replay::name_of(row.outcome), name_of(row.reason),
                     replay::quoted(row.variant));
}

Value to_value(const PlanReport& report) {
  const replay::Plan& plan = report.plan;
  Value root;
  root.set("from", Value(to_iso(plan.from)));
  root.set("to", Value(to_iso(plan.to)));
  root.set("matched", Value(plan.matched));
  for (const PlannedOutcome outcome :
       {PlannedOutcome::sent, PlannedOutcome::would_send, PlannedOutcome::not_sent,
        PlannedOutcome::waiting, PlannedOutcome::later}) {
    const auto count = plan.counts.find(outcome);
    std::string key{replay::name_of(outcome)};
    std::replace(key.begin(), key.end(), '-', '_');
    root.set(key, Value(count == plan.counts.end() ? std::int64_t{0} : count->second));
  }
  root.set("even", Value(plan.even()));
  Value::Array unmatched;
  for (const UnmatchedRows& one : report.unmatched) {
    Value value;
    value.set("rule", Value(one.rule));
    value.set("due", Value(to_iso(one.due)));
    value.set("reason", Value(name_of(one.reason)));
    value.set("rows", Value(one.rows));
    unmatched.push_back(std::move(value));
  }
  root.set("unmatched", Value(std::move(unmatched)));
  Value::Array rows;
  for (const PlannedRow& row : plan.rows) {
    Value one;
    one.set("day", Value(to_string(day_of(row))));
    one.set("rule", Value(row.rule));
    if (!row.step.empty()) one.set("step", Value(row.step));
    if (!row.variant.empty()) one.set("variant", Value(row.variant));
    if (row.repeat > 0) one.set("repeat", Value(row.repeat));
    one.set("subject", Value(row.subject));
    if (!row.customer.empty()) one.set("customer", Value(row.customer));
    one.set("due", Value(to_iso(row.due)));
    if (row.at && row.outcome != PlannedOutcome::waiting) one.set("at", Value(to_iso(*row.at)));
    one.set("local", Value(to_local_text(row.when(), row.zone)));
    one.set("outcome", Value(replay::name_of(row.outcome)));
    one.set("reason", Value(name_of(row.reason)));
    rows.push_back(std::move(one));
  }
  root.set("rows", Value(std::move(rows)));
  return root;
}

}  // namespace retaind::app
