#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "language/grammar.h"
#include "language/key_values.h"
#include "rule_text.h"

// What the reference shows is what the checker reads.

namespace lang = retaind::language;

namespace {

/// Conditions of the tables stand in a rule about an order.
rule_text::Checked condition(std::string_view text) {
  return rule_text::check(rule_text::completed(fmt::format("if: \"{}\"\n", text)));
}

bool uses(const std::vector<lang::Node>& nodes, lang::Op op) {
  for (const lang::Node& node : nodes)
    if (node.op == op) return true;
  return false;
}

}  // namespace

TEST_CASE("the example of every operator is read as that operator") {
  std::set<lang::Op> shown;
  for (const lang::OperatorRow& row : lang::operators()) {
    const auto checked = condition(row.example);
    INFO(row.example << "\n" << checked.text());
    REQUIRE(checked.rule);
    CHECK(uses(checked.rule->if_all.at(0).nodes, row.op));
    CHECK(!row.about.empty());
    shown.insert(row.op);
  }
  // The last operator; the others are what conditions are about.
  for (int op = 0; op <= static_cast<int>(lang::Op::aggregate); ++op) {
    const auto each = static_cast<lang::Op>(op);
    if (each == lang::Op::constant || each == lang::Op::field || each == lang::Op::aggregate)
      continue;
    INFO(op);
    CHECK(shown.count(each) == 1);
  }
}

TEST_CASE("the example of every aggregate is read as that aggregate") {
  REQUIRE(lang::folds().size() == static_cast<std::size_t>(lang::Fold::avg) + 1);
  for (const lang::FoldRow& row : lang::folds()) {
    const auto checked = condition(row.example);
    INFO(row.example << "\n" << checked.text());
    REQUIRE(checked.rule);
    REQUIRE(checked.rule->aggregates.size() == 1);
    CHECK(checked.rule->aggregates[0].fold == row.fold);
  }
}

TEST_CASE("the example of every type has a value of that type") {
  REQUIRE(lang::types().size() == static_cast<std::size_t>(retaind::Type::duration) + 1);
  for (const lang::TypeRow& row : lang::types()) {
    if (row.example.empty()) continue;
    const auto checked = condition(row.example);
    INFO(row.example << "\n" << checked.text());
    REQUIRE(checked.rule);
    bool found = false;
    for (const lang::Node& node : checked.rule->if_all.at(0).nodes)
      found = found || node.type == row.type ||
              (row.type == retaind::Type::duration && !node.span.is_zero());
    CHECK(found);
  }
}

TEST_CASE("what the language cannot say is refused with the code that the reference names") {
  for (const lang::AbsentRow& row : lang::absent()) {
    const auto checked = rule_text::check(rule_text::completed(row.tried));
    INFO(row.what << "\n" << checked.text());
    CHECK(!checked.rule);
    CHECK(checked.has(lang::name_of(row.code)));
    CHECK(!row.reason.empty());
    CHECK(!row.instead.empty());
  }
}

TEST_CASE("the example of every key of a rule is right where it stands") {
  // What a key needs beside it.
  const std::map<std::string_view, std::string_view> company{
      {"again-after", "once-per: customer\n"},
      {"hold-while", "when:\n  ticket: unresolved\n"},
      {"timezone", "when:\n  date: customer.birthday\n"},
      {"once-per", "when:\n  customer: inactive\n"},
  };
  const std::map<std::string_view, std::string_view> kinds{
      {"after", "event: order.completed"},
      {"before", "date: subscription.renews_at"},
      {"for", "ticket: unresolved"},
      {"at", "date: customer.birthday"},
      {"every", "at: 10:00"},
      {"each", "every: monday\n  at: 10:00"},
  };
  const std::map<std::string_view, std::string_view> steps{
      {"template", "notify: support"},
      {"or", "notify: assignee\n    template: ticket-reminder"},
      {"digest", "notify: support\n    template: ticket-reminder"},
      {"notify", "template: ticket-reminder"},
      {"percent-off", "coupon: spring\n    valid-for: 3 days"},
      {"amount-off", "coupon: spring\n    valid-for: 3 days"},
      {"single-use", "coupon: spring\n    valid-for: 3 days\n    percent-off: 5"},
      {"valid-for", "coupon: spring\n    percent-off: 5"},
      {"coupon", "percent-off: 5\n    valid-for: 3 days"},
  };
  int tried = 0;
  for (const lang::KeyRow& key : lang::keys()) {
    std::string text;
    const auto beside = [&](const auto& map) {
      const auto found = map.find(key.name);
      return found == map.end() ? std::string() : std::string(found->second);
    };
    if (key.example.empty()) continue;
    if (key.of == lang::Keys::rule) {
      text = fmt::format("{}{}: {}\n", beside(company), key.name, key.example);
    } else if (key.of == lang::Keys::trigger) {
      text = fmt::format("when:\n  {}: {}\n", key.name, key.example);
      if (const auto other = beside(kinds); !other.empty()) text += "  " + other + "\n";
      if (key.name == "every") text += "then:\n  - webhook: support-desk\n";
    } else if (key.of == lang::Keys::step) {
      std::string other = beside(steps);
      const bool kind = key.with.empty();
      if (other.empty() && !kind) other = "email: thanks";
      const bool team = key.name == "notify" || other.starts_with("notify");
      text = fmt::format("purpose: {}\nwhen:\n  {}\nthen:\n", team ? "internal" : "transactional",
                         team ? "ticket: unresolved" : "event: order.completed");
      if (key.name == "wait") text += "  - email: welcome\n";
      text += fmt::format("  - {}: {}\n", key.name, key.example);
      if (!other.empty()) text += "    " + other + "\n";
      const bool needs_mail = key.name == "wait" || key.name == "survey" || key.name == "coupon" ||
                              other.starts_with("coupon");
      if (needs_mail) text += "  - email: birthday\n";
    } else {
      continue;
    }
    const auto checked = rule_text::check(rule_text::completed(text));
    INFO(rule_text::completed(text) << checked.text());
    // The templates of these tests are fewer than those of the examples.
    const bool only_templates = std::all_of(checked.diagnostics.begin(), checked.diagnostics.end(),
                                            [](const auto& d) { return d.code == "R018"; });
    CHECK((checked.rule || only_templates));
    ++tried;
  }
  CHECK(tried >= 40);
}
