#include "replay/then.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <set>

#include "language/check.h"
#include "replay/world.h"
#include "store/dated_facts.h"
#include "store/running_past.h"

namespace retaind::replay {
namespace {

/// The rules that ran at a time.
class RunningThen {
 public:
  RunningThen(const Site& site, std::vector<store::RuleChange> changes)
      : site_(&site), changes_(std::move(changes)) {}

  Result<void> read() {
    for (const store::RuleChange& change : changes_) {
      std::vector<language::Diagnostic> ignored;
      std::optional<language::Rule> rule;
      if (!change.text.empty()) {
        rule = language::check_rule(std::make_shared<language::Source>(language::Source{
                                        change.rule + " (as it ran)", change.text}),
                                    *site_, {{}, true}, ignored);
        if (!rule) {
          return Error{ErrorKind::invalid,
                       fmt::format("the text of `{}` as it ran on {} cannot be read with these "
                                   "settings; what was decided then is in `retaind outbox`",
                                   change.rule, to_iso(change.at))};
        }
        if (change.went_live) rule->status = language::RuleStatus::live;
        // What the brake held then is among the holds.
        rule->brake = std::numeric_limits<int>::max();
      }
      read_.push_back(std::move(rule));
    }
    return {};
  }

  [[nodiscard]] const std::vector<store::RuleChange>& changes() const { return changes_; }
  [[nodiscard]] std::vector<language::Rule> at(Time time) const {
    std::map<std::string, const language::Rule*> running;
    for (std::size_t i = 0; i < changes_.size() && changes_[i].at <= time; ++i) {
      if (read_[i] && !read_[i]->was.empty()) running.erase(read_[i]->was);
      if (read_[i])
        running[changes_[i].rule] = &*read_[i];
      else
        running.erase(changes_[i].rule);
    }
    std::vector<language::Rule> rules;
    for (const auto& [id, rule] : running) rules.push_back(*rule);
    return rules;
  }
  /// Whether what one customer got hung on others.
  [[nodiscard]] bool ties_customers(store::Database& source, std::string_view asked) const {
    return std::any_of(read_.begin(), read_.end(), [&](const auto& rule) {
      if (!rule) return false;
      // A digest closes by who came first; those of other rules count in no cap.
      const bool digests = rule->id == asked &&
                           std::any_of(rule->steps.begin(), rule->steps.end(),
                                       [](const auto& step) { return step.digest.has_value(); });
      return digests ||
             (rule->limit_per_day && store::was_full(source, rule->id, *rule->limit_per_day));
    });
  }

 private:
  const Site* site_;
  std::vector<store::RuleChange> changes_;
  std::vector<std::optional<language::Rule>> read_;
};

struct Lived {
  store::Database* database;
  store::DatedFacts* facts;
  store::Facts target;
  std::vector<store::DatedFacts::Step> steps;
  std::vector<store::PastHold> holds;
  std::size_t next = 0;

  /// What became known at this instant.
  Result<void> apply(Time at) {
    auto transaction = store::Transaction::begin(*database);
    if (!transaction) return transaction.error();
    for (; next < steps.size() && steps[next].at <= at; ++next) {
      target.set_now(steps[next].at);
      if (auto applied = facts->apply(steps[next], target); !applied) return applied;
    }
    store::Holds put(*database);
    for (const store::PastHold& past : holds) {
      if (past.hold.at == at) put.add(past.hold);
      if (past.released_at == at) put.release(past.hold.scope, past.hold.target, at);
    }
    return transaction->commit();
  }
  [[nodiscard]] std::set<Time> instants(const RunningThen& rules, Time from, Time to) const {
    std::set<Time> all{from};
    const auto add = [&](Time at) {
      if (at > from && at <= to) all.insert(at);
    };
    for (const auto& step : steps) add(step.at);
    for (const auto& change : rules.changes()) add(change.at);
    for (const auto& past : holds) {
      add(past.hold.at);
      if (past.released_at) add(*past.released_at);
    }
    return all;
  }
};

Result<void> live(Lived& lived, const RunningThen& rules, const Site& site,
                  const std::filesystem::path& directory, Time from, Time to) {
  SimClock clock{from};
  Rng rng{1};
  World world{*lived.database, clock, rng, [&]() -> Result<delivery::SiteFiles> {
                std::vector<render::TemplateError> ignored;
                return delivery::SiteFiles{
                    site, rules.at(clock.now()),
                    render::TemplateSet::load(directory / "templates", ignored), "then", false};
              }};
  std::set<Time> changes;
  for (const store::RuleChange& change : rules.changes()) changes.insert(change.at);
  for (const Time at : lived.instants(rules, from, to)) {
    if (world.running()) {
      if (auto ran = world.run_to(at - Duration{1}); !ran) return ran;
      clock.advance_to(at);
    }
    if (auto applied = lived.apply(at); !applied) return applied;
    if (changes.count(at) != 0) {
      if (auto taken = world.running() ? world.reload() : world.start(); !taken) return taken;
    }
    if (auto settled = world.settle(); !settled) return settled;
  }
  return world.run_to(to);
}

}  // namespace

Result<Then> live_until(store::Database& source, const Site& site,
                        const std::filesystem::path& directory, std::string_view rule,
                        std::int64_t customer, Time at, std::size_t most_facts) {
  RunningThen rules{site, store::rule_changes(source, at)};
  if (auto read = rules.read(); !read) return read.error();
  const Time from = rules.changes().empty() ? at : rules.changes().front().at;
  store::DatedFacts facts{source};
  facts.keep_history_until();
  bool whole = rules.ties_customers(source, rule);
  const bool tied = whole;
  if (whole) whole = facts.at_most() <= most_facts;
  auto steps = whole ? facts.steps(from, at)
                     : facts.steps_of(store::customers_of_address(source, customer), from, at);
  if (!steps) return steps.error();
  auto made = store::Database::in_memory();
  if (!made) return made.error();
  Then then{*std::move(made), whole, tied && !whole};
  Lived lived{&then.database, &facts, store::Facts{then.database, from}, *std::move(steps),
              store::holds_until(source, at)};
  if (auto done = live(lived, rules, site, directory, from, at); !done) return done.error();
  if (auto error = then.database.take_error(); !error) return error.error();
  return then;
}

}  // namespace retaind::replay
