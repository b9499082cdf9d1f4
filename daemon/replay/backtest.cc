#include "replay/backtest.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "replay/world.h"

namespace retaind::replay {
namespace {

// Facts and ledger of the past lie in a file; this is what is in memory of them.
constexpr std::int64_t cache_kib = 128 * 1024;
// So many instants, or steps, are one transaction.
constexpr int together = 500;

/// Who found no place. Whether the cap decided shows by what would be without it: a message whose
/// place comes free too late ends at once, as `late-limit`.
class Waited {
 public:
  void saw(const engine::Checks::Subject& subject, const engine::Situation& situation) {
    if (!subject.message || (!situation.capped_until && !situation.limited_until)) return;
    const engine::Decision decision = engine::decide(*subject.rule, situation);
    const auto decides = [&](std::optional<Time> engine::Situation::*until) {
      if (!(situation.*until)) return false;
      engine::Situation without = situation;
      (without.*until).reset();
      const engine::Decision other = engine::decide(*subject.rule, without);
      return other.verdict != decision.verdict || other.reason != decision.reason;
    };
    if (decides(&engine::Situation::limited_until))
      limited_.insert(*subject.message);
    else if (decides(&engine::Situation::capped_until))
      capped_.insert(*subject.message);
  }
  void count(const store::OutcomeRow& row, std::map<std::string, NoPlace, std::less<>>& by_rule) {
    const bool capped = capped_.count(row.message) != 0;
    const bool limited = limited_.count(row.message) != 0;
    if (!capped && !limited) return;
    NoPlace& counts = by_rule[std::string(row.rule)];
    counts.capped += capped ? 1 : 0;
    counts.limited += limited ? 1 : 0;
    if (row.state != MessageState::sent && row.reason != Reason::held_out) ++counts.never;
  }

 private:
  std::unordered_set<std::int64_t> capped_, limited_;
};

/// The rules' whole past: facts come at their time, and what is due goes in between.
class Course {
 public:
  Course(store::DatedFacts& facts, store::Database& database,
         std::vector<store::DatedFacts::Step> steps, const BacktestOptions& options)
      : facts_(&facts),
        database_(&database),
        target_(database, options.from),
        steps_(std::move(steps)),
        options_(&options),
        step_(options.step_for ? options.step_for(steps_.size()) : Duration{0}) {}

  Result<void> begin() { return apply(options_->from); }
  Result<void> live(World& world, SimClock& clock) {
    if (auto settled = world.settle(); !settled) return settled;
    while (goes_on(clock)) {
      if (auto begun = database_->begin_together(); !begun) return begun;
      for (int i = 0; i < together && goes_on(clock); ++i) {
        auto lived = step_ > Duration{0} ? stride(world, clock) : instant(world, clock);
        if (!lived) return lived;
        if (options_->progress) options_->progress(share(), clock.now());
      }
      if (auto ended = database_->end_together(); !ended) return ended;
    }
    return world.run_to(options_->to);
  }

 private:
  [[nodiscard]] bool goes_on(const SimClock& clock) const {
    return next_ < steps_.size() || (step_ > Duration{0} && clock.now() < options_->to);
  }
  Result<void> apply(Time through) {
    auto transaction = store::Transaction::begin(*database_);
    if (!transaction) return transaction.error();
    for (; next_ < steps_.size() && steps_[next_].at <= through; ++next_) {
      target_.set_now(steps_[next_].at);
      if (auto applied = facts_->apply(steps_[next_], target_); !applied) return applied.error();
    }
    return transaction->commit();
  }
  // What is due before this instant goes first; what is due at it sees the instant's facts.
  Result<void> instant(World& world, SimClock& clock) {
    const Time at = steps_[next_].at;
    if (auto ran = world.run_to(at - Duration{1}); !ran) return ran;
    clock.advance_to(at);
    if (auto applied = apply(at); !applied) return applied;
    return world.settle();
  }
  // To the end of the step, counted from midnight in UTC, in which something is next.
  Result<void> stride(World& world, SimClock& clock) {
    Time next = next_ < steps_.size() ? steps_[next_].at : options_->to;
    if (const auto due = world.next_due()) next = std::min(next, *due);
    next = std::max(next, clock.now() + Duration{1});
    const auto steps = (next.time_since_epoch() + step_ - Duration{1}) / step_;
    const Time end = std::min(Time{steps * step_}, options_->to);
    if (auto applied = apply(end); !applied) return applied;
    clock.advance_to(end);
    return world.settle();
  }
  [[nodiscard]] double share() const {
    return static_cast<double>(next_) /
           static_cast<double>(std::max<std::size_t>(steps_.size(), 1));
  }

  store::DatedFacts* facts_;
  store::Database* database_;
  store::Facts target_;
  std::vector<store::DatedFacts::Step> steps_;
  const BacktestOptions* options_;
  Duration step_;
  std::size_t next_ = 0;
};

}  // namespace

std::string quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string_view outcome_header() {
  return "rule,step,repeat,subject,customer,due,at,outcome,reason";
}

bool is_reported(const store::OutcomeRow& row, Time to) {
  return is_final(row.state) || row.due <= to;
}

std::string outcome_line(const store::OutcomeRow& row) {
  const bool over = is_final(row.state);
  const bool sent = row.state == MessageState::sent;
  return fmt::format(
      "{},{},{},{},{},{},{},{},{}", quoted(row.rule), quoted(row.step), row.repeat,
      quoted(row.subject), quoted(row.customer), to_iso(row.due),
      over && row.at ? to_iso(*row.at) : "",
      over ? (sent ? "sent" : (row.state == MessageState::skipped ? "skipped" : name_of(row.state)))
           : "waiting",
      name_of(row.reason));
}

Result<BacktestSummary> backtest(store::Database& source, delivery::SiteFiles files,
                                 const BacktestOptions& options,
                                 const std::function<void(const store::OutcomeRow&)>& visit) {
  store::DatedFacts facts{source};
  auto steps = facts.steps(options.from, options.to);
  if (!steps) return steps.error();
  const auto count = static_cast<std::int64_t>(steps->size());
  auto made = store::Database::temporary(cache_kib);
  if (!made) return made.error();
  store::Database database = *std::move(made);
  store::Ledger(database).keep_ended_aside();
  files.site.retention.traces_days = 0;
  files.site.retention.bodies_days = 0;
  files.mails_are_read = false;
  SimClock clock{options.from};
  Rng rng{1};
  Course course{facts, database, *std::move(steps), options};

  files.site.only_to.clear();
  for (language::Rule& rule : files.rules) rule.status = language::RuleStatus::live;
  std::optional<delivery::SiteFiles> once{std::move(files)};
  World world{database, clock, rng,
              [&]() -> Result<delivery::SiteFiles> { return *std::exchange(once, std::nullopt); }};
  world.mail().places = world.webhooks().places = VirtualTransport::many_places;

  Waited waited;
  world.set_watch([&](const engine::Checks::Subject& subject, const engine::Situation& situation) {
    waited.saw(subject, situation);
  });
  if (auto begun = course.begin(); !begun) return begun.error();
  if (auto started = world.start(); !started) return started.error();
  if (auto lived = course.live(world, clock); !lived) return lived.error();

  BacktestSummary summary;
  summary.facts = count;
  store::each_outcome(database, [&](const store::OutcomeRow& row) {
    if (!is_reported(row, options.to)) return;
    ++summary.rows;
    waited.count(row, summary.no_place);
    ++summary.counts[fmt::format("{} {} {}", row.rule, row.step.empty() ? "-" : row.step,
                                 name_of(row.reason))];
    if (visit) visit(row);
  });
  if (auto error = database.take_error(); !error) return error.error();
  return summary;
}

}  // namespace retaind::replay
