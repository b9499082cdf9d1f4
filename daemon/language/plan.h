#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/zone.h"
#include "language/diagnostic.h"
#include "model/cell.h"
#include "model/fields.h"
#include "model/ledger.h"
#include "model/vocabulary.h"

namespace retaind::language {

/// A column that conditions of a rule read. `field->subject` is the trigger's subject or customer.
struct Slot {
  const Field* field = nullptr;
};

enum class Op : std::uint8_t {
  constant,
  field,
  now,
  both,
  either,
  negation,  // and, or, not
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  not_in,  // children: value, then the list
  older_than,
  within_last,
  within_next,  // children: a time or date; a duration in `span`
  is_empty,
  is_not_empty,
  contains,
  aggregate,  ///< `slot` indexes Rule::aggregates
};

/// One node of a typed condition tree; children are `children` indexes into Condition::nodes.
struct Node {
  Op op = Op::constant;
  Type type = Type::boolean;
  std::vector<std::uint16_t> children;
  std::uint16_t slot = 0;  ///< of Op::field: index into Rule::slots
  bool of_row = false;     ///< inside an aggregate: index into its own slots
  Cell value;              ///< of Op::constant, but see constant_of(); its text stays empty
  std::string text;        ///< of a constant: text, word or date; else as written
  Span span;               ///< of a duration
  Where where;
};

/// The value of a constant. Its text points into the node, which a move of the plan may move: take
/// it anew.
inline Cell constant_of(const Node& node) {
  Cell cell = node.value;
  if (cell.kind == Cell::Kind::text) cell.text = node.text;
  return cell;
}

/// One line of if / unless / stop-if / hold-while, checked: types agree, fields exist.
struct Condition {
  std::vector<Node> nodes;
  std::uint16_t root = 0;
  std::string text;  ///< as written
  Where where;
};

enum class Fold : std::uint8_t { count, sum, max, min, avg };

/// `count(orders where order.total > 50 EUR)`: over which rows, and what of them.
struct Aggregate {
  Fold fold = Fold::count;
  const Relation* relation = nullptr;
  const Field* field = nullptr;  ///< nullptr: of count
  std::vector<Slot> slots;       ///< what is read of each row; `field` is the first
  Condition where;               ///< no nodes: every row
  Currency currency;             ///< of a sum of money over nothing
};

enum class TriggerKind : std::uint8_t { event, state, date, schedule };

struct Trigger {
  TriggerKind kind = TriggerKind::event;
  std::string name;  ///< "order.completed", "ticket.unresolved", "customer.birthday", "monday"
  Subject subject = Subject::customer;
  std::string column;      ///< anchor column in table_of(subject); events table: "at"
  std::string event_name;  ///< of an event of the events table: its name; empty otherwise
  const StateKind* state = nullptr;
  std::optional<Condition> is;  ///< of a state of the site's own
  std::vector<Slot> is_slots;   ///< what it reads, all of the trigger's row
  const DateKind* date = nullptr;
  Span offset;                   ///< due = anchor + offset (before: negative)
  std::optional<int> at_minute;  ///< date and schedule: wall time of day, minutes
  std::uint8_t weekdays = 0;     ///< schedule: bit 0 = Monday … bit 6; "day" sets all
  int month_day = 0;             ///< schedule: "month" fires on this day (1); 0: by weekdays
  bool each = false;             ///< schedule: for each row of the subject
  Where where;
};

/// Whether each occurrence has a row of the store; that of a schedule without `each` has none.
inline bool has_row(const Trigger& trigger) {
  return trigger.kind != TriggerKind::schedule || trigger.each;
}

enum class StepKind : std::uint8_t { email, notify, webhook, pause_marketing };

struct Coupon {
  std::string name;
  std::int64_t percent_off = 0;
  std::optional<Money> amount_off;
  bool single_use = true;
  Span valid_for;  ///< from the send
};

struct Repeat {
  Span every;
  int at_most = 1;
};

/// A text that a share of the customers gets instead of the step's own, which the others get.
struct Variant {
  std::string template_name;
  double share = 0;  ///< 0 … 1; all of a step together at most 1
};

/// One message or effect. `coupon`, `survey` and `wait` are folded into the message that follows
/// them.
struct Step {
  StepKind kind = StepKind::email;
  std::string key;            ///< "email:thanks": permanent, unique in the rule
  std::string target;         ///< template (email), team or "assignee" (notify), endpoint (webhook)
  std::string fallback;       ///< notify: team when the assignee has no address (`or: support`)
  std::string template_name;  ///< email and notify
  std::vector<Variant> variants;
  std::optional<Span> after;  ///< due = anchor + after
  std::optional<Span> wait;   ///< due = previous message's hand-over + wait
  std::optional<Repeat> repeat;
  std::optional<Span> digest;
  std::optional<Coupon> coupon;
  std::string survey;             ///< kind of the survey minted for this email; empty: none
  Span pause;                     ///< pause_marketing
  std::vector<Condition> if_all;  ///< the step's own, besides the rule's
  Where where;
};

enum class RuleStatus : std::uint8_t { draft, live, paused };

struct Backlog {
  bool all = false;
  std::optional<Span> within;  ///< neither: no backlog
};

struct Rule {
  std::string id;
  std::string was;  ///< the id that it had before; empty: none
  std::string about;
  Purpose purpose = Purpose::marketing;
  RuleStatus status = RuleStatus::draft;
  Trigger trigger;
  std::vector<Condition> if_all;
  std::vector<Condition> unless_any;
  std::vector<Condition> stop_if;
  std::vector<Condition> hold_while;
  std::vector<Step> steps;
  std::optional<Subject> once_per;  ///< scope; empty: each occurrence for itself
  std::optional<Span> again_after;
  std::optional<Span> late_limit;  ///< empty: none
  Backlog backlog;
  std::optional<int> limit_per_day;
  double holdout = 0;                ///< 0 … 1
  int priority = 0;                  ///< higher goes first
  std::string send_window;           ///< calendar of the site; empty: always
  std::optional<Calendar> business;  ///< what business time counts by: the send window, when used
  bool customer_zone = false;        ///< `timezone: customer`
  std::optional<int> brake;          ///< messages in the first hour; empty: the default
  std::vector<Slot> slots;           ///< what the conditions read
  std::vector<Aggregate> aggregates;
  std::shared_ptr<const Vocabulary> vocabulary;  ///< keeps what trigger and slots point to
  std::string file;
  std::string
      revision;  ///< hex SHA-256 of what decides: the file without comments and `about`, `status`
};

/// A line that decides. `step`: whose own `if` it is; nullptr: the whole rule's.
struct Line {
  std::string_view key;  ///< "if", "unless", "stop-if", "hold-while"
  const Condition* condition = nullptr;
  const Step* step = nullptr;
};

/// All lines of a rule in the order of their numbers, from 0: `if`, `unless`, `stop-if`,
/// `hold-while`, then each step's `if`.
template <class Visit>
void each_line(const Rule& rule, Visit&& visit) {
  const auto all = [&](std::string_view key, const std::vector<Condition>& conditions,
                       const Step* step) {
    for (const Condition& condition : conditions) visit(Line{key, &condition, step});
  };
  all("if", rule.if_all, nullptr);
  all("unless", rule.unless_any, nullptr);
  all("stop-if", rule.stop_if, nullptr);
  all("hold-while", rule.hold_while, nullptr);
  for (const Step& step : rule.steps) all("if", step.if_all, &step);
}

}  // namespace retaind::language
