#include "replay/plan.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>

#include "base/rng.h"
#include "engine/variant.h"
#include "replay/world.h"
#include "store/outlook.h"

namespace retaind::replay {
namespace {

PlannedOutcome outcome_of(const store::Outlook::Row& row, Time to) {
  const bool over = is_final(row.state);
  if (row.state == MessageState::sent || row.state == MessageState::handed ||
      row.state == MessageState::unknown)
    return PlannedOutcome::sent;
  if (over)
    return row.reason == Reason::would_send ? PlannedOutcome::would_send : PlannedOutcome::not_sent;
  return row.due > to ? PlannedOutcome::later : PlannedOutcome::waiting;
}

class Rows {
 public:
  Rows(const Site& site, const std::vector<language::Rule>& rules, Time from, Time to)
      : site_(&site), from_(from), to_(to) {
    for (const language::Rule& rule : rules) {
      if (rule.customer_zone) customer_zone_.insert(rule.id);
      for (const language::Step& step : rule.steps) {
        const auto texts = engine::texts_of(step);
        if (!texts.empty()) texts_[rule.id][step.key] = texts.front();
      }
    }
  }

  void add(Plan& plan, const store::Outlook::Row& row) {
    const PlannedOutcome outcome = outcome_of(row, to_);
    // `unknown` since before: on its way when the plan began, and counted as arrived.
    const bool under_way = row.state == MessageState::unknown && row.at && *row.at < from_;
    if (under_way || outcome == PlannedOutcome::later) {
      --plan.matched_by_rule[std::string(row.rule)];
      if (!under_way) ++plan.counts[outcome];
      return;
    }
    ++plan.counts[outcome];
    PlannedRow& planned = plan.rows.emplace_back();
    planned.rule = row.rule;
    planned.step = row.step;
    planned.variant = row.variant;
    planned.text = row.variant;
    if (planned.text.empty() && !planned.step.empty()) planned.text = text_of(row);
    planned.subject = row.subject;
    planned.customer = row.customer;
    planned.repeat = row.repeat;
    planned.draft = row.draft;
    planned.backlog = row.backlog;
    planned.part = row.part;
    planned.due = row.due;
    planned.at = row.at;
    planned.zone = zone_of(row);
    planned.state = row.state;
    planned.reason = row.reason;
    planned.line = row.line;
    planned.outcome = outcome;
  }

 private:
  [[nodiscard]] std::string_view text_of(const store::Outlook::Row& row) const {
    const auto rule = texts_.find(row.rule);
    if (rule == texts_.end()) return {};
    const auto text = rule->second.find(row.step);
    return text == rule->second.end() ? std::string_view() : std::string_view(text->second);
  }
  Zone zone_of(const store::Outlook::Row& row) {
    if (row.zone.empty() || customer_zone_.count(row.rule) == 0) return site_->zone;
    const auto zone = Zone::find(row.zone);
    return zone ? *zone : site_->zone;
  }

  const Site* site_;
  Time from_;
  Time to_;
  std::set<std::string, std::less<>> customer_zone_;  // rules
  using ByStep = std::map<std::string, std::string, std::less<>>;
  std::map<std::string, ByStep, std::less<>> texts_;  // by rule
};

/// A row is large, and moving it as often as a sort compares costs more than comparing.
void sort(std::vector<PlannedRow>& rows) {
  struct Keyed {
    Time when;
    PlannedRow* row;
  };
  std::vector<Keyed> keys;
  keys.reserve(rows.size());
  for (PlannedRow& row : rows) keys.push_back({row.when(), &row});
  std::sort(keys.begin(), keys.end(), [](const Keyed& a, const Keyed& b) {
    if (a.when != b.when) return a.when < b.when;
    return std::tie(a.row->rule, a.row->subject, a.row->step, a.row->repeat) <
           std::tie(b.row->rule, b.row->subject, b.row->step, b.row->repeat);
  });
  std::vector<PlannedRow> sorted;
  sorted.reserve(rows.size());
  for (const Keyed& key : keys) sorted.push_back(std::move(*key.row));
  rows = std::move(sorted);
}

}  // namespace

std::string whom(const PlannedRow& row) {
  const std::string customer = row.customer.empty() ? "(no customer)" : row.customer;
  return row.subject.empty() || row.subject == row.customer ? customer
                                                            : customer + " for " + row.subject;
}

std::string_view name_of(PlannedOutcome outcome) {
  constexpr std::string_view names[] = {"sent", "would-send", "not-sent", "waiting", "later"};
  return names[static_cast<std::size_t>(outcome)];
}

bool Plan::even() const {
  const std::int64_t sum = std::accumulate(
      counts.begin(), counts.end(), std::int64_t{0}, [](std::int64_t s, const auto& c) {
        return c.first == PlannedOutcome::later ? s : s + c.second;
      });
  return sum == matched && static_cast<std::int64_t>(rows.size()) == matched;
}

Result<Plan> plan(store::Database& shadow, delivery::SiteFiles files, Time from, Time to,
                  const std::function<void(Time)>& progress) {
  store::Outlook outlook(shadow);
  store::Ledger(shadow).keep_ended_aside();
  if (auto read = shadow.take_error(); !read) return read.error();
  SimClock clock{from};
  Rng rng{1};
  // Neither decides anything.
  files.site.retention.traces_days = 0;
  files.site.retention.bodies_days = 0;
  files.mails_are_read = false;
  const Site site = files.site;
  Rows rows{site, files.rules, from, to};
  std::optional<delivery::SiteFiles> once{std::move(files)};
  World world{shadow, clock, rng,
              [&]() -> Result<delivery::SiteFiles> { return *std::exchange(once, std::nullopt); }};
  world.mail().places = world.webhooks().places = VirtualTransport::many_places;
  world.look_ahead();
  if (auto started = world.start(); !started) return started.error();
  constexpr Duration step = std::chrono::hours(12);
  for (Time at = from; at < to;) {
    at = std::min(at + step, to);
    if (auto begun = shadow.begin_together(); !begun) return begun.error();
    if (auto ran = world.run_to(at); !ran) return ran.error();
    if (auto ended = shadow.end_together(); !ended) return ended.error();
    if (progress) progress(at);
  }
  Plan plan;
  plan.from = from;
  plan.to = to;
  plan.matched_by_rule = outlook.counts();
  std::int64_t most = 0;
  for (const auto& [rule, count] : plan.matched_by_rule) most += count;
  plan.rows.reserve(static_cast<std::size_t>(most));
  outlook.each([&](const store::Outlook::Row& row) { rows.add(plan, row); });
  for (const auto& [rule, count] : plan.matched_by_rule) plan.matched += count;
  for (const store::RuleRow& row : store::Ledger(shadow).rules())
    plan.left_out[row.name] = row.left_out;
  sort(plan.rows);
  if (auto error = shadow.take_error(); !error) return error.error();
  return plan;
}

void keep_only(Plan& plan, std::string_view rule) {
  std::erase_if(plan.rows, [&](const PlannedRow& row) { return row.rule != rule; });
  plan.counts.clear();
  for (const PlannedRow& row : plan.rows) ++plan.counts[row.outcome];
  const auto matched = plan.matched_by_rule.find(rule);
  plan.matched = matched == plan.matched_by_rule.end() ? 0 : matched->second;
}

}  // namespace retaind::replay
