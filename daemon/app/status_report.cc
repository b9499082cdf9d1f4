#include "app/status_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/control.h"
#include "app/daemon_report.h"
#include "app/known_rule.h"
#include "app/site_load.h"

namespace retaind::app {
namespace {

constexpr Duration patience{5'000};

std::optional<Time> time_member(const Value& object, std::string_view key) {
  const Value* member = object.find(key);
  if (member == nullptr || member->as_text() == nullptr) return std::nullopt;
  return parse_time(*member->as_text(), Zone::utc());
}

std::optional<Time> next_of(const Value& daemon, std::string_view rule) {
  const Value* rules = daemon.find("rules");
  if (rules == nullptr || rules->as_array() == nullptr) return std::nullopt;
  for (const Value& entry : *rules->as_array()) {
    const Value* id = entry.find("id");
    if (id != nullptr && id->as_text() != nullptr && *id->as_text() == rule)
      return time_member(entry, "next_due");
  }
  return std::nullopt;
}

/// The condition with this number, as decide() counts.
std::string condition_text(const language::Rule* rule, int number) {
  std::string text = fmt::format("condition {}", number + 1);
  if (rule == nullptr) return text;
  language::each_line(*rule, [&](const language::Line& line) {
    if (number-- != 0) return;
    text = line.step == nullptr
               ? fmt::format("{}: {}", line.key, line.condition->text)
               : fmt::format("{} of {}: {}", line.key, line.step->key, line.condition->text);
  });
  return text;
}

RuleReport report_rule(store::Overview& overview, const store::RuleRow& row, Time from, Time to) {
  RuleReport report;
  report.id = row.name;
  report.status = name_of(static_cast<language::RuleStatus>(row.status));
  report.activated_at = row.activated_at;
  report.left_out = row.left_out;
  for (const store::Overview::Count& count : overview.messages_due(row.id, from, to)) {
    if (!count.over) {
      report.waiting += count.messages;
    } else if (count.state == MessageState::unknown) {
      report.unknown += count.messages;
    } else if (count.state == MessageState::sent) {
      report.sent += count.messages;
    } else {
      report.ended += count.messages;
      if (count.reason == Reason::unknown_data) report.unknown_data += count.messages;
    }
  }
  for (const auto& [reason, count] : overview.firings(row.id, false, from, to).without) {
    report.ended += count;
    if (reason == Reason::unknown_data) report.unknown_data += count;
  }
  return report;
}

/// The rules as they run, which the files need not show: they may be edited and not yet reloaded.
std::vector<language::Rule> running_rules(store::Ledger& ledger, const Site& running,
                                          std::vector<std::string>& unread) {
  const language::TemplateNames any{{}, true};
  std::vector<language::Rule> rules;
  for (const store::RuleRow& row : ledger.rules()) {
    if (row.removed_at) continue;
    std::vector<language::Diagnostic> ignored;
    auto source =
        std::make_shared<language::Source>(language::Source{row.name, ledger.running_text(row.id)});
    if (auto rule = language::check_rule(std::move(source), running, any, ignored)) {
      rules.push_back(std::move(*rule));
    } else {
      unread.push_back(row.name);
    }
  }
  return rules;
}

void ask(StatusReport& report, const Site& site) {
  Value request;
  request.set("do", Value("status"));
  Result<Value> reply = ask_daemon(site.socket, request, patience);
  if (reply) {
    report.running = true;
    report.daemon = std::move(*reply);
  } else if (reply.error().kind != ErrorKind::not_found) {
    report.running = true;
    report.daemon_trouble = reply.error().message;
  }
}

}  // namespace

bool StatusReport::even() const {
  return unread.empty() && std::all_of(days.begin(), days.end(),
                                       [](const engine::BalanceDay& day) { return day.even(); });
}

Result<StatusReport> make_status(OpenSite& open, const std::filesystem::path& directory, int days,
                                 Time now) {
  StatusReport report;
  report.at = now;
  report.mode = open.site.deliver_live ? "live" : "maildir";
  ask(report, open.site);
  if (report.daemon) {
    const Value* running = report.daemon->find("deliver");
    if (running != nullptr && running->as_text() != nullptr && *running->as_text() != report.mode)
      report.next_mode = std::exchange(report.mode, *running->as_text());
  }
  report.file_errors = load_site(directory).errors();
  if (Result<void> snapshot = open.database.begin_read(); !snapshot) return snapshot.error();
  store::Ledger ledger(open.database);
  store::Overview overview(open.database);
  report.holds = store::Holds(open.database).in_force(now);
  const Site site = as_it_runs(open.site, open.database);
  const std::vector<language::Rule> rules = running_rules(ledger, site, report.unread);
  report.days = engine::balance(open.database, site, rules, days, now);
  report.orders_in_other_currency = overview.orders_in_other_currency();
  const Time from = site.zone.start_of(report.days.front().day);
  // Waiting messages of the future count too.
  const Time to = now + std::chrono::days(36'500);
  for (const store::RuleRow& row : ledger.rules()) {
    if (row.removed_at) continue;
    RuleReport rule = report_rule(overview, row, from, to);
    const auto text = std::find_if(rules.begin(), rules.end(),
                                   [&](const auto& running) { return running.id == row.name; });
    for (const auto& unknown : overview.unknown_data(row.id, from, to)) {
      rule.missing.push_back(
          {condition_text(text == rules.end() ? nullptr : &*text, unknown.line), unknown.count});
    }
    rule.variants = overview.variants_due(row.id, from, to);
    if (report.daemon) rule.next_due = next_of(*report.daemon, row.name);
    report.rules.push_back(std::move(rule));
  }
  open.database.rollback();
  if (Result<void> read = open.database.take_error(); !read) return read.error();
  return report;
}

}  // namespace retaind::app
