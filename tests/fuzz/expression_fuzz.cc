// module: engine
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "../support/read_condition.h"
#include "engine/evaluate.h"
#include "language/expression.h"
#include "language/rule_parts.h"
#include "language/typing.h"
#include "mistakes.h"
#include "own_shop.h"

// Any bytes as a condition. One that is accepted is a whole tree, has one of three values on any
// row, turns to its opposite under `not`, and keeps its value until the time that next_turn()
// names.

namespace {

namespace lang = retaind::language;
using retaind::Cell;
using retaind::Subject;
using retaind::Time;
using retaind::Type;
using retaind::engine::Truth;

using Read = retaind::test::ReadCondition;

Read read(const std::string& text, const lang::Scope& scope) {
  Read result = retaind::test::read_condition(text, scope);
  require(result.condition.has_value() != have_errors(result.diagnostics, text.size()),
          "a condition or errors");
  if (!result.condition) return result;
  inspect(*result.condition, result.slots.size(), result.aggregates.size());
  inspect(result.aggregates, result.slots.size());
  return result;
}

// The night in which clocks went forward, and values on both sides of it.
constexpr std::int64_t gap = 1774746000000;

/// What a row may hold in a field; `kind` 0: nothing.
Cell cell_of(const retaind::Field& field, unsigned kind) {
  if (kind == 0) return {};
  constexpr std::int64_t hour = 3'600'000;
  Cell cell = Cell::of(static_cast<std::int64_t>(kind) - 1);
  switch (field.type) {
    case Type::text: return Cell::of(std::string_view(kind == 1 ? "Bonn" : ""));
    case Type::enumeration: {
      const auto words = lang::words_of(field);
      return Cell::of(kind == 1 ? words.front() : words.back());
    }
    case Type::time: return Cell::of(gap + (kind == 1 ? -1 : 40 * 24 * hour));
    case Type::date: return Cell::of(std::string_view(kind == 1 ? "2026-03-29" : "1990-02-28"));
    case Type::money:
      cell = Cell::of(std::int64_t{4900} * kind);
      cell.currency = field.currency.empty() ? *retaind::find_currency("EUR") : field.currency;
      return cell;
    case Type::percent: return Cell::of(12.5 * kind);
    default: return cell;
  }
}

/// Rows of one kind for everything that the condition reads.
struct Rows {
  std::vector<Cell> cells;
  std::vector<retaind::store::RowSet> sets;
  retaind::engine::Readings readings;

  Rows(const Read& of, unsigned kind) {
    for (const lang::Slot& slot : of.slots) cells.push_back(cell_of(*slot.field, kind));
    for (const lang::Aggregate& aggregate : of.aggregates) {
      retaind::store::RowSet& set = sets.emplace_back();
      set.known = kind != 0;
      set.width = aggregate.slots.size();
      set.rows = kind;
      for (unsigned row = 0; row < kind; ++row)
        for (const lang::Slot& slot : aggregate.slots)
          set.cells.push_back(cell_of(*slot.field, kind == 3 ? row : row + 1));
    }
    readings.cells = cells;
    readings.aggregates = of.aggregates;
    readings.rows = sets;
  }
};

Truth opposite(Truth truth) {
  if (truth == Truth::unknown) return truth;
  return truth == Truth::yes ? Truth::no : Truth::yes;
}

void try_on_rows(const Read& plain, const Read& turned, const retaind::Zone& zone) {
  using namespace std::chrono_literals;
  for (unsigned kind = 0; kind < 4; ++kind) {
    const Rows rows(plain, kind);
    const Rows again(turned, kind);
    for (const Time now : {retaind::from_ms(gap), retaind::from_ms(gap + 210 * 86'400'000LL)}) {
      const auto says = [&](Time at) {
        return retaind::engine::evaluate(*plain.condition, rows.readings, at, zone);
      };
      const Truth truth = says(now);
      if (turned.condition)
        require(retaind::engine::evaluate(*turned.condition, again.readings, now, zone) ==
                    opposite(truth),
                "`not` turns it, and leaves unknown what is");
      const Time until = now + 400 * 24h;
      const auto turn =
          retaind::engine::next_turn(*plain.condition, rows.readings, now, until, zone);
      require(!turn || (*turn > now && *turn <= until), "a turn lies ahead");
      const Time last = turn ? *turn - retaind::Duration{1} : until;
      require(says(last) == truth && says(now + (last - now) / 2) == truth,
              "a condition stays until its next turn");
      lang::Rule rule;
      rule.slots = plain.slots;
      rule.aggregates = plain.aggregates;
      (void)retaind::engine::describe_values(*plain.condition, rule, rows.readings, now, zone);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const retaind::Site site = own_shop();
  if (size == 0) return 0;
  static const std::array<lang::Scope, 4> scopes{{
      {{Subject::order, Subject::customer},
       "order.completed",
       site.currency,
       site.zone,
       site.vocabulary.get()},
      {{Subject::ticket, Subject::customer},
       "ticket.unresolved",
       site.currency,
       site.zone,
       site.vocabulary.get()},
      {{Subject::event, Subject::customer},
       "webinar.attended",
       site.currency,
       site.zone,
       site.vocabulary.get(),
       "webinar.attended"},
      {{Subject::subscription, Subject::customer},
       "subscription.renews_at",
       {},
       site.zone,
       site.vocabulary.get()},
  }};
  // The first byte chooses of what it is; any letter does.
  const lang::Scope& scope = scopes[bytes[0] % scopes.size()];
  const std::string text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const Read plain = read(text, scope);
  if (plain.condition) try_on_rows(plain, read("not (" + text + ")", scope), site.zone);
  return 0;
}
