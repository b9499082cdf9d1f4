#include "store/happened.h"

#include <fmt/format.h>

#include "import_shop.h"
#include "store/facts.h"

using namespace retaind;
using namespace retaind::store;

namespace {

/// A store in memory with an open transaction, on 2026-06-01 at 12:00 UTC.
struct Noon {
  Noon() { REQUIRE(database.begin()); }
  std::string put(const auto& fact) {
    const auto written = facts.put(fact);
    CHECK(facts.would_change(fact) == !written);
    return written ? "stored" : written.error().message;
  }
  std::string put(const TicketFact& fact) { return put(row_of(fact)); }
  std::string put(const OrderFact& fact) { return put(row_of(fact)); }
  std::string put(const CustomerFact& fact) { return put(row_of(fact)); }
  std::string put(const FeedbackFact& fact) { return put(row_of(fact)); }
  std::string put(const EventFact& fact) { return put(row_of(fact)); }
  std::string put(const SubscriptionFact& fact) { return put(row_of(fact)); }
  std::string customer(const std::string& columns) {
    return rows(database, "SELECT " + columns + " FROM customers WHERE key = 'anna'", 1);
  }
  Database database = memory_store();
  Facts facts{database, at("2026-06-01 12:00")};
};

std::string after_now(const std::string& column, const std::string& at = "2026-06-02T00:00:00Z") {
  return fmt::format(
      "{} {} is after now, 2026-06-01T12:00:00Z, and says what has happened: correct it; when all "
      "times of the file are shifted, name their zone with `time-zone` in a mapping",
      column, at);
}

const Time tomorrow = from_ms(1780358400000);

}  // namespace

TEST_CASE("what has happened is not dated after now, and such a row leaves nothing behind",
          "[store]") {
  Noon noon;
  CHECK(noon.put(CustomerFact{.key = "anna", .created_at = tomorrow}) == after_now("created_at"));
  CHECK(noon.put(OrderFact{.key = "1", .customer = "anna", .placed_at = tomorrow}) ==
        after_now("placed_at"));
  CHECK(noon.put(OrderFact{.key = "1", .customer = "anna", .paid_at = tomorrow}) ==
        after_now("paid_at"));
  TicketFact ticket{.key = "1", .customer = "anna", .status = "open"};
  for (const auto& [column, member] :
       {std::pair{"opened_at", &TicketFact::opened_at}, std::pair{"as_of", &TicketFact::as_of},
        std::pair{"first_response_at", &TicketFact::first_response_at},
        std::pair{"solved_at", &TicketFact::solved_at},
        std::pair{"closed_at", &TicketFact::closed_at}}) {
    TicketFact dated = ticket;
    dated.*member = tomorrow;
    CHECK(noon.put(dated) == after_now(column));
  }
  CHECK(noon.put(FeedbackFact{.key = "1", .customer = "anna", .received_at = tomorrow}) ==
        after_now("received_at"));
  CHECK(noon.put(EventFact{.key = "1", .customer = "anna", .name = "login", .at = tomorrow}) ==
        after_now("at"));
  CHECK(noon.put(ConsentFact{.customer = "anna", .purpose = "marketing", .at = tomorrow}) ==
        after_now("at"));
  CHECK(noon.put(SuppressionFact{.email = "a@example.com", .at = tomorrow}) == after_now("at"));
  CHECK(noon.put(SuppressionFact{
            .email = "a@example.com", .at = at("2026-01-01"), .lifted_at = tomorrow}) ==
        after_now("lifted_at"));
  for (const char* table :
       {"customers", "orders", "tickets", "feedback", "events", "consent", "suppression", "change"})
    CHECK(ask(noon.database, std::string("SELECT count(*) FROM ") + table) == "0");
}

TEST_CASE("five minutes between two clocks are allowed, and the fact counts at once", "[store]") {
  Noon noon;
  CHECK(noon.put(CustomerFact{.key = "anna", .email = "a@example.com"}) == "stored");
  CHECK(noon.put(OrderFact{.key = "1", .customer = "anna", .placed_at = at("2026-06-01 12:05")}) ==
        "stored");
  CHECK(
      noon.put(OrderFact{.key = "2", .customer = "anna", .placed_at = at("2026-06-01 12:05:01")}) ==
      after_now("placed_at", "2026-06-01T12:05:01Z"));
  CHECK(noon.put(ConsentFact{.customer = "anna",
                             .purpose = "marketing",
                             .granted = true,
                             .at = at("2026-06-01 12:05")}) == "stored");
  CHECK(noon.put(SuppressionFact{.email = "a@example.com", .at = at("2026-06-01 12:05")}) ==
        "stored");
  CHECK(noon.customer("orders_count || ' ' || consent_marketing || ' ' || suppressed") == "1 1 1");
}

TEST_CASE("what is only announced may be dated after now", "[store]") {
  Noon noon;
  CHECK(noon.put(OrderFact{.key = "1",
                           .customer = "anna",
                           .placed_at = at("2026-05-01"),
                           .shipped_at = tomorrow,
                           .completed_at = tomorrow,
                           .cancelled_at = tomorrow,
                           .refunded_at = tomorrow}) == "stored");
  CHECK(noon.put(SubscriptionFact{.key = "1",
                                  .customer = "anna",
                                  .started_at = tomorrow,
                                  .renews_at = tomorrow,
                                  .cancelled_at = tomorrow,
                                  .ended_at = tomorrow}) == "stored");
  CHECK(noon.put(ConsentFact{.customer = "anna",
                             .purpose = "feedback",
                             .granted = true,
                             .at = at("2026-05-01"),
                             .expires_at = tomorrow}) == "stored");
}

TEST_CASE("an import keeps lines dated after now apart, whichever way it takes", "[store]") {
  Shop shop;
  shop.bulk_from = GENERATE(std::int64_t{0}, INT64_MAX);
  const auto report = shop.import(ImportKind::orders,
                                  "key,customer,placed_at\n"
                                  "1,anna,2026-05-01\n"
                                  "2,ben,2026-07-01\n");
  CHECK(report.bulk == (shop.bulk_from == 0));
  CHECK(report.inserted == 1);
  CHECK(report.rejected == 1);
  CHECK(shop.rejected() ==
        "line,reason,key,customer,placed_at\n"
        "3,\"placed_at 2026-07-01T00:00:00Z is after now, 2026-06-01T00:00:00Z, and says what has "
        "happened: correct it; when all times of the file are shifted, name their zone with "
        "`time-zone` in a mapping\",2,ben,2026-07-01\n");
  CHECK(shop.rows("SELECT key, orders_count FROM customers", 2) == "anna|1");
}
