#include "replay/backtest.h"

#include <fmt/format.h>

#include "replay/world.h"

namespace retaind::replay {
namespace {

Result<void> apply_instant(store::DatedFacts& facts, store::Facts& target,
                           store::Database& database,
                           const std::vector<store::DatedFacts::Step>& steps, std::size_t& next,
                           Time at) {
  auto transaction = store::Transaction::begin(database);
  if (!transaction) return transaction.error();
  target.set_now(at);
  for (; next < steps.size() && steps[next].at <= at; ++next) {
    if (auto applied = facts.apply(steps[next], target); !applied) return applied.error();
  }
  return transaction->commit();
}

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
  auto made = store::Database::in_memory();
  if (!made) return made.error();
  store::Database database = *std::move(made);
  SimClock clock{options.from};
  Rng rng{1};
  store::Facts target{database, options.from};

  files.site.only_to.clear();
  for (language::Rule& rule : files.rules) rule.status = language::RuleStatus::live;
  std::optional<delivery::SiteFiles> once{std::move(files)};
  World world{database, clock, rng,
              [&]() -> Result<delivery::SiteFiles> { return *std::exchange(once, std::nullopt); }};

  std::size_t next = 0;
  if (auto applied = apply_instant(facts, target, database, *steps, next, options.from); !applied)
    return applied.error();
  if (auto started = world.start(); !started) return started.error();
  if (auto settled = world.settle(); !settled) return settled.error();
  while (next < steps->size()) {
    const Time at = (*steps)[next].at;
    // What is due before this instant goes first; what is due at it sees the instant's facts.
    if (auto ran = world.run_to(at - Duration{1}); !ran) return ran.error();
    clock.advance_to(at);
    if (auto applied = apply_instant(facts, target, database, *steps, next, at); !applied)
      return applied.error();
    if (auto settled = world.settle(); !settled) return settled.error();
    if (options.progress)
      options.progress(static_cast<double>(next) / static_cast<double>(steps->size()), at);
  }
  if (auto ran = world.run_to(options.to); !ran) return ran.error();

  BacktestSummary summary;
  summary.facts = static_cast<std::int64_t>(steps->size());
  store::each_outcome(database, [&](const store::OutcomeRow& row) {
    if (!is_reported(row, options.to)) return;
    ++summary.rows;
    ++summary.counts[fmt::format("{} {} {}", row.rule, row.step.empty() ? "-" : row.step,
                                 name_of(row.reason))];
    if (visit) visit(row);
  });
  if (auto error = database.take_error(); !error) return error.error();
  return summary;
}

}  // namespace retaind::replay
