#include "engine/evaluate.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "../support/read_condition.h"

// Conditions read by the real checker and held against one row: what the language's definition says
// of each, which is Kleene's logic.
namespace lang = retaind::language;
using retaind::Cell;
using retaind::Subject;
using retaind::Time;
using retaind::engine::Truth;

namespace {

using Row = std::map<std::string, Cell>;  ///< by field; what is missing is unknown

retaind::Zone berlin() { return *retaind::Zone::find("Europe/Berlin"); }

Time at(std::string_view local) {
  const auto time = retaind::parse_time(local, berlin());
  if (!time) FAIL("no time: " << local);
  return *time;
}

Cell moment(std::string_view local) { return Cell::of(retaind::to_ms(at(local))); }
Cell text(std::string_view words) { return Cell::of(words); }
Cell number(std::int64_t value) { return Cell::of(value); }
Cell money(std::int64_t minor, std::string_view currency) {
  Cell cell = Cell::of(minor);
  cell.currency = *retaind::find_currency(currency);
  return cell;
}

const Row& bonn() {
  static const Row row{
      {"customer.city", text("Bonn")},
      {"customer.last_name", text("")},
      {"customer.orders_count", number(1)},
      {"customer.total_spent", money(4900, "EUR")},
      {"customer.birthday", text("1990-05-05")},
      {"customer.created_at", moment("2026-01-01 00:00")},
      {"customer.last_order_at", moment("2026-02-01 12:00")},
      {"subscription.renews_at", moment("2026-03-04 10:00")},
      {"subscription.status", text("active")},
      {"subscription.price", money(900, "USD")},
      {"subscription.cancelled", number(0)},
      {"subscription.ended", number(1)},
  };
  return row;
}

constexpr std::string_view monday = "2026-03-02 10:00";

/// "yes", "no", "unknown", or what is wrong with the text.
std::string truth(const std::string& condition, const Row& row, std::string_view now = monday) {
  const lang::Scope scope{
      {Subject::subscription, Subject::customer}, "subscription.started", {}, berlin()};
  const auto read = retaind::test::read_condition(condition, scope);
  if (!read.condition) return lang::to_text(read.diagnostics, lang::Format::human, false);
  std::vector<Cell> cells;
  for (const lang::Slot& slot : read.slots) {
    const auto found = row.find(std::string(retaind::name_of(slot.field->subject)) + "." +
                                std::string(slot.field->name));
    cells.push_back(found == row.end() ? Cell{} : found->second);
  }
  const Truth result = retaind::engine::evaluate(*read.condition, cells, at(now), berlin());
  if (result == Truth::unknown) return "unknown";
  return result == Truth::yes ? "yes" : "no";
}

struct Case {
  std::string condition, wanted;
};

void check_all(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    CAPTURE(each.condition);
    CHECK(truth(each.condition, bonn()) == each.wanted);
  }
}

// A test that is true, one that is false and one whose field has no value, for tables of logic.
const std::map<std::string, std::string> parts{
    {"yes", "customer.orders_count = 1"},
    {"no", "customer.city = 'Rom'"},
    {"unknown", "customer.country = 'DE'"},
};

}  // namespace

TEST_CASE("numbers, amounts and words compare as they are written", "[engine][evaluate]") {
  check_all({
      {"customer.orders_count = 1", "yes"},
      {"customer.orders_count = 2", "no"},
      {"customer.orders_count != 2", "yes"},
      {"customer.orders_count != 1", "no"},
      {"customer.orders_count < 2", "yes"},
      {"customer.orders_count < 1", "no"},
      {"customer.orders_count <= 1", "yes"},
      {"customer.orders_count <= 0", "no"},
      {"customer.orders_count > 0", "yes"},
      {"customer.orders_count > 1", "no"},
      {"customer.orders_count >= 1", "yes"},
      {"customer.orders_count >= 2", "no"},
      {"customer.orders_count < 1.5", "yes"},
      {"customer.orders_count > 1.5", "no"},
      {"2 > customer.orders_count", "yes"},
      {"1 > customer.orders_count", "no"},
      {"customer.total_spent >= 49 EUR", "yes"},
      {"customer.total_spent > 49 EUR", "no"},
      {"customer.total_spent < 49.01 EUR", "yes"},
      {"customer.city = 'Bonn'", "yes"},
      {"customer.city != 'Bonn'", "no"},
      {"customer.city = 'bonn'", "no"},
      {"subscription.status = active", "yes"},
      {"subscription.status != active", "no"},
      {"subscription.ended", "yes"},
      {"subscription.cancelled", "no"},
      {"subscription.cancelled = false", "yes"},
      {"subscription.ended != true", "no"},
  });
}

TEST_CASE("a comparison with a value that is missing is unknown, either way round",
          "[engine][evaluate]") {
  for (const char* op : {"=", "!="}) {
    CHECK(truth(std::string("customer.country ") + op + " 'DE'", bonn()) == "unknown");
    CHECK(truth(std::string("'DE' ") + op + " customer.country", bonn()) == "unknown");
  }
  for (const char* op : {"=", "!=", "<", "<=", ">", ">="}) {
    CAPTURE(op);
    CHECK(truth(std::string("customer.orders_count ") + op + " 1", {}) == "unknown");
    CHECK(truth(std::string("customer.birthday ") + op + " 1990-05-05", {}) == "unknown");
    CHECK(truth(std::string("subscription.started_at ") + op + " customer.created_at", bonn()) ==
          "unknown");
    CHECK(truth(std::string("customer.created_at ") + op + " subscription.started_at", bonn()) ==
          "unknown");
  }
  CHECK(truth("subscription.ended", {}) == "unknown");
  CHECK(truth("customer.country contains 'D'", bonn()) == "unknown");
  CHECK(truth("customer.created_at older than 1 day", {}) == "unknown");
  CHECK(truth("customer.created_at within last 1 day", {}) == "unknown");
  CHECK(truth("subscription.renews_at within next 1 day", {}) == "unknown");
}

TEST_CASE("amounts of two currencies are never guessed", "[engine][evaluate]") {
  for (const char* op : {"=", "!=", "<", ">="}) {
    CHECK(truth(std::string("customer.total_spent ") + op + " subscription.price", bonn()) ==
          "unknown");
    CHECK(truth(std::string("customer.total_spent ") + op + " 49 USD", bonn()) == "unknown");
  }
}

TEST_CASE("and, or and not are Kleene's", "[engine][evaluate]") {
  const std::vector<std::vector<std::string>> table{
      // left, right, and, or
      {"yes", "yes", "yes", "yes"},
      {"yes", "no", "no", "yes"},
      {"yes", "unknown", "unknown", "yes"},
      {"no", "yes", "no", "yes"},
      {"no", "no", "no", "no"},
      {"no", "unknown", "no", "unknown"},
      {"unknown", "yes", "unknown", "yes"},
      {"unknown", "no", "no", "unknown"},
      {"unknown", "unknown", "unknown", "unknown"},
  };
  const std::map<std::string, std::string> turned{
      {"yes", "no"}, {"no", "yes"}, {"unknown", "unknown"}};
  for (const auto& line : table) {
    const std::string& left = parts.at(line[0]);
    const std::string& right = parts.at(line[1]);
    CAPTURE(left, right);
    const std::string both = fmt::format("{} and {}", left, right);
    const std::string either = fmt::format("{} or {}", left, right);
    CHECK(truth(both, bonn()) == line[2]);
    CHECK(truth(either, bonn()) == line[3]);
    CHECK(truth(fmt::format("not ({})", both), bonn()) == turned.at(line[2]));
    CHECK(truth(fmt::format("not ({})", either), bonn()) == turned.at(line[3]));
  }
  for (const auto& [value, part] : parts) {
    CHECK(truth(part, bonn()) == value);
    CHECK(truth("not " + part, bonn()) == turned.at(value));
  }
}

TEST_CASE("and binds closer than or, and not closest, when it is decided", "[engine][evaluate]") {
  const std::string yes = parts.at("yes");
  const std::string no = parts.at("no");
  const std::string unknown = parts.at("unknown");
  check_all({
      {yes + " or " + yes + " and " + no, "yes"},
      {"(" + yes + " or " + yes + ") and " + no, "no"},
      {no + " or " + yes + " and not " + no, "yes"},
      {"not " + no + " and " + no, "no"},
      {"not (" + no + " and " + no + ")", "yes"},
      {yes + " and " + unknown + " and " + no, "no"},
      {no + " or " + unknown + " or " + yes, "yes"},
      {unknown + " and " + no + " or " + unknown, "unknown"},
  });
}

TEST_CASE("in and not in look for one value of the list", "[engine][evaluate]") {
  check_all({
      {"customer.city in ['Bonn', 'Rom']", "yes"},
      {"customer.city in ['Rom', 'Bonn']", "yes"},
      {"customer.city in ['Rom', 'Oslo']", "no"},
      {"customer.city not in ['Bonn']", "no"},
      {"customer.city not in ['Rom', 'Oslo']", "yes"},
      {"not customer.city in ['Rom']", "yes"},
      {"customer.country in ['DE']", "unknown"},
      {"customer.country not in ['DE']", "unknown"},
      {"customer.orders_count in [3, 2, 1]", "yes"},
      {"customer.orders_count in [2, 3]", "no"},
      {"subscription.status in [trial, active]", "yes"},
      {"subscription.status not in [trial, active]", "no"},
      {"subscription.status in [ended]", "no"},
      // A value of the list that is unknown hides only what the others do not show.
      {"customer.city in [customer.country, 'Bonn']", "yes"},
      {"customer.city in [customer.country, 'Rom']", "unknown"},
      {"customer.city not in [customer.country, 'Bonn']", "no"},
      {"customer.city not in [customer.country, 'Rom']", "unknown"},
  });
}

TEST_CASE("contains looks for a part, and empty is never unknown", "[engine][evaluate]") {
  check_all({
      {"customer.city contains 'on'", "yes"},
      {"customer.city contains 'Bonn'", "yes"},
      {"customer.city contains 'xx'", "no"},
      {"customer.city contains 'BO'", "no"},
      {"'Bonn am Rhein' contains customer.city", "yes"},
      {"customer.city is empty", "no"},
      {"customer.city is not empty", "yes"},
      {"customer.country is empty", "yes"},
      {"customer.country is not empty", "no"},
      {"customer.last_name is empty", "yes"},
      {"customer.last_name is not empty", "no"},
      {"subscription.started_at is empty", "yes"},
      {"subscription.renews_at is empty", "no"},
      {"not customer.country is empty", "no"},
  });
}

TEST_CASE("times and dates compare by the site's clock", "[engine][evaluate]") {
  check_all({
      {"customer.created_at < customer.last_order_at", "yes"},
      {"customer.created_at > customer.last_order_at", "no"},
      {"customer.last_order_at <= customer.last_order_at", "yes"},
      {"customer.created_at < now", "yes"},
      {"subscription.renews_at < now", "no"},
      {"now >= 2026-01-01", "yes"},
      {"now >= 2026-03-03", "no"},
      // Midnight in Berlin, which is the evening before in UTC.
      {"customer.created_at >= 2026-01-01", "yes"},
      {"customer.created_at < 2026-01-01", "no"},
      {"customer.birthday < 2000-01-01", "yes"},
      {"customer.birthday < 1990-05-05", "no"},
      {"customer.birthday <= 1990-05-05", "yes"},
      {"customer.birthday = 1990-05-05", "yes"},
      {"customer.birthday != 1990-05-06", "yes"},
      {"customer.birthday > 1990-05-05", "no"},
      {"customer.birthday in [1990-05-04, 1990-05-05]", "yes"},
  });
}

TEST_CASE("spans of time end where they are said to, to the millisecond", "[engine][evaluate]") {
  const auto with = [](std::string_view anchor) {
    return Row{{"customer.created_at", moment(anchor)}};
  };
  const auto older = [&](std::string_view anchor) {
    return truth("customer.created_at older than 2 days", with(anchor));
  };
  CHECK(older("2026-02-28 09:59:59.999") == "yes");
  CHECK(older("2026-02-28 10:00:00.000") == "no");
  CHECK(older("2026-03-03 10:00") == "no");
  const auto last = [&](std::string_view anchor) {
    return truth("customer.created_at within last 2 days", with(anchor));
  };
  CHECK(last("2026-02-28 09:59:59.999") == "no");
  CHECK(last("2026-02-28 10:00:00.000") == "yes");
  CHECK(last("2026-03-02 10:00:00.000") == "yes");
  CHECK(last("2026-03-02 10:00:00.001") == "no");
  const auto next = [&](std::string_view anchor) {
    return truth("customer.created_at within next 2 days", with(anchor));
  };
  CHECK(next("2026-03-02 10:00:00.000") == "no");
  CHECK(next("2026-03-02 10:00:00.001") == "yes");
  CHECK(next("2026-03-04 10:00:00.000") == "yes");
  CHECK(next("2026-03-04 10:00:00.001") == "no");
}

TEST_CASE("days keep the wall clock and hours do not, months end with the month",
          "[engine][evaluate]") {
  // The clocks went forward in the night to Sunday the 29th.
  const std::string_view after = "2026-03-30 12:00";
  const Row noon{{"customer.created_at", moment("2026-03-28 12:00")}};
  CHECK(truth("customer.created_at within last 2 days", noon, after) == "yes");
  CHECK(truth("customer.created_at older than 47 hours", noon, after) == "no");
  CHECK(truth("customer.created_at within last 47 hours", noon, after) == "yes");
  CHECK(truth("customer.created_at within last 46 hours", noon, after) == "no");
  const Row month_end{{"customer.created_at", moment("2026-02-28 12:00")}};
  CHECK(truth("customer.created_at within last 1 month", month_end, "2026-03-31 12:00") == "yes");
  CHECK(truth("customer.created_at older than 1 month", month_end, "2026-03-31 12:01") == "yes");
  // A date counts from the start of its day.
  const Row born{{"customer.birthday", text("2026-03-01")}};
  CHECK(truth("customer.birthday within last 34 hours", born) == "yes");
  CHECK(truth("customer.birthday within last 33 hours", born) == "no");
  CHECK(truth("customer.birthday older than 1 day", born) == "yes");
  CHECK(truth("customer.birthday within next 5 days",
              {{"customer.birthday", text("2026-03-07")}}) == "yes");
}

namespace {

/// An order of the customer: total in cents (nothing: unknown), days since it was placed, paid.
struct Order {
  std::optional<std::int64_t> total;
  int days_ago = 0;
  bool paid = false;
};

/// The condition about a customer who has these orders; nullptr: nobody knows whose they are.
std::string over(const std::string& condition, const std::vector<Order>* orders,
                 std::string_view now = monday) {
  const lang::Scope scope{
      {Subject::customer}, "customer.created", *retaind::find_currency("EUR"), berlin()};
  const auto read = retaind::test::read_condition(condition, scope);
  if (!read.condition) return lang::to_text(read.diagnostics, lang::Format::human, false);
  std::vector<retaind::store::RowSet> sets;
  for (const lang::Aggregate& aggregate : read.aggregates) {
    retaind::store::RowSet& set = sets.emplace_back();
    set.known = orders != nullptr;
    set.width = aggregate.slots.size();
    if (orders == nullptr) continue;
    for (const Order& order : *orders) {
      ++set.rows;
      for (const lang::Slot& slot : aggregate.slots) {
        const std::string name(slot.field->name);
        const Time placed = at(monday) - std::chrono::hours(24 * order.days_ago);
        if (name == "total") set.cells.push_back(order.total ? money(*order.total, "EUR") : Cell{});
        if (name == "placed_at") set.cells.push_back(Cell::of(retaind::to_ms(placed)));
        if (name == "paid") set.cells.push_back(number(order.paid));
      }
    }
  }
  retaind::engine::Readings readings;
  std::vector<Cell> cells(read.slots.size());  // every other field is unknown
  readings.cells = cells;
  readings.aggregates = read.aggregates;
  readings.rows = sets;
  const Truth result = retaind::engine::evaluate(*read.condition, readings, at(now), berlin());
  return result == Truth::unknown ? "unknown" : result == Truth::yes ? "yes" : "no";
}

}  // namespace

TEST_CASE("aggregates go over the rows that `where` lets through", "[engine][evaluate]") {
  const std::vector<Order> three{{1000, 5, true}, {2500, 20, false}, {4000, 40, true}};
  const std::vector<Order> none;
  const std::vector<Order> gap{{1000, 5, true}, {std::nullopt, 20, true}};
  struct Case {
    const char* condition;
    const std::vector<Order>* orders;
    const char* wanted;
  };
  for (const Case& each : std::initializer_list<Case>{
           {"count(orders) = 3", &three, "yes"},
           {"count(orders) > 3", &three, "no"},
           {"count(orders where order.paid) = 2", &three, "yes"},
           {"count(orders where order.placed_at within last 30 days) = 2", &three, "yes"},
           {"count(orders where order.paid and order.total > 20 EUR) = 1", &three, "yes"},
           {"sum(orders.total) = 75 EUR", &three, "yes"},
           {"sum(orders.total where order.paid) = 50 EUR", &three, "yes"},
           {"avg(orders.total) = 25 EUR", &three, "yes"},
           {"max(orders.total) = 40 EUR", &three, "yes"},
           {"min(orders.total) = 10 EUR", &three, "yes"},
           {"max(orders.placed_at) within last 6 days", &three, "yes"},
           {"min(orders.placed_at) older than 39 days", &three, "yes"},
           {"max(orders.placed_at) older than 6 days", &three, "no"},
           {"sum(orders.total) > max(orders.total)", &three, "yes"},
           // over nothing
           {"count(orders) = 0", &none, "yes"},
           {"sum(orders.total) = 0 EUR", &none, "yes"},
           {"sum(orders.total) < 1 EUR", &none, "yes"},
           {"max(orders.total) > 1 EUR", &none, "unknown"},
           {"avg(orders.total) > 1 EUR", &none, "unknown"},
           {"min(orders.placed_at) older than 1 day", &none, "unknown"},
           {"count(orders where order.total > 99 EUR) = 0", &three, "yes"},
           // what is not known
           {"count(orders) = 2", &gap, "yes"},
           {"count(orders where order.total > 5 EUR) = 1", &gap, "unknown"},
           {"sum(orders.total) > 5 EUR", &gap, "unknown"},
           {"max(orders.total) = 10 EUR", &gap, "yes"},
           {"avg(orders.total) = 10 EUR", &gap, "yes"},
           {"count(orders where order.total is empty) = 1", &gap, "yes"},
           {"count(orders where customer.city = 'Bonn') = 0", &three, "unknown"},
           {"count(orders) = 0", nullptr, "unknown"},
           {"sum(orders.total) = 0 EUR", nullptr, "unknown"},
       }) {
    CAPTURE(each.condition);
    CHECK(over(each.condition, each.orders) == each.wanted);
  }
}

TEST_CASE("the least and the greatest of two currencies are unknown in whichever order they come",
          "[engine][evaluate]") {
  const Cell free = Cell::of(std::int64_t{0});  // an order of which nobody said the currency
  const auto truth_of = [&](const char* condition, std::vector<Cell> totals) {
    const lang::Scope scope{
        {Subject::customer}, "customer.created", *retaind::find_currency("EUR"), berlin()};
    const auto read = retaind::test::read_condition(condition, scope);
    REQUIRE(read.condition);
    std::vector<retaind::store::RowSet> sets(1);
    sets[0].known = true;
    sets[0].width = 1;
    sets[0].rows = totals.size();
    sets[0].cells = std::move(totals);
    retaind::engine::Readings readings;
    readings.aggregates = read.aggregates;
    readings.rows = sets;
    return retaind::engine::evaluate(*read.condition, readings, at(monday), berlin());
  };
  for (const char* condition : {"min(orders.total) < 30 EUR", "max(orders.total) < 30 EUR"}) {
    CAPTURE(condition);
    CHECK(truth_of(condition, {free, money(2500, "EUR"), money(2500, "USD")}) == Truth::unknown);
    CHECK(truth_of(condition, {money(2500, "EUR"), money(2500, "USD"), free}) == Truth::unknown);
    CHECK(truth_of(condition, {free, money(2500, "EUR"), money(0, "EUR")}) == Truth::yes);
    CHECK(truth_of(condition, {money(2500, "EUR"), free}) == Truth::yes);
  }
  CHECK(truth_of("avg(orders.total) < 1 EUR", {free, free}) == Truth::yes);
}
