#include "store/rejects.h"

#include "import_shop.h"

using namespace retaind;
using namespace retaind::store;

namespace {

using enum ImportKind;

FieldSource column(const std::string& name) {
  FieldSource source;
  source.columns = {name};
  return source;
}

Result<ImportReport> import_to(Shop& shop, const fs::path& rejected) {
  ImportOptions options;
  options.kind = customers;
  options.file = shop.directory / "in.csv";
  options.rejected = rejected;
  return import_file(*shop.database, options, shop.clock);
}

}  // namespace

TEST_CASE("the list of refused lines replaces nothing but an earlier one", "[store]") {
  Shop shop;
  shop.file("key,email\n1,a@example.com\n2\n");
  shop.file("store: retaind.db\n", "retaind.yaml");
  fs::create_symlink(shop.directory / "in.csv", shop.directory / "link.csv");
  const std::string yaml = slurp(shop.directory / "retaind.yaml");
  for (const auto& [name, what] :
       {std::pair{"in.csv", "the file to import"}, std::pair{"link.csv", "the file to import"},
        std::pair{"store.db", "the store's"}, std::pair{"store.db-wal", "the store's"},
        std::pair{"store.db-shm", "the store's"}, std::pair{"store.db.lock", "the store's"},
        std::pair{"retaind.yaml", "a file of something else"}, std::pair{"", "no plain file"}}) {
    const auto report = import_to(shop, shop.directory / name);
    REQUIRE_FALSE(report);
    CHECK(report.error().message ==
          (shop.directory / name).string() + " is " + what +
              ", which the list of refused lines would replace: name another file with --rejected");
  }
  CHECK(slurp(shop.directory / "in.csv") == "key,email\n1,a@example.com\n2\n");
  CHECK(slurp(shop.directory / "retaind.yaml") == yaml);
  CHECK(shop.ask("SELECT count(*) FROM customers") == "0");

  for (const char* earlier : {"line,reason,key,email\n7,\"why\",x\n", "line;reason;key\n", ""}) {
    shop.file(earlier, "list.csv");
    const auto report = import_to(shop, shop.directory / "list.csv");
    REQUIRE(report);
    CHECK(report->rejected == 1);
    CHECK(slurp(shop.directory / "list.csv").find("\n3,\"the line has 1 field") !=
          std::string::npos);
  }
}

TEST_CASE("a refused line that was numbered within its order keeps its number", "[store]") {
  Mapping mapping;
  mapping.fields["order"] = column("order");
  mapping.fields["key"].from = FieldSource::From::number_within;
  mapping.fields["key"].columns = {"order"};
  mapping.fields["quantity"] = column("quantity");
  Shop shop;
  shop.import(orders, "key,customer\nA,anna\nB,ben\n");
  const auto report = shop.import(items,
                                  "order,quantity\n"
                                  "A,1\nA,two\nB,10\nA,3\nB,many\nC,1\nA\n",
                                  mapping);
  CHECK(report.rejected == 4);
  const std::string before = "A|1|1.0\nA|3|3.0\nB|1|10.0";
  const std::string all =
      "SELECT o.key, i.key, quantity FROM items i JOIN orders o ON o.id = i.\"order\" ORDER BY 1, "
      "2";
  CHECK(shop.rows(all, 3) == before);
  std::string fixed = shop.rejected();
  CHECK(fixed.starts_with("line,reason,number,order,quantity\n3,\"quantity `two` is no number"));
  for (const auto& [wrong, right] :
       {std::pair{"A,two", "A,2"}, std::pair{"B,many", "B,20"}, std::pair{",,A\n", ",,A,4\n"}}) {
    REQUIRE(fixed.find(wrong) != std::string::npos);
    fixed.replace(fixed.find(wrong), std::string(wrong).size(), right);
  }
  const auto again = shop.import(items, fixed, mapping);
  CHECK(again.inserted == 2);
  CHECK(again.rejected == 2);  // order C is still unknown, and the short line could not be counted
  CHECK(shop.rows(all, 3) == "A|1|1.0\nA|2|2.0\nA|3|3.0\nB|1|10.0\nB|2|20.0");
  CHECK(shop.rejected().find("number is empty, because the line could not be counted") !=
        std::string::npos);
  CHECK(shop.refused(items, "line,reason,order,quantity\n3,why,A,2\n", mapping) ==
        ": this list of refused lines does not say which number within `order` each of them had: "
        "correct the file that it came of and import that");
}

TEST_CASE("an order that is negative is a refund only when the mapping has no test of its own",
          "[store]") {
  Shop shop;
  Mapping mapping;
  for (const char* name : {"key", "customer", "total", "placed_at"})
    mapping.fields[name] = column(name);
  const bool tests = GENERATE(false, true);
  if (tests) mapping.refund = LineTest{"key", {}, "C"};
  shop.import(orders,
              "key,customer,total,placed_at\nA1,anna,-11062.06,2026-01-01\n"
              "C1,anna,5,2026-01-02\n2,anna,7,2026-01-02\n",
              mapping);
  const std::string second = tests ? "C1|refunded|-500|-\n" : "C1|other|500|1767312000000\n";
  CHECK(shop.rows("SELECT key, status, total_minor, placed_at FROM orders ORDER BY key != '2', key",
                  4) ==
        "2|other|700|1767312000000\n" +
            std::string(tests ? "A1|other|-1106206|1767225600000\n" : "A1|refunded|-1106206|-\n") +
            second.substr(0, second.size() - 1));
  CHECK(shop.ask("SELECT orders_count FROM customers") == "2");
}

TEST_CASE("a line that is refused makes no customer, whichever way the import takes", "[store]") {
  Shop shop;
  shop.bulk_from = GENERATE(std::int64_t{0}, INT64_MAX);
  const auto report = shop.import(orders, "key,customer,total\n1,anna,10\n1,ben,10\n1,anna,10\n");
  CHECK(report.bulk == (shop.bulk_from == 0));
  CHECK(report.rejected == 1);
  CHECK(report.unchanged == 1);
  CHECK(shop.rows("SELECT key FROM customers", 1) == "anna");
}

TEST_CASE("a score that its kind of question does not have is refused", "[store]") {
  Shop shop;
  const auto report = shop.import(feedback,
                                  "key,customer,kind,score\n"
                                  "1,anna,nps,0\n2,anna,nps,10\n3,anna,nps,11\n4,ben,nps,-1\n"
                                  "5,anna,csat,1\n6,anna,csat,6\n7,anna,csat,0\n8,anna,ces,7\n"
                                  "9,anna,ces,8\n10,anna,nps,\n11,anna,,99\n12,anna,taste,99\n"
                                  "13,anna,taste,2\n");
  CHECK(report.inserted == 8);
  CHECK(report.rejected == 5);
  CHECK(report.customers_made == 1);
  CHECK(report.own_surveys == 2);
  CHECK(report.own_survey_kinds == std::vector<std::string>{"taste"});
  CHECK(shop.rejected().find("\"score 6 is none of csat, which go from 1 to 5: correct it, or "
                             "write another kind\",6,anna,csat,6") != std::string::npos);
  CHECK(shop.rows("SELECT key FROM customers", 1) == "anna");
}

TEST_CASE("an import counts what it made and what it could not know", "[store]") {
  Shop shop;
  shop.bulk_from = GENERATE(std::int64_t{0}, INT64_MAX);
  const auto zoned = shop.import(
      customers, "key,time_zone\n1,Europe/Berlin\n2,Mars/Base\n3,\n4,Mars/Base\n5,CET\n");
  CHECK(zoned.unknown_zones.customers == 2);
  CHECK(zoned.unknown_zones.lines == std::vector<std::int64_t>{3, 5});
  const auto mailed =
      shop.import(customers,
                  "key,email\n1,a@example.com\n2,a.example.com\n3,\n4,\"Bo <b@example.com>\"\n"
                  "5,b@ü.example\n6,b@example..com\n");
  CHECK(mailed.unusable_emails.customers == 3);
  CHECK(mailed.unusable_emails.lines == std::vector<std::int64_t>{3, 5, 7});
  CHECK(mailed.rejected == 0);
  const auto report = shop.import(orders, "key,customer\n1,1\n2,anna\n3,ben\n4,anna\n");
  CHECK(report.bulk == (shop.bulk_from == 0));
  CHECK(report.customers_made == 2);
  CHECK(shop.ask("SELECT count(*) FROM customers") == "8");
}
