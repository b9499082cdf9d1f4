#include "language/mapping.h"

#include <catch2/catch.hpp>
#include <filesystem>

using namespace retaind;
namespace lang = retaind::language;

namespace {

lang::CheckedMapping read(const std::string& text, ImportKind kind = ImportKind::orders) {
  return lang::read_mapping(std::make_shared<lang::Source>(lang::Source{"map.yaml", text}), kind,
                            Zone::utc());
}

Mapping mapping(const std::string& text, ImportKind kind = ImportKind::orders) {
  auto checked = read(text, kind);
  for (const auto& diagnostic : checked.diagnostics) FAIL(to_text(diagnostic, false));
  return *checked.mapping;
}

/// "code message | remedy" of the only mistake.
std::string mistake(const std::string& text, ImportKind kind = ImportKind::orders) {
  const auto checked = read(text, kind);
  CHECK_FALSE(checked.mapping);
  REQUIRE(checked.diagnostics.size() == 1);
  const auto& found = checked.diagnostics.front();
  return found.code + " " + found.message + " | " + found.remedy;
}

}  // namespace

TEST_CASE("a mapping says where each field comes from", "[language]") {
  const Mapping map = mapping(R"(separator: ";"
header: no
missing: ["?", "NULL"]
time-zone: Europe/London
dates: ["%d/%m/%Y %H:%M", "%Y-%m-%d"]
currency: gbp
key-prefix: old-
skip: [{column: kind, is: [test, ""]}, {column: no, begins-with: X}]
merge: yes
refund: {column: "1", begins-with: C}
fields:
  key: {columns: ["2", "3"]}
  number: 012
  total: {product: [Quantity, UnitPrice]}
  placed_at: {column: Date, date: "%Y%m%d", take: earliest}
  completed_at: {latest: [a, b]}
  status:
    column: State
    words: {delivered: completed, no: cancelled}
    otherwise: ""
    when: {column: State, is: x}
attributes:
  channel: {text: "from {Channel}", lower-case: yes}
)");
  CHECK(map.separator == ';');
  CHECK_FALSE(map.header);
  CHECK(map.missing == std::vector<std::string>{"", "?", "NULL"});
  CHECK(map.zone.name() == "Europe/London");
  CHECK(map.date_formats.size() == 2);
  CHECK(map.currency.view() == "GBP");
  CHECK(map.skip.size() == 2);
  CHECK(map.skip[0].is == std::vector<std::string>{"test", ""});
  CHECK(map.skip[1].begins_with == "X");
  CHECK(map.merge);
  CHECK(map.refund->column == "1");
  CHECK(map.fields.at("key").columns == std::vector<std::string>{"2", "3"});
  CHECK(map.fields.at("number").columns == std::vector<std::string>{"012"});
  CHECK(map.fields.at("total").from == FieldSource::From::product);
  CHECK(map.fields.at("total").take == FieldSource::Take::sum);  // of merged lines
  CHECK(map.fields.at("placed_at").take == FieldSource::Take::earliest);
  CHECK(map.fields.at("placed_at").date_format == "%Y%m%d");
  CHECK(map.fields.at("completed_at").from == FieldSource::From::latest);
  CHECK(map.fields.at("status").words.at("no") == "cancelled");
  CHECK(map.fields.at("status").otherwise == "");
  CHECK(map.fields.at("status").when->column == "State");
  CHECK(map.attributes.at("channel").lower_case);
  CHECK(map.fingerprint.size() == 64);
  CHECK(mapping("separator: tab\nfields: {key: a}").separator == '\t');
  CHECK(mapping("separator: blanks\nfields: {key: a}").blanks);
  CHECK(mapping("fields: {key: a}\nalias: b", ImportKind::customers).alias->columns.front() == "b");
}

TEST_CASE("each mistake in a mapping is said with what to write", "[language]") {
  CHECK(mistake("fields: {key: a, plced_at: b}")
            .starts_with("R015 orders have no field `plced_at` | did you mean `placed_at`?"));
  CHECK(mistake("fields: {number: a}") ==
        "R040 orders need the field `key` | write `key:` and the column that holds it");
  CHECK(mistake("merge: yes") ==
        "R040 `fields:` is missing | write `fields:` and below it `key:` and the column that holds "
        "it");
  CHECK(mistake("merg: yes\nfields: {key: a}")
            .starts_with("R011 unknown key `merg` | did you mean `merge`?"));
  CHECK(mistake("- a\n") ==
        "R020 a mapping is keys with values, and this is a list | begin with `fields:` and below "
        "it `key:` and the column that "
        "holds it");
  CHECK(mistake("separator: ab\nfields: {key: a}") ==
        "R023 `ab` cannot separate fields | write one character in quotes, such as `\";\"`, or "
        "`tab` or `blanks`");
  CHECK(mistake("dates: \"%Q\"\nfields: {key: a}") ==
        "R026 `%Q` is no part of a date | write %Y %m %d for the date and %H %M %S for the time");
  CHECK(mistake("dates: dd/mm/yyyy\nfields: {key: a}") ==
        "R026 `dd/mm/yyyy` does not say how a date is written | write it with %Y, %m and %d, such "
        "as `\"%d/%m/%Y %H:%M\"`");
  CHECK(mistake("currency: EURO\nfields: {key: a}").starts_with("R028 `EURO` is no currency"));
  CHECK(mistake("time-zone: Europe/Berln\nfields: {key: a}").starts_with("R026 "));
  CHECK(mistake("fields: {key: a, status: {column: s, words: {x: complted}}}")
            .starts_with("R017 `complted` is no status | did you mean `completed`?"));
  CHECK(mistake("fields: {key: {words: {a: b}}}") ==
        "R040 nothing says where the value comes from | write a column, or a map such as `{column: "
        "order_id}`");
  CHECK(mistake("fields: {key: {column: a, text: b}}") ==
        "R042 `text` stands beside `column` | a field has one source: delete one");
  CHECK(mistake("fields: {key: a, total: {product: [b]}}") ==
        "R020 `product` wants two columns, and this is 1 column | write `product: [Quantity, "
        "UnitPrice]`");
  CHECK(mistake("fields: {key: {product: [a, b]}}").starts_with("R042 `key` is no amount"));
  CHECK(mistake("skip: {column: a}\nfields: {key: a}") ==
        "R040 the cells are picked by `is` or by `begins-with`, by one of them | write `is: "
        "canceled` or `begins-with: C`");
  CHECK(mistake("alias: b\nfields: {key: a}") ==
        "R042 only customers have further keys | delete the key");
  CHECK(mistake("refund: {column: a, is: b}\nfields: {key: a}", ImportKind::customers) ==
        "R042 only orders are refunded | delete the key");
  CHECK(mistake("fields: {key: a, key: b}").starts_with("R007 "));
}

TEST_CASE("a mapping file that is not there says so", "[language]") {
  const auto checked = lang::read_mapping(std::filesystem::path("/nowhere/map.yaml"),
                                          ImportKind::orders, Zone::utc());
  CHECK_FALSE(checked.mapping);
  REQUIRE(checked.diagnostics.size() == 1);
  CHECK(checked.diagnostics.front().code == "R001");
}
