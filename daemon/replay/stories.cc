#include "replay/stories.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "base/text.h"
#include "delivery/release.h"
#include "replay/story_facts.h"
#include "replay/story_ledger.h"
#include "replay/world.h"
#include "store/holds.h"

namespace retaind::replay {
namespace {

using language::DaemonDoes;
using language::RuleBecomes;
using language::ServerDoes;
using language::Story;
using language::StoryCase;
using language::StoryLine;

/// Lets the rules be live a moment before the first line, so that what happens at the start counts.
constexpr Duration head_start{1};

class Play {
 public:
  Play(const Story& story, const StoryCase& one, const delivery::SiteFiles& files,
       store::Database database, Coverage& coverage)
      : story_(story),
        case_(one),
        files_(files),
        coverage_(coverage),
        database_(std::move(database)),
        clock_(story.starts - head_start),
        facts_(database_, story),
        ledger_(story, files.rules),
        world_(database_, clock_, rng_, [this] { return current_files(); }) {
    world_.set_watch([this](const auto& subject, const auto& situation) {
      coverage_.saw(subject, situation);
      ledger_.saw(subject, situation);
    });
    for (VirtualTransport* transport : {&world_.mail(), &world_.webhooks()}) {
      transport->on_answer = [this](const VirtualTransport::Taken& taken) {
        using delivery::OutcomeKind;
        if (taken.outcome == OutcomeKind::sent || taken.outcome == OutcomeKind::unknown)
          went_.emplace_back(clock_.now(), taken.message);
      };
    }
  }

  std::optional<StoryFailure> run() {
    if (auto begun = begin(); !begun) return broken(case_.where, begun.error());
    std::size_t at = 0;
    while (at < case_.lines.size()) {
      const StoryLine& line = case_.lines[at];
      Result<void> done;
      if (line.kind == StoryLine::Kind::expect) {
        done = world_.run_to(line.at);
        if (auto failure = done ? look(line) : std::nullopt) return failure;
        ++at;
      } else {
        done = act(at);
      }
      if (!done) return broken(line.where, done.error());
    }
    ledger_.refresh(database_);
    return strays(case_.lines.back().where);
  }

  void finish() {
    ledger_.refresh(database_);
    coverage_.saw(ledger_.entries());
  }

 private:
  Result<void> begin() {
    if (auto put = write([&] { return facts_.put_people(clock_.now()); }); !put) return put;
    if (auto started = world_.start(); !started) return started;
    return world_.settle();
  }

  Result<void> write(const std::function<Result<void>()>& what) {
    auto transaction = store::Transaction::begin(database_);
    if (!transaction) return transaction.error();
    if (auto written = what(); !written) return written;
    return transaction->commit();
  }

  /// What is due before the line's time goes first; what is due at it sees what the line does.
  Result<void> act(std::size_t& at) {
    const StoryLine& line = case_.lines[at];
    if (line.at > clock_.now()) {
      if (auto ran = world_.run_to(line.at - Duration{1}); !ran) return ran;
      clock_.advance_to(line.at);
    }
    if (line.kind == StoryLine::Kind::fact) {
      // Facts of one instant become known together.
      auto put = write([&]() -> Result<void> {
        facts_.set_now(line.at);
        for (; at < case_.lines.size(); ++at) {
          const StoryLine& next = case_.lines[at];
          if (next.kind != StoryLine::Kind::fact || next.at != line.at) break;
          if (auto done = facts_.put(*next.fact); !done) return done;
        }
        return {};
      });
      return put ? world_.settle() : put;
    }
    ++at;
    if (auto done = act_alone(line); !done) return done;
    return world_.settle();
  }

  Result<void> act_alone(const StoryLine& line) {
    switch (line.kind) {
      case StoryLine::Kind::daemon: return drive(line.daemon);
      case StoryLine::Kind::server: serve(line.server); return {};
      case StoryLine::Kind::hold: return write([&] { return add_hold(line.hold); });
      case StoryLine::Kind::release: return release(line.hold);
      case StoryLine::Kind::rules:
        for (const auto& [rule, becomes] : line.rules) changes_[rule] = becomes;
        return world_.running() ? world_.reload() : Result<void>();
      case StoryLine::Kind::fact:
      case StoryLine::Kind::expect: break;
    }
    return {};
  }

  Result<void> drive(DaemonDoes what) {
    switch (what) {
      case DaemonDoes::stops: return world_.stop();
      case DaemonDoes::starts: return world_.start();
      case DaemonDoes::reloads: return world_.reload();
      case DaemonDoes::crashes: world_.crash(); return {};
      case DaemonDoes::crashes_and_restarts: world_.crash(); return world_.start();
    }
    return {};
  }

  void serve(ServerDoes what) {
    for (VirtualTransport* transport : {&world_.mail(), &world_.webhooks()}) {
      transport->away = what == ServerDoes::away;
      transport->answer = [what](const delivery::Outgoing&) {
        using delivery::OutcomeKind;
        delivery::Outcome outcome;
        outcome.kind = what == ServerDoes::refuses  ? OutcomeKind::rejected
                       : what == ServerDoes::defers ? OutcomeKind::deferred
                       : what == ServerDoes::silent ? OutcomeKind::unknown
                                                    : OutcomeKind::sent;
        outcome.code = what == ServerDoes::refuses ? 550 : what == ServerDoes::defers ? 450 : 250;
        if (what == ServerDoes::silent) outcome.code = 0;
        outcome.reply = "as the story says";
        return outcome;
      };
    }
  }

  [[nodiscard]] std::string target_of(const language::StoryHold& hold) const {
    return hold.scope == "customer" ? std::string(facts_.key_of(hold.target)) : hold.target;
  }

  Result<void> add_hold(const language::StoryHold& hold) {
    store::HoldRow row;
    row.scope = hold.scope;
    row.target = target_of(hold);
    row.cause = "operator";
    row.because = row.author = "story";
    row.at = clock_.now();
    store::Holds(database_).add(row);
    return {};
  }

  Result<void> release(const language::StoryHold& hold) {
    delivery::Release what;
    what.scope = hold.scope;
    what.target = target_of(hold);
    auto released = delivery::release(database_, what, clock_.now());
    return released ? Result<void>() : released.error();
  }

  /// The site's files as the story has them now.
  Result<delivery::SiteFiles> current_files() {
    delivery::SiteFiles files;
    files.site = files_.site;
    files.site.only_to.clear();
    files.templates = files_.templates;
    files.secret = files_.secret;
    for (const language::Rule& rule : files_.rules) {
      const bool chosen =
          story_.rules.empty() ||
          std::find(story_.rules.begin(), story_.rules.end(), rule.id) != story_.rules.end();
      const auto change = changes_.find(rule.id);
      const bool changed = change != changes_.end();
      if (!chosen || (changed && change->second == RuleBecomes::removed)) continue;
      files.rules.push_back(rule);
      if (changed)
        files.rules.back().status =
            change->second == RuleBecomes::draft  ? language::RuleStatus::draft
            : change->second == RuleBecomes::live ? language::RuleStatus::live
                                                  : language::RuleStatus::paused;
    }
    return files;
  }

  std::vector<GoneOut> gone() {
    std::vector<GoneOut> all;
    for (const auto& [at, message] : went_) all.push_back(ledger_.gone_out(at, message));
    went_.clear();
    return all;
  }

  std::optional<StoryFailure> look(const StoryLine& line) {
    ledger_.refresh(database_);
    auto found = differences(story_, line.messages, gone(), ledger_);
    if (found.empty()) found = wrong_reason(line, ledger_);
    ledger_.looked();
    if (found.empty()) return std::nullopt;
    return StoryFailure{line.where, time_text(story_, line.at), std::move(found)};
  }

  /// What went after the last line that expected something.
  std::optional<StoryFailure> strays(const language::Where& where) {
    auto found = differences(story_, {}, gone(), ledger_);
    if (found.empty()) return std::nullopt;
    return StoryFailure{where, time_text(story_, clock_.now()), std::move(found)};
  }

  [[nodiscard]] std::optional<StoryFailure> broken(const language::Where& where,
                                                   const Error& error) const {
    return StoryFailure{where, time_text(story_, clock_.now()), {error.message}};
  }

  const Story& story_;
  const StoryCase& case_;
  const delivery::SiteFiles& files_;
  Coverage& coverage_;
  store::Database database_;
  SimClock clock_;
  Rng rng_{1};
  StoryFacts facts_;
  StoryLedger ledger_;
  std::map<std::string, RuleBecomes, std::less<>> changes_;
  std::vector<std::pair<Time, delivery::Outgoing>> went_;
  World world_;
};

}  // namespace

int StoryResult::failed() const {
  return static_cast<int>(std::count_if(
      cases.begin(), cases.end(), [](const CaseResult& one) { return one.failure.has_value(); }));
}

int StoriesResult::cases() const {
  return std::accumulate(stories.begin(), stories.end(), 0, [](int sum, const StoryResult& one) {
    return sum + static_cast<int>(one.cases.size());
  });
}

int StoriesResult::failed() const {
  return std::accumulate(stories.begin(), stories.end(), 0,
                         [](int sum, const StoryResult& one) { return sum + one.failed(); });
}

CaseResult run_case(const Story& story, const StoryCase& one, const delivery::SiteFiles& files,
                    Coverage& coverage) {
  CaseResult result;
  result.name = one.name;
  result.where = one.where;
  auto database = store::Database::in_memory();
  if (!database) {
    result.failure = StoryFailure{one.where, {}, {database.error().message}};
    return result;
  }
  Play play(story, one, files, *std::move(database), coverage);
  result.failure = play.run();
  play.finish();
  return result;
}

Result<StoriesResult> run_stories(std::span<const Story> stories, const delivery::SiteFiles& files,
                                  const StoriesOptions& options, const Clock& clock) {
  StoriesResult result{{}, Coverage(files.rules), Duration{0}};
  const Duration begin = clock.elapsed();
  for (const Story& story : stories) {
    StoryResult made;
    made.file = story.file;
    made.name = story.name;
    for (const StoryCase& one : story.cases) {
      if (!options.only.empty() && one.name != options.only) continue;
      const Duration before = clock.elapsed();
      made.cases.push_back(run_case(story, one, files, result.coverage));
      made.cases.back().took = clock.elapsed() - before;
    }
    if (!made.cases.empty()) result.stories.push_back(std::move(made));
  }
  result.took = clock.elapsed() - begin;
  if (result.cases() > 0 || options.only.empty()) return result;
  std::vector<std::string_view> names;
  for (const Story& story : stories)
    for (const StoryCase& one : story.cases) names.push_back(one.name);
  const auto near = nearest(options.only, names);
  return Error{ErrorKind::not_found,
               fmt::format("no case is called `{}`{}", options.only,
                           near ? fmt::format("; did you mean `{}`?", *near)
                                : "; `retaind test` without --case names all")};
}

}  // namespace retaind::replay
