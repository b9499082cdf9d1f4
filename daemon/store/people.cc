#include "store/people.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "store/columns.h"
#include "store/ticket_timeline.h"

namespace retaind::store {
namespace {

constexpr std::string_view person_columns =
    "SELECT c.id, c.key, c.first_name, c.last_name, c.email, c.time_zone, c.created_at FROM ";

People::Person read_person(const Statement& row) {
  People::Person person;
  person.id = row.integer(0);
  person.key = row.text(1);
  person.name = trim(fmt::format("{} {}", row.text(2), row.text(3)));
  person.email = row.text(4);
  person.time_zone = row.text(5);
  person.created_at = row.maybe_time(6);
  return person;
}

std::vector<People::Person> read_people(Statement& rows) {
  std::vector<People::Person> found;
  while (rows.step()) found.push_back(read_person(rows));
  return found;
}

/// The kind of row that a trigger's name stands for; a name of nobody else's is an event's.
std::optional<Subject> subject_of_trigger(std::string_view name) {
  if (const EventKind* event = find_event(name)) return event->subject;
  if (const StateKind* state = find_state(name)) return state->subject;
  if (const DateKind* date = find_date(name)) return date->subject;
  // A state of the site's own begins with its subject, and no event of its own does.
  return find_subject(name.substr(0, name.find('.'))).value_or(Subject::event);
}

/// What one wants to see beside the date of a row.
std::string_view about_of(Subject subject) {
  switch (subject) {
    case Subject::order: return "status";
    case Subject::subscription: return "plan";
    case Subject::ticket: return "subject";
    case Subject::feedback: return "kind || ' ' || score";
    case Subject::event: return "name";
    default: return "NULL";
  }
}

/// Dates of something that has happened or is announced; not of what the store derives from them.
bool is_dated(Subject subject, const Column& column) {
  if (column.kind != Column::Kind::time || column.owner == Column::Owner::store) return false;
  // Of a ticket's solutions its history knows more than the last.
  return subject != Subject::ticket || (column.name != "as_of" && column.name != "solved_at");
}

}  // namespace

std::vector<People::Person> People::find(std::string_view word) {
  static const std::string by_key = fmt::format("{} customers c WHERE c.key = ?1", person_columns);
  static const std::string by_alias =
      fmt::format("{} customer_alias a JOIN customers c ON c.id = a.customer WHERE a.alias = ?1",
                  person_columns);
  static const std::string by_email =
      fmt::format("{} customers c WHERE c.email_key = ?1 ORDER BY c.key LIMIT 10", person_columns);
  for (const std::string* sql : {&by_key, &by_alias}) {
    auto found = read_people(database_->prepared(*sql).bind(1, word));
    if (!found.empty()) return found;
  }
  const std::string email = email_key(word);
  if (email.empty()) return {};
  return read_people(database_->prepared(by_email).bind(1, email));
}

std::optional<People::Person> People::person(std::int64_t id) {
  static const std::string sql = fmt::format("{} customers c WHERE c.id = ?1", person_columns);
  auto found = read_people(database_->prepared(sql).bind(1, id));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<std::string> People::keys_near(std::string_view word) {
  std::vector<std::string> keys;
  for (const std::string_view sql :
       {"SELECT key FROM customers WHERE key < ?1 ORDER BY key DESC LIMIT 5",
        "SELECT key FROM customers WHERE key > ?1 ORDER BY key LIMIT 5"}) {
    Statement& rows = database_->prepared(sql).bind(1, word);
    while (rows.step()) keys.emplace_back(rows.text(0));
  }
  return keys;
}

std::string People::key_of(Subject subject, std::int64_t row) {
  Statement& rows =
      database_->prepared(fmt::format("SELECT key FROM {} WHERE id = ?1", table_of(subject)));
  std::string key;
  if (rows.bind(1, row).step()) key = rows.text(0);
  rows.reset();
  return key;
}

std::optional<std::int64_t> People::trigger_id(std::string_view name) {
  return database_->prepared("SELECT id FROM trigger_name WHERE name = ?1").bind(1, name).single();
}

std::optional<Time> People::time_of(Subject subject, std::int64_t row, std::string_view column) {
  const auto value =
      database_->prepared(fmt::format("SELECT {} FROM {} WHERE id = ?1", column, table_of(subject)))
          .bind(1, row)
          .single();
  return value ? std::optional(from_ms(*value)) : std::nullopt;
}

std::string People::values_read(std::int64_t message, Time at) {
  // Decisions are written in the order of time and have no other index: the first of that time is
  // found by halving.
  const auto end = database_->prepared("SELECT max(id) FROM decision").single();
  if (!end) return {};
  std::int64_t low = database_->prepared("SELECT min(id) FROM decision").single().value_or(1);
  std::int64_t high = *end + 1;
  Statement& probe =
      database_->prepared("SELECT at FROM decision WHERE id >= ?1 ORDER BY id LIMIT 1");
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    const auto there = probe.bind(1, middle).single();
    if (there && *there < to_ms(at)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  Statement& rows = database_->prepared(
      "SELECT message, at, \"values\" FROM decision WHERE id >= ?1 ORDER BY id LIMIT 10000");
  rows.bind(1, low);
  std::string values;
  while (rows.step() && rows.time(1) == at) {
    if (rows.maybe_integer(0) != message) continue;
    values = rows.text(2);
    break;
  }
  rows.reset();
  return values;
}

std::vector<People::Consent> People::consents(std::int64_t customer) {
  Statement& rows = database_->prepared(
      "SELECT granted, at, expires_at, purpose, source FROM consent WHERE customer = ?1 ORDER BY "
      "at, "
      "id");
  rows.bind(1, customer);
  std::vector<Consent> found;
  while (rows.step()) {
    found.push_back({rows.integer(0) != 0, rows.time(1), rows.maybe_time(2),
                     std::string(rows.text(3)), std::string(rows.text(4))});
  }
  return found;
}

std::vector<People::Suppression> People::suppressions(std::int64_t customer) {
  Statement& rows = database_->prepared(
      "SELECT p.scope, p.cause, p.at, p.lifted_at FROM suppression p WHERE p.email_key = (SELECT "
      "email_key FROM customers WHERE id = ?1) ORDER BY p.at, p.scope");
  rows.bind(1, customer);
  std::vector<Suppression> found;
  while (rows.step()) {
    found.push_back(
        {std::string(rows.text(0)), std::string(rows.text(1)), rows.time(2), rows.maybe_time(3)});
  }
  return found;
}

std::vector<People::Hold> People::holds(std::string_view key) {
  Statement& rows = database_->prepared(
      "SELECT because, author, at, until, released_at FROM hold WHERE scope = 'customer' AND "
      "target "
      "= ?1 ORDER BY at, id");
  rows.bind(1, key);
  std::vector<Hold> found;
  while (rows.step()) {
    found.push_back({std::string(rows.text(0)), std::string(rows.text(1)), rows.time(2),
                     rows.maybe_time(3), rows.maybe_time(4)});
  }
  return found;
}

std::vector<People::Fact> People::facts(std::int64_t customer, Time from, Time to) {
  std::vector<Fact> found;
  struct Ticket {
    std::int64_t id;
    std::string key, about;
  };
  std::vector<Ticket> tickets;
  for (int i = 0; i < subject_count; ++i) {
    const auto subject = static_cast<Subject>(i);
    if (subject == Subject::item) continue;
    std::vector<const Column*> dates;
    std::string sql = fmt::format("SELECT key, {}, id", about_of(subject));
    for (const Column& column : columns_of(subject)) {
      if (!is_dated(subject, column)) continue;
      dates.push_back(&column);
      sql += fmt::format(", {}", column.name);
    }
    sql += fmt::format(" FROM {} WHERE {} = ?1", table_of(subject),
                       subject == Subject::customer ? "id" : "customer");
    Statement& rows = database_->prepared(sql).bind(1, customer);
    while (rows.step()) {
      for (std::size_t d = 0; d < dates.size(); ++d) {
        const auto at = rows.maybe_time(static_cast<int>(d) + 3);
        if (!at || *at < from || *at > to) continue;
        found.push_back(
            {subject, std::string(rows.text(0)), dates[d]->name, std::string(rows.text(1)), *at});
      }
      if (subject == Subject::ticket)
        tickets.push_back({rows.integer(2), std::string(rows.text(0)), std::string(rows.text(1))});
    }
  }
  for (const Ticket& ticket : tickets) {
    bool resolved = false;
    for (const TicketStatus& entry : ticket_statuses(*database_, ticket.id)) {
      const bool was = std::exchange(resolved, is_resolved(entry.status));
      if (was == resolved || entry.from < from || entry.from > to) continue;
      found.push_back({Subject::ticket, ticket.key, resolved ? "solved_at" : "reopened_at",
                       ticket.about, entry.from});
    }
  }
  return found;
}

std::vector<std::int64_t> People::firings(std::int64_t customer) {
  std::vector<std::int64_t> rows_of[subject_count];
  rows_of[0].push_back(customer);
  for (std::size_t i = 1; i < subject_count; ++i) {
    if (static_cast<Subject>(i) == Subject::item) continue;
    Statement& rows = database_->prepared(
        fmt::format("SELECT id FROM {} WHERE customer = ?1", table_of(static_cast<Subject>(i))));
    rows.bind(1, customer);
    while (rows.step()) rows_of[i].push_back(rows.integer(0));
  }
  struct Kind {
    std::int64_t rule = 0, draft = 0, trigger = 0;
    Subject subject = Subject::customer;
  };
  std::vector<Kind> kinds;
  // Distinct (rule, draft, trigger), one step of the index each.
  Statement& rules = database_->prepared("SELECT id FROM rule ORDER BY id");
  std::vector<std::int64_t> ids;
  while (rules.step()) ids.push_back(rules.integer(0));
  Statement& next = database_->prepared(
      "SELECT min(\"trigger\") FROM firing WHERE rule = ?1 AND draft = ?2 AND \"trigger\" > ?3");
  for (const std::int64_t rule : ids) {
    for (const std::int64_t draft : {0, 1}) {
      std::optional<std::int64_t> trigger = -1;
      while ((trigger = next.bind(1, rule).bind(2, draft).bind(3, *trigger).single())) {
        Statement& name = database_->prepared("SELECT name FROM trigger_name WHERE id = ?1");
        if (!name.bind(1, *trigger).step()) continue;
        const auto subject = subject_of_trigger(name.text(0));
        name.reset();
        kinds.push_back({rule, draft, *trigger, *subject});
      }
    }
  }
  std::vector<std::int64_t> found;
  Statement& firings = database_->prepared(
      "SELECT id FROM firing WHERE rule = ?1 AND draft = ?2 AND \"trigger\" = ?3 AND row = ?4");
  for (const Kind& kind : kinds) {
    for (const std::int64_t row : rows_of[static_cast<std::size_t>(kind.subject)]) {
      firings.bind(1, kind.rule).bind(2, kind.draft).bind(3, kind.trigger).bind(4, row);
      while (firings.step()) found.push_back(firings.integer(0));
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace retaind::store
