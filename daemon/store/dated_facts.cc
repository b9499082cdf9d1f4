#include "store/dated_facts.h"

#include <algorithm>
#include <tuple>

#include "store/ticket_timeline.h"

namespace retaind::store {
namespace {

using What = DatedFacts::Step::What;

std::optional<std::string> maybe_text(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return std::string(row.text(column));
}

// Only what had happened by then.
std::optional<Time> by(const Statement& row, int column, Time at) {
  const auto time = row.maybe_time(column);
  return time && *time <= at ? time : std::nullopt;
}

// What of one instant comes first: whoever is referred to, then who may be written to, then what
// happened.
int rank(const DatedFacts::Step& step) {
  if (step.what == What::consent) return 1;
  if (step.what == What::suppression) return 2;
  return step.subject == Subject::customer ? 0 : 3 + static_cast<int>(step.subject);
}

struct Query {
  std::string_view rows;       ///< "SELECT id, time FROM …"
  std::string_view condition;  ///< may be empty
  std::string_view whose;      ///< one customer's, ?1; each has an index for it
  Subject subject;
  What what;
};

constexpr std::string_view history = "SELECT row, valid_from FROM history";
constexpr std::string_view own = "customer = ?1";

constexpr Query queries[] = {
    {"SELECT id, created_at FROM customers", "", "id = ?1", Subject::customer, What::fact},
    {"SELECT id, placed_at FROM orders", "", own, Subject::order, What::fact},
    {"SELECT id, paid_at FROM orders", "paid_at IS NOT NULL", own, Subject::order, What::fact},
    {"SELECT id, shipped_at FROM orders", "shipped_at IS NOT NULL", own, Subject::order,
     What::fact},
    {"SELECT id, completed_at FROM orders", "completed_at IS NOT NULL", own, Subject::order,
     What::fact},
    {"SELECT id, cancelled_at FROM orders", "cancelled_at IS NOT NULL", own, Subject::order,
     What::fact},
    {"SELECT id, refunded_at FROM orders", "refunded_at IS NOT NULL", own, Subject::order,
     What::fact},
    {"SELECT id, started_at FROM subscriptions", "", own, Subject::subscription, What::fact},
    {"SELECT id, cancelled_at FROM subscriptions", "cancelled_at IS NOT NULL", own,
     Subject::subscription, What::fact},
    {"SELECT id, ended_at FROM subscriptions", "ended_at IS NOT NULL", own, Subject::subscription,
     What::fact},
    {history, "subject = 0 AND valid_from > 0", "row = ?1", Subject::customer, What::fact},
    {history, "subject = 1 AND valid_from > 0",
     "row IN (SELECT id FROM orders WHERE customer = ?1)", Subject::order, What::fact},
    {history, "subject = 3 AND valid_from > 0",
     "row IN (SELECT id FROM subscriptions WHERE customer = ?1)", Subject::subscription,
     What::fact},
    {history, "subject = 4 AND field <> 'status' AND valid_from > 0",
     "row IN (SELECT id FROM tickets WHERE customer = ?1)", Subject::ticket, What::fact},
    {"SELECT id, opened_at FROM tickets", "", own, Subject::ticket, What::fact},
    {"SELECT id, first_response_at FROM tickets", "first_response_at IS NOT NULL", own,
     Subject::ticket, What::fact},
    {history, "subject = 4 AND field = 'status'",
     "row IN (SELECT id FROM tickets WHERE customer = ?1)", Subject::ticket, What::ticket_status},
    {"SELECT id, received_at FROM feedback", "", own, Subject::feedback, What::fact},
    {"SELECT id, at FROM events", "", own, Subject::event, What::fact},
    {"SELECT id, at FROM consent", "", own, Subject::customer, What::consent},
    {"SELECT c.id, p.at FROM suppression p JOIN customers c ON c.email_key = p.email_key", "",
     "c.id = ?1", Subject::customer, What::suppression},
    {"SELECT c.id, p.lifted_at FROM suppression p JOIN customers c ON c.email_key = p.email_key",
     "p.lifted_at IS NOT NULL", "c.id = ?1", Subject::customer, What::suppression},
};

using Steps = std::vector<DatedFacts::Step>;

void collect(Steps& steps, Statement& rows, const Query& query, Time from, Time to) {
  while (rows.step()) {
    const Time at = rows.is_null(1) ? from : std::max(from, rows.time(1));
    // A customer is known from the beginning, because consents and orders name them; only
    // created_at appears at its time.
    if (query.subject == Subject::customer && query.what == What::fact && at > from)
      steps.push_back({from, query.subject, query.what, rows.integer(0)});
    if (at <= to) steps.push_back({at, query.subject, query.what, rows.integer(0)});
  }
}

void sort(Steps& steps) {
  const auto key = [](const DatedFacts::Step& s) {
    return std::make_tuple(s.at, rank(s), s.row, s.what);
  };
  std::sort(steps.begin(), steps.end(),
            [&](const auto& a, const auto& b) { return key(a) < key(b); });
  steps.erase(std::unique(steps.begin(), steps.end(),
                          [&](const auto& a, const auto& b) { return key(a) == key(b); }),
              steps.end());
}

std::string sql_of(const Query& query) {
  std::string sql(query.rows);
  if (!query.condition.empty()) sql.append(" WHERE ").append(query.condition);
  return sql;
}

std::string sql_of_customer(const Query& query) {
  return sql_of(query).append(query.condition.empty() ? " WHERE " : " AND ").append(query.whose);
}

}  // namespace

Result<Steps> DatedFacts::steps(Time from, Time to) {
  from_ = from;
  as_it_was_.begin();
  Steps steps;
  for (const Query& query : queries)
    collect(steps, source_->prepared(sql_of(query)), query, from, to);
  if (auto error = source_->take_error(); !error) return error.error();
  sort(steps);
  return steps;
}

Result<Steps> DatedFacts::steps_of(const std::vector<std::int64_t>& customers, Time from, Time to) {
  from_ = from;
  as_it_was_.begin();
  Steps steps;
  for (const Query& query : queries) {
    const std::string sql = sql_of_customer(query);
    for (const std::int64_t customer : customers)
      collect(steps, source_->prepared(sql).bind(1, customer), query, from, to);
  }
  if (auto error = source_->take_error(); !error) return error.error();
  sort(steps);
  return steps;
}

std::size_t DatedFacts::at_most() {
  Statement& rows = source_->prepared(
      "SELECT sum(n) FROM (SELECT max(id) AS n FROM customers UNION ALL SELECT max(id) FROM orders "
      "UNION ALL SELECT max(id) FROM subscriptions UNION ALL SELECT max(id) FROM tickets UNION ALL "
      "SELECT max(id) FROM feedback UNION ALL SELECT max(id) FROM events)");
  return static_cast<std::size_t>(rows.single().value_or(0));
}

std::optional<Time> DatedFacts::history_until_of(const Step& step) {
  if (step.what == Step::What::consent || step.what == Step::What::suppression) return std::nullopt;
  const std::string sql =
      "SELECT history_until FROM " + std::string(table_of(step.subject)) + " WHERE id = ?1";
  Statement& row = source_->prepared(sql).bind(1, step.row);
  std::optional<Time> until;
  if (row.step()) until = row.maybe_time(0);
  row.reset();
  return until;
}

Result<void> DatedFacts::apply(const Step& step, Facts& target) {
  if (keeps_history_until_) target.set_history_until(history_until_of(step));
  if (step.what == What::consent) return apply_consent(step, target);
  if (step.what == What::suppression) return apply_suppression(step, target);
  switch (step.subject) {
    case Subject::customer: return apply_customer(step, target);
    case Subject::order: return apply_order(step, target);
    case Subject::subscription: return apply_subscription(step, target);
    case Subject::ticket: return apply_ticket(step, target);
    case Subject::feedback: return apply_feedback(step, target);
    case Subject::event: return apply_event(step, target);
    case Subject::item: break;
  }
  return {};
}

namespace {

template <class Fact>
Result<void> put(Facts& target, const Fact& fact) {
  auto written = target.put(fact);
  if (!written) return written.error();
  return {};
}

}  // namespace

Result<void> DatedFacts::apply_customer(const Step& step, Facts& target) {
  Statement& row = source_->prepared(
      "SELECT key, email, first_name, last_name, locale, time_zone, country, city, currency, "
      "created_at, birthday, attributes"
      " FROM customers WHERE id = ?1");
  if (!row.bind(1, step.row).step()) return {};
  CustomerFact fact;
  fact.key = row.text(0);
  fact.email = maybe_text(row, 1);
  fact.first_name = maybe_text(row, 2);
  fact.last_name = maybe_text(row, 3);
  fact.locale = maybe_text(row, 4);
  fact.time_zone = maybe_text(row, 5);
  fact.country = maybe_text(row, 6);
  fact.city = maybe_text(row, 7);
  fact.currency = maybe_text(row, 8);
  fact.created_at = by(row, 9, step.at);
  fact.birthday = maybe_text(row, 10);
  fact.attributes = maybe_text(row, 11);
  row.reset();
  as_it_was_.put_back(fact, step.row, step.at);
  return put(target, fact);
}

Result<void> DatedFacts::apply_order(const Step& step, Facts& target) {
  Statement& row = source_->prepared(
      "SELECT o.key, c.key, o.number, o.status, o.currency, o.total_minor, o.placed_at, o.paid_at, "
      "o.shipped_at, o.completed_at,"
      " o.cancelled_at, o.refunded_at, o.attributes,"
      " max(coalesce(o.placed_at, 0), coalesce(o.paid_at, 0), coalesce(o.shipped_at, 0), "
      "coalesce(o.completed_at, 0),"
      "  coalesce(o.cancelled_at, 0), coalesce(o.refunded_at, 0)),"
      " min(coalesce(o.placed_at, 9e15), coalesce(o.paid_at, 9e15), coalesce(o.shipped_at, 9e15), "
      "coalesce(o.completed_at, 9e15),"
      "  coalesce(o.cancelled_at, 9e15), coalesce(o.refunded_at, 9e15))"
      " FROM orders o LEFT JOIN customers c ON c.id = o.customer WHERE o.id = ?1");
  if (!row.bind(1, step.row).step()) return {};
  OrderFact fact;
  fact.key = row.text(0);
  fact.customer = maybe_text(row, 1);
  fact.number = maybe_text(row, 2);
  fact.currency = maybe_text(row, 4);
  fact.total_minor = row.maybe_integer(5);
  fact.placed_at = by(row, 6, step.at);
  fact.paid_at = by(row, 7, step.at);
  fact.shipped_at = by(row, 8, step.at);
  fact.completed_at = by(row, 9, step.at);
  fact.cancelled_at = by(row, 10, step.at);
  fact.refunded_at = by(row, 11, step.at);
  fact.attributes = maybe_text(row, 12);
  // The dates say how far it was; the word in the export is the last one.
  fact.status = "placed";
  if (fact.paid_at) fact.status = "paid";
  if (fact.shipped_at) fact.status = "shipped";
  if (fact.completed_at) fact.status = "completed";
  if (fact.cancelled_at) fact.status = "cancelled";
  if (fact.refunded_at) fact.status = "refunded";
  const bool is_over = row.integer(13) <= to_ms(step.at);
  if (is_over) fact.status = maybe_text(row, 3);
  const bool first =
      static_cast<std::int64_t>(row.real(14)) >= to_ms(step.at) || row.real(14) >= 9e15;
  row.reset();
  as_it_was_.put_back(fact, step.row, step.at, is_over);
  if (auto written = put(target, fact); !written || !first) return written;
  Statement& items = source_->prepared(
      "SELECT key, sku, name, quantity, price_minor, attributes FROM items WHERE \"order\" = ?1 "
      "ORDER BY id");
  items.bind(1, step.row);
  while (items.step()) {
    ItemFact item;
    item.order = fact.key;
    item.key = items.text(0);
    item.sku = maybe_text(items, 1);
    item.name = maybe_text(items, 2);
    if (!items.is_null(3)) item.quantity = items.real(3);
    item.price_minor = items.maybe_integer(4);
    item.attributes = maybe_text(items, 5);
    if (auto written = put(target, item); !written) {
      items.reset();
      return written;
    }
  }
  return {};
}

Result<void> DatedFacts::apply_subscription(const Step& step, Facts& target) {
  Statement& row = source_->prepared(
      "SELECT s.key, c.key, s.plan, s.status, s.currency, s.price_minor, s.started_at,"
      " coalesce((SELECT h.value FROM history h WHERE h.subject = 3 AND h.row = s.id AND h.field = "
      "'renews_at' AND h.valid_from <= ?2"
      "  ORDER BY h.valid_from DESC LIMIT 1), s.renews_at),"
      " s.cancelled_at, s.ended_at, s.attributes FROM subscriptions s LEFT JOIN customers c ON "
      "c.id = s.customer WHERE s.id = ?1");
  if (!row.bind(1, step.row).bind(2, step.at).step()) return {};
  SubscriptionFact fact;
  fact.key = row.text(0);
  fact.customer = maybe_text(row, 1);
  fact.plan = maybe_text(row, 2);
  fact.currency = maybe_text(row, 4);
  fact.price_minor = row.maybe_integer(5);
  fact.started_at = by(row, 6, step.at);
  fact.renews_at = row.maybe_time(7);
  fact.cancelled_at = by(row, 8, step.at);
  fact.ended_at = by(row, 9, step.at);
  fact.attributes = maybe_text(row, 10);
  const bool over = (row.is_null(8) || fact.cancelled_at) && (row.is_null(9) || fact.ended_at);
  fact.status = over ? maybe_text(row, 3) : (fact.cancelled_at ? "cancelled" : "active");
  row.reset();
  as_it_was_.put_back(fact, step.row, step.at, over);
  return put(target, fact);
}

// What was said about the status at the step's time; at the beginning all that was said before, so
// that a reopening counts from when it was.
std::vector<TicketStatus> DatedFacts::said_of_status(const Step& step) {
  std::vector<TicketStatus> said = ticket_statuses(*source_, step.row);
  std::erase_if(said, [&](const TicketStatus& one) {
    return one.from > step.at || (step.at > from_ && one.from < step.at);
  });
  return said;
}

Result<void> DatedFacts::apply_ticket(const Step& step, Facts& target) {
  Statement& row = source_->prepared(
      "SELECT t.key, c.key, t.number, t.subject, t.priority, t.assignee, t.team, t.url, "
      "t.opened_at, t.first_response_at, t.attributes"
      " FROM tickets t LEFT JOIN customers c ON c.id = t.customer WHERE t.id = ?1");
  if (!row.bind(1, step.row).step()) return {};
  TicketFact fact;
  fact.key = row.text(0);
  fact.customer = maybe_text(row, 1);
  fact.number = maybe_text(row, 2);
  fact.subject = maybe_text(row, 3);
  fact.priority = maybe_text(row, 4);
  fact.assignee = maybe_text(row, 5);
  fact.team = maybe_text(row, 6);
  fact.url = maybe_text(row, 7);
  fact.opened_at = by(row, 8, step.at);
  fact.first_response_at = by(row, 9, step.at);
  fact.attributes = maybe_text(row, 10);
  row.reset();
  as_it_was_.put_back(fact, step.row, step.at);
  const std::vector<TicketStatus> said = said_of_status(step);
  if (said.empty()) return put(target, fact);
  for (const TicketStatus& word : said) {
    fact.status = word.status;
    fact.as_of = word.from;
    if (auto written = put(target, fact); !written) return written;
  }
  return {};
}

Result<void> DatedFacts::apply_feedback(const Step& step, Facts& target) {
  Statement& row = source_->prepared(
      "SELECT f.key, c.key, o.key, t.key, f.kind, f.score, f.comment, f.received_at, f.attributes "
      "FROM feedback f"
      " LEFT JOIN customers c ON c.id = f.customer LEFT JOIN orders o ON o.id = f.\"order\" LEFT "
      "JOIN tickets t ON t.id = f.ticket"
      " WHERE f.id = ?1");
  if (!row.bind(1, step.row).step()) return {};
  FeedbackFact fact;
  fact.key = row.text(0);
  fact.customer = maybe_text(row, 1);
  // A review may be dated before its order appears in the sequence; the customer is what rules
  // read.
  if (const auto order = maybe_text(row, 2); order && target.find(Subject::order, *order) != 0)
    fact.order = order;
  if (const auto ticket = maybe_text(row, 3); ticket && target.find(Subject::ticket, *ticket) != 0)
    fact.ticket = ticket;
  fact.kind = maybe_text(row, 4);
  fact.score = row.maybe_integer(5);
  fact.comment = maybe_text(row, 6);
  fact.received_at = row.maybe_time(7);
  fact.attributes = maybe_text(row, 8);
  row.reset();
  return put(target, fact);
}

Result<void> DatedFacts::apply_event(const Step& step, Facts& target) {
  Statement& row = source_->prepared(
      "SELECT e.key, c.key, e.name, e.at, e.attributes FROM events e LEFT JOIN customers c ON c.id "
      "= e.customer WHERE e.id = ?1");
  if (!row.bind(1, step.row).step()) return {};
  EventFact fact;
  fact.key = row.text(0);
  fact.customer = maybe_text(row, 1);
  fact.name = row.text(2);
  fact.at = row.time(3);
  fact.attributes = maybe_text(row, 4);
  row.reset();
  return put(target, fact);
}

Result<void> DatedFacts::apply_consent(const Step& step, Facts& target) {
  Statement& row = source_->prepared(
      "SELECT c.key, n.purpose, n.granted, n.at, n.expires_at, n.basis, n.source, n.text_version "
      "FROM consent n"
      " JOIN customers c ON c.id = n.customer WHERE n.id = ?1");
  if (!row.bind(1, step.row).step()) return {};
  ConsentFact fact;
  fact.customer = row.text(0);
  fact.purpose = row.text(1);
  fact.granted = row.integer(2) != 0;
  fact.at = row.time(3);
  fact.expires_at = row.maybe_time(4);
  fact.basis = row.text(5);
  fact.source = row.text(6);
  fact.text_version = row.text(7);
  row.reset();
  return put(target, fact);
}

Result<void> DatedFacts::apply_suppression(const Step& step, Facts& target) {
  Statement& rows = source_->prepared(
      "SELECT p.email_key, p.scope, p.cause, p.source, p.at, p.lifted_at FROM suppression p JOIN "
      "customers c ON c.email_key = p.email_key"
      " WHERE c.id = ?1 AND p.at <= ?2");
  rows.bind(1, step.row).bind(2, step.at);
  while (rows.step()) {
    SuppressionFact fact;
    fact.email = rows.text(0);
    fact.scope = rows.text(1);
    fact.cause = rows.text(2);
    fact.source = rows.text(3);
    fact.at = rows.time(4);
    fact.lifted_at = by(rows, 5, step.at);
    if (auto written = put(target, fact); !written) {
      rows.reset();
      return written;
    }
  }
  return {};
}

}  // namespace retaind::store
