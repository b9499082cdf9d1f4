#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "model/cell.h"

namespace retaind {

/// The kinds of rows in the store; their order is stored (change feed), so append only.
enum class Subject : std::uint8_t { customer, order, item, subscription, ticket, feedback, event };
inline constexpr int subject_count = 7;

std::string_view name_of(Subject subject);   // "order"
std::string_view table_of(Subject subject);  // "orders"
std::optional<Subject> find_subject(std::string_view name);
std::vector<std::string_view> subject_names();

/// How a field is read from its column.
enum class Derivation : std::uint8_t {
  column,      ///< as stored
  dated_flag,  ///< boolean: the column holds a time not after now (`order.refunded` from
               ///< refunded_at); never unknown
  roll_up,     ///< kept by the store with the facts; never unknown where it counts or sums
  attribute,   ///< member `name` of the JSON object in the column: a field of the site's own
};

/// One field of the shipped vocabulary: the one table that checker, schema, store and documentation
/// read.
struct Field {
  Subject subject;
  std::string_view name;  ///< as rules write it, without the subject: "completed_at"
  Type type;
  Derivation derivation = Derivation::column;
  std::string_view column;  ///< column in table_of(subject)
  std::string_view words;   ///< of an enumeration: the allowed words, separated by '|'
  std::string_view about;   ///< one line for documentation and hover text
  Currency currency{};      ///< of an attribute's plain numbers, when it is money
};
std::span<const Field> fields();
const Field* find_field(Subject subject, std::string_view name);

/// Rows of a customer that conditions can count, named in the plural; `items` of a rule about an
/// order are that order's.
struct Relation {
  std::string_view name;  ///< "orders"
  Subject of;
  std::string_view begins;  ///< column of its row; a row dated after now is not there yet
  std::string_view about;
};
std::span<const Relation> relations();
const Relation* find_relation(std::string_view name);

/// A named event: something that has happened to a row at the time in one of its columns.
struct EventKind {
  std::string_view name;  ///< "order.completed"
  Subject subject;
  std::string_view anchor;  ///< column
  std::string_view about;
};
/// Besides these, every other `name` in the events table is an event of its own.
std::span<const EventKind> event_kinds();
const EventKind* find_event(std::string_view name);

/// A named state of a row: active while `since` is not null and `is` holds.
struct StateKind {
  std::string_view name;  ///< "ticket.unresolved"
  Subject subject;
  std::string_view since;  ///< column from which it counts
  std::string_view is;     ///< rule-language condition on the row; empty when `since` alone decides
  std::string_view is_sql;  ///< the same for the store, on alias `s`; empty likewise
  std::string_view
      episode;  ///< column with the episode's number; empty when there is only one episode
  std::string_view about;
  bool own = false;  ///< of the site: `is` is asked of each row that an anchor brings
};
std::span<const StateKind> state_kinds();
const StateKind* find_state(std::string_view name);

/// A time from which a state of the site's own can count: an index serves it, and either it stays
/// what it was or its episodes are numbered.
struct StateAnchor {
  Subject subject;
  std::string_view column;
  std::string_view episode;  ///< as of a state
};
std::span<const StateAnchor> state_anchors();

/// A date that rules can count to or from.
struct DateKind {
  std::string_view name;  ///< "subscription.renews_at", "customer.birthday"
  Subject subject;
  std::string_view column;
  bool yearly;  ///< recurs every year (a date without time)
};
std::span<const DateKind> date_kinds();
const DateKind* find_date(std::string_view name);

}  // namespace retaind
