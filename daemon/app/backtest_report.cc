#include "app/backtest_report.h"

#include <algorithm>
#include <functional>
#include <set>
#include <tuple>

#include "base/text.h"

namespace retaind::app {
namespace {

using namespace std::chrono_literals;

constexpr double usual_share = 0.1;

std::uint64_t mark_of(std::string_view customer) { return std::hash<std::string_view>{}(customer); }

bool is_mail(const language::Rule& rule, std::string_view key) {
  return std::any_of(rule.steps.begin(), rule.steps.end(), [&](const language::Step& step) {
    return step.key == key && step.kind == language::StepKind::email;
  });
}

}  // namespace

BacktestCounts::BacktestCounts(store::Database& source, const Site& site,
                               const std::vector<language::Rule>& rules, BacktestReport& report)
    : report_(&report),
      rules_(&rules),
      assumed_(source),
      purchases_(source),
      known_until_(purchases_.known_until()) {
  for (const language::Rule& rule : rules) {
    numbers_.emplace(rule.id, views_.size());
    HoldoutView view;
    view.rule = rule.id;
    const double everywhere = rule.purpose == Purpose::marketing ? site.holdout : 0;
    view.share = 1 - (1 - rule.holdout) * (1 - everywhere);
    view.planned = view.share <= 0;
    views_.push_back(std::move(view));
    report.rules[rule.id];
  }
}

std::string_view BacktestCounts::add(const store::OutcomeRow& row) {
  const auto number = numbers_.find(row.rule);
  if (number == numbers_.end()) return {};
  const language::Rule& rule = (*rules_)[number->second];
  RuleCounts& counts = report_->rules[rule.id];
  const Time at = row.at.value_or(row.due);
  const std::string& assumed = assumed_.of(rule, row.step, row.reason, row.line, at);
  if (!assumed.empty()) {
    ++counts.assumed;
    ++counts.assumed_fields[assumed];
  }
  if (row.state == MessageState::sent) {
    ++counts.all_sent;
    ++counts.sent[report_->zone.date_of(at)];
    if (is_mail(rule, row.step) && !row.customer.empty())
      mails_.push_back({mark_of(row.customer), at, static_cast<std::uint32_t>(number->second)});
  } else {
    ++(is_final(row.state) ? counts.not_sent : counts.waiting)[row.reason];
  }
  add_person(number->second, row);
  return assumed;
}

/// A customer is in an arm once, with the first message that went or was held out: the arms differ
/// by who is in them, and later messages are not independent of the first.
void BacktestCounts::add_person(std::size_t rule, const store::OutcomeRow& row) {
  const bool sent = row.state == MessageState::sent;
  const bool held_out = row.reason == Reason::held_out;
  if (row.customer.empty() || !row.at || (!sent && !held_out)) return;
  const std::uint64_t mark = mark_of(row.customer) * 1'000'003U + rule;
  if (!people_.insert(mark).second) return;
  if (sent) ++report_->rules[(*rules_)[rule].id].customers;
  HoldoutView& view = views_[rule];
  const Time through =
      report_->zone.add(*row.at, Span{0, report_->bought_within, Duration{0}, false});
  if (!known_until_ || through > *known_until_) {
    ++view.left_out;
    return;
  }
  replay::Arm& arm = held_out ? view.held_out : view.written;
  ++arm.customers;
  if (purchases_.any(row.customer, *row.at, through)) ++arm.bought;
}

void BacktestCounts::finish() {
  find_overlaps();
  judge_holdouts();
}

void BacktestCounts::find_overlaps() {
  std::sort(mails_.begin(), mails_.end(), [](const Mail& a, const Mail& b) {
    return std::tie(a.customer, a.at, a.rule) < std::tie(b.customer, b.at, b.rule);
  });
  using Pair = std::pair<std::uint32_t, std::uint32_t>;
  std::map<Pair, Overlap> found;
  std::map<Pair, bool> of_one;  // within a day
  const auto note = [&] {
    for (const auto& [pair, within_a_day] : of_one) {
      Overlap& overlap = found[pair];
      ++overlap.a_week;
      overlap.a_day += within_a_day ? 1 : 0;
    }
    of_one.clear();
  };
  for (std::size_t i = 0; i < mails_.size(); ++i) {
    if (i > 0 && mails_[i].customer != mails_[i - 1].customer) note();
    for (std::size_t j = i; j-- > 0;) {
      const Duration between = mails_[i].at - mails_[j].at;
      if (mails_[j].customer != mails_[i].customer || between > 7 * 24h) break;
      if (mails_[j].rule == mails_[i].rule) continue;
      bool& a_day = of_one[std::minmax(mails_[i].rule, mails_[j].rule)];
      a_day = a_day || between <= 24h;
    }
  }
  note();
  for (auto& [pair, overlap] : found) {
    overlap.first = (*rules_)[pair.first].id;
    overlap.second = (*rules_)[pair.second].id;
    report_->overlaps.push_back(std::move(overlap));
  }
  std::stable_sort(report_->overlaps.begin(), report_->overlaps.end(),
                   [](const Overlap& a, const Overlap& b) { return a.a_week > b.a_week; });
}

void BacktestCounts::judge_holdouts() {
  for (std::size_t i = 0; i < views_.size(); ++i) {
    HoldoutView& view = views_[i];
    const Purpose purpose = (*rules_)[i].purpose;
    const auto all = static_cast<double>(view.written.customers + view.held_out.customers);
    const bool asks = purpose == Purpose::marketing || purpose == Purpose::feedback;
    if (!asks || all + static_cast<double>(view.left_out) == 0) continue;
    const double rate =
        all == 0 ? 0 : static_cast<double>(view.written.bought + view.held_out.bought) / all;
    if (view.planned) view.share = usual_share;
    view.detectable = view.planned
                          ? replay::detectable(rate, all * (1 - usual_share), all * usual_share)
                          : replay::detectable(rate, static_cast<double>(view.written.customers),
                                               static_cast<double>(view.held_out.customers));
    view.really_sent = purchases_.really_sent(view.rule, report_->from, report_->to);
    report_->holdouts.push_back(view);
  }
}

}  // namespace retaind::app
