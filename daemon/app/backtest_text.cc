#include <fmt/format.h>

#include <algorithm>

#include "app/backtest_report.h"
#include "app/explain_report.h"
#include "base/text.h"

namespace retaind::app {
namespace {

constexpr std::size_t most_pairs = 12;

std::string points(double share) { return fmt::format("{:.1f}", share * 100); }

std::int64_t days_of(const BacktestReport& report) {
  const std::chrono::sys_days first{report.zone.date_of(report.from)};
  const std::chrono::sys_days last{report.zone.date_of(report.to - Duration{1})};
  return (last - first).count() + 1;
}

std::int64_t sum(const std::map<Reason, std::int64_t>& counts) {
  std::int64_t all = 0;
  for (const auto& [reason, count] : counts) all += count;
  return all;
}

std::string by_rule(const BacktestReport& report) {
  std::size_t width = 4;
  for (const auto& [id, counts] : report.rules) width = std::max(width, id.size());
  std::string text = fmt::format("{:<{}} {:>10} {:>10} {:>10} {:>10} {:>9}  {}\n", "rule", width,
                                 "sent", "customers", "not sent", "waiting", "a day", "most on");
  std::map<LocalDate, std::int64_t> totals;
  const auto line = [&](const std::string& name, const RuleCounts& counts) {
    const auto most =
        std::max_element(counts.sent.begin(), counts.sent.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    text += fmt::format("{:<{}} {:>10} {:>10} {:>10} {:>10} {:>9.1f}  {}\n", name, width,
                        grouped(counts.all_sent),
                        counts.customers > 0 ? grouped(counts.customers) : "-",
                        grouped(sum(counts.not_sent)), grouped(sum(counts.waiting)),
                        static_cast<double>(counts.all_sent) / static_cast<double>(days_of(report)),
                        most == counts.sent.end()
                            ? "-"
                            : fmt::format("{}: {}", to_string(most->first), grouped(most->second)));
  };
  RuleCounts all;
  for (const auto& [id, counts] : report.rules) {
    line(id, counts);
    all.all_sent += counts.all_sent;
    for (const auto& [day, count] : counts.sent) all.sent[day] += count;
    for (const auto& [reason, count] : counts.not_sent) all.not_sent[reason] += count;
    for (const auto& [reason, count] : counts.waiting) all.waiting[reason] += count;
  }
  if (report.rules.size() > 1) line("all", all);
  return text;
}

std::string reasons_text(const BacktestReport& report) {
  std::string text;
  const auto list = [&](const std::string& id, const std::map<Reason, std::int64_t>& counts) {
    for (const auto& [reason, count] : counts)
      text += fmt::format("{:>10}  {}: {}, {}\n", grouped(count), id, name_of(reason),
                          reasons()[static_cast<std::size_t>(reason)].about);
  };
  for (const auto& [id, counts] : report.rules) list(id, counts.not_sent);
  return text.empty() ? text : "\nnot sent, and why:\n" + text;
}

std::string no_place_text(const BacktestReport& report) {
  std::string text;
  for (const auto& [id, counts] : report.summary.no_place) {
    text += fmt::format("  {}:", id);
    if (counts.capped > 0)
      text += fmt::format(" {} waited because the customer had {} already", grouped(counts.capped),
                          report.cap);
    if (counts.limited > 0)
      text += fmt::format("{} {} waited because the day was full", counts.capped > 0 ? "," : "",
                          grouped(counts.limited));
    text += fmt::format("; {} of these never went\n", grouped(counts.never));
  }
  return text.empty() ? "\nno message waited for the cap or a `limit`\n"
                      : "\ncap and limit hits:\n" + text;
}

std::string overlaps_text(const BacktestReport& report) {
  if (report.overlaps.empty()) return "\nno customer got mails of two rules within 7 days\n";
  std::string text = "\ncustomers who got mails of two rules, within a day and within 7 days:\n";
  std::size_t shown = 0;
  for (const Overlap& overlap : report.overlaps) {
    if (++shown > most_pairs) break;
    text += fmt::format("{:>10} {:>10}  {} and {}\n", grouped(overlap.a_day),
                        grouped(overlap.a_week), overlap.first, overlap.second);
  }
  if (report.overlaps.size() > most_pairs)
    text +=
        fmt::format("  … {} more; --json has all\n",
                    counted(static_cast<long long>(report.overlaps.size() - most_pairs), "pair"));
  return text;
}

std::string arm_text(const char* name, const replay::Arm& arm) {
  return fmt::format("    {:<12} {:>9} customers, {:>8} bought again, {:>5} %\n", name,
                     grouped(arm.customers), grouped(arm.bought), points(arm.rate()));
}

std::string holdout_text(const HoldoutView& view, int days) {
  std::string text =
      fmt::format("  {}, {}\n", view.rule,
                  view.planned ? "without a holdout; one of 10 % would tell apart:"
                               : fmt::format("holdout of {} %:", points(view.share)));
  if (!view.planned) {
    text += arm_text("written to", view.written) + arm_text("held out", view.held_out);
    if (view.written.customers > 0 && view.held_out.customers > 0) {
      const auto d = replay::difference_of(view.written, view.held_out);
      text += fmt::format(
          "    difference {:+.1f} points, 95 % interval {:+.1f} to {:+.1f}: {}\n",
          d.difference * 100, d.low * 100, d.high * 100,
          d.low <= 0 && d.high >= 0
              ? "no difference, as it should be"
              : "chance, for nobody was written to; one interval in twenty leaves 0 out");
    }
  }
  if (view.detectable > 0 && view.detectable < 1) {
    text += fmt::format(
        "    a real effect of {} points or more would be noticed in four of five experiments\n",
        points(view.detectable));
  } else {
    text += "    too few customers to tell anything\n";
  }
  if (view.left_out > 0)
    text += fmt::format("    {} left out: the data end before their {} do\n",
                        counted(view.left_out, "customer"), counted(days, "day"));
  if (view.really_sent > 0)
    text += fmt::format(
        "    {} of this rule did leave in this time: what customers bought is not untouched\n",
        counted(view.really_sent, "message"));
  return text;
}

std::string holdouts_text(const BacktestReport& report) {
  if (report.holdouts.empty()) return {};
  std::string text = fmt::format(
      "\nwhat a holdout would have shown: customers who bought again within {}\n"
      "  These are facts as they were. Nobody was written to, so both arms should buy alike: the\n"
      "  interval is the noise in which a real effect would have to show. It says nothing about\n"
      "  whether the mails work. Each customer counts once, from the first mail or its place in\n"
      "  the holdout; arms are those that the rule's own holdout makes.\n",
      counted(report.bought_within, "day"));
  for (const HoldoutView& view : report.holdouts) text += holdout_text(view, report.bought_within);
  return text;
}

std::string assumed_text(const BacktestReport& report) {
  std::string text;
  for (const auto& [id, counts] : report.rules) {
    for (const auto& [fields, count] : counts.assumed_fields)
      text += fmt::format("{:>10}  {}: {}\n", grouped(count), id, fields);
  }
  return text.empty() ? text
                      : "\nassumed: outcomes that rest on the last value of fields whose past the "
                        "data does not hold:\n" +
                            text;
}

}  // namespace

std::string to_text(const BacktestReport& report) {
  std::string text = fmt::format(
      "had these rules been live from {} to {} {}; nothing is sent\n{}\n",
      when(report.from, report.zone), when(report.to, report.zone), report.zone.name(),
      report.step > Duration{0}
          ? fmt::format("times are to {} minutes, because there are {} facts; --exact is slower\n",
                        report.step / std::chrono::minutes(1), grouped(report.summary.facts))
          : "");
  text += by_rule(report);
  text += reasons_text(report);
  text += no_place_text(report);
  text += overlaps_text(report);
  text += holdouts_text(report);
  text += assumed_text(report);
  text += fmt::format("\n{} from {}\n", counted(report.summary.rows, "outcome"),
                      counted(report.summary.facts, "fact"));
  return text;
}

namespace {

Value arm_value(const replay::Arm& arm) {
  Value value;
  value.set("customers", Value(arm.customers));
  value.set("bought", Value(arm.bought));
  return value;
}

Value rule_value(const BacktestReport& report, const std::string& id, const RuleCounts& counts) {
  Value one;
  one.set("rule", Value(id));
  one.set("sent", Value(counts.all_sent));
  one.set("customers", Value(counts.customers));
  Value days;
  for (const auto& [day, count] : counts.sent) days.set(to_string(day), Value(count));
  if (!counts.sent.empty()) one.set("days", std::move(days));
  const auto reasons_value = [&](const char* key, const std::map<Reason, std::int64_t>& reasons) {
    Value values;
    for (const auto& [reason, count] : reasons)
      values.set(std::string(name_of(reason)), Value(count));
    if (!reasons.empty()) one.set(key, std::move(values));
  };
  reasons_value("not_sent", counts.not_sent);
  reasons_value("waiting", counts.waiting);
  const auto waited = report.summary.no_place.find(id);
  const replay::NoPlace places =
      waited == report.summary.no_place.end() ? replay::NoPlace{} : waited->second;
  one.set("capped", Value(places.capped));
  one.set("limited", Value(places.limited));
  one.set("never_found_a_place", Value(places.never));
  one.set("assumed", Value(counts.assumed));
  return one;
}

Value holdout_value(const HoldoutView& view) {
  Value one;
  one.set("rule", Value(view.rule));
  one.set("share", Value(view.share));
  one.set("has_holdout", Value(!view.planned));
  one.set("written_to", arm_value(view.written));
  one.set("held_out", arm_value(view.held_out));
  if (view.written.customers > 0 && view.held_out.customers > 0) {
    const auto d = replay::difference_of(view.written, view.held_out);
    one.set("difference", Value(d.difference));
    one.set("low", Value(d.low));
    one.set("high", Value(d.high));
  }
  one.set("detectable", Value(view.detectable));
  one.set("left_out", Value(view.left_out));
  one.set("really_sent", Value(view.really_sent));
  return one;
}

}  // namespace

Value to_value(const BacktestReport& report) {
  Value root;
  root.set("from", Value(to_iso(report.from)));
  root.set("to", Value(to_iso(report.to)));
  root.set("minutes_a_step",
           Value(static_cast<std::int64_t>(report.step / std::chrono::minutes(1))));
  root.set("facts", Value(report.summary.facts));
  root.set("outcomes", Value(report.summary.rows));
  Value::Array rules;
  for (const auto& [id, counts] : report.rules) rules.push_back(rule_value(report, id, counts));
  root.set("rules", Value(std::move(rules)));
  Value::Array overlaps;
  for (const Overlap& overlap : report.overlaps) {
    Value one;
    one.set("rules", Value(Value::Array{Value(overlap.first), Value(overlap.second)}));
    one.set("customers_in_a_day", Value(overlap.a_day));
    one.set("customers_in_a_week", Value(overlap.a_week));
    overlaps.push_back(std::move(one));
  }
  root.set("overlaps", Value(std::move(overlaps)));
  root.set("bought_within_days", Value(std::int64_t{report.bought_within}));
  Value::Array holdouts;
  for (const HoldoutView& view : report.holdouts) holdouts.push_back(holdout_value(view));
  root.set("holdouts", Value(std::move(holdouts)));
  return root;
}

}  // namespace retaind::app
