#include "store/import.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

#include "language/mapping.h"
#include "store/open_store.h"

using namespace retaind;
using namespace retaind::store;
namespace fs = std::filesystem;

namespace {

/// A real set imported with its mappings; the rejected files stay out of the data directory.
struct RealSet {
  ImportReport import(ImportKind kind, const std::string& mapping, const std::string& path) {
    const auto checked = language::read_mapping(
        fs::path(RETAIND_SOURCE) / "tests/real" / (mapping + ".yaml"), kind, Zone::utc());
    for (const auto& diagnostic : checked.diagnostics) FAIL(language::to_text(diagnostic, false));
    ImportOptions options;
    options.kind = kind;
    options.file = fs::path(RETAIND_DATA) / path;
    options.mapping = checked.mapping;
    options.rejected = directory / (mapping + ".rejected.csv");
    options.bulk_from_bytes = 0;
    auto report = import_file(database, options, clock);
    if (!report) FAIL(report.error().message);
    return *report;
  }
  std::string ask(const std::string& sql) { return store::ask(database, sql); }

  Directory directory;
  SimClock clock{at("2026-06-01")};
  Database database = memory_store();
};

bool missing(const std::string& path) {
  if (fs::exists(fs::path(RETAIND_DATA) / path)) return false;
  WARN("skipped: " << path << " is not there");
  return true;
}

using enum ImportKind;

}  // namespace

TEST_CASE("the Olist export imports whole", "[real]") {
  if (missing("olist_5k")) return;
  RealSet set;
  CHECK(set.import(customers, "olist-customers", "olist_5k/olist_customers.csv.gz").inserted ==
        4991);
  const auto orders_report = set.import(orders, "olist-orders", "olist_5k/olist_orders.csv.gz");
  CHECK(orders_report.inserted == 5000);
  CHECK(orders_report.rejected == 0);
  set.import(orders, "olist-payments", "olist_5k/olist_order_payments.csv.gz");
  CHECK(set.ask("SELECT count(*) FROM orders") == "5000");
  CHECK(set.import(items, "olist-items", "olist_5k/olist_order_items.csv.gz").inserted == 5603);
  CHECK(set.import(feedback, "olist-feedback", "olist_5k/olist_order_reviews.csv.gz").inserted ==
        4988);

  CHECK(set.ask("SELECT count(*) FROM customers") == "4991");  // every alias led to a person
  CHECK(set.ask("SELECT count(*) FROM orders WHERE completed_at IS NOT NULL") == "4858");
  CHECK(
      set.ask(
          "SELECT count(*) FROM orders WHERE status = 'cancelled' AND cancelled_at = placed_at") ==
      "25");
  CHECK(set.ask("SELECT count(*) FROM orders WHERE completed_at IS NOT NULL AND cancelled_at IS "
                "NOT NULL") == "1");
  CHECK(set.ask("SELECT sum(price_minor) FROM items") == "67783396");
  CHECK(set.ask("SELECT count(*) FROM orders WHERE items_count = 0") == "34");
  CHECK(set.ask("SELECT printf('%.6f', avg(score)) FROM feedback") == "4.119286");
  CHECK(set.ask("SELECT count(*) FROM feedback WHERE customer IS NULL") == "0");
  CHECK(set.ask(
            "SELECT count(*) FROM (SELECT customer FROM orders GROUP BY 1 HAVING count(*) >= 2)") ==
        "9");
  // 2016-09-04 21:15 in Brazil, before its summer time: 00:15 UTC.
  CHECK(set.ask("SELECT datetime(min(placed_at) / 1000, 'unixepoch') FROM orders") ==
        "2016-09-05 00:15:00");
  CHECK(set.ask("SELECT sum(total_minor) FROM orders WHERE cancelled_at IS NULL AND refunded_at IS "
                "NULL") == set.ask("SELECT sum(total_spent_minor) FROM customers"));
}

TEST_CASE("Online Retail: 42,481 lines become 2,025 invoices", "[real]") {
  const std::string file = "online_retail_2010_12/online_retail_2010_12.csv.gz";
  if (missing(file)) return;
  RealSet set;
  const auto people = set.import(customers, "online-retail-customers", file);
  CHECK(people.inserted == 948);
  const auto report = set.import(orders, "online-retail-orders", file);
  CHECK(report.lines == 42481);
  CHECK(report.inserted == 2025);
  CHECK(report.merged == 42481 - 2025);
  CHECK(report.rejected == 0);
  CHECK(report.without_customer == 317);
  CHECK(set.ask("SELECT count(*) FROM orders WHERE customer IS NULL") == "317");
  CHECK(set.ask("SELECT count(*) FROM orders WHERE number LIKE 'C%'") == "326");
  CHECK(set.ask("SELECT count(*) FROM orders WHERE status = 'refunded' AND total_minor < 0 AND "
                "placed_at IS NULL AND "
                "completed_at IS NULL AND refunded_at IS NOT NULL AND number LIKE 'C%'") == "326");
  CHECK(set.ask("SELECT count(*) FROM orders WHERE refunded_at IS NOT NULL AND customer IS NULL") ==
        "18");
  CHECK(set.ask("SELECT count(*) FROM orders WHERE placed_at IS NOT NULL AND customer IS NULL") ==
        "299");
  CHECK(set.ask("SELECT count(*) FROM customers WHERE orders_count = 0") == "63");
  CHECK(set.ask("SELECT sum(orders_count) FROM customers") == "1400");
  const auto lines = set.import(items, "online-retail-items", file);
  CHECK(lines.inserted == 42481);
  CHECK(lines.rejected == 0);
  // The sum over the lines, computed from the items, is the sum of the invoices to the rounding of
  // each.
  CHECK(set.ask("SELECT abs(sum(total_minor) - (SELECT sum(quantity * price_minor) FROM items)) < "
                "2025 FROM orders") == "1");
  const auto again = set.import(orders, "online-retail-orders", file);
  CHECK(again.inserted + again.updated == 0);
}

TEST_CASE("tickets: 2,510 of them, 30 reopened", "[real]") {
  const std::string file = "tickets/uci_incident_events_10pct.csv.gz";
  if (missing(file)) return;
  RealSet set;
  CHECK(set.import(customers, "tickets-customers", file).inserted == 1708);
  const auto report = set.import(tickets, "tickets-tickets", file);
  CHECK(report.lines == 14375);
  CHECK(report.inserted == 2510);
  CHECK(report.rejected == 0);
  CHECK(set.ask("SELECT count(*) FROM tickets WHERE reopens > 0") == "30");
  CHECK(set.ask("SELECT sum(reopens) FROM tickets") == "36");
  CHECK(set.ask("SELECT count(*) FROM customers") == "1708");
  // Solved in the minute of the opening: never unresolved.
  CHECK(set.ask(
            "SELECT count(*) FROM tickets t WHERE NOT EXISTS (SELECT 1 FROM ended_episode e WHERE "
            "e.state = 'ticket.unresolved' AND e.row = t.id) AND unresolved_since IS NULL") ==
        "160");
  CHECK(set.ask("SELECT count(*) FROM ended_episode WHERE state = 'ticket.unresolved' AND since >= "
                "until") == "0");
  CHECK(set.ask("SELECT datetime(min(opened_at) / 1000, 'unixepoch') FROM tickets") ==
        "2016-02-29 09:20:00");
  CHECK(set.ask("SELECT count(*) FROM tickets WHERE unresolved_since < opened_at") == "0");
  const auto again = set.import(tickets, "tickets-tickets", file);
  CHECK(again.inserted + again.updated == 0);
}

TEST_CASE("CDNOW: the purchases of a day are one order", "[real]") {
  const std::string file = "cdnow/CDNOW_sample.txt";
  if (missing(file)) return;
  RealSet set;
  CHECK(set.import(customers, "cdnow-customers", file).inserted == 2357);
  const auto report = set.import(orders, "cdnow-orders", file);
  CHECK(report.lines == 6919);
  CHECK(report.inserted == 6696);
  CHECK(report.rejected == 0);
  CHECK(set.ask("SELECT sum(orders_count) FROM customers") == "6696");
  CHECK(set.ask("SELECT items_count || ' ' || total_minor || ' ' || datetime(placed_at / 1000, "
                "'unixepoch') FROM orders "
                "WHERE key = '0001-19970118'") == "2 2973 1997-01-18 05:00:00");
  CHECK(set.ask("SELECT count(*) FROM customers WHERE active_episode <> orders_count") == "0");
}
