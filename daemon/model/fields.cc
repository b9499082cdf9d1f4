#include "model/fields.h"

#include <algorithm>
#include <array>

namespace retaind {
namespace {

using enum Subject;
using enum Type;
constexpr Derivation stored = Derivation::column;
constexpr Derivation flag = Derivation::dated_flag;
constexpr Derivation rolled = Derivation::roll_up;

struct SubjectRow {
  std::string_view name, table;
};
constexpr std::array<SubjectRow, subject_count> subjects{{
    {"customer", "customers"},
    {"order", "orders"},
    {"item", "items"},
    {"subscription", "subscriptions"},
    {"ticket", "tickets"},
    {"feedback", "feedback"},
    {"event", "events"},
}};

constexpr std::string_view order_words = "placed|paid|shipped|completed|cancelled|refunded|other";
constexpr std::string_view subscription_words = "trial|active|past_due|paused|cancelled|ended";
constexpr std::string_view ticket_words = "new|open|waiting_for_customer|on_hold|solved|closed";
constexpr std::string_view priority_words = "low|normal|high|urgent";

// clang-format off
constexpr Field table[] = {
  {customer, "key", text, stored, "key", "", "your own id of the customer"},
  {customer, "email", text, stored, "email", "", "e-mail address"},
  {customer, "first_name", text, stored, "first_name", "", "given name"},
  {customer, "last_name", text, stored, "last_name", "", "family name"},
  {customer, "locale", text, stored, "locale", "", "language of the customer's mails, such as en or ja"},
  {customer, "time_zone", text, stored, "time_zone", "", "time zone such as Europe/Berlin"},
  {customer, "country", text, stored, "country", "", "country code such as DE"},
  {customer, "city", text, stored, "city", "", "city"},
  {customer, "currency", text, stored, "currency", "", "currency of the customer's totals, such as EUR"},
  {customer, "created_at", time, stored, "created_at", "", "when the customer was created"},
  {customer, "birthday", date, stored, "birthday", "", "birthday"},
  {customer, "marketing_paused_until", time, stored, "marketing_paused_until", "", "no marketing until then"},
  {customer, "orders_count", number, rolled, "orders_count", "", "orders that were not cancelled"},
  {customer, "total_spent", money, rolled, "total_spent_minor", "", "sum of orders, less cancelled and refunded ones"},
  {customer, "last_order_at", time, rolled, "last_order_at", "", "when the latest order was placed"},
  {customer, "last_active_at", time, rolled, "last_active_at", "", "latest order, login or click"},
  {customer, "open_tickets", number, rolled, "open_tickets", "", "tickets that are neither solved nor closed"},

  {order, "key", text, stored, "key", "", "your own id of the order"},
  {order, "number", text, stored, "number", "", "number that the customer knows; in mails the key where there is none"},
  {order, "status", enumeration, stored, "status", order_words, "where the order is"},
  {order, "total", money, stored, "total_minor", "", "what the customer pays"},
  {order, "placed_at", time, stored, "placed_at", "", "when it was placed"},
  {order, "paid_at", time, stored, "paid_at", "", "when it was paid"},
  {order, "shipped_at", time, stored, "shipped_at", "", "when it was shipped"},
  {order, "completed_at", time, stored, "completed_at", "", "when it was completed"},
  {order, "cancelled_at", time, stored, "cancelled_at", "", "when it was cancelled"},
  {order, "refunded_at", time, stored, "refunded_at", "", "when it was refunded"},
  {order, "placed", boolean, flag, "placed_at", "", "it has been placed"},
  {order, "paid", boolean, flag, "paid_at", "", "it has been paid"},
  {order, "shipped", boolean, flag, "shipped_at", "", "it has been shipped"},
  {order, "completed", boolean, flag, "completed_at", "", "it has been completed"},
  {order, "cancelled", boolean, flag, "cancelled_at", "", "it has been cancelled"},
  {order, "refunded", boolean, flag, "refunded_at", "", "it has been refunded"},
  {order, "items_count", number, rolled, "items_count", "", "lines of the order"},

  {item, "key", text, stored, "key", "", "your own id of the line"},
  {item, "sku", text, stored, "sku", "", "article number"},
  {item, "name", text, stored, "name", "", "name of the article"},
  {item, "quantity", number, stored, "quantity", "", "how many"},
  {item, "price", money, stored, "price_minor", "", "price of one"},

  {subscription, "key", text, stored, "key", "", "your own id of the subscription"},
  {subscription, "plan", text, stored, "plan", "", "plan or product"},
  {subscription, "status", enumeration, stored, "status", subscription_words, "where the subscription is"},
  {subscription, "price", money, stored, "price_minor", "", "price of one period"},
  {subscription, "started_at", time, stored, "started_at", "", "when it began"},
  {subscription, "renews_at", time, stored, "renews_at", "", "when the next period begins"},
  {subscription, "cancelled_at", time, stored, "cancelled_at", "", "when it was cancelled"},
  {subscription, "ended_at", time, stored, "ended_at", "", "when it ended"},
  {subscription, "cancelled", boolean, flag, "cancelled_at", "", "it has been cancelled"},
  {subscription, "ended", boolean, flag, "ended_at", "", "it has ended"},

  {ticket, "key", text, stored, "key", "", "your own id of the ticket"},
  {ticket, "number", text, stored, "number", "", "number that people know; in mails the key where there is none"},
  {ticket, "subject", text, stored, "subject", "", "subject line"},
  {ticket, "status", enumeration, stored, "status", ticket_words, "where the ticket is"},
  {ticket, "priority", enumeration, stored, "priority", priority_words, "how urgent it is"},
  {ticket, "assignee", text, stored, "assignee", "", "e-mail address of who works on it"},
  {ticket, "team", text, stored, "team", "", "team that works on it"},
  {ticket, "url", text, stored, "url", "", "link to the ticket"},
  {ticket, "opened_at", time, stored, "opened_at", "", "when it was opened"},
  {ticket, "first_response_at", time, stored, "first_response_at", "", "when the team first answered"},
  {ticket, "solved_at", time, stored, "solved_at", "", "when it was last solved"},
  {ticket, "closed_at", time, stored, "closed_at", "", "when it was closed"},
  {ticket, "unresolved_since", time, stored, "unresolved_since", "", "when it was opened or last reopened"},
  {ticket, "reopens", number, stored, "reopens", "", "how often it was reopened"},

  {feedback, "key", text, stored, "key", "", "your own id of the answer"},
  {feedback, "kind", text, stored, "kind", "", "what was asked: nps (0 to 10), csat (1 to 5), ces (1 to 7) or a name of yours"},
  {feedback, "score", number, stored, "score", "", "the score that was given"},
  {feedback, "comment", text, stored, "comment", "", "what the customer wrote"},
  {feedback, "received_at", time, stored, "received_at", "", "when the answer came"},

  {event, "key", text, stored, "key", "", "your own id of the event"},
  {event, "name", text, stored, "name", "", "name of the event"},
  {event, "at", time, stored, "at", "", "when it happened"},
};

constexpr Relation related[] = {
  {"orders", order, "placed_at", "the customer's orders"},
  {"items", item, "placed_at", "lines of the order; in rules about anything else, of all orders of the customer"},
  {"subscriptions", subscription, "started_at", "the customer's subscriptions"},
  {"tickets", ticket, "opened_at", "the customer's tickets"},
  {"feedback", feedback, "received_at", "the customer's answers"},
  {"events", event, "at", "the customer's events"},
};

constexpr EventKind events[] = {
  {"customer.created", customer, "created_at", "a customer was created"},
  {"order.placed", order, "placed_at", "an order was placed"},
  {"order.paid", order, "paid_at", "an order was paid"},
  {"order.shipped", order, "shipped_at", "an order was shipped"},
  {"order.completed", order, "completed_at", "an order was completed"},
  {"order.cancelled", order, "cancelled_at", "an order was cancelled"},
  {"order.refunded", order, "refunded_at", "an order was refunded"},
  {"subscription.started", subscription, "started_at", "a subscription began"},
  {"subscription.cancelled", subscription, "cancelled_at", "a subscription was cancelled"},
  {"subscription.ended", subscription, "ended_at", "a subscription ended"},
  {"ticket.opened", ticket, "opened_at", "a ticket was opened"},
  {"ticket.solved", ticket, "solved_at", "a ticket was solved"},
  {"ticket.closed", ticket, "closed_at", "a ticket was closed"},
  {"feedback.received", feedback, "received_at", "a customer answered a survey"},
};

constexpr StateKind states[] = {
  {"ticket.unresolved", ticket, "unresolved_since", "ticket.status not in [solved, closed]",
   "s.status NOT IN ('solved', 'closed')", "unresolved_episode",
   "neither solved nor closed, since it was opened or last reopened"},
  {"ticket.unanswered", ticket, "opened_at",
   "ticket.first_response_at is empty and ticket.status not in [solved, closed]",
   "s.first_response_at IS NULL AND s.status NOT IN ('solved', 'closed')", "",
   "open without a first answer, since it was opened"},
  {"customer.inactive", customer, "last_active_at", "", "", "active_episode",
   "no order, login or click, since the last one"},
  {"customer.never-ordered", customer, "created_at", "customer.orders_count = 0", "s.orders_count = 0", "",
   "no order yet, since the customer was created"},
};

constexpr StateAnchor state_times[] = {
  {customer, "created_at", ""},
  {customer, "last_active_at", "active_episode"},
  {order, "placed_at", ""},
  {order, "completed_at", ""},
  {ticket, "opened_at", ""},
  {ticket, "unresolved_since", "unresolved_episode"},
  {feedback, "received_at", ""},
};

constexpr DateKind dates[] = {
  {"subscription.renews_at", subscription, "renews_at", false},
  {"customer.birthday", customer, "birthday", true},
};
// clang-format on

/// Where each subject's fields begin in `table`, which is ordered by subject; one more entry for
/// the end.
constexpr auto starts = [] {
  std::array<std::size_t, subject_count + 1> found{};
  for (const Field& field : table) ++found[static_cast<std::size_t>(field.subject) + 1];
  for (std::size_t i = 1; i < found.size(); ++i) found[i] += found[i - 1];
  return found;
}();
static_assert(std::is_sorted(std::begin(table), std::end(table),
                             [](const Field& a, const Field& b) { return a.subject < b.subject; }));

template <class Row, std::size_t size>
const Row* row_named(const Row (&rows)[size], std::string_view name) {
  const auto found = std::find_if(std::begin(rows), std::end(rows),
                                  [name](const Row& row) { return row.name == name; });
  return found == std::end(rows) ? nullptr : found;
}

}  // namespace

std::string_view name_of(Subject subject) {
  return subjects[static_cast<std::size_t>(subject)].name;
}
std::string_view table_of(Subject subject) {
  return subjects[static_cast<std::size_t>(subject)].table;
}

std::optional<Subject> find_subject(std::string_view name) {
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    if (subjects[i].name == name) return static_cast<Subject>(i);
  }
  return std::nullopt;
}

std::vector<std::string_view> subject_names() {
  std::vector<std::string_view> names;
  for (const auto& subject : subjects) names.push_back(subject.name);
  return names;
}

std::span<const Field> fields() { return table; }

const Field* find_field(Subject subject, std::string_view name) {
  const auto index = static_cast<std::size_t>(subject);
  for (std::size_t i = starts[index]; i < starts[index + 1]; ++i) {
    if (table[i].name == name) return &table[i];
  }
  return nullptr;
}

std::span<const Relation> relations() { return related; }
const Relation* find_relation(std::string_view name) { return row_named(related, name); }

std::span<const EventKind> event_kinds() { return events; }
const EventKind* find_event(std::string_view name) { return row_named(events, name); }

std::span<const StateKind> state_kinds() { return states; }
const StateKind* find_state(std::string_view name) { return row_named(states, name); }

std::span<const StateAnchor> state_anchors() { return state_times; }

std::span<const DateKind> date_kinds() { return dates; }
const DateKind* find_date(std::string_view name) { return row_named(dates, name); }

}  // namespace retaind
