#include "engine/balance.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <set>

#include "engine/engine.h"
#include "store/ledger.h"
#include "store/passes.h"

namespace retaind::engine {
namespace {

using store::Overview;

constexpr int rows_at_once = 10'000;

class Books {
 public:
  Books(store::Database& database, const Site& site, Time now)
      : database_(&database),
        site_(&site),
        checks_(database, site),
        engine_(database, checks_, site),
        ledger_(database),
        overview_(database),
        now_(now) {}

  void open(int days) {
    const std::chrono::sys_days today{std::chrono::sys_days(site_->zone.date_of(now_))};
    for (int ago = days - 1; ago >= 0; --ago) {
      const LocalDate date{today - std::chrono::days(ago)};
      starts_.push_back(site_->zone.start_of(date));
      BalanceDay day;
      day.day = date;
      days_.push_back(day);
    }
    starts_.push_back(site_->zone.start_of(LocalDate{today + std::chrono::days(1)}));
  }

  void add(const language::Rule& rule, const store::RuleRow& row) {
    for (std::size_t i = 0; i < days_.size(); ++i)
      add_messages(days_[i], row.id, starts_[i], starts_[i + 1]);
    if (!row.evaluated || !row.counts_from) return;
    const TimeRange counted{*row.counts_from,
                            std::min(std::max(now_, *row.evaluated), starts_.back())};
    for (std::size_t i = 0; i < days_.size(); ++i) {
      add_firings(days_[i], row.id, std::max(starts_[i], counted.after + Duration{1}),
                  std::min(starts_[i + 1], counted.through + Duration{1}));
    }
    count_occurrences(rule, row, counted);
  }

  std::vector<BalanceDay> take() { return std::move(days_); }

 private:
  void add_messages(BalanceDay& day, std::int64_t rule, Time from, Time to) {
    day.messages += overview_.planned(rule, from, to);
    for (const Overview::Count& count : overview_.messages_due(rule, from, to)) {
      (count.over ? day.ended : day.waiting)[{count.state, count.reason}] += count.messages;
    }
    day.stranded += overview_.stranded(rule, from, to);
  }

  void add_firings(BalanceDay& day, std::int64_t rule, Time from, Time to) {
    if (to <= from) return;
    const Overview::Firings firings = overview_.firings(rule, false, from, to);
    day.fired += firings.with_messages;
    for (const auto& [reason, count] : firings.without) day.not_fired[reason] += count;
  }

  void count_occurrences(const language::Rule& rule, const store::RuleRow& row, TimeRange counted) {
    if (rule.trigger.each) return count_passes(rule, row, counted);
    Running running;
    running.rule = &rule;
    running.row = row;
    running.trigger_id = ledger_.trigger_id(rule.trigger.name);
    running.trigger = std::make_unique<Trigger>(*database_, rule, site_->zone);
    const Time first = std::max(starts_.front() - Duration{1}, counted.after);
    const TimeRange range{first - running.trigger->spread(), counted.through};
    Trigger::Cursor cursor;
    while (
        running.trigger->scan(range, cursor, rows_at_once, now_, [&](const Occurrence& occurrence) {
          if (occurrence.due <= first || occurrence.due > counted.through) return;
          const bool known = is_known(running, occurrence);
          if (!known && engine_.admission(running, occurrence) == Engine::Admission::none) return;
          BalanceDay& books = day_of(occurrence.due);
          // What was due by the last look is in the ledger, whatever it has become; what the change
          // feed brought since then is, too.
          ++(known || occurrence.due <= *row.evaluated ? books.occurrences : books.unseen);
        })) {
    }
  }

  BalanceDay& day_of(Time due) {
    const auto day = std::upper_bound(starts_.begin(), starts_.end(), due) - starts_.begin() - 1;
    return days_[static_cast<std::size_t>(day)];
  }

  /// Each slot is due for all rows that were there when its pass began.
  void count_passes(const language::Rule& rule, const store::RuleRow& row, TimeRange counted) {
    store::Passes passes(*database_);
    const Time first = std::max(starts_.front() - Duration{1}, counted.after);
    std::set<Time> begun;
    for (const store::PassRow& pass :
         passes.due(row.id, false, first + Duration{1}, counted.through + Duration{1})) {
      begun.insert(pass.due);
      const std::int64_t all = passes.rows_through(pass.subject, pass.through_row);
      const std::int64_t looked_at = pass.ended ? all : passes.decided(pass);
      day_of(pass.due).occurrences += looked_at;
      day_of(pass.due).unseen += all - looked_at;
    }
    const Trigger trigger{*database_, rule, site_->zone};
    for (const ScheduleSlot& slot : trigger.slots({first, counted.through})) {
      if (begun.count(slot.due) == 0)
        day_of(slot.due).unseen += passes.rows_through(rule.trigger.subject, INT64_MAX);
    }
  }

  /// Imported as history the row counts as backlog from then on; but what it had caused before
  /// stays.
  bool is_known(const Running& running, const Occurrence& occurrence) {
    Firing key;
    key.rule = running.row.id;
    key.trigger = running.trigger_id;
    key.row = occurrence.row;
    key.part = occurrence.part;
    const auto known = ledger_.find_firing(key);
    return known && !known->withdrawn;
  }

  store::Database* database_;
  const Site* site_;
  Checks checks_;
  Engine engine_;
  store::Ledger ledger_;
  Overview overview_;
  Time now_;
  std::vector<BalanceDay> days_;
  std::vector<Time> starts_;  ///< of each day, and of the one after the last
};

}  // namespace

std::int64_t BalanceDay::in_ledger() const {
  return std::accumulate(not_fired.begin(), not_fired.end(), fired,
                         [](std::int64_t sum, const auto& entry) { return sum + entry.second; });
}

std::int64_t BalanceDay::accounted() const {
  std::int64_t sum = 0;
  for (const auto* group : {&waiting, &ended}) {
    for (const auto& [kind, count] : *group) sum += count;
  }
  return sum;
}

std::vector<BalanceDay> balance(store::Database& database, const Site& site,
                                const std::vector<language::Rule>& rules, int days, Time now) {
  Books books(database, site, now);
  books.open(days);
  for (const store::RuleRow& row : store::Ledger(database).rules()) {
    const auto rule = std::find_if(rules.begin(), rules.end(),
                                   [&](const language::Rule& r) { return r.id == row.name; });
    // A removed or draft rule has no occurrences to count; its messages are seen in the outbox.
    if (rule == rules.end() || row.removed_at || rule->status == language::RuleStatus::draft)
      continue;
    books.add(*rule, row);
  }
  return books.take();
}

}  // namespace retaind::engine
