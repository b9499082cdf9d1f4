#include "store/row.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/text.h"

namespace retaind::store {
namespace {

/// Fills a Row from optional fields: one without a value is not given.
class Filled {
 public:
  explicit Filled(Subject subject) : row_(subject) {}

  Filled& operator()(std::string_view column, const std::optional<std::string>& value) {
    if (value) row_.set(column, Cell::of(std::string_view(*value)));
    return *this;
  }
  Filled& operator()(std::string_view column, const std::optional<std::int64_t>& value) {
    if (value) row_.set(column, Cell::of(*value));
    return *this;
  }
  Filled& operator()(std::string_view column, const std::optional<double>& value) {
    if (value) row_.set(column, Cell::of(*value));
    return *this;
  }
  Filled& operator()(std::string_view column, const std::optional<Time>& value) {
    if (value) row_.set(column, Cell::of(to_ms(*value)));
    return *this;
  }
  Filled& operator()(std::string_view column, const std::string& value) {
    row_.set(column, Cell::of(std::string_view(value)));
    return *this;
  }
  Filled& key(std::string_view value) {
    row_.set("key", Cell::of(value));
    return *this;
  }
  Filled& reference(std::string_view column, const std::string& value,
                    std::string_view Row::*target) {
    row_.set(column, Cell{});
    row_.*target = value;
    return *this;
  }
  Filled& reference(std::string_view column, const std::optional<std::string>& value,
                    std::string_view Row::*target) {
    return value ? reference(column, *value, target) : *this;
  }
  Row cleared(std::uint64_t columns) {
    for (; columns != 0; columns &= columns - 1) row_.set(std::countr_zero(columns), Cell{});
    return row_;
  }

 private:
  Row row_;
};

/// Columns of which an empty value says nothing.
constexpr std::uint64_t never_empty(Subject subject) {
  std::uint64_t columns = column_mask(subject, "status") | column_mask(subject, "currency");
  if (subject == Subject::event)
    columns |= column_mask(subject, "name") | column_mask(subject, "at");
  return columns;
}

struct Survey {
  std::string_view kind;
  std::int64_t lowest, highest;
};
constexpr std::array surveys{Survey{"nps", 0, 10}, Survey{"csat", 1, 5}, Survey{"ces", 1, 7}};

const Survey* find_survey(std::string_view kind) {
  const auto* found = std::find_if(surveys.begin(), surveys.end(),
                                   [&](const Survey& survey) { return survey.kind == kind; });
  return found == surveys.end() ? nullptr : found;
}

}  // namespace

bool is_known_survey(std::string_view kind) { return find_survey(kind) != nullptr; }

Result<void> check_score(const Row& row) {
  if (row.subject != Subject::feedback || !row.has("kind") || !row.has("score")) return {};
  const Cell& score = row.cell("score");
  const Survey* survey = find_survey(row.cell("kind").text);
  if (survey == nullptr || score.is_null()) return {};
  if (score.integer >= survey->lowest && score.integer <= survey->highest) return {};
  return Error{ErrorKind::invalid,
               fmt::format("score {} is none of {}, which go from {} to {}: correct it, or write "
                           "another kind",
                           score.integer, survey->kind, survey->lowest, survey->highest)};
}

Result<void> normalize(Row& row, std::string& email_key) {
  static_assert(column_index(Subject::customer, "key") == 0 &&
                column_index(Subject::item, "key") == 0);
  if ((row.given & 1) == 0 || row.cells[0].text.empty()) {
    return Error{ErrorKind::invalid,
                 "the key is empty: every row needs the id that it has in your system"};
  }
  for (auto left = row.given & never_empty(row.subject); left != 0; left &= left - 1) {
    const int column = std::countr_zero(left);
    if (row.cells[static_cast<std::size_t>(column)].is_null())
      row.given &= ~(std::uint64_t{1} << column);
  }
  if (row.subject == Subject::customer && row.has("email")) {
    email_key =
        row.cell("email").is_null() ? std::string() : retaind::email_key(row.cell("email").text);
    row.set("email_key", email_key.empty() ? Cell{} : Cell::of(std::string_view(email_key)));
  }
  return {};
}

Row row_of(const CustomerFact& fact) {
  return Filled(Subject::customer)
      .key(fact.key)("email", fact.email)("first_name", fact.first_name)(
          "last_name", fact.last_name)("locale", fact.locale)("time_zone", fact.time_zone)(
          "country", fact.country)("city", fact.city)("currency", fact.currency)(
          "created_at", fact.created_at)("birthday", fact.birthday)("attributes", fact.attributes)
      .cleared(fact.cleared);
}

Row row_of(const OrderFact& fact) {
  return Filled(Subject::order)
      .key(fact.key)
      .reference("customer", fact.customer, &Row::customer)("number", fact.number)(
          "status", fact.status)("total_minor", fact.total_minor)("currency", fact.currency)(
          "placed_at", fact.placed_at)("paid_at", fact.paid_at)("shipped_at", fact.shipped_at)(
          "completed_at", fact.completed_at)("cancelled_at", fact.cancelled_at)(
          "refunded_at", fact.refunded_at)("attributes", fact.attributes)
      .cleared(fact.cleared);
}

Row row_of(const ItemFact& fact) {
  return Filled(Subject::item)
      .key(fact.key)
      .reference("order", fact.order, &Row::order)("sku", fact.sku)("name", fact.name)(
          "quantity", fact.quantity)("price_minor", fact.price_minor)("attributes", fact.attributes)
      .cleared(fact.cleared);
}

Row row_of(const SubscriptionFact& fact) {
  return Filled(Subject::subscription)
      .key(fact.key)
      .reference("customer", fact.customer, &Row::customer)("plan", fact.plan)(
          "status", fact.status)("price_minor", fact.price_minor)("currency", fact.currency)(
          "started_at", fact.started_at)("renews_at", fact.renews_at)(
          "cancelled_at", fact.cancelled_at)("ended_at", fact.ended_at)("attributes",
                                                                        fact.attributes)
      .cleared(fact.cleared);
}

Row row_of(const TicketFact& fact) {
  return Filled(Subject::ticket)
      .key(fact.key)
      .reference("customer", fact.customer, &Row::customer)("number", fact.number)(
          "subject", fact.subject)("status", fact.status)("priority", fact.priority)(
          "assignee", fact.assignee)("team", fact.team)("url", fact.url)(
          "opened_at", fact.opened_at)("first_response_at", fact.first_response_at)(
          "solved_at", fact.solved_at)("closed_at", fact.closed_at)("as_of", fact.as_of)(
          "attributes", fact.attributes)
      .cleared(fact.cleared);
}

Row row_of(const FeedbackFact& fact) {
  return Filled(Subject::feedback)
      .key(fact.key)
      .reference("customer", fact.customer, &Row::customer)
      .reference("order", fact.order, &Row::order)
      .reference("ticket", fact.ticket, &Row::ticket)("kind", fact.kind)("score", fact.score)(
          "comment", fact.comment)("received_at", fact.received_at)("attributes", fact.attributes)
      .cleared(fact.cleared);
}

Row row_of(const EventFact& fact) {
  return Filled(Subject::event)
      .key(fact.key)
      .reference("customer", fact.customer, &Row::customer)("name", fact.name)(
          "at", std::optional(fact.at))("attributes", fact.attributes)
      .cleared(fact.cleared);
}

}  // namespace retaind::store
