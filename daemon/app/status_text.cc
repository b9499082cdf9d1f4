#include <fmt/format.h>

#include <set>
#include <utility>

#include "app/status_report.h"
#include "base/text.h"

namespace retaind::app {
namespace {

std::string_view text_member(const Value& object, std::string_view key) {
  const Value* member = object.find(key);
  return member == nullptr || member->as_text() == nullptr ? std::string_view()
                                                           : std::string_view(*member->as_text());
}

bool flag_member(const Value& object, std::string_view key) {
  const Value* member = object.find(key);
  return member != nullptr && member->as_bool() != nullptr && *member->as_bool();
}

std::string mode_lines(const StatusReport& report) {
  std::string text =
      fmt::format("delivery  {}\n",
                  report.mode == "live"
                      ? "live: mail leaves this machine"
                      : "maildir: nothing leaves this machine (`deliver: live` changes that)");
  if (!report.next_mode.empty())
    text += fmt::format("          retaind.yaml says `{}`, which counts after a restart\n",
                        report.next_mode);
  if (!report.running) return text + "daemon    not running; start it with `retaind run`\n";
  if (!report.daemon) return text + fmt::format("daemon    {}\n", report.daemon_trouble);
  text += fmt::format("daemon    runs since {}", text_member(*report.daemon, "started"));
  if (const Value* flying = report.daemon->find("in_flight");
      flying != nullptr && flying->as_integer() != nullptr) {
    text += fmt::format(", {} on the way", counted(*flying->as_integer(), "message"));
  }
  text += "\n";
  if (flag_member(*report.daemon, "clock_held")) {
    text +=
        "clock     jumped forward: nothing is sent until it is steady for 10 minutes, or `retaind "
        "release --clock`\n";
  }
  if (const std::string_view trouble = text_member(*report.daemon, "trouble"); !trouble.empty()) {
    text += fmt::format("trouble   {}\n", trouble);
  }
  if (const Value* reload = report.daemon->find("reload");
      reload != nullptr && !flag_member(*reload, "done")) {
    text += fmt::format("reload    failed at {}, the old rules run:\n{}\n",
                        text_member(*reload, "at"), text_member(*reload, "text"));
  }
  return text;
}

std::string file_lines(const StatusReport& report) {
  std::string text;
  if (report.file_errors > 0) {
    text +=
        fmt::format("files     have {}: a reload or a start would be refused; `retaind check`\n",
                    counted(report.file_errors, "error"));
  }
  if (report.orders_in_other_currency > 0) {
    text += fmt::format("sums      leave out {} in another currency than their customer's\n",
                        counted(report.orders_in_other_currency, "order"));
  }
  return text;
}

std::string hold_lines(const StatusReport& report, const Site& site) {
  std::string text;
  for (const store::HoldRow& hold : report.holds) {
    text +=
        fmt::format("held      {}{}{}: {} ({}, {})\n",
                    hold.scope == "all" ? "everything" : hold.scope + " " + hold.target,
                    hold.until ? " until " + to_local_text(*hold.until, site.zone) : std::string(),
                    hold.cause == "operator" ? std::string() : " by " + hold.cause, hold.because,
                    hold.author, to_local_text(hold.at, site.zone));
  }
  return text;
}

/// What is due already is being worked through, which with a backlog takes its time.
std::string next_due(const RuleReport& rule, Time now, const Zone& zone) {
  if (!rule.next_due) return "-";
  return *rule.next_due <= now ? "under way" : to_local_text(*rule.next_due, zone);
}

std::string rule_lines(const StatusReport& report, const Site& site) {
  std::string text = "\n";
  if (!report.days.empty())
    text += fmt::format("mails, calls of webhooks and marketing pauses that are due since {}\n",
                        to_string(report.days.front().day));
  text += fmt::format("{:<26} {:<7} {:>7} {:>8} {:>8}  {}\n", "rule", "status", "sent", "waiting",
                      "not sent", "next due");
  for (const RuleReport& rule : report.rules) {
    text += fmt::format("{:<26} {:<7} {:>7} {:>8} {:>8}  {}\n", rule.id, rule.status,
                        grouped(rule.sent), grouped(rule.waiting), grouped(rule.ended),
                        next_due(rule, report.at, site.zone));
    for (const auto& one : rule.variants)
      text +=
          fmt::format("  {:<32} {:>7} {:>8} {:>8}\n", fmt::format("{} ({})", one.variant, one.step),
                      grouped(one.sent), grouped(one.waiting), grouped(one.ended));
    if (rule.left_out > 0) {
      text +=
          fmt::format("{:<26} left out when the rule went live, because they were due before: {}\n",
                      "", grouped(rule.left_out));
    }
    if (rule.unknown > 0) {
      text += fmt::format("{:<26} handed over, and nobody can say whether they arrived: {}\n", "",
                          grouped(rule.unknown));
    }
    if (rule.unknown_data > 0) {
      text += fmt::format("{:<26} not sent, because a value is missing: {} of {}\n", "",
                          grouped(rule.unknown_data),
                          grouped(rule.ended + rule.sent + rule.waiting + rule.unknown));
    }
    for (const MissingValue& missing : rule.missing)
      text += fmt::format("{:<28} {} by `{}`\n", "", grouped(missing.count), missing.condition);
  }
  return text;
}

std::string parts_of(const std::map<std::pair<MessageState, Reason>, std::int64_t>& parts) {
  std::string text;
  for (const auto& [key, count] : parts) {
    const auto [state, reason] = key;
    const bool plain = reason == Reason::none || name_of(reason) == name_of(state);
    text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", grouped(count), name_of(state),
                        plain ? std::string() : fmt::format(" ({})", name_of(reason)));
  }
  return text.empty() ? "none" : text;
}

std::string day_lines(const engine::BalanceDay& day) {
  std::string skipped;
  for (const auto& [reason, count] : day.not_fired)
    skipped += fmt::format(", {} {}", grouped(count), name_of(reason));
  std::string text = fmt::format(
      "{}  occurrences {} = {} fired{}{}{}\n", to_string(day.day), grouped(day.occurrences),
      grouped(day.fired), skipped,
      day.unseen == 0 ? "" : fmt::format("   {} more not looked at yet", grouped(day.unseen)),
      day.occurrences == day.in_ledger()
          ? ""
          : fmt::format("   NOT EVEN: the ledger has {}", grouped(day.in_ledger())));
  text += fmt::format(
      "            messages {} = waiting: {}; ended: {}{}\n", grouped(day.messages),
      parts_of(day.waiting), parts_of(day.ended),
      day.stranded == 0
          ? ""
          : fmt::format("   NOT EVEN: {} that nobody will look at again", grouped(day.stranded)));
  return text;
}

Value parts_value(const std::map<std::pair<MessageState, Reason>, std::int64_t>& parts) {
  Value::Array rows;
  for (const auto& [key, count] : parts) {
    Value row;
    row.set("state", Value(name_of(key.first)));
    if (key.second != Reason::none) row.set("reason", Value(name_of(key.second)));
    row.set("messages", Value(count));
    rows.push_back(std::move(row));
  }
  return rows;
}

Value day_value(const engine::BalanceDay& day) {
  Value row;
  row.set("day", Value(to_string(day.day)));
  row.set("occurrences", Value(day.occurrences));
  row.set("unseen", Value(day.unseen));
  row.set("fired", Value(day.fired));
  Value skipped = Value::Object{};
  for (const auto& [reason, count] : day.not_fired) skipped.set(name_of(reason), Value(count));
  row.set("not_fired", std::move(skipped));
  row.set("messages", Value(day.messages));
  row.set("waiting", parts_value(day.waiting));
  row.set("ended", parts_value(day.ended));
  row.set("even", Value(day.even()));
  return row;
}

}  // namespace

std::string to_text(const StatusReport& report, const Site& site) {
  std::string text = mode_lines(report) + file_lines(report) + hold_lines(report, site) +
                     rule_lines(report, site) + "\n";
  for (const engine::BalanceDay& day : report.days) {
    if (day.occurrences + day.unseen == 0 && day.in_ledger() == 0 && day.messages == 0) continue;
    text += day_lines(day);
  }
  for (const std::string& rule : report.unread) {
    text += fmt::format(
        "not counted: the running text of {} cannot be read with these settings; `retaind check` "
        "and `retaind reload` bring it up to date\n",
        rule);
  }
  if (report.unread.empty()) {
    text += report.even()
                ? "the numbers add up\n"
                : "THE NUMBERS DO NOT ADD UP: please report it with a backup of the store\n";
  }
  return text;
}

Value to_value(const StatusReport& report) {
  Value value;
  value.set("running", Value(report.running));
  value.set("deliver", Value(report.mode));
  if (report.daemon) value.set("daemon", *report.daemon);
  if (!report.daemon_trouble.empty()) value.set("daemon_trouble", Value(report.daemon_trouble));
  Value::Array holds;
  for (const store::HoldRow& hold : report.holds) {
    Value row;
    row.set("scope", Value(hold.scope));
    if (!hold.target.empty()) row.set("target", Value(hold.target));
    row.set("cause", Value(hold.cause));
    if (hold.until) row.set("until", Value(to_iso(*hold.until)));
    row.set("because", Value(hold.because));
    row.set("author", Value(hold.author));
    row.set("at", Value(to_iso(hold.at)));
    holds.push_back(std::move(row));
  }
  value.set("holds", Value(std::move(holds)));
  Value::Array rules;
  for (const RuleReport& rule : report.rules) {
    Value row;
    row.set("id", Value(rule.id));
    row.set("status", Value(rule.status));
    if (rule.next_due) row.set("next_due", Value(to_iso(*rule.next_due)));
    row.set("sent", Value(rule.sent));
    row.set("waiting", Value(rule.waiting));
    row.set("not_sent", Value(rule.ended));
    row.set("unknown", Value(rule.unknown));
    row.set("unknown_data", Value(rule.unknown_data));
    Value::Array missing;
    for (const MissingValue& one : rule.missing) {
      Value entry;
      entry.set("condition", Value(one.condition));
      entry.set("count", Value(one.count));
      missing.push_back(std::move(entry));
    }
    row.set("missing", Value(std::move(missing)));
    Value::Array variants;
    for (const auto& one : rule.variants) {
      Value entry;
      entry.set("step", Value(one.step));
      entry.set("variant", Value(one.variant));
      entry.set("sent", Value(one.sent));
      entry.set("waiting", Value(one.waiting));
      entry.set("unknown", Value(one.unknown));
      entry.set("not_sent", Value(one.ended));
      variants.push_back(std::move(entry));
    }
    row.set("variants", Value(std::move(variants)));
    row.set("left_out", Value(rule.left_out));
    rules.push_back(std::move(row));
  }
  value.set("rules", Value(std::move(rules)));
  Value::Array days;
  for (const engine::BalanceDay& day : report.days) days.push_back(day_value(day));
  value.set("days", Value(std::move(days)));
  Value::Array unread;
  for (const std::string& rule : report.unread) unread.emplace_back(rule);
  value.set("not_counted", Value(std::move(unread)));
  value.set("file_errors", Value(report.file_errors));
  value.set("orders_in_other_currency", Value(report.orders_in_other_currency));
  value.set("even", Value(report.even()));
  return value;
}

}  // namespace retaind::app
