#pragma once
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/rng.h"
#include "base/zone.h"
#include "language/grammar.h"
#include "language/plan.h"
#include "model/site.h"
#include "store/database.h"

// Generated conditions over generated facts, and what each is worth by a second evaluator: it has a
// tree of its own, reads plain columns and knows nothing of plans, slots and index ranges. Zones
// are those of daemon/base, which have brute-force tests.
namespace triples {

using retaind::Duration;
using retaind::Field;
using retaind::LocalDate;
using retaind::Relation;
using retaind::Rng;
using retaind::Span;
using retaind::Subject;
using retaind::Time;
using retaind::Type;
using retaind::Zone;
using retaind::language::Fold;
using retaind::language::Op;

enum class Truth { no, yes, unknown };

/// A value as the second evaluator has it.
struct Known {
  enum class Kind { nothing, unfit, number, text };
  Kind kind = Kind::nothing;
  double number = 0;  ///< also times, yes and no, minor units
  std::string text;   ///< also words and dates
  std::string currency;

  static Known of(double number) { return {Kind::number, number, {}, {}}; }
  static Known of(std::string text) { return {Kind::text, 0, std::move(text), {}}; }
  [[nodiscard]] bool is_known() const { return kind == Kind::number || kind == Kind::text; }
};

/// A part of a condition.
struct Term {
  Op op = Op::constant;
  Type type = Type::boolean;
  std::vector<Term> parts;       ///< of an aggregate: its `where`, when it has one
  const Field* field = nullptr;  ///< of a field; of an aggregate what it folds
  Fold fold = Fold::count;
  const Relation* relation = nullptr;
  std::string text;  ///< of a constant and a duration: as the rule has it
  Known value;
  Span span;
  bool parenthesised = false;
};
std::string written(const Term& term);

/// One row of the store, column by column.
struct Row {
  std::int64_t id = 0;
  std::map<std::string, Known, std::less<>> columns;
  [[nodiscard]] const Known& at(std::string_view column) const;
};

/// A site and a store full of facts, many of them missing, many at the same few times.
struct World {
  explicit World(std::uint64_t seed);

  retaind::Site site;
  Time gap, doubled;          ///< when the site's clocks are set forward and back in 2026
  std::vector<Time> moments;  ///< of which facts and looks at them are made
  std::optional<retaind::store::Database> store;
  std::array<std::vector<Row>, retaind::subject_count> rows;

  [[nodiscard]] const Row* row(Subject subject, const Known& id) const;
  /// A time to look at the rows, every other one within an hour of a change of the clocks.
  [[nodiscard]] Time look(Rng& rng) const;
  [[nodiscard]] const std::vector<Row>& of(Subject subject) const {
    return rows[static_cast<std::size_t>(subject)];
  }
};

/// What a rule about one row says: its trigger and one line.
struct Sentence {
  std::string when;  ///< lines below `when:`
  Subject subject = Subject::customer;
  std::string event;       ///< its name, when it is one of the events table
  std::string key = "if";  ///< of the line
  bool internal = false;
  bool customer_zone = false;
  bool each = false;  ///< a schedule that goes through the rows
  Term line;
  [[nodiscard]] std::string rule() const;
};

/// Which cells the triples have filled.
class Coverage {
 public:
  void begin() { seen_.assign(counts_.size(), false); }
  void note(const std::string& cell);
  /// The triple is over; `yes`: the condition was true.
  void end(bool yes);
  [[nodiscard]] std::size_t count(const std::string& cell) const;
  [[nodiscard]] std::size_t triples() const { return triples_; }
  [[nodiscard]] std::size_t yes() const { return yes_; }
  [[nodiscard]] std::map<std::string, std::size_t> all() const;

 private:
  std::unordered_map<std::string, std::size_t> numbers_;
  std::vector<std::size_t> counts_;
  std::vector<bool> seen_;
  std::size_t triples_ = 0, yes_ = 0;
};

/// Random sentences about a world.
class Author {
 public:
  Author(const World& world, Rng& rng) : world_(&world), rng_(&rng) {}
  /// Its line is, or has in it, a test by the operator of something of the type; empty: there is
  /// none.
  std::optional<Sentence> sentence(Op op, Type type);
  /// The same of an aggregate.
  std::optional<Sentence> sentence(Fold fold, Type type);
  /// When a test of the line against the clock turns for some row, or a millisecond beside it; else
  /// any time.
  Time edge(const Sentence& sentence);
  /// Turns most of those round that are false for more rows than they are true for.
  void tilt(Sentence& sentence, Time now);

 private:
  struct Reach {
    std::vector<Subject> subjects;
    std::string event;
    const Relation* inside = nullptr;
    bool each = false;
  };
  bool one_in(std::uint64_t n) { return rng_->below(n) == 0; }
  template <class List>
  const auto& any(const List& list) {
    return list[rng_->below(list.size())];
  }
  std::vector<const Field*> fields(const Reach& reach, Type type) const;
  Sentence about_something();
  std::optional<Term> field(const Reach& reach, Type type);
  Term field_term(const Field& field) const;
  std::optional<Term> value(const Reach& reach, Type type);
  std::optional<Term> aggregate(const Reach& reach, std::optional<Fold> fold, Type type);
  /// `beside`: what it is compared with.
  std::optional<Term> constant(const Term& beside);
  /// What a row of the store has in the field; of a type that a condition can write.
  std::optional<Known> stored(const Field& field);
  Term date();
  std::optional<Term> other(const Reach& reach, const Term& beside, Op op, bool reversed);
  std::optional<Term> test(const Reach& reach, Op op, Type type);
  std::optional<Term> compare(const Reach& reach, Op op, Term left);
  Term any_test(const Reach& reach);
  /// Of a time by whose index a pass can leave rows out.
  std::optional<Term> indexed_test(const Reach& reach);
  Term wrapped(const Reach& reach, Term inner);

  const World* world_;
  Rng* rng_;
};

/// The second evaluator.
class Naive {
 public:
  /// `coverage` may be nullptr.
  Naive(const World& world, Time now, Coverage* coverage)
      : world_(&world), now_(now), coverage_(coverage) {}
  Truth truth(const Term& term, Subject subject, const Row& row) const;
  /// Every value that the term reads, for people.
  [[nodiscard]] std::string values(const Term& term, Subject subject, const Row& row) const;

 private:
  struct Place {
    Subject subject = Subject::customer;
    const Row* row = nullptr;
    const Row* customer = nullptr;
    const Relation* relation = nullptr;  ///< of the row of an aggregate
    const Row* inner = nullptr;
    const Row* inner_order = nullptr;
  };
  [[nodiscard]] Place place_of(Subject subject, const Row& row) const;
  [[nodiscard]] Truth test(const Term& term, const Place& place) const;
  [[nodiscard]] Known value(const Term& term, const Place& place) const;
  [[nodiscard]] Known read(const Field& field, const Place& place) const;
  [[nodiscard]] Known member(const Field& field, const Row& row) const;
  [[nodiscard]] Known fold(const Term& term, const Place& place) const;
  [[nodiscard]] Truth timing(const Term& term, const Place& place) const;
  [[nodiscard]] std::optional<Time> instant(const Known& value, Type type) const;
  void note(const std::string& cell) const {
    if (coverage_ != nullptr) coverage_->note(cell);
  }
  void note_clock(const std::string& name) const;

  const World* world_;
  Time now_;
  Coverage* coverage_;
};

/// Smaller terms that may show the same, each of it by one part.
std::vector<Term> smaller(const Term& term);

std::string name_of(Op op);
std::string name_of(Fold fold);
std::string name_of(Type type);

}  // namespace triples
