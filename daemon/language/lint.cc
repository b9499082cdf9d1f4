#include "language/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "language/contradiction.h"
#include "language/narrow.h"
#include "language/spans.h"

namespace retaind::language {
namespace {

// Mail servers try for days, and people read a mail when they read it.
constexpr Duration shortest_coupon = std::chrono::hours(24);
// Who compares hundreds of rules with each other is not helped by more.
constexpr std::size_t most_partners = 3;
// Who writes sooner after a date, of a renewal for instance, writes about it and advertises
// nothing.
constexpr Duration soonest_win_back = std::chrono::hours(24 * 14);

std::size_t line_of(const Where& where) {
  return line_and_column(*where.source, where.begin).first;
}

Range range_of(const Where& where) { return {where.begin, where.end}; }

bool warn_of(Report& report, const std::vector<Need>& needs, std::string_view so) {
  const auto found = find_contradiction(needs);
  if (!found) return false;
  const auto& [first, second] = *found;
  if (first.condition == second.condition) {
    report.warning(
        Code::contradiction, range_of(second.condition->where),
        fmt::format("this line {}: {}", second.wanted ? "can never be true" : "is always true", so),
        "change it, or delete it; `or` joins alternatives");
    return true;
  }
  report.warning(Code::contradiction, range_of(second.condition->where),
                 fmt::format("this line and `{}` in line {} leave nobody: {}",
                             first.condition->text, line_of(first.condition->where), so),
                 "change one of them; on one line `or` joins alternatives");
  return true;
}

void lint_contradictions(Report& report, const Rule& rule) {
  // What is unknown meets every line of it.
  if (rule.purpose == Purpose::internal) return;
  if (warn_of(report, needs_of(rule), "the rule never sends")) return;
  for (const Step& step : rule.steps)
    if (!step.if_all.empty())
      warn_of(report, needs_of(rule, &step), fmt::format("the step `{}` never goes", step.key));
}

/// A business day is as long as its calendar says.
bool comparable(const Span& a, const Span& b) {
  if (a.business != b.business) return false;
  return !a.business || (a.days != 0) == (b.days != 0);
}

/// `after:` of a step counts from the anchor, as the rule's own time does.
void lint_early_steps(Report& report, const Rule& rule) {
  const Span& own = rule.trigger.offset;
  for (const Step& step : rule.steps) {
    if (!step.after || rule.trigger.at_minute || !comparable(*step.after, own)) continue;
    if (at_least(*step.after) >= at_least(own)) continue;
    const std::string named = rule.trigger.kind == TriggerKind::state ? "for" : "after";
    report.warning(
        Code::early_step, range_of(step.where),
        fmt::format("`after: {}` is over before the rule begins (`{}: {}`): the step goes then",
                    to_string(*step.after), named, to_string(own)),
        fmt::format("`after:` counts from the same time as the rule: write more than `{}`",
                    written(own)));
  }
}

void lint_coupons(Report& report, const Rule& rule) {
  for (const Step& step : rule.steps) {
    if (!step.coupon || at_least(step.coupon->valid_for) >= shortest_coupon) continue;
    report.warning(Code::short_coupon, range_of(step.where),
                   fmt::format("the coupon `{}` works for {} from the send, and the mail may still "
                               "be on its way then",
                               step.coupon->name, to_string(step.coupon->valid_for)),
                   "mail servers try for days: write `valid-for: 2 days` or more");
  }
}

bool tells_of_purchase(const Field& field) {
  static constexpr std::array<std::string_view, 4> roll_ups{"orders_count", "total_spent",
                                                            "last_order_at", "last_active_at"};
  if (field.subject == Subject::order || field.subject == Subject::item) return true;
  if (field.subject == Subject::subscription && field.name == "status") return true;
  return field.subject == Subject::customer &&
         std::find(roll_ups.begin(), roll_ups.end(), field.name) != roll_ups.end();
}

/// Whether a line can turn when somebody buys. `orders_count >= 2` only becomes truer.
bool ends_by_purchase(const Rule& rule, const Condition& condition, bool wanted) {
  bool reads = false;
  bool only_more = wanted;
  for (const Node& node : condition.nodes) {
    if (node.op == Op::field && !node.of_row)
      reads = reads || tells_of_purchase(*rule.slots[node.slot].field);
    if (node.op == Op::aggregate) {
      const Subject of = rule.aggregates[node.slot].relation->of;
      reads = reads || of == Subject::order || of == Subject::item || of == Subject::subscription;
    }
    const bool neutral = node.op == Op::constant || node.op == Op::field ||
                         node.op == Op::aggregate || node.op == Op::both;
    only_more = only_more && (neutral || node.op == Op::greater || node.op == Op::greater_equal);
  }
  return reads && !only_more;
}

/// A state such as customer.inactive ends with a purchase; a date stays where it is.
void lint_exit(Report& report, const Rule& rule) {
  const Trigger& trigger = rule.trigger;
  const bool after = trigger.kind == TriggerKind::date && !trigger.date->yearly &&
                     at_least(trigger.offset) >= soonest_win_back;
  if (rule.purpose != Purpose::marketing || !after) return;
  for (const Need& need : needs_of(rule))
    if (ends_by_purchase(rule, *need.condition, need.wanted)) return;
  report.warning(
      Code::no_exit, range_of(trigger.where),
      fmt::format("whoever buys within the {} gets this mail too", to_string(trigger.offset)),
      fmt::format("write `unless: customer.last_order_at within last {}`",
                  written(trigger.offset)));
}

/// The first mail to the customer that goes with the occurrence.
const Step* first_mail(const Rule& rule) {
  for (const Step& step : rule.steps) {
    if (step.after) continue;
    return step.kind == StepKind::email ? &step : nullptr;
  }
  return nullptr;
}

/// Rules of one key are due on one day.
std::string day_key(const Rule& rule) {
  const Trigger& t = rule.trigger;
  return fmt::format("{} {} {} {} {}", t.name, t.offset.months, t.offset.days,
                     std::chrono::floor<std::chrono::days>(t.offset.elapsed).count(),
                     t.offset.business);
}

bool excludes(const Rule& a, const Rule& b) {
  std::vector<Need> needs = needs_of(a, first_mail(a));
  const std::vector<Need> others = needs_of(b, first_mail(b));
  needs.insert(needs.end(), others.begin(), others.end());
  return find_contradiction(needs).has_value();
}

/// Once a pass, and in slices: no mistake, but who has a million rows should know.
void lint_pass(Report& report, const Rule& rule) {
  if (!rule.trigger.each || narrow_of(rule)) return;
  std::vector<std::string> times;
  for (const std::string_view column : indexed_times(rule.trigger.subject))
    times.push_back(fmt::format("{}.{}", retaind::name_of(rule.trigger.subject), column));
  // Of an internal rule unknown passes too, and only this is never unknown.
  const std::string_view test =
      rule.purpose == Purpose::internal ? "is not empty" : "within last 90 days";
  report.note(Code::reads_all, range_of(rule.trigger.where),
              fmt::format("each time every {} of the store is read: no line of `if` can be served "
                          "by an index",
                          retaind::name_of(rule.trigger.subject)),
              fmt::format("if there are many, add a line such as `{} {}`; there are indexes of {}",
                          times.back(), test, join(times, ", ")));
}

}  // namespace

void lint_rule(Report& report, const Rule& rule) {
  lint_contradictions(report, rule);
  lint_early_steps(report, rule);
  lint_coupons(report, rule);
  lint_exit(report, rule);
  lint_pass(report, rule);
}

void lint_together(const std::vector<Rule>& rules, const Site& site, std::vector<Diagnostic>& out) {
  if (site.cap.messages <= 1) return;
  std::map<std::string, std::vector<const Rule*>> days;
  for (const Rule& rule : rules) {
    const bool counts = policy_of(rule.purpose).counts_in_caps;
    if (rule.status != RuleStatus::live || !counts || first_mail(rule) == nullptr) continue;
    days[day_key(rule)].push_back(&rule);
  }
  for (const auto& [key, together] : days) {
    std::vector<const Rule*> partners;
    std::size_t first = 0;
    for (; first + 1 < together.size(); ++first) {
      for (std::size_t i = first + 1; i < together.size() && partners.size() < most_partners; ++i)
        if (!excludes(*together[first], *together[i])) partners.push_back(together[i]);
      if (!partners.empty()) break;
    }
    if (partners.empty()) continue;
    std::string names;
    for (const Rule* partner : partners)
      names += fmt::format("{}`{}`", names.empty() ? "" : ", ", partner->id);
    out.push_back({Severity::note, name_of(Code::same_day), together[first]->trigger.where,
                   fmt::format("this rule and {} can mail one customer on the same day", names),
                   "if that is not meant, let a line of `unless:` tell them apart, or give one "
                   "another time"});
  }
}

void lint_unused(const std::vector<SiteName>& names, const std::vector<Rule>& rules,
                 std::vector<Diagnostic>& out) {
  std::set<std::pair<std::string_view, std::string>> used;
  for (const Rule& rule : rules) {
    used.emplace("calendars", rule.send_window);
    for (const Step& step : rule.steps) {
      if (step.kind == StepKind::notify) used.emplace("teams", step.target);
      if (step.kind == StepKind::notify) used.emplace("teams", step.fallback);
      if (step.kind == StepKind::webhook) used.emplace("webhooks", step.target);
    }
  }
  for (const SiteName& name : names) {
    if (used.count({name.key, name.name}) != 0) continue;
    out.push_back({Severity::note, name_of(Code::unused), name.where,
                   fmt::format("no rule names `{}` of `{}`", name.name, name.key),
                   "delete it, or name it in a rule"});
  }
}

void lint_sender(const Where& sender, const Site& site, const std::vector<Rule>& rules,
                 std::vector<Diagnostic>& out) {
  if (!site.sender.postal_address.empty()) return;
  const auto rule = std::find_if(rules.begin(), rules.end(), [](const Rule& one) {
    return one.purpose == Purpose::marketing &&
           std::any_of(one.steps.begin(), one.steps.end(),
                       [](const Step& step) { return step.kind == StepKind::email; });
  });
  if (rule == rules.end()) return;
  out.push_back({Severity::warning, name_of(Code::no_postal_address), sender,
                 fmt::format("advertising such as `{}` must show a postal address, and `sender` "
                             "names none",
                             rule->id),
                 "write `postal-address: Example Shop, 1 Example Street, Berlin` below `sender:`"});
}

}  // namespace retaind::language
