#include "store/facts.h"

#include <catch2/catch.hpp>

#include "base/rng.h"
#include "open_store.h"

using namespace retaind;
using namespace retaind::store;

namespace {

/// A store in memory with an open transaction.
struct World {
  World() { REQUIRE(database.begin()); }
  Written put(const auto& fact) {
    auto written = facts.put(fact);
    if (!written) FAIL(written.error().message);
    return *written;
  }
  std::string refused(const auto& fact) {
    const auto written = facts.put(fact);
    REQUIRE_FALSE(written);
    return written.error().message;
  }
  std::string customer(const std::string& columns, const std::string& key = "anna") {
    return ask(database, "SELECT " + columns + " FROM customers WHERE key = '" + key + "'");
  }
  Database database = memory_store();
  Time now = at("2026-06-01");
  Facts facts{database, now};
};

OrderFact order(std::string key, std::string customer, const std::string& placed,
                std::int64_t total) {
  OrderFact fact;
  fact.key = std::move(key);
  fact.customer = std::move(customer);
  fact.placed_at = at(placed);
  fact.total_minor = total;
  fact.currency = "EUR";
  return fact;
}

constexpr const char* inactive =
    "SELECT episode, since, until FROM ended_episode WHERE state = 'customer.inactive'";

}  // namespace

TEST_CASE("an identical fact writes nothing at all", "[store]") {
  World world;
  CustomerFact anna{.key = "anna",
                    .email = "Anna@Example.com",
                    .first_name = "Anna",
                    .created_at = at("2026-01-02")};
  CHECK(world.put(anna).change == Change::inserted);
  world.put(order("1", "anna", "2026-02-01", 4900));
  const std::string changes = ask(world.database, "SELECT count(*) FROM change");
  const std::string total = ask(world.database, "SELECT total_changes()");
  CHECK_FALSE(world.facts.would_change(row_of(anna)));
  CHECK(world.put(anna).change == Change::unchanged);
  CHECK(world.put(order("1", "anna", "2026-02-01", 4900)).change == Change::unchanged);
  CHECK(ask(world.database, "SELECT count(*) FROM change") == changes);
  CHECK(ask(world.database, "SELECT total_changes()") == total);
  CHECK(world.customer("email_key") == "anna@example.com");
}

TEST_CASE("a changed fact moves its columns, the history and the feed together", "[store]") {
  World world;
  CustomerFact anna{.key = "anna", .city = "Bonn"};
  world.put(anna);
  world.put(CustomerFact{.key = "anna", .first_name = "Anna"});
  CHECK(world.customer("city") == "Bonn");  // a field that is not given stays
  anna.city = "Paris";
  const Written written = world.put(anna);
  CHECK(written.change == Change::updated);
  CHECK(written.columns == column_mask(Subject::customer, "city"));
  CHECK(rows(world.database, "SELECT field, valid_from, value FROM history", 3) ==
        "city|0|Bonn\ncity|" + std::to_string(to_ms(world.now)) + "|Paris");
  CHECK(ask(world.database, "SELECT columns FROM change ORDER BY seq DESC LIMIT 1") ==
        std::to_string(written.columns));
  CustomerFact cleared{.key = "anna"};
  cleared.cleared = column_mask(Subject::customer, "city");
  world.put(cleared);
  CHECK(world.customer("city") == "NULL");
}

TEST_CASE("orders roll up to their customer, less cancelled and refunded ones", "[store]") {
  World world;
  world.put(order("1", "anna", "2026-02-01", 1000));
  world.put(order("2", "anna", "2026-03-01", 2000));
  auto third = order("3", "anna", "2026-04-01", 4000);
  world.put(third);
  CHECK(world.customer("orders_count || '|' || total_spent_minor || '|' || currency") ==
        "3|7000|EUR");
  third.refunded_at = at("2026-04-05");
  world.put(third);
  CHECK(world.customer("orders_count || '|' || total_spent_minor") == "3|3000");
  auto second = order("2", "anna", "2026-03-01", 2000);
  second.cancelled_at = at("2026-03-02");
  world.put(second);
  CHECK(world.customer("orders_count || '|' || total_spent_minor") == "2|1000");
  OrderFact refund{.key = "C1",
                   .customer = "anna",
                   .status = "refunded",
                   .total_minor = -300,
                   .refunded_at = at("2026-04-07")};
  world.put(refund);
  CHECK(world.customer("orders_count || '|' || total_spent_minor") == "2|700");
  CHECK(world.customer("last_order_at") == std::to_string(to_ms(at("2026-04-01"))));
}

TEST_CASE("an order in another currency is in no sum and is counted", "[store]") {
  World world;
  world.put(order("1", "anna", "2026-02-01", 1000));
  auto dollars = order("2", "anna", "2026-02-02", 900);
  dollars.currency = "USD";
  world.put(dollars);
  CHECK(world.customer("orders_count || '|' || total_spent_minor || '|' || currency") ==
        "2|1000|EUR");
  CHECK(ask(world.database, "SELECT value FROM meta WHERE key = 'orders_in_other_currency'") ==
        "1");
  world.put(CustomerFact{.key = "anna", .currency = "USD"});
  CHECK(world.customer("total_spent_minor") == "900");
  CHECK(ask(world.database, "SELECT value FROM meta WHERE key = 'orders_in_other_currency'") ==
        "1");
  dollars.currency = "EUR";
  world.put(dollars);
  CHECK(ask(world.database, "SELECT value FROM meta WHERE key = 'orders_in_other_currency'") ==
        "2");
}

TEST_CASE("an order that moves to another customer moves its sums", "[store]") {
  World world;
  world.put(order("1", "guest", "2026-02-01", 1000));
  world.put(order("1", "anna", "2026-02-01", 1000));
  CHECK(world.customer("orders_count || '|' || total_spent_minor", "guest") == "0|0");
  CHECK(world.customer("last_order_at", "guest") == "NULL");
  CHECK(world.customer("orders_count || '|' || total_spent_minor") == "1|1000");
}

TEST_CASE("an order without a customer is stored and rolls up to nobody", "[store]") {
  World world;
  OrderFact lonely{.key = "1", .customer = "", .total_minor = 5, .placed_at = at("2026-02-01")};
  world.put(lonely);
  CHECK(ask(world.database, "SELECT customer FROM orders") == "NULL");
  CHECK(ask(world.database, "SELECT count(*) FROM customers") == "0");
}

TEST_CASE("a new activity begins the next episode of inactivity, a correction does not",
          "[store]") {
  World world;
  world.put(order("1", "anna", "2026-01-01", 1000));
  CHECK(world.customer("active_episode") == "1");
  world.put(order("1", "anna", "2026-01-03", 1000));  // corrected
  CHECK(world.customer("active_episode") == "1");
  CHECK(world.customer("last_active_at") == std::to_string(to_ms(at("2026-01-03"))));
  world.put(
      EventFact{.key = "e1", .customer = "anna", .name = "shop.login", .at = at("2026-02-01")});
  CHECK(world.customer("active_episode") == "2");
  CHECK(rows(world.database, inactive, 3) == "1|" + std::to_string(to_ms(at("2026-01-03"))) + "|" +
                                                 std::to_string(to_ms(at("2026-02-01"))));
  world.put(EventFact{
      .key = "e2", .customer = "anna", .name = "newsletter.opened", .at = at("2026-03-01")});
  world.put(order("2", "anna", "2025-12-01", 1000));  // older than what is known
  CHECK(world.customer("active_episode") == "2");
  CHECK(world.customer("last_active_at") == std::to_string(to_ms(at("2026-02-01"))));
  world.put(
      EventFact{.key = "e1", .customer = "anna", .name = "shop.login", .at = at("2026-01-02")});
  CHECK(world.customer("last_active_at") == std::to_string(to_ms(at("2026-01-03"))));
  CHECK(world.customer("active_episode") == "2");
}

TEST_CASE("customer.never-ordered ends with the first order that counts", "[store]") {
  World world;
  const std::string ended =
      "SELECT since, until FROM ended_episode WHERE state = 'customer.never-ordered'";
  world.put(CustomerFact{.key = "anna", .created_at = at("2026-01-01")});
  auto first = order("1", "anna", "2026-01-20", 1000);
  world.put(first);
  const auto range = [](const char* from, const char* to) {
    return std::to_string(to_ms(at(from))) + "|" + std::to_string(to_ms(at(to)));
  };
  CHECK(rows(world.database, ended, 2) == range("2026-01-01", "2026-01-20"));
  world.put(order("2", "anna", "2026-01-10", 1000));  // arrives late
  CHECK(rows(world.database, ended, 2) == range("2026-01-01", "2026-01-10"));
  world.put(order("3", "anna", "2026-01-30", 1000));
  CHECK(rows(world.database, ended, 2) == range("2026-01-01", "2026-01-10"));
  for (const char* key : {"1", "2", "3"}) {
    OrderFact cancelled{.key = key, .cancelled_at = at("2026-02-01")};
    world.put(cancelled);
  }
  CHECK(rows(world.database, ended, 2).empty());
}

TEST_CASE("items count on their order, and need it", "[store]") {
  World world;
  CHECK(world.refused(ItemFact{.order = "1", .key = "a"}) ==
        "order `1` is not in the store: import the orders first");
  world.put(order("1", "anna", "2026-02-01", 1000));
  world.put(ItemFact{.order = "1", .key = "a", .quantity = 2});
  world.put(ItemFact{.order = "1", .key = "b"});
  CHECK(world.put(ItemFact{.order = "1", .key = "a", .quantity = 2}).change == Change::unchanged);
  CHECK(ask(world.database, "SELECT items_count FROM orders") == "2");
}

TEST_CASE("an answer to an order is its customer's", "[store]") {
  World world;
  world.put(order("1", "anna", "2026-02-01", 1000));
  world.put(FeedbackFact{
      .key = "f", .order = "1", .kind = "csat", .score = 4, .received_at = at("2026-03-01")});
  CHECK(ask(world.database, "SELECT c.key FROM feedback f JOIN customers c ON c.id = f.customer") ==
        "anna");
  CHECK(world.refused(FeedbackFact{.key = "g", .ticket = "T1"}) ==
        "ticket `T1` is not in the store: import the tickets first");
}

TEST_CASE("a row without a key is refused", "[store]") {
  World world;
  CHECK(world.refused(CustomerFact{}) ==
        "the key is empty: every row needs the id that it has in your system");
}

TEST_CASE("an alias leads to the customer", "[store]") {
  World world;
  const std::int64_t anna = world.put(CustomerFact{.key = "anna"}).row;
  world.facts.add_alias("order-account-7", anna);
  world.put(order("1", "order-account-7", "2026-02-01", 1000));
  CHECK(world.customer("orders_count") == "1");
  CHECK(ask(world.database, "SELECT count(*) FROM customers") == "1");
}

TEST_CASE("consent is append-only and the latest word is on the customer", "[store]") {
  World world;
  ConsentFact yes{
      .customer = "anna", .purpose = "marketing", .granted = true, .at = at("2026-01-01")};
  CHECK(world.put(yes).change == Change::inserted);
  CHECK(world.put(yes).change == Change::unchanged);
  CHECK(world.customer("consent_marketing") == "1");
  ConsentFact no = yes;
  no.granted = false;
  world.put(no);  // at the same time: the withdrawal counts
  CHECK(world.customer("consent_marketing") == "0");
  CHECK_FALSE(world.facts.would_change(yes));
  yes.at = at("2025-01-01");
  world.put(yes);
  CHECK(world.customer("consent_marketing") == "0");
  CHECK(world.refused(ConsentFact{.customer = "anna", .purpose = "ads"}) ==
        "unknown purpose `ads`: write marketing, feedback or tracking");
}

TEST_CASE("suppression is kept by address key from the earliest date", "[store]") {
  World world;
  SuppressionFact fact{.email = "Anna@Example.COM", .at = at("2026-02-01")};
  CHECK(world.put(fact).change == Change::inserted);
  CHECK(world.put(fact).change == Change::unchanged);
  fact.at = at("2026-01-01");
  world.put(fact);
  CHECK(rows(world.database, "SELECT email_key, scope, at FROM suppression", 3) ==
        "anna@example.com|all|" + std::to_string(to_ms(at("2026-01-01"))));
  CHECK(world.refused(SuppressionFact{.email = "anna"}) == "`anna` is no e-mail address");
}

TEST_CASE("which suppressions stand is on every customer with the address", "[store]") {
  World world;
  const std::string all = "SELECT key, suppressed FROM customers ORDER BY key";
  SuppressionFact fact{.email = "a@example.com", .scope = "marketing", .at = at("2026-02-01")};
  world.put(CustomerFact{.key = "anna", .email = "A@example.com"});
  world.put(fact);
  world.put(CustomerFact{.key = "ben", .email = "a@example.com"});  // came after the suppression
  world.put(CustomerFact{.key = "carl", .email = "c@example.com"});
  world.put(CustomerFact{.key = "dora"});
  CHECK(rows(world.database, all, 2) == "anna|2\nben|2\ncarl|0\ndora|0");
  fact.scope = "feedback";
  world.put(fact);
  fact.scope = "all";
  world.put(fact);
  CHECK(rows(world.database, all, 2) == "anna|7\nben|7\ncarl|0\ndora|0");
  fact.lifted_at = at("2026-03-01");
  world.put(fact);
  world.put(CustomerFact{.key = "ben", .email = "b@example.com"});
  world.put(CustomerFact{.key = "carl", .email = "a@example.com"});
  CHECK(rows(world.database, all, 2) == "anna|6\nben|0\ncarl|6\ndora|0");
  REQUIRE(world.database.execute("DELETE FROM suppression WHERE scope = 'marketing'"));
  CHECK(rows(world.database, all, 2) == "anna|4\nben|0\ncarl|4\ndora|0");
}

TEST_CASE("history marks what it brought, and the customers it moved", "[store]") {
  World world;
  world.put(CustomerFact{.key = "anna"});
  CHECK(world.customer("history_until") == "NULL");
  world.facts.set_history_until(world.now);
  world.put(order("1", "anna", "2026-02-01", 1000));
  CHECK(ask(world.database, "SELECT history_until FROM orders") ==
        std::to_string(to_ms(world.now)));
  CHECK(world.customer("history_until") == std::to_string(to_ms(world.now)));
}

namespace {

/// The roll-ups of all customers computed afresh from the facts, in the form of kept_roll_ups().
constexpr const char* afresh = R"(
  WITH part AS (
    SELECT customer, placed_at, coalesce(total_minor, 0) AS total, currency,
      cancelled_at IS NOT NULL OR status = 'cancelled' AS cancelled, refunded_at FROM orders),
  sums AS (
    SELECT c.id,
      (SELECT count(*) FROM part p WHERE p.customer = c.id AND placed_at IS NOT NULL AND NOT cancelled),
      (SELECT coalesce(sum(total), 0) FROM part p WHERE p.customer = c.id AND NOT cancelled
         AND (total < 0 OR (placed_at IS NOT NULL AND refunded_at IS NULL))
         AND (p.currency IS NULL OR p.currency = c.currency)),
      (SELECT max(placed_at) FROM part p WHERE p.customer = c.id),
      (SELECT max(t) FROM (SELECT placed_at AS t FROM orders o WHERE o.customer = c.id UNION ALL
         SELECT at FROM events e WHERE e.customer = c.id AND (name IN ('login', 'click') OR name GLOB '?*.login'
           OR name GLOB '?*.clicked'))),
      (SELECT count(*) FROM tickets t WHERE t.customer = c.id AND status NOT IN ('solved', 'closed'))
    FROM customers c)
  SELECT * FROM sums ORDER BY 1)";
constexpr const char* kept = R"(
  SELECT id, orders_count, total_spent_minor, last_order_at, last_active_at, open_tickets FROM customers ORDER BY id)";

}  // namespace

TEST_CASE("after any order of facts and corrections the roll-ups equal a fresh computation",
          "[store]") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(1, 9));
  World world;
  Rng rng(seed);
  const auto pick = [&](std::uint64_t count) { return std::to_string(rng.below(count)); };
  const auto day = [&] {
    return at("2026-01-01") + std::chrono::hours(24 * static_cast<int>(rng.below(120)));
  };
  const char* statuses[] = {"placed", "completed", "cancelled", "other"};
  const char* ticket_statuses[] = {"new", "open", "waiting_for_customer", "solved", "closed"};
  const char* names[] = {"login", "shop.login", "mail.clicked", "page.viewed", ".login"};
  for (int i = 0; i < 2000; ++i) {
    switch (rng.below(5)) {
      case 0: {
        OrderFact fact{.key = pick(150)};
        if (rng.below(3) == 0) fact.customer = rng.below(10) == 0 ? "" : pick(20);
        if (rng.below(2) == 0) fact.status = statuses[rng.below(4)];
        if (rng.below(2) == 0) fact.total_minor = static_cast<std::int64_t>(rng.below(9000)) - 1000;
        if (rng.below(3) == 0) fact.currency = rng.below(4) == 0 ? "USD" : "EUR";
        if (rng.below(2) == 0) fact.placed_at = day();
        if (rng.below(8) == 0) fact.cancelled_at = day();
        if (rng.below(8) == 0) fact.refunded_at = day();
        if (rng.below(6) == 0) fact.cleared = column_mask(Subject::order, "cancelled_at");
        if (rng.below(9) == 0) fact.cleared |= column_mask(Subject::order, "placed_at");
        world.put(fact);
        break;
      }
      case 1: {
        EventFact fact{.key = pick(100), .name = names[rng.below(5)], .at = day()};
        if (rng.below(2) == 0) fact.customer = pick(20);
        world.put(fact);
        break;
      }
      case 2: {
        TicketFact fact{.key = pick(60)};
        if (rng.below(2) == 0) fact.customer = pick(20);
        if (rng.below(3) != 0) fact.status = ticket_statuses[rng.below(5)];
        if (rng.below(2) == 0) fact.as_of = day();
        if (rng.below(3) == 0) fact.opened_at = day();
        world.put(fact);
        break;
      }
      case 3: {
        CustomerFact fact{.key = pick(20)};
        if (rng.below(4) == 0) fact.currency = rng.below(2) == 0 ? "USD" : "EUR";
        if (rng.below(3) == 0) fact.created_at = day();
        world.put(fact);
        break;
      }
      default: world.put(order("o" + pick(9), pick(20), "2026-03-03", 7)); break;
    }
  }
  REQUIRE(world.database.commit());
  CHECK(rows(world.database, kept, 6) == rows(world.database, afresh, 6));
  // Every open and ended episode has a number of its own, and they do not overlap.
  CHECK(ask(world.database, "SELECT count(*) FROM ended_episode WHERE until <= since") == "0");
  CHECK(ask(world.database,
            "SELECT count(*) FROM ended_episode a JOIN ended_episode b ON a.state = b.state AND "
            "a.row = b.row AND "
            "a.episode < b.episode AND a.since < b.until AND b.since < a.until WHERE a.state = "
            "'ticket.unresolved'") == "0");
  CHECK(ask(world.database,
            "SELECT count(*) FROM tickets t JOIN ended_episode e ON e.state = 'ticket.unresolved' "
            "AND e.row = t.id AND "
            "e.episode = t.unresolved_episode WHERE t.unresolved_since IS NOT NULL") == "0");
  const std::string left_out =
      ask(world.database, "SELECT value FROM meta WHERE key = 'orders_in_other_currency'");
  CHECK(left_out ==
        ask(world.database,
            "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer WHERE o.currency "
            "<> c.currency AND "
            "NOT (o.cancelled_at IS NOT NULL OR o.status = 'cancelled') AND total_minor <> 0 AND "
            "(total_minor < 0 OR (placed_at IS NOT NULL AND refunded_at IS NULL))"));
}
