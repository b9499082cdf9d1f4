#include "engine/variant.h"

#include <catch2/catch.hpp>
#include <map>

using namespace retaind;
using engine::variant_of;

namespace {

language::Step step(const std::vector<std::pair<std::string, double>>& variants) {
  language::Step step;
  step.key = "email:thanks";
  step.template_name = "thanks";
  for (const auto& [name, share] : variants) step.variants.push_back({name, share});
  return step;
}

using Groups = std::map<std::string, std::string>;

constexpr int customers = 20'000;

Groups groups(const language::Step& step, const std::string& rule = "rule") {
  Groups found;
  for (int i = 0; i < customers; ++i) {
    const std::string key = "c" + std::to_string(i);
    found[key] = variant_of(rule, step, key);
  }
  return found;
}

double share_of(const Groups& groups, const std::string& name) {
  int count = 0;
  for (const auto& [key, variant] : groups) count += variant == name ? 1 : 0;
  return static_cast<double>(count) / customers;
}

/// From which to which text customers move, and how many.
std::map<std::pair<std::string, std::string>, int> moves(const Groups& before,
                                                         const Groups& after) {
  std::map<std::pair<std::string, std::string>, int> found;
  for (const auto& [key, variant] : before)
    if (after.at(key) != variant) ++found[{variant, after.at(key)}];
  return found;
}

}  // namespace

TEST_CASE("each variant gets its share, and the step's own text the rest") {
  const Groups found = groups(step({{"short", 0.2}, {"long", 0.3}, {"loud", 0.1}}));
  CHECK(share_of(found, "short") == Approx(0.2).margin(0.01));
  CHECK(share_of(found, "long") == Approx(0.3).margin(0.01));
  CHECK(share_of(found, "loud") == Approx(0.1).margin(0.01));
  CHECK(share_of(found, "thanks") == Approx(0.4).margin(0.01));
}

TEST_CASE("raising or lowering a share moves customers from and to the control alone") {
  const Groups before = groups(step({{"short", 0.2}, {"long", 0.3}}));
  for (const auto& [variants, name] : {std::pair{step({{"short", 0.5}, {"long", 0.3}}), "short"},
                                       std::pair{step({{"short", 0.2}, {"long", 0.6}}), "long"}}) {
    const auto raised = moves(before, groups(variants));
    REQUIRE(raised.size() == 1);
    CHECK(raised.begin()->first == std::pair<std::string, std::string>{"thanks", name});
    CHECK(raised.begin()->second == Approx(0.3 * customers).epsilon(0.05));
  }
  // A third beside them takes from the control, too, and so does raising the last.
  const Groups three = groups(step({{"short", 0.2}, {"long", 0.3}, {"loud", 0.1}}));
  REQUIRE(moves(before, three).size() == 1);
  const auto last = moves(three, groups(step({{"short", 0.2}, {"long", 0.3}, {"loud", 0.4}})));
  REQUIRE(last.size() == 1);
  CHECK(last.begin()->first == std::pair<std::string, std::string>{"thanks", "loud"});
}

TEST_CASE("shares of 100 % together leave the control nobody") {
  CHECK(share_of(groups(step({{"short", 0.1}, {"long", 0.2}, {"loud", 0.7}})), "thanks") < 0.001);
  CHECK(share_of(groups(step({{"short", 1}})), "short") == 1);
  CHECK(share_of(groups(step({{"short", 0}})), "thanks") == 1);
}

TEST_CASE("the group of one rule or step says nothing about that of another") {
  const language::Step half = step({{"short", 0.5}});
  language::Step second = half;
  second.key = "email:second";
  const Groups first = groups(half);
  for (const Groups& other : {groups(half, "other"), groups(second)}) {
    int both = 0;
    for (const auto& [key, variant] : first)
      both += variant == "short" && other.at(key) == "short" ? 1 : 0;
    CHECK(both == Approx(0.25 * customers).epsilon(0.05));
  }
  CHECK(groups(half) == first);
}

TEST_CASE("who has no key gets the step's own text, and a step without variants has none") {
  CHECK(variant_of("rule", step({{"short", 1}}), "") == "thanks");
  CHECK(variant_of("rule", step({}), "c1").empty());
}

TEST_CASE("a variant that the step has no more is the control again") {
  CHECK(engine::template_of(step({{"short", 0}}), "short") == "short");
  CHECK(engine::template_of(step({{"long", 0.5}}), "short") == "thanks");
  CHECK(engine::template_of(step({}), "") == "thanks");
}
