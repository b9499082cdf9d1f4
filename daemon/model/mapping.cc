#include "model/mapping.h"

#include <algorithm>
#include <array>

namespace retaind {
namespace {

using enum ImportType;

constexpr std::array<std::string_view, 9> kinds{"customers",     "orders",  "items",
                                                "subscriptions", "tickets", "feedback",
                                                "events",        "consent", "suppression"};

// clang-format off
constexpr ImportField customers[] = {
  {"key", "key", text, true}, {"email", "email", text}, {"first_name", "first_name", text},
  {"last_name", "last_name", text}, {"locale", "locale", text}, {"time_zone", "time_zone", text},
  {"country", "country", text}, {"city", "city", text}, {"currency", "currency", text},
  {"created_at", "created_at", time}, {"birthday", "birthday", date},
};
constexpr ImportField orders[] = {
  {"key", "key", text, true}, {"customer", "customer", reference}, {"number", "number", text},
  {"status", "status", word}, {"total", "total_minor", money}, {"currency", "currency", text},
  {"placed_at", "placed_at", time}, {"paid_at", "paid_at", time}, {"shipped_at", "shipped_at", time},
  {"completed_at", "completed_at", time}, {"cancelled_at", "cancelled_at", time},
  {"refunded_at", "refunded_at", time}, {"items_count", "items_count", integer},
};
constexpr ImportField items[] = {
  {"order", "order", reference, true}, {"key", "key", text, true}, {"sku", "sku", text}, {"name", "name", text},
  {"quantity", "quantity", real}, {"price", "price_minor", money},
};
constexpr ImportField subscriptions[] = {
  {"key", "key", text, true}, {"customer", "customer", reference}, {"plan", "plan", text}, {"status", "status", word},
  {"price", "price_minor", money}, {"currency", "currency", text}, {"started_at", "started_at", time},
  {"renews_at", "renews_at", time}, {"cancelled_at", "cancelled_at", time}, {"ended_at", "ended_at", time},
};
constexpr ImportField tickets[] = {
  {"key", "key", text, true}, {"customer", "customer", reference}, {"number", "number", text},
  {"subject", "subject", text}, {"status", "status", word}, {"priority", "priority", word},
  {"assignee", "assignee", text}, {"team", "team", text}, {"url", "url", text}, {"opened_at", "opened_at", time},
  {"first_response_at", "first_response_at", time}, {"solved_at", "solved_at", time},
  {"closed_at", "closed_at", time}, {"as_of", "as_of", time},
};
constexpr ImportField feedback[] = {
  {"key", "key", text, true}, {"customer", "customer", reference}, {"order", "order", reference},
  {"ticket", "ticket", reference}, {"kind", "kind", text}, {"score", "score", integer}, {"comment", "comment", text},
  {"received_at", "received_at", time},
};
constexpr ImportField events[] = {
  {"key", "key", text, true}, {"customer", "customer", reference}, {"name", "name", text, true},
  {"at", "at", time, true},
};
constexpr ImportField consent[] = {
  {"customer", "", reference, true}, {"purpose", "", text, true}, {"granted", "", boolean, true}, {"at", "", time, true},
  {"expires_at", "", time}, {"basis", "", text}, {"source", "", text}, {"text_version", "", text},
};
constexpr ImportField suppression[] = {
  {"email", "", text, true}, {"scope", "", text}, {"cause", "", text}, {"source", "", text}, {"at", "", time, true},
  {"lifted_at", "", time},
};
// clang-format on

}  // namespace

Subject subject_of(ImportKind kind) {
  switch (kind) {
    case ImportKind::orders: return Subject::order;
    case ImportKind::items: return Subject::item;
    case ImportKind::subscriptions: return Subject::subscription;
    case ImportKind::tickets: return Subject::ticket;
    case ImportKind::feedback: return Subject::feedback;
    case ImportKind::events: return Subject::event;
    default: return Subject::customer;
  }
}

std::string_view name_of(ImportKind kind) { return kinds[static_cast<std::size_t>(kind)]; }
std::span<const std::string_view> import_kind_names() { return kinds; }

std::optional<ImportKind> find_import_kind(std::string_view name) {
  const auto found = std::find(kinds.begin(), kinds.end(), name);
  if (found == kinds.end()) return std::nullopt;
  return static_cast<ImportKind>(found - kinds.begin());
}

std::span<const ImportField> import_fields(ImportKind kind) {
  switch (kind) {
    case ImportKind::customers: return customers;
    case ImportKind::orders: return orders;
    case ImportKind::items: return items;
    case ImportKind::subscriptions: return subscriptions;
    case ImportKind::tickets: return tickets;
    case ImportKind::feedback: return feedback;
    case ImportKind::events: return events;
    case ImportKind::consent: return consent;
    case ImportKind::suppression: return suppression;
  }
  return {};
}

}  // namespace retaind
