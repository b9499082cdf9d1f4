#include <csignal>
#include <set>
#include <string>

#include "base/rng.h"
#include "import_shop.h"
#include "store/facts.h"

using namespace retaind;
using namespace retaind::store;

namespace {

FieldSource column(const std::string& name) {
  FieldSource source;
  source.columns = {name};
  return source;
}

using enum ImportKind;

}  // namespace

TEST_CASE("a file whose header has our names needs no mapping", "[store]") {
  Shop shop;
  const auto report =
      shop.import(customers,
                  "\xef\xbb\xbfID,Email,First Name,created-at,birthday,favourite\r\n"
                  "1,Anna@Example.com,\"Anna \"\"A\"\"\",2026-03-02,1980-12-31,x\r\n"
                  "2,,\"Two\nLines\",2026-03-02T09:30:00Z,,\r\n");
  CHECK(report.inserted == 2);
  CHECK(report.rejected == 0);
  CHECK(report.unused_columns == std::vector<std::string>{"favourite"});
  CHECK(shop.rows(
            "SELECT key, email_key, first_name, created_at, birthday FROM customers ORDER BY key",
            5) ==
        "1|anna@example.com|Anna \"A\"|1772409600000|1980-12-31\n2|-|Two Lines|1772443800000|-");
  CHECK(fs::exists(shop.directory / "in.csv.rejected.csv") == false);
}

TEST_CASE("every refused line is kept with its number and its reason, and the others are stored",
          "[store]") {
  Shop shop;
  const auto report = shop.import(orders,
                                  "key,customer,total,placed_at,status\n"
                                  "1,a,10.50,2026-01-01,placed\n"
                                  "2,a,10.50\n"
                                  "3,a,10.50,2026-02-30,placed\n"
                                  "4,a,\"10,50\",2026-01-01,placed\n"
                                  "5,a,1,2026-01-01,plced\n"
                                  ",a,1,2026-01-01,placed\n"
                                  "6,M\xfcller,1,2026-01-01,placed\n"
                                  "7,\"open,1,2026-01-01,placed\n"
                                  "8,a,1,0001-01-01,placed\n"
                                  "1,a,99,2026-01-01,placed\n"
                                  "1,a,10.50,2026-01-01,placed\n"
                                  "9,,5,2026-01-01,placed\n");
  CHECK(report.lines == 12);
  CHECK(report.inserted == 2);
  CHECK(report.unchanged == 1);  // the same line twice
  CHECK(report.rejected == 9);
  CHECK(report.without_customer == 1);
  CHECK(report.rejected_file == shop.directory / "in.csv.rejected.csv");
  CHECK(
      shop.rejected() ==
      "line,reason,key,customer,total,placed_at,status\n"
      "3,\"the line has 3 fields, the header 5: is a separator or a quote missing or too "
      "many?\",2,a,10.50\n"
      "4,\"placed_at `2026-02-30` is no date: write 2026-03-02 09:30 or 2026-03-02T09:30:00Z, or "
      "name the format "
      "under `dates` in a mapping\",3,a,10.50,2026-02-30,placed\n"
      "5,\"total `10,50` is no amount: write it with a point and without separators, such as "
      "1234.50\",4,a,\"10,50\","
      "2026-01-01,placed\n"
      "6,\"unknown status `plced` (did you mean `placed`?): map it under `words` to one of placed, "
      "paid, shipped, "
      "completed, cancelled, refunded, other\",5,a,1,2026-01-01,plced\n"
      "7,\"key is empty\",,a,1,2026-01-01,placed\n"
      "8,\"the line is not UTF-8: export the file as UTF-8\",\"6,M\xfcller,1,2026-01-01,placed\"\n"
      "9,\"a quoted field is not closed: close it with \"\"\",\"7,\"\"open,1,2026-01-01,placed\"\n"
      "10,\"placed_at `0001-01-01` is no date: write 2026-03-02 09:30 or 2026-03-02T09:30:00Z, or "
      "name the format "
      "under `dates` in a mapping\",8,a,1,0001-01-01,placed\n"
      "11,\"`1` stands in an earlier line with other values, and the first one counts: correct one "
      "of them, or write "
      "`merge: yes` in the mapping\",1,a,99,2026-01-01,placed\n");
  CHECK(shop.rows("SELECT key, total_minor FROM orders ORDER BY key", 2) == "1|1050\n9|500");
}

TEST_CASE("a corrected rejected file is imported as it is", "[store]") {
  Shop shop;
  shop.import(orders, "key,customer,total,placed_at\n1,a,x,2026-01-01\n2,a,1,2026-01-01\n");
  std::string fixed = shop.rejected();
  fixed.replace(fixed.find(",x,"), 3, ",7,");
  const auto report = shop.import(orders, fixed);
  CHECK(report.inserted == 1);
  CHECK(report.rejected == 0);
  CHECK(shop.ask("SELECT count(*) FROM orders") == "2");
}

TEST_CASE("a line of an unknown order is refused by the store with its number", "[store]") {
  Shop shop;
  shop.import(orders, "key,customer,total,placed_at\n1,a,10,2026-01-01\n");
  const auto report = shop.import(items, "order,key,quantity,price\n1,1,2,5.00\n77,1,1,5.00\n");
  CHECK(report.inserted == 1);
  CHECK(shop.rejected() ==
        "line,reason,order,key,quantity,price\n"
        "3,\"order `77` is not in the store: import the orders first\",77,1,1,5.00\n");
  CHECK(shop.ask("SELECT items_count FROM orders") == "1");
}

TEST_CASE("a file that cannot be understood at all says what to do", "[store]") {
  Shop shop;
  CHECK(shop.refused(orders, "") == " is empty: it needs at least a header line");
  CHECK(shop.refused(orders, "order_number,total\n1,2\n") ==
        ": nothing says where the key of orders is: name its column `key`, or write a mapping file "
        "(--map); the columns "
        "are order_number, total");
  Mapping mapping;
  mapping.fields["key"] = column("invoice");
  CHECK(
      shop.refused(orders, "invoic,total\n1,2\n", mapping) ==
      ": the file has no column `invoice` (did you mean `invoic`?): its columns are invoic, total");
  CHECK(shop.refused(customers, "key,email,city,email\n1,a@example.com,Bonn,b@example.com\n") ==
        ": the file has more than one column `email`, and nobody knows which is meant: rename or "
        "remove the others");
  CHECK(shop.refused(customers, std::string("\xff\xfek\0e\0y\0\n\0", 10)) ==
        " is UTF-16: save it as UTF-8");
  CHECK(shop.refused(customers, "key,email\r1,a@example.com\r2,b@example.com\r") ==
        " has line ends of a bare CR, so all of it is one line: save it with the line ends of Unix "
        "or Windows");
  CHECK(shop.refused(orders, "key;customer\n1;a\n") ==
        ": nothing says where the key of orders is: name its column `key`, or write a mapping file "
        "(--map); the columns are key;customer; its fields seem to be separated by `;`: write "
        "`separator: \";\"` in a mapping");
  CHECK(shop.refused(orders, "key\tcustomer\n1\ta\n")
            .ends_with(
                "; its fields seem to be separated by tabs: write `separator: tab` in a mapping"));
}

TEST_CASE("amounts without a currency are refused as a whole", "[store]") {
  Shop shop;
  ImportOptions options;
  options.kind = orders;
  options.file = shop.file("key,total\n1,2\n");
  const auto report = import_file(*shop.database, options, shop.clock);
  REQUIRE_FALSE(report);
  CHECK(report.error().message ==
        options.file.string() +
            ": the amounts have no currency: write `currency: EUR` in the mapping or in "
            "retaind.yaml, or name a column `currency`");
}

TEST_CASE("a time without an offset is wall time of the site's zone", "[store]") {
  Shop shop;
  ImportOptions options;
  options.kind = orders;
  options.file = shop.file(
      "key,customer,total,currency,placed_at\n1,a,1,EUR,2025-07-01 09:00\n"
      "2,a,1,EUR,2025-07-01T09:00:00Z\n3,a,1,EUR,2025-07-01\n");
  options.zone = *Zone::find("America/New_York");
  REQUIRE(import_file(*shop.database, options, shop.clock));
  CHECK(shop.rows("SELECT key, placed_at FROM orders ORDER BY key", 2) ==
        "1|" + std::to_string(to_ms(at("2025-07-01T13:00:00Z"))) + "\n2|" +
            std::to_string(to_ms(at("2025-07-01T09:00:00Z"))) + "\n3|" +
            std::to_string(to_ms(at("2025-07-01T04:00:00Z"))));
}

TEST_CASE("importing the same file again writes nothing at all", "[store]") {
  Shop shop;
  std::string bytes = "key,customer,total,placed_at,currency\n";
  for (int i = 0; i < 5000; ++i) {
    bytes += std::to_string(i) + ",c" + std::to_string(i % 700) + ",9.9" + std::to_string(i % 10) +
             ",2026-01-0" + std::to_string(1 + i % 9) + ",EUR\n";
  }
  CHECK(shop.import(orders, bytes).inserted == 5000);
  const std::string before = shop.ask("SELECT total_changes()");
  const std::string changes = shop.ask("SELECT count(*) FROM change");
  const auto again = shop.import(orders, bytes);
  CHECK(again.unchanged == 5000);
  CHECK(again.inserted + again.updated + again.rejected == 0);
  CHECK(shop.ask("SELECT total_changes()") == before);
  // A few changed rows: only they enter the change feed.
  bytes.replace(bytes.find("\n77,c77,") + 8, 4, "5.55");
  const auto third = shop.import(orders, bytes);
  CHECK(third.updated == 1);
  CHECK(third.unchanged == 4999);
  CHECK(std::stoi(shop.ask("SELECT count(*) FROM change")) ==
        std::stoi(changes) + 2);  // the order and its customer
}

TEST_CASE("an import works while another connection writes and waits for nothing long", "[store]") {
  Shop shop;
  auto other =
      Database::open(shop.directory / "store.db", {.busy_timeout = Duration{2000}, .vfs = {}});
  REQUIRE(other);
  std::string bytes = "key,customer\n";
  for (int i = 0; i < 20000; ++i) bytes += std::to_string(i) + ",c" + std::to_string(i) + "\n";
  ImportOptions options;
  options.kind = orders;
  options.file = shop.file(bytes);
  int writes = 0;
  SystemClock clock;
  options.progress = [&](const ImportProgress&) {
    if (other->begin()) {
      other->prepared("INSERT INTO meta (key, value) VALUES (?1, '')")
          .bind(1, std::to_string(writes++))
          .run();
      CHECK(other->commit());
    }
    return true;
  };
  const auto report = import_file(*shop.database, options, clock);
  REQUIRE(report);
  CHECK(report->inserted == 20000);
  CHECK(shop.ask("SELECT count(*) FROM meta") == std::to_string(writes));
}

TEST_CASE("a mapping turns an export into facts", "[store]") {
  Shop shop;
  Mapping mapping;
  mapping.separator = ';';
  mapping.missing = {"", "?"};
  mapping.zone = *Zone::find("America/Sao_Paulo");
  mapping.date_formats = {"%m/%d/%Y %H:%M"};
  mapping.key_prefix = "shop-";
  mapping.fields["key"] = column("Order");
  mapping.fields["customer"] = column("Person");
  mapping.fields["total"].from = FieldSource::From::product;
  mapping.fields["total"].columns = {"Count", "Price"};
  mapping.fields["status"] = column("State");
  mapping.fields["status"].words = {{"delivered", "completed"}, {"canceled", "cancelled"}};
  mapping.fields["status"].otherwise = "other";
  mapping.fields["placed_at"] = column("Bought");
  mapping.fields["cancelled_at"] = column("Bought");
  mapping.fields["cancelled_at"].when = LineTest{"State", {"canceled"}, ""};
  mapping.fields["number"].from = FieldSource::From::text;
  mapping.fields["number"].text = "No. {Order}";
  mapping.attributes["channel"] = column("Channel");
  mapping.skip.push_back({"Channel", {"test"}, ""});
  const auto report = shop.import(orders,
                                  "Order;Person;State;Count;Price;Bought;Channel\n"
                                  "1;anna;delivered;3;2.505;10/2/2017 9:05;web\n"
                                  "2;?;canceled;1;5;10/2/2017 10:56;?\n"
                                  "3;anna;unheard-of;1;5;10/2/2017 10:56;\"a \"\"b\"\"\"\n"
                                  "4;anna;delivered;1;5;10/2/2017 10:56;test\n",
                                  mapping);
  CHECK(report.skipped == 1);
  CHECK(report.rejected == 0);
  CHECK(shop.rows("SELECT o.key, c.key, number, status, total_minor, placed_at, cancelled_at, "
                  "o.attributes FROM orders o "
                  "LEFT JOIN customers c ON c.id = o.customer ORDER BY o.key",
                  8) ==
        "shop-1|shop-anna|No. 1|completed|752|1506945900000|-|{\"channel\":\"web\"}\n"
        "shop-2|-|No. 2|cancelled|500|1506952560000|1506952560000|-\n"
        "shop-3|shop-anna|No. 3|other|500|1506952560000|-|{\"channel\":\"a \\\"b\\\"\"}");
}

namespace {

Mapping invoice_lines() {
  Mapping mapping;
  mapping.merge = true;
  mapping.fields["key"] = column("invoice");
  mapping.fields["customer"] = column("customer");
  mapping.fields["total"].from = FieldSource::From::product;
  mapping.fields["total"].columns = {"count", "price"};
  mapping.fields["placed_at"] = column("date");
  mapping.fields["placed_at"].take = FieldSource::Take::earliest;
  mapping.fields["completed_at"] = mapping.fields["placed_at"];
  mapping.refund = LineTest{"invoice", {}, "C"};
  return mapping;
}

}  // namespace

TEST_CASE("lines with one key are one order, and a negative one is a refund", "[store]") {
  Shop shop;
  const std::string bytes =
      "invoice,customer,count,price,date\n"
      "1,anna,2,1.005,2026-01-02 10:01\n"
      "C9,anna,-1,0.50,2026-01-05\n"
      "1,,1,0.335,2026-01-02 10:00\n";
  const auto report = shop.import(orders, bytes, invoice_lines());
  CHECK(report.lines == 3);
  CHECK(report.inserted == 2);
  CHECK(report.merged == 1);
  CHECK(shop.rows("SELECT o.key, c.key, status, total_minor, placed_at, completed_at, refunded_at "
                  "FROM orders o JOIN "
                  "customers c ON c.id = o.customer ORDER BY o.key",
                  7) ==
        "1|anna|other|235|1767348000000|1767348000000|-\nC9|anna|refunded|-50|-|-|1767571200000");
  CHECK(shop.ask("SELECT orders_count || ' ' || total_spent_minor FROM customers") == "1 185");
  CHECK(shop.import(orders, bytes, invoice_lines()).unchanged == 2);
}

TEST_CASE("one bad line spoils its whole invoice and no other", "[store]") {
  Shop shop;
  const auto report = shop.import(orders,
                                  "invoice,customer,count,price,date\n"
                                  "1,anna,2,1,2026-01-02\n"
                                  "2,anna,2,1,2026-01-02\n"
                                  "1,anna,many,1,2026-01-02\n"
                                  "1,anna,3,1,2026-01-02\n",
                                  invoice_lines());
  CHECK(report.inserted == 1);
  CHECK(report.rejected == 3);
  CHECK(report.merged == 0);
  CHECK(shop.rejected() ==
        "line,reason,invoice,customer,count,price,date\n"
        "2,\"line 4 of the same row `1` cannot be used\",1,anna,2,1,2026-01-02\n"
        "4,\"total `many` is no amount: write it with a point and without separators, such as "
        "1234.50\",1,anna,many,1,"
        "2026-01-02\n"
        "5,\"line 4 of the same row `1` cannot be used\",1,anna,3,1,2026-01-02\n");
  CHECK(shop.ask("SELECT group_concat(key) FROM orders") == "2");
}

TEST_CASE("further keys of a customer come from an alias column", "[store]") {
  Shop shop;
  Mapping mapping;
  mapping.merge = true;
  mapping.fields["key"] = column("person");
  mapping.fields["city"] = column("city");
  mapping.alias = column("id");
  const std::string bytes = "id,person,city\na1,anna,Bonn\nb1,ben,Rom\na2,anna,Paris\n";
  auto report = shop.import(customers, bytes, mapping);
  CHECK(report.inserted == 2);
  CHECK(report.updated == 0);
  CHECK(shop.rows("SELECT alias, c.key, city FROM customer_alias a JOIN customers c ON c.id = "
                  "a.customer ORDER BY 1",
                  3) == "a1|anna|Paris\na2|anna|Paris\nb1|ben|Rom");
  report = shop.import(customers, bytes, mapping);
  CHECK(report.unchanged == 2);
  CHECK(report.updated == 0);
}

TEST_CASE("dated lines tell a ticket's history, and of one instant the last line counts",
          "[store]") {
  Shop shop;
  std::string bytes = "key,customer,status,opened_at,as_of\n";
  const std::string lines =
      "T1,anna,new,2026-01-01,2026-01-01\n"
      "T1,anna,open,2026-01-01,2026-01-02\n"
      "T1,anna,solved,2026-01-01,2026-01-02\n"
      "T1,anna,open,2026-01-01,2026-01-05\n";
  bytes += lines;
  auto report = shop.import(tickets, bytes);
  CHECK(report.superseded == 1);
  CHECK(shop.rows("SELECT status, reopens, unresolved_episode FROM tickets", 3) == "open|1|2");
  report = shop.import(tickets, bytes);
  CHECK(report.unchanged == 3);
  CHECK(report.updated == 0);
}

TEST_CASE("consent and suppression are imported with their dates", "[store]") {
  Shop shop;
  auto report = shop.import(consent,
                            "customer,purpose,granted,at,source\n"
                            "anna,marketing,yes,2026-01-01T10:00:00Z,form\n"
                            "anna,marketing,no,2026-02-01T10:00:00Z,mail\n"
                            "anna,ads,yes,2026-01-01,form\n"
                            "anna,feedback,maybe,2026-01-01,form\n"
                            "ben,marketing,yes,,form\n");
  CHECK(report.inserted == 2);
  CHECK(report.rejected == 3);
  CHECK(shop.rejected() ==
        "line,reason,customer,purpose,granted,at,source\n"
        "4,\"unknown purpose `ads`: write marketing, feedback or "
        "tracking\",anna,ads,yes,2026-01-01,form\n"
        "5,\"granted `maybe` is neither yes nor no\",anna,feedback,maybe,2026-01-01,form\n"
        "6,\"at is empty: consent needs the time at which it was given or "
        "withdrawn\",ben,marketing,yes,,form\n");
  report = shop.import(
      suppression,
      "email,scope,at,cause\nX@example.com,all,2026-01-01,bounce\nnobody,all,2026-01-01,\n");
  CHECK(report.inserted == 1);
  CHECK(report.rejected == 1);
  CHECK(shop.import(suppression, "email,scope,at,cause\nX@example.com,all,2026-01-01,bounce\n")
            .unchanged == 1);
}

TEST_CASE("history marks every row of the file", "[store]") {
  Shop shop;
  ImportOptions options;
  options.kind = orders;
  options.history = true;
  options.bulk_from_bytes = GENERATE(std::int64_t{0}, INT64_MAX);
  options.file = shop.file("key,customer,placed_at\n1,a,2026-01-01\n2,b,2026-01-01\n");
  REQUIRE(import_file(*shop.database, options, shop.clock));
  const std::string now = std::to_string(to_ms(shop.clock.now()));
  CHECK(shop.rows("SELECT DISTINCT history_until FROM orders", 1) == now);
  CHECK(shop.rows("SELECT DISTINCT history_until FROM customers", 1) == now);
}

TEST_CASE("a line that says nothing about the status does not hide another one of its instant",
          "[store]") {
  Mapping mapping;
  for (const char* name : {"key", "opened_at", "as_of", "status", "assignee"})
    mapping.fields[name] = column(name);
  mapping.fields["status"].otherwise = "";
  Shop shop;
  const auto report = shop.import(tickets,
                                  "key,opened_at,as_of,status,assignee\n"
                                  "T,,2026-05-01 14:12,new,anna\n"
                                  "T,,2026-05-01 18:25,solved,ben\n"
                                  "T,,2026-05-01 18:25,-100,carl\n"
                                  "U,,2026-05-01 14:12,-100,\n"
                                  "U,,2026-05-01 14:12,solved,\n"
                                  "V,2026-05-01 08:00,2026-05-02 09:00,-100,\n"
                                  "V,2026-05-01 08:00,2026-05-01 09:00,solved,\n",
                                  mapping);
  CHECK(report.superseded == 2);
  CHECK(shop.rows("SELECT key, status, assignee FROM tickets ORDER BY key", 3) ==
        "T|solved|carl\nU|solved|-\nV|solved|-");
}
