#include "language/grammar.h"

namespace retaind::language {
namespace {

// clang-format off
constexpr OperatorRow operator_table[] = {
  {Op::equal, "=", "the same; of a text in quotes, a word of the field, a number, an amount, a date or another field", "order.status = completed"},
  {Op::not_equal, "!=", "another one", "customer.country != 'DE'"},
  {Op::less, "<", "less, or earlier", "order.total < 20 EUR"},
  {Op::less_equal, "<=", "less, earlier, or the same", "customer.orders_count <= 3"},
  {Op::greater, ">", "more, or later", "customer.open_tickets > 0"},
  {Op::greater_equal, ">=", "more, later, or the same", "customer.total_spent >= 500 EUR"},
  {Op::in, "in", "one of these", "order.status in [paid, shipped]"},
  {Op::not_in, "not in", "none of these", "customer.country not in ['DE', 'AT']"},
  {Op::older_than, "older than", "a time that lies further back", "customer.last_active_at older than 30 days"},
  {Op::within_last, "within last", "a time that lies back, and not further", "customer.created_at within last 1 month"},
  {Op::within_next, "within next", "a time to come, and not further", "customer.marketing_paused_until within next 7 days"},
  {Op::is_empty, "is empty", "nothing is stored; never unknown", "customer.first_name is empty"},
  {Op::is_not_empty, "is not empty", "something is stored; never unknown", "customer.birthday is not empty"},
  {Op::contains, "contains", "a text that has this text in it", "customer.city contains 'Berlin'"},
  {Op::both, "and", "both are true", "order.paid and customer.orders_count = 1"},
  {Op::either, "or", "one of them is true, or both; `and` binds closer", "order.refunded or order.cancelled"},
  {Op::negation, "not", "it is not true; of what is unknown it is unknown, too", "not order.refunded"},
  {Op::now, "now", "the time at which the message would leave", "order.placed_at < now"},
};

constexpr FoldRow fold_table[] = {
  {Fold::count, "count", "how many rows; 0 when there is none", "count(orders where order.total >= 50 EUR) >= 2"},
  {Fold::sum, "sum", "a field of all of them together; 0 when there is none", "sum(orders.total where order.completed) >= 100 EUR"},
  {Fold::max, "max", "the greatest or latest; unknown when there is none", "max(tickets.opened_at) older than 30 days"},
  {Fold::min, "min", "the smallest or earliest; unknown when there is none", "min(orders.placed_at) older than 1 year"},
  {Fold::avg, "avg", "the mean; unknown when there is none", "avg(feedback.score where feedback.kind = 'nps') >= 9"},
};

constexpr TypeRow type_table[] = {
  {Type::boolean, "bool", "true or false; alone it is a condition", "order.refunded"},
  {Type::number, "number", "a number, with `.` before decimals", "customer.orders_count >= 2"},
  {Type::percent, "percent", "a number with `%`", ""},
  {Type::money, "money", "an amount with its currency; two currencies are never compared", "order.total >= 49.90 EUR"},
  {Type::text, "text", "in single quotes; `''` is one of them", "customer.city = 'Alice''s Springs'"},
  {Type::enumeration, "enum", "one of a field's own words, without quotes", "order.status = shipped"},
  {Type::time, "time", "a moment; written as a date it means the whole day", "order.placed_at < 2026-03-01"},
  {Type::date, "date", "a day without a time", "customer.birthday < 2000-01-01"},
  {Type::duration, "duration", "a whole number and a unit, behind `older than`, `within last` and `within next`", "order.placed_at within last 48 hours"},
};

constexpr AbsentRow absent_table[] = {
  {"two triggers in one rule",
   "a rule has one reason to fire, so that what it sent and what it remembers can be told by it",
   "write two rules; `once-per: customer` counts for each of them",
   "when:\n  event: order.completed\n  customer: inactive\n", Code::trigger_count},
  {"a rule that fires when a condition becomes true",
   "a condition would have to be looked at for every customer all the time; only a trigger has a moment that can be found",
   "name the moment: an event, a date, or a state with `for:`",
   "when:\n  if: customer.orders_count = 3\n", Code::unknown_key},
  {"arithmetic",
   "a condition is read aloud and checked by its types; a formula is neither",
   "import the result as a field, or compare what is stored",
   "if: order.total * 2 > 100 EUR\n", Code::bad_expression},
  {"functions and patterns",
   "each would have to be the same in the checker, the sender and SQL, and few people read them right",
   "`contains`, `in`, or a field that is filled by the import",
   "if: lower(customer.city) = 'berlin'\n", Code::bad_expression},
  {"the orders of a customer without saying which",
   "there are many, and a rule that takes any of them surprises",
   "`count(orders where …) > 0`, or a field of the customer",
   "when:\n  customer: inactive\nif: order.total > 100 EUR\n", Code::subject_out_of_reach},
  {"amounts in another currency",
   "a rate changes every day, and the rule would change with it",
   "store one currency a shop",
   "if: order.total > 100 USD\n", Code::currency_mismatch},
  {"the time of day as a condition",
   "a condition that is false ends the message, and a window holds it",
   "`send-window:` with a calendar of retaind.yaml",
   "if: now > 09:00\n", Code::bad_expression},
  {"business time in conditions, limits and dates",
   "conditions are read in several zones and looked up backwards in time; a limit is there to be certain",
   "business hours in `for:`, `after:`, `wait:` or `repeat:`, and elapsed time elsewhere",
   "if: order.placed_at older than 16 business hours\n", Code::business_time},
  {"a pass over each customer at the customer's own time of day",
   "a pass reads the rows once; one for each time zone would read them up to forty times",
   "the shop's time, and a `send-window` that suits everybody; a date or a state of the customer knows `timezone: customer`",
   "when:\n  every: monday\n  at: 10:00\n  each: customer\ntimezone: customer\n", Code::not_available},
  {"another day of the month than the first, or every other week",
   "months have no last day in common, and people count weeks in several ways",
   "`every: month`, or `every: monday` with `once-per: customer` and `again-after: 13 days`",
   "when:\n  every: 15th\n  at: 10:00\n", Code::bad_word},
  {"a pass over order lines or events",
   "there are many times as many as customers, and none of them is somebody who gets a mail",
   "`each: customer` with `count(events where …) > 0`",
   "when:\n  every: monday\n  at: 10:00\n  each: event\n", Code::bad_word},
  {"anchors, aliases, includes and templates of YAML",
   "a rule is read, reviewed and explained where it stands",
   "repeat the line",
   "late-limit: &limit 3 days\n", Code::yaml_feature},
  {"sending without consent, or to an address of the rule's own",
   "consent and unsubscribing hang on the customer; nothing in a rule goes past them",
   "`purpose: transactional` for what the customer has asked for, a team of retaind.yaml for your own people",
   "then:\n  - email: thanks\n    to: someone@example.com\n", Code::unknown_key},
  {"loops and jumps between steps",
   "a run would have no end that can be planned",
   "`repeat:` while a state lasts, `wait:` between messages, a second rule for another way",
   "then:\n  - email: thanks\n  - goto: 1\n", Code::unknown_key},
};
// clang-format on

}  // namespace

std::span<const OperatorRow> operators() { return operator_table; }
std::span<const FoldRow> folds() { return fold_table; }
std::span<const TypeRow> types() { return type_table; }
std::span<const AbsentRow> absent() { return absent_table; }

}  // namespace retaind::language
