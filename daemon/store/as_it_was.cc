#include "store/as_it_was.h"

#include <charconv>

namespace retaind::store {
namespace {

std::optional<std::int64_t> number_in(const std::optional<std::string>& text) {
  std::int64_t number = 0;
  if (!text) return std::nullopt;
  const auto end = text->data() + text->size();
  if (std::from_chars(text->data(), end, number).ptr != end) return std::nullopt;
  return number;
}

}  // namespace

void AsItWas::begin() {
  Statement& rows = source_->prepared(
      "SELECT DISTINCT subject, row FROM history WHERE subject <> 4 OR field <> 'status'");
  while (rows.step()) changed_.insert({static_cast<Subject>(rows.integer(0)), rows.integer(1)});
}

void AsItWas::each(Subject subject, std::int64_t row, Time at,
                   const std::function<void(std::string_view, const Text&)>& visit) {
  if (changed_.count({subject, row}) == 0) return;
  Statement& rows = source_->prepared(
      "SELECT field, value, max(valid_from) FROM history WHERE subject = ?1 AND row = ?2 AND "
      "valid_from <= ?3 GROUP BY field");
  rows.bind(1, static_cast<int>(subject)).bind(2, row).bind(3, at);
  while (rows.step())
    visit(rows.text(0), rows.is_null(1) ? Text() : Text(std::string(rows.text(1))));
}

void AsItWas::put_back(CustomerFact& fact, std::int64_t row, Time at) {
  each(Subject::customer, row, at, [&](std::string_view field, const Text& value) {
    if (field == "locale") fact.locale = value;
    if (field == "time_zone") fact.time_zone = value;
    if (field == "country") fact.country = value;
    if (field == "city") fact.city = value;
  });
}

void AsItWas::put_back(OrderFact& fact, std::int64_t row, Time at, bool is_over) {
  each(Subject::order, row, at, [&](std::string_view field, const Text& value) {
    if (field == "total_minor") fact.total_minor = number_in(value);
    if (field == "status" && is_over) fact.status = value;
  });
}

void AsItWas::put_back(SubscriptionFact& fact, std::int64_t row, Time at, bool is_over) {
  each(Subject::subscription, row, at, [&](std::string_view field, const Text& value) {
    if (field == "plan") fact.plan = value;
    if (field == "price_minor") fact.price_minor = number_in(value);
    if (field == "status" && (is_over || !fact.cancelled_at)) fact.status = value;
  });
}

void AsItWas::put_back(TicketFact& fact, std::int64_t row, Time at) {
  each(Subject::ticket, row, at, [&](std::string_view field, const Text& value) {
    if (field == "priority") fact.priority = value;
    if (field == "assignee") fact.assignee = value;
    if (field == "team") fact.team = value;
    if (field == "url") fact.url = value;
  });
}

}  // namespace retaind::store
