#include "language/expression.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "../support/read_condition.h"
#include "rule_text.h"

namespace lang = retaind::language;
using lang::Condition;
using lang::Node;
using lang::Op;
using retaind::Subject;
using retaind::Type;

namespace {

struct Read : retaind::test::ReadCondition {
  [[nodiscard]] std::string remedy() const {
    return diagnostics.empty() ? std::string() : diagnostics[0].remedy;
  }
  [[nodiscard]] std::string code() const {
    return diagnostics.empty() ? "" : diagnostics.front().code;
  }
};

lang::Scope scope(std::vector<Subject> subjects = {Subject::order, Subject::customer}) {
  return {std::move(subjects), "order.completed", *retaind::find_currency("EUR"),
          *retaind::Zone::find("Europe/Berlin")};
}

Read read(std::string_view text, const lang::Scope& in = scope()) {
  return {retaind::test::read_condition(std::string(text), in)};
}

/// The tree in prefix form: "(and (= order.total 5.00 EUR) order.refunded)".
std::string tree(const Read& read, std::uint16_t index) {
  const Node& node = read.condition->nodes[index];
  static const std::map<Op, std::string> names{
      {Op::both, "and"},          {Op::either, "or"},
      {Op::negation, "not"},      {Op::equal, "="},
      {Op::not_equal, "!="},      {Op::less, "<"},
      {Op::less_equal, "<="},     {Op::greater, ">"},
      {Op::greater_equal, ">="},  {Op::in, "in"},
      {Op::not_in, "not-in"},     {Op::older_than, "older-than"},
      {Op::within_last, "last"},  {Op::within_next, "next"},
      {Op::is_empty, "empty"},    {Op::is_not_empty, "not-empty"},
      {Op::contains, "contains"},
  };
  if (node.op == Op::now) return "now";
  if (node.op == Op::field) {
    const auto* field = read.slots[node.slot].field;
    return fmt::format("{}.{}", retaind::name_of(field->subject), field->name);
  }
  if (node.op == Op::constant) return node.text;
  std::string text = "(" + names.at(node.op);
  for (const auto child : node.children) text += " " + tree(read, child);
  if (!node.span.is_zero()) text += " " + retaind::to_string(node.span);
  return text + ")";
}

std::string tree(std::string_view text, const lang::Scope& in = scope()) {
  const Read result = read(text, in);
  if (!result.condition) return lang::to_text(result.diagnostics, lang::Format::human, false);
  return tree(result, result.condition->root);
}

}  // namespace

TEST_CASE("not binds closer than and, and closer than or", "[language][expression]") {
  CHECK(tree("order.paid or order.shipped and not order.refunded") ==
        "(or order.paid (and order.shipped (not order.refunded)))");
  CHECK(tree("order.paid and order.shipped or order.refunded and order.placed") ==
        "(or (and order.paid order.shipped) (and order.refunded order.placed))");
  CHECK(tree("not order.paid and order.shipped") == "(and (not order.paid) order.shipped)");
  CHECK(tree("not (order.paid and order.shipped)") == "(not (and order.paid order.shipped))");
  CHECK(tree("(order.paid or order.shipped) and order.placed") ==
        "(and (or order.paid order.shipped) order.placed)");
  CHECK(tree("order.paid and order.shipped and order.placed") ==
        "(and order.paid order.shipped order.placed)");
  CHECK(tree("not customer.orders_count = 2") == "(not (= customer.orders_count 2))");
}

TEST_CASE("every test of the grammar is read", "[language][expression]") {
  CHECK(tree("order.paid") == "order.paid");
  CHECK(tree("order.paid = true") == "(= order.paid true)");
  CHECK(tree("order.paid != false") == "(!= order.paid false)");
  CHECK(tree("customer.orders_count >= 2") == "(>= customer.orders_count 2)");
  CHECK(tree("customer.orders_count <= 2.5") == "(<= customer.orders_count 2.5)");
  CHECK(tree("customer.orders_count > -1") == "(> customer.orders_count -1)");
  CHECK(tree("3 < customer.orders_count") == "(< 3 customer.orders_count)");
  CHECK(tree("order.total > 49.90 EUR") == "(> order.total 49.90)");
  CHECK(tree("order.total > customer.total_spent") == "(> order.total customer.total_spent)");
  CHECK(tree("customer.city = 'Sankt ''X'' München'") == "(= customer.city Sankt 'X' München)");
  CHECK(tree("customer.city contains 'burg'") == "(contains customer.city burg)");
  CHECK(tree("customer.city = order.number") == "(= customer.city order.number)");
  CHECK(tree("order.status in [placed, paid]") == "(in order.status placed paid)");
  CHECK(tree("order.status not in [placed]") == "(not-in order.status placed)");
  CHECK(tree("not order.status in [placed]") == "(not (in order.status placed))");
  CHECK(tree("customer.city in ['Berlin', 'Köln']") == "(in customer.city Berlin Köln)");
  CHECK(tree("customer.orders_count in [1,2, 3]") == "(in customer.orders_count 1 2 3)");
  CHECK(tree("order.placed_at older than 90 days") == "(older-than order.placed_at 90 days)");
  CHECK(tree("order.placed_at within last 2 weeks") == "(last order.placed_at 14 days)");
  CHECK(tree("customer.birthday within next 1 month") == "(next customer.birthday 1 month)");
  CHECK(tree("now older than 1 hour") == "(older-than now 1 hour)");
  CHECK(tree("customer.city is empty") == "(empty customer.city)");
  CHECK(tree("customer.city is not empty") == "(not-empty customer.city)");
  CHECK(tree("order.placed_at < order.paid_at") == "(< order.placed_at order.paid_at)");
  CHECK(tree("order.placed_at < now") == "(< order.placed_at now)");
  CHECK(tree("customer.birthday >= 2000-01-01") == "(>= customer.birthday 2000-01-01)");
  CHECK(tree("now >= 2026-03-01") == "(>= now 2026-03-01)");
  CHECK(tree("order.status = placed\n  and order.paid") ==
        "(and (= order.status placed) order.paid)");
}

TEST_CASE("constants carry their type and value", "[language][expression]") {
  const auto constant = [](std::string_view text) {
    const Read result = read(text);
    REQUIRE(result.condition);
    for (const Node& node : result.condition->nodes)
      if (node.op == Op::constant) return node;
    FAIL("no constant");
    return Node{};
  };
  const Node money = constant("order.total > 49.90 EUR");
  CHECK(money.type == Type::money);
  CHECK(money.value.integer == 4990);
  CHECK(money.value.currency.view() == "EUR");
  CHECK(constant("customer.orders_count > 12").value.integer == 12);
  CHECK(constant("customer.orders_count > 1.5").value.real == 1.5);
  CHECK(constant("order.paid = true").value.integer == 1);
  const Node word = constant("order.status = placed");
  CHECK(word.type == Type::enumeration);
  CHECK(lang::constant_of(word).text == "placed");
  const Node moved = [&] {
    Node copy = word;
    return copy;
  }();
  CHECK(lang::constant_of(moved).text.data() == moved.text.data());
}

TEST_CASE("a date beside a time is the moment at which it begins in the site's zone",
          "[language][expression]") {
  const Read result = read("order.placed_at >= 2026-03-01");
  REQUIRE(result.condition);
  const Node& date = result.condition->nodes[1];
  CHECK(date.type == Type::time);
  CHECK(retaind::to_iso(retaind::from_ms(date.value.integer)) == "2026-02-28T23:00:00Z");
  CHECK(read("2026-03-01 <= order.placed_at").condition);
  CHECK(read("order.placed_at < 2026-03-01").condition);
  CHECK(read("order.placed_at > 2026-03-01").code() == "R031");
  CHECK(read("2026-03-01 < order.placed_at").code() == "R031");
  CHECK(read("order.placed_at in [2026-03-01]").code() == "R031");
  CHECK(read("order.placed_at > customer.birthday").code() == "R031");
}

TEST_CASE("nothing is converted silently", "[language][expression]") {
  for (const char* text : {"order.total > 100",
                           "customer.orders_count > 100 EUR",
                           "customer.orders_count = '2'",
                           "customer.city = 5",
                           "order.paid = 1",
                           "order.paid = 'true'",
                           "order.status = 'paid'",
                           "order.placed_at > 5",
                           "order.placed_at = '2026'",
                           "customer.birthday > now",
                           "customer.orders_count > 10%",
                           "order.placed_at > 3 days",
                           "customer.city > 'A'",
                           "order.status > placed",
                           "order.paid > false",
                           "customer.city older than 3 days",
                           "5 is empty",
                           "'x' is not empty",
                           "customer.orders_count contains 'x'",
                           "customer.city contains 5",
                           "order.status = subscription.status",
                           "now is empty"}) {
    CAPTURE(text);
    const auto result =
        read(text, scope({Subject::order, Subject::customer, Subject::subscription}));
    CHECK(result.code() == "R031");
    CHECK(result.diagnostics.size() == 1);
  }
}

TEST_CASE("words need a field that explains them", "[language][expression]") {
  for (const char* text :
       {"order.status = pade", "customer.city = Berlin", "orders_count > 2", "vip",
        "order.paid = yes", "open = closed", "customer.city in [Berlin, Hamburg, Bremen]",
        "vip and order.paid", "vip is empty", "vip older than 3 days",
        "customer.city contains burg", "total = total"}) {
    CAPTURE(text);
    CHECK(read(text).code() == "R017");
    CHECK(read(text).diagnostics.size() == 1);
  }
}

TEST_CASE("a condition that cannot be read says where and what to write",
          "[language][expression]") {
  for (const char* text : {"",
                           "and",
                           "order.paid and",
                           "order.paid or or order.paid",
                           "= 3",
                           "order.paid order.shipped",
                           "(order.paid",
                           "order.paid)",
                           "order.status in placed",
                           "order.status in []",
                           "order.status in [placed",
                           "order.status in [placed paid]",
                           "order.placed_at older 3 days",
                           "order.placed_at older than",
                           "order.placed_at within 3 days",
                           "customer.city is",
                           "customer.city is not",
                           "customer.city is not null",
                           "customer.city = 'x",
                           "order.total > €5",
                           "order.paid && order.shipped",
                           "!order.paid",
                           "customer.city = \"x\"",
                           "not not order.paid",
                           "customer.orders_count > 1,000",
                           "customer.orders_count == 2",
                           "customer.orders_count => 2",
                           "customer.orders_count between 1 and 2",
                           "customer.city ~ 'x'",
                           "order.paid; order.shipped",
                           "foo(order.paid)",
                           "a.b.c = 3",
                           "customer.orders_count > 3x",
                           "order.total > 5 EUR USD",
                           "customer.birthday = 1.3.2026"}) {
    CAPTURE(text);
    const auto result = read(text);
    CHECK_FALSE(result.condition);
    REQUIRE(result.diagnostics.size() == 1);
    CHECK(result.code() == "R030");
    CHECK_FALSE(result.diagnostics[0].remedy.empty());
    CHECK(result.diagnostics[0].where.end <= std::string_view(text).size());
  }
}

TEST_CASE("unknown subjects, fields, units and currencies have codes of their own",
          "[language][expression]") {
  CHECK(read("ordr.paid").code() == "R013");
  CHECK(read("orders.paid").code() == "R013");
  CHECK(read("order.pad").code() == "R015");
  CHECK(read("ticket.status = open").code() == "R032");
  CHECK(read("order.total > 5 USD").code() == "R033");
  CHECK(read("5 USD < order.total").code() == "R033");
  CHECK(read("5 USD < 5 EUR").code() == "R033");
  CHECK(read("order.total > 5.123 EUR").code() == "R028");
  CHECK(read("order.total > 5 eur").code() == "R028");
  CHECK(read("customer.orders_count > 99999999999999999999").code() == "R025");
  CHECK(read("order.placed_at older than 3").code() == "R021");
  CHECK(read("order.placed_at older than 3 dayz").code() == "R022");
  CHECK(read("order.placed_at older than 3 dayz").remedy() == "did you mean `3 days`?");
  CHECK(read("order.placed_at older than 1 dayz").remedy() == "did you mean `1 day`?");
  CHECK(read("order.placed_at older than 1.5 days").code() == "R022");
  CHECK(read("order.placed_at older than 3 business hours").code() == "R048");
  CHECK(read("customer.orders_count").code() == "R034");
  CHECK(read("order.paid and customer.orders_count").code() == "R034");
  CHECK(read("not customer.city").code() == "R034");
  CHECK(read("2 > 1").code() == "R034");
}

TEST_CASE("without a currency of the site an amount may be in any", "[language][expression]") {
  lang::Scope any = scope();
  any.currency = {};
  CHECK(read("order.total > 5 USD", any).condition);
}

TEST_CASE("independent mistakes of one line are all told", "[language][expression]") {
  const auto result = read("order.pad and customer.orders_count = '2' and custmer.city = 'x'");
  REQUIRE(result.diagnostics.size() == 3);
  CHECK(result.diagnostics[0].code == "R015");
  CHECK(result.diagnostics[1].code == "R031");
  CHECK(result.diagnostics[2].code == "R013");
}

TEST_CASE("each field that is read has one slot", "[language][expression]") {
  const auto result =
      read("order.paid and customer.orders_count > 1 and customer.orders_count < 9");
  CHECK(result.slots.size() == 2);
  std::vector<lang::Slot> slots;
  std::vector<lang::Diagnostic> diagnostics;
  CHECK(read("order.pad and order.paid").slots.empty());
}

TEST_CASE("conditions have limits", "[language][expression]") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "order.paid" + std::string(depth, ')');
  };
  CHECK(read(nested(lang::expression_limits::nesting)).condition);
  CHECK(read(nested(lang::expression_limits::nesting + 1)).code() == "R035");
  std::string list = "customer.orders_count in [1";
  for (std::size_t i = 1; i < lang::expression_limits::list; ++i) list += ",1";
  CHECK(read(list + "]").condition);
  CHECK(read(list + ",1]").code() == "R035");
  const std::string filler(lang::expression_limits::bytes, ' ');
  CHECK(read("order.paid" + filler.substr(10)).condition);
  CHECK(read("order.paid" + filler).code() == "R035");
}

TEST_CASE("the conditions of the shipped states can be read", "[language][expression]") {
  for (const auto& state : retaind::state_kinds()) {
    CAPTURE(state.name);
    std::vector<lang::Slot> slots;
    const auto condition = lang::state_condition(
        state, {{state.subject}, std::string(state.name), {}, retaind::Zone::utc()}, slots);
    CHECK(condition.has_value() == !state.is.empty());
    CHECK(slots.empty() == state.is.empty());
    for (const auto& slot : slots) CHECK(slot.field->subject == state.subject);
  }
}

TEST_CASE("a mistake points at its own place behind Japanese text and escapes",
          "[language][expression]") {
  const auto mark = [](std::string_view line) {
    const auto checked = rule_text::check(rule_text::completed(line));
    REQUIRE(checked.diagnostics.size() == 1);
    const auto& where = checked.diagnostics[0].where;
    return where.source->text.substr(where.begin, where.end - where.begin);
  };
  CHECK(mark("if: customer.city = '東京' and order.pad\n") == "order.pad");
  CHECK(mark("if: \"customer.city = '\\u6771\\u4eac' and order.pad\"\n") == "order.pad");
  CHECK(mark("if: 'customer.city = ''東京'' and order.pad'\n") == "order.pad");
  CHECK(mark("if:\n  - customer.city = '東京'\n    and order.pad\n") == "order.pad");
}

TEST_CASE("aggregates name a relation, a field and the rows that count", "[language][expression]") {
  const Read counted = read(
      "count(orders where order.status = completed and customer.city = "
      "'Bonn' and order.placed_at within last 30 days) >= 3");
  INFO(lang::to_text(counted.diagnostics, lang::Format::human, false));
  REQUIRE(counted.condition);
  REQUIRE(counted.aggregates.size() == 1);
  const lang::Aggregate& aggregate = counted.aggregates[0];
  CHECK(aggregate.fold == lang::Fold::count);
  CHECK(aggregate.relation->of == Subject::order);
  CHECK(aggregate.field == nullptr);
  // The row's fields are the aggregate's; what names another row is read once, outside.
  REQUIRE(aggregate.slots.size() == 2);
  CHECK(aggregate.slots[0].field->name == "status");
  REQUIRE(counted.slots.size() == 1);
  CHECK(counted.slots[0].field->name == "city");
  CHECK(aggregate.where.text ==
        "order.status = completed and customer.city = 'Bonn' and order.placed_at within last 30 "
        "days");
  const Read spent = read("sum(orders.total where not order.refunded) > 500 EUR");
  REQUIRE(spent.condition);
  CHECK(spent.aggregates[0].field->name == "total");
  CHECK(spent.aggregates[0].slots.size() == 2);
  for (const char* good :
       {"max(orders.placed_at) older than 90 days", "avg(feedback.score) < 7",
        "min(subscriptions.price) >= 5 EUR", "count(items where item.sku = 'A-1') > 0",
        "count(items where item.sku = 'A-1' and not order.cancelled) = 0",
        "count(events where event.name = 'webinar.attended') > 0 and order.total > 5 EUR",
        "count(tickets) = 0 or count(tickets) > 9",
        "sum(items.quantity) > customer.orders_count"}) {
    const Read read_good = read(good);
    INFO(good << "\n" << lang::to_text(read_good.diagnostics, lang::Format::human, false));
    CHECK(read_good.condition);
  }
}

TEST_CASE("an aggregate that cannot be meant says what to write", "[language][expression]") {
  struct Wrong {
    const char* text;
    const char* code;
    const char* remedy;
  };
  for (const Wrong& wrong : std::initializer_list<Wrong>{
           {"cuont(orders) > 3", "R030", "did you mean `count(…)`?"},
           {"count(order) > 3", "R013", "did you mean `orders`?"},
           {"count(orders.total) > 3", "R030", "write `count(orders)`"},
           {"sum(orders) > 3 EUR", "R030", "`sum(orders.total)`"},
           {"sum(orders.totl) > 3 EUR", "R015", "did you mean `total`?"},
           {"sum(orders.status) = 3", "R031", "sum and avg take numbers and amounts of money"},
           {"max(orders.status) = completed", "R031", "max and min take"},
           {"sum(orders.total) > 3", "R031", "write `3 EUR`"},
           {"sum(orders.total) > 3 USD", "R033", "write the amount in EUR"},
           {"count(orders)", "R034", "compare it with a value"},
           {"count(orders where order.total) > 3", "R034", "compare it"},
           {"count(orders where ticket.status = open) > 3", "R032", "can read fields of"},
           {"count(orders where count(items) > 1) > 3", "R030", "one after the other"},
           {"count(orders where order.paid > 3", "R031", "write `true` or `false`"},
           {"count(orders where order.paid", "R030", "write `)`"},
           {"count() > 3", "R030", "write one of `orders`"},
       }) {
    const Read failed = read(wrong.text);
    const std::string text = lang::to_text(failed.diagnostics, lang::Format::human, false);
    INFO(wrong.text << "\n" << text);
    CHECK(failed.code() == wrong.code);
    CHECK(text.find(wrong.remedy) != std::string::npos);
    CHECK(failed.slots.empty());
    CHECK(failed.aggregates.empty());
  }
  CHECK(read("count(orders) > 3", lang::Scope{{}, "monday", {}, retaind::Zone::utc()}).code() ==
        "R032");
}
