#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <functional>

#include "engine/decide.h"
#include "engine/trigger.h"
#include "language/check.h"
#include "language/narrow.h"
#include "language/typing.h"
#include "language/words.h"
#include "support/sanitized.h"
#include "support/triples.h"

// SQL brings a rule its rows: ranges of an index, states, the rows of an aggregate. Whatever it
// narrows to, decide() alone says what passes. So generated conditions are decided for every row of
// a generated store, by the daemon and by a second evaluator that reads plain columns, and what
// passes has to be among the rows that the store brings.
namespace lang = retaind::language;
using namespace retaind;
using namespace triples;
using engine::Decision;
using engine::Verdict;

namespace {

// Sanitizers make each triple some twenty times slower, so they get a twentieth.
constexpr std::size_t wanted = RETAIND_SANITIZED ? 5'000 : 100'000;
constexpr std::size_t fewest = RETAIND_SANITIZED ? 1 : 500;

std::string name_of(Truth truth) {
  return truth == Truth::unknown ? "unknown" : truth == Truth::yes ? "true" : "false";
}
Truth of(engine::Truth truth) {
  return truth == engine::Truth::unknown ? Truth::unknown
         : truth == engine::Truth::yes   ? Truth::yes
                                         : Truth::no;
}

/// What decide() has to say of a rule whose only line is worth `truth`.
Verdict verdict_of(const Sentence& sentence, Truth truth) {
  const Truth passes = sentence.key == "if" ? Truth::yes : Truth::no;
  if (truth == passes) return Verdict::fire;
  if (truth == Truth::unknown && sentence.internal && sentence.key != "stop-if")
    return Verdict::fire;
  return sentence.key == "hold-while" ? Verdict::hold : Verdict::skip;
}

Term test_of(Op op, const Field& field, const std::vector<const char*>& words) {
  Term term, read;
  read.op = Op::field;
  read.type = field.type;
  read.field = &field;
  term.op = op;
  term.parts.push_back(read);
  for (const char* word : words) {
    Term constant;
    constant.type = field.type;
    constant.value =
        field.type == Type::number ? Known::of(std::stod(word)) : Known::of(std::string(word));
    term.parts.push_back(constant);
  }
  return term;
}

/// Which rows have an occurrence by `now`, from plain columns.
class NaiveTrigger {
 public:
  NaiveTrigger(const World& world, const lang::Rule& rule) : world_(world), rule_(rule) {}

  [[nodiscard]] bool is_due(const Row& row, Time from, Time now) const {
    const lang::Trigger& trigger = rule_.trigger;
    const bool own = trigger.subject == Subject::customer;
    const Row* customer = own ? &row : world_.row(Subject::customer, row.at("customer"));
    if (customer == nullptr && trigger.subject != Subject::ticket) return false;
    if (!trigger.event_name.empty() && row.at("name").text != trigger.event_name) return false;
    const Zone zone = zone_of(customer);
    if (trigger.each) return true;
    if (trigger.date != nullptr && trigger.date->yearly) return had_birthday(row, zone, from, now);
    const Known& anchor = row.at(trigger.column);
    if (!anchor.is_known()) return false;
    const Time due = zone.add(from_ms(static_cast<std::int64_t>(anchor.number)), trigger.offset);
    return due > from && due <= now && (trigger.state == nullptr || is_in(row, now));
  }

 private:
  [[nodiscard]] Zone zone_of(const Row* customer) const {
    if (!rule_.customer_zone || customer == nullptr) return world_.site.zone;
    auto zone = Zone::find(customer->at("time_zone").text);
    return zone ? *zone : world_.site.zone;
  }

  [[nodiscard]] bool is_in(const Row& row, Time now) const {
    const std::string_view state = rule_.trigger.state->name;
    const Vocabulary& words = *world_.site.vocabulary;
    const auto holds = [&](Op op, Subject subject, const char* field,
                           const std::vector<const char*>& list) {
      const Term term = test_of(op, *words.field(subject, field), list);
      return Naive(world_, now, nullptr).truth(term, subject, row) == Truth::yes;
    };
    const auto open = [&] {
      return holds(Op::not_in, Subject::ticket, "status", {"solved", "closed"});
    };
    if (state == "customer.inactive") return true;
    if (state == "customer.never-ordered")
      return holds(Op::equal, Subject::customer, "orders_count", {"0"});
    if (state == "customer.silent-gold")
      return holds(Op::equal, Subject::customer, "tier", {"gold"});
    if (state == "ticket.unresolved") return open();
    if (state == "ticket.unanswered")
      return open() && holds(Op::is_empty, Subject::ticket, "first_response_at", {});
    if (state == "ticket.urgent")
      return open() && holds(Op::equal, Subject::ticket, "priority", {"urgent"});
    throw std::runtime_error("a state that the second trigger has to learn first: " +
                             std::string(state));
  }

  [[nodiscard]] bool had_birthday(const Row& row, const Zone& zone, Time from, Time now) const {
    const auto born = parse_date(row.at("birthday").text);
    if (!born) return false;
    for (int year = 2024; year <= 2028; ++year) {
      LocalDate date = std::chrono::year{year} / born->month() / born->day();
      if (!date.ok()) date = std::chrono::year{year} / 2 / 28;
      const Time due = zone.to_time(LocalTime{std::chrono::local_days{date}});
      const Known& known = row.at("created_at");
      const bool exists = !known.is_known() || static_cast<double>(to_ms(due)) > known.number;
      if (exists && due > from && due <= now) return true;
    }
    return false;
  }

  const World& world_;
  const lang::Rule& rule_;
};

struct Disagreement {
  const Row* row = nullptr;
  std::string what;
};

/// One sentence against a world, by the daemon's own parts and by the second evaluator.
class Trial {
 public:
  Trial(World& world, const Sentence& sentence) : world_(world), sentence_(sentence) {
    std::vector<lang::Diagnostic> diagnostics;
    rule_ = lang::check_rule(
        std::make_shared<lang::Source>(lang::Source{"rules/tried.yaml", sentence.rule()}),
        world.site, {}, diagnostics);
    if (!rule_) refusal_ = lang::to_text(diagnostics, lang::Format::human, false);
    if (rule_) trigger_.emplace(*world.store, *rule_, world.site.zone);
  }
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

  /// The first row of which the two say different things. Counts each row as a triple.
  std::optional<Disagreement> run(Time now, int slice, Coverage* coverage) {
    const Time from = now - 400 * std::chrono::hours(24);
    std::map<std::int64_t, std::string> brought = scan(from, now, slice);
    const NaiveTrigger naive(world_, *rule_);
    // With `timezone: customer` a scan is of the earliest possible due, up to a day and more
    // before.
    const Time surely = from + std::chrono::hours(sentence_.customer_zone ? 48 : 0);
    for (const Row& row : world_.of(sentence_.subject)) {
      const store::Candidate* candidate = trigger_->rows().by_row(row.id, now);
      const bool due = naive.is_due(row, surely, now);
      const auto here = brought.find(row.id);
      if (candidate == nullptr) {
        if (due) return Disagreement{&row, "it is due, and by_row() does not find it"};
        if (here != brought.end()) return Disagreement{&row, "only a scan finds it"};
        continue;
      }
      if (coverage != nullptr) coverage->begin();
      const Truth truth =
          Naive(world_, now, coverage).truth(sentence_.line, sentence_.subject, row);
      if (coverage != nullptr) note(*coverage, truth);
      if (std::string said = judge(*candidate, truth, now); !said.empty())
        return Disagreement{&row, std::move(said)};
      if (here != brought.end() && !here->second.empty()) return Disagreement{&row, here->second};
      const bool passes = verdict_of(sentence_, truth) == Verdict::fire;
      if ((rule_->trigger.each ? passes : due) && here == brought.end())
        return Disagreement{&row, fmt::format("it is due{}, and the store's scan drops it",
                                              passes ? ", decide() passes it" : "")};
      if (!due && here != brought.end() && !sentence_.customer_zone)
        return Disagreement{&row, "it is not due, and the store's scan brings it"};
    }
    return std::nullopt;
  }

 private:
  /// What is wrong with each row that the scan brings; its cells are read by another SELECT.
  std::map<std::int64_t, std::string> scan(Time from, Time now, int slice) {
    if (rule_->trigger.each) return pass(now, slice);
    std::map<std::int64_t, std::string> brought;
    engine::Trigger::Cursor cursor;
    bool more = true;
    while (more)
      more = trigger_->scan({from, now}, cursor, slice, now, [&](const engine::Occurrence& found) {
        if (found.candidate == nullptr) return true;
        const Row* row = world_.row(sentence_.subject, Known::of(static_cast<double>(found.row)));
        const Truth truth =
            Naive(world_, now, nullptr).truth(sentence_.line, sentence_.subject, *row);
        brought[found.row] = judge(*found.candidate, truth, now);
        return true;
      });
    return brought;
  }

  /// The rows of a pass that the index leaves; the list of their ids has to hold the same.
  std::map<std::int64_t, std::string> pass(Time now, int slice) {
    store::Occurrences& rows = trigger_->rows();
    const std::optional<TimeRange> range = trigger_->narrowed(now);
    const std::int64_t through = rows.most_rows();
    std::map<std::int64_t, std::string> brought;
    for (std::int64_t after = 0; after < through;)
      after = rows.walk(after, through, range, slice, now, [&](const store::Candidate& candidate) {
        const Row* row =
            world_.row(sentence_.subject, Known::of(static_cast<double>(candidate.row)));
        const Truth truth =
            Naive(world_, now, nullptr).truth(sentence_.line, sentence_.subject, *row);
        brought[candidate.row] = judge(candidate, truth, now);
      });
    if (!range) return brought;
    const auto listed = rows.within(*range, 0, through, 1000);
    std::erase_if(brought, [&](const auto& each) {
      return std::find(listed->begin(), listed->end(), each.first) == listed->end();
    });
    return brought;
  }

  std::string judge(const store::Candidate& candidate, Truth truth, Time now) {
    engine::Situation situation;
    situation.now = situation.due = now;
    situation.facts.cells = std::span(candidate.cells).first(rule_->slots.size());
    situation.facts.aggregates = rule_->aggregates;
    situation.facts.rows = trigger_->related(candidate, now);
    situation.step = &rule_->steps[0];
    situation.zone = &world_.site.zone;
    const lang::Condition* line = nullptr;
    lang::each_line(*rule_, [&](const lang::Line& each) { line = each.condition; });
    const Truth said = of(engine::evaluate(*line, situation.facts, now, world_.site.zone));
    if (said != truth)
      return fmt::format("evaluate() says {}, and it is {}", name_of(said), name_of(truth));
    if (engine::decide(*rule_, situation).verdict != verdict_of(sentence_, truth))
      return fmt::format("the line is {}, and decide() says something else", name_of(truth));
    return {};
  }

  void note(Coverage& coverage, Truth truth) const {
    coverage.note("trigger: " + rule_->trigger.name);
    coverage.note("line: " + sentence_.key);
    if (rule_->trigger.each)
      if (const auto narrow = lang::narrow_of(*rule_))
        coverage.note("left out by an index: " + triples::name_of(narrow->test->op));
    coverage.end(truth == Truth::yes);
  }

  World& world_;
  const Sentence& sentence_;
  std::optional<lang::Rule> rule_;
  std::optional<engine::Trigger> trigger_;
  std::string refusal_;
};

/// The smallest sentence found that still fails.
Sentence shrunk(Sentence sentence, const std::function<bool(const Sentence&)>& fails) {
  const auto take = [&](Sentence less) {
    if (!fails(less)) return false;
    sentence = std::move(less);
    return true;
  };
  for (bool goes_on = true; goes_on;) {
    goes_on = false;
    for (Term& line : smaller(sentence.line)) {
      Sentence less = sentence;
      less.line = std::move(line);
      if ((goes_on = take(std::move(less)))) break;
    }
    if (goes_on) continue;
    for (int i = 0; i < 4 && !goes_on; ++i) {
      Sentence less = sentence;
      if (i == 0) less.when = less.when.substr(0, less.when.find('\n') + 1);
      if (i == 1) less.customer_zone = false;
      if (i == 2) less.internal = false;
      if (i == 3) less.key = "if";
      goes_on = less.rule() != sentence.rule() && take(std::move(less));
    }
  }
  return sentence;
}

std::string minimal_case(World& world, const Sentence& found, Time now, std::uint64_t seed) {
  const Sentence least = shrunk(found, [&](const Sentence& less) {
    Trial trial(world, less);
    return trial.refusal().empty() && trial.run(now, 1000, nullptr).has_value();
  });
  Trial trial(world, least);
  const auto said = trial.run(now, 1000, nullptr);
  if (!said) return "only in slices: " + found.rule();
  return fmt::format("seed {}, {} {} at {} ({} in {}): {}\n{}{}\n", seed,
                     retaind::name_of(least.subject), said->row->id, to_iso(now),
                     to_local_text(now, world.site.zone), world.site.zone.name(), said->what,
                     least.rule(),
                     Naive(world, now, nullptr).values(least.line, least.subject, *said->row));
}

/// How the language writes an operator between fields of a customer; the checker says whether it
/// may stand there.
std::string probe(Op op, const std::string& field) {
  const std::string name = triples::name_of(op);
  switch (op) {
    case Op::in:
    case Op::not_in: return field + " " + name + " [" + field + "]";
    case Op::older_than:
    case Op::within_last:
    case Op::within_next: return field + " " + name + " 1 day";
    case Op::is_empty:
    case Op::is_not_empty: return field + " " + name;
    case Op::negation: return "not " + field;
    case Op::now: return field + " < now";
    default: return field + " " + name + " " + field;
  }
}

bool is_read(const World& world, const std::string& condition) {
  std::vector<lang::Diagnostic> diagnostics;
  const std::string text = "rule: tried\npurpose: internal\nwhen:\n  customer: inactive\nif: \"" +
                           condition + "\"\nthen:\n  - webhook: desk\n";
  return lang::check_rule(std::make_shared<lang::Source>(lang::Source{"rules/tried.yaml", text}),
                          world.site, {}, diagnostics)
      .has_value();
}

struct Focus {
  std::optional<Op> op;
  Fold fold = Fold::count;
  Type type = Type::boolean;
};

/// Every operator and aggregate of the tables with every type that the checker lets it have.
std::vector<Focus> all_of_the_tables(const World& world, std::vector<std::string>& cells) {
  std::vector<Focus> found;
  for (const lang::TypeRow& type : lang::types()) {
    cells.push_back("type: " + triples::name_of(type.type));
    const Field* field = nullptr;
    for (const Field* each : world.site.vocabulary->fields(Subject::customer))
      if (each->type == type.type) field = each;
    if (field == nullptr) {
      INFO(type.name);
      CHECK(type.type == Type::duration);  // else the world's vocabulary lacks a type
      continue;
    }
    for (const lang::OperatorRow& row : lang::operators()) {
      if (!is_read(world, probe(row.op, fmt::format("customer.{}", field->name)))) continue;
      found.push_back({row.op, Fold::count, type.type});
      if (row.op != Op::now)
        cells.push_back(
            fmt::format("operator: {} on {}", row.written, triples::name_of(type.type)));
    }
    for (const lang::FoldRow& row : lang::folds()) {
      bool legal = false;
      for (const Relation& relation : relations())
        for (const Field* each : world.site.vocabulary->fields(relation.of)) {
          const std::string call =
              row.fold == Fold::count
                  ? fmt::format("{}({})", row.name, relation.name)
                  : fmt::format("{}({}.{})", row.name, relation.name, each->name);
          if (each->type == type.type && !legal)
            legal = is_read(world, fmt::format("{0} = {0}", call));
        }
      if (row.fold == Fold::count) legal = type.type == Type::number;
      if (!legal) continue;
      found.push_back({std::nullopt, row.fold, type.type});
      cells.push_back(fmt::format("aggregate: {} of {}", row.name, triples::name_of(type.type)));
    }
  }
  return found;
}

/// What has to be unknown, empty or at a change of the clocks, by operator.
void add_positions(std::vector<std::string>& cells) {
  for (const lang::OperatorRow& row : lang::operators()) {
    const std::string name(row.written);
    cells.push_back("operator: " + name);
    const bool clock =
        row.op == Op::older_than || row.op == Op::within_last || row.op == Op::within_next;
    if (clock || row.op == Op::now)
      for (const char* change : {"clocks forward: ", "clocks back: "})
        cells.push_back(change + name);
    if (row.op == Op::now) continue;
    cells.push_back("unknown: first of " + name);
    const bool one =
        clock || row.op == Op::negation || row.op == Op::is_empty || row.op == Op::is_not_empty;
    if (!one) cells.push_back("unknown: rest of " + name);
  }
  for (const lang::FoldRow& row : lang::folds()) {
    const std::string name(row.name);
    cells.push_back("unknown: whose rows " + name + " goes over");
    cells.push_back("unknown: `where` of " + name);
    if (row.fold == Fold::count) continue;
    cells.push_back("unknown: a value of " + name);
    cells.push_back("aggregate: " + name + " over nothing");
  }
}

std::vector<std::string> other_cells(const World& world) {
  std::vector<std::string> cells{"aggregate: a row that is not there yet",
                                 "production: `where`",
                                 "production: `where` about what is outside",
                                 "production: a condition as a value",
                                 "production: a time beside a date",
                                 "production: a yes or no alone",
                                 "production: parentheses",
                                 "production: the value first",
                                 "production: two fields",
                                 "derivation: attribute",
                                 "derivation: column",
                                 "derivation: dated flag",
                                 "derivation: roll-up"};
  for (const char* key : {"if", "unless", "stop-if", "hold-while"})
    cells.push_back(std::string("line: ") + key);
  for (int i = 0; i < subject_count; ++i)
    cells.push_back("field: " + std::string(retaind::name_of(static_cast<Subject>(i))));
  for (const Relation& relation : relations())
    cells.push_back("relation: " + std::string(relation.name));
  for (const EventKind* kind : world.site.vocabulary->events())
    cells.push_back("trigger: " + std::string(kind->name));
  for (const StateKind* kind : world.site.vocabulary->states())
    cells.push_back("trigger: " + std::string(kind->name));
  for (const DateKind& kind : date_kinds()) cells.push_back("trigger: " + std::string(kind.name));
  for (const std::string_view subject : lang::words::each)
    cells.push_back("trigger: day each " + std::string(subject));
  for (const Op op : {Op::older_than, Op::within_last, Op::within_next, Op::less, Op::less_equal,
                      Op::greater, Op::greater_equal, Op::is_not_empty})
    cells.push_back("left out by an index: " + triples::name_of(op));
  return cells;
}

std::uint64_t seed_of_the_run() { return Catch::rngSeed() != 0 ? Catch::rngSeed() : 20260302; }

}  // namespace

TEST_CASE("where SQL narrows, it never drops what decide passes", "[engine][narrowing]") {
  const std::uint64_t seed = seed_of_the_run();
  Rng rng(seed);
  Coverage coverage;
  std::vector<std::string> cells;
  auto world = std::make_unique<World>(rng.next());
  const std::vector<Focus> focuses = all_of_the_tables(*world, cells);
  add_positions(cells);
  for (std::string& cell : other_cells(*world)) cells.push_back(std::move(cell));
  std::size_t sentences = 0, worlds = 1;
  const auto thin = [&] {
    std::vector<std::string> found;
    for (const std::string& cell : cells)
      if (coverage.count(cell) < fewest) found.push_back(cell);
    return found;
  };
  while (coverage.triples() < wanted || (!thin().empty() && coverage.triples() < 4 * wanted)) {
    // When there are enough, only what is still missing.
    const std::vector<std::string> missing = thin();
    const auto is_needed = [&](const Focus& focus) {
      const std::string name =
          focus.op ? triples::name_of(*focus.op) : triples::name_of(focus.fold);
      return coverage.triples() < wanted ||
             std::any_of(missing.begin(), missing.end(), [&](const std::string& cell) {
               return cell.find(name) != std::string::npos;
             });
    };
    for (const Focus& focus : focuses) {
      if (!is_needed(focus)) continue;
      Author author(*world, rng);
      std::optional<Sentence> sentence;
      for (int i = 0; i < 200 && !sentence; ++i)
        sentence = focus.op ? author.sentence(*focus.op, focus.type)
                            : author.sentence(focus.fold, focus.type);
      if (!sentence) continue;
      ++sentences;
      const Time first = world->look(rng);
      author.tilt(*sentence, first);
      Trial trial(*world, *sentence);
      if (!trial.refusal().empty())
        FAIL("the generator writes what the language refuses (seed " << seed << ")\n"
                                                                     << trial.refusal());
      for (int i = 0; i < 2; ++i) {
        const Time moment = i == 0 ? first : author.edge(*sentence);
        if (trial.run(moment, rng.below(3) == 0 ? 2 : 1000, &coverage))
          FAIL(minimal_case(*world, *sentence, moment, seed));
      }
    }
    world = std::make_unique<World>(rng.next());
    ++worlds;
  }
  const double share =
      static_cast<double>(coverage.yes()) / static_cast<double>(coverage.triples());
  fmt::print("seed {}: {} triples of {} conditions in {} stores, {:.0f} % true, {} cells{}\n", seed,
             coverage.triples(), sentences, worlds, share * 100, cells.size(),
             wanted < 100'000 ? " (a twentieth, under sanitizers)" : "");
  CHECK(share > 0.3);
  CHECK(share < 0.7);
  std::string few;
  for (const std::string& cell : thin())
    few += fmt::format("\n  {:>6}  {}", coverage.count(cell), cell);
  INFO("cells with fewer than " << fewest << " triples:" << few);
  CHECK(few.empty());
}

TEST_CASE("a sentence that fails is made as small as still fails", "[engine][narrowing]") {
  const World world(7);
  Rng rng(7);
  Author author(world, rng);
  const auto has_list = [](const Sentence& sentence) {
    const std::function<bool(const Term&)> any = [&](const Term& term) {
      return term.op == Op::in || std::any_of(term.parts.begin(), term.parts.end(), any);
    };
    return any(sentence.line);
  };
  int tried = 0;
  while (tried < 50) {
    const auto sentence = author.sentence(Op::either, Type::boolean);
    if (!sentence || !has_list(*sentence)) continue;
    ++tried;
    const Sentence least = shrunk(*sentence, has_list);
    CAPTURE(sentence->rule(), least.rule());
    CHECK(has_list(least));
    // One value is left of the list, and nothing beside what holds it.
    CHECK(least.rule().find(", ") == std::string::npos);
    CHECK(least.rule().find(" or ") == std::string::npos);
    CHECK(least.when.find('\n') + 1 == least.when.size());
  }
}
