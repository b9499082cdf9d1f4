// Golden Liquid, the conformance suite of Shopify's Liquid, where its data is at hand.
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <map>

#include "base/file.h"
#include "base/value.h"
#include "render/liquid.h"

using namespace retaind;
using namespace retaind::render;

namespace {

struct Tally {
  int passed = 0;
  int total = 0;
};

std::map<std::string, std::string> partials_of(const Value& test) {
  std::map<std::string, std::string> partials;
  const Value* const templates = test.find("templates");
  if (templates == nullptr) return partials;
  for (const auto& [name, text] : *templates->as_object()) partials[name] = *text.as_text();
  return partials;
}

bool expected(const Value& test, const std::string& result) {
  if (const Value* const one = test.find("result")) return *one->as_text() == result;
  for (const Value& one : *test.find("results")->as_array()) {
    if (*one.as_text() == result) return true;
  }
  return false;
}

bool passes(const Value& test, std::string& got) {
  const Liquid liquid("template", *test.find("template")->as_text(), Mode::conformance,
                      partials_of(test));
  const Value* const data = test.find("data");
  const auto result = liquid.render(data == nullptr ? Value(Value::Object{}) : *data);
  got = result ? *result : "error: " + result.error().message;
  const bool must_fail = test.find("invalid") != nullptr;
  return result ? !must_fail && expected(test, *result) : must_fail;
}

}  // namespace

TEST_CASE("the cases of Golden Liquid pass", "[render]") {
  const auto text =
      read_file(std::filesystem::path(RETAIND_DATA) / "liquid/golden.json", 10U << 20U);
  if (!text) {
    std::puts("skipped: the Golden Liquid suite is not there");
    return;
  }
  const auto suite = parse_json(*text);
  REQUIRE(suite);
  std::map<std::string, Tally> by_tag;
  Tally all;
  for (const Value& test : *suite->find("tests")->as_array()) {
    std::string got;
    const bool passed = passes(test, got);
    ++all.total;
    all.passed += passed ? 1 : 0;
    const Value* const tags = test.find("tags");
    for (const Value& tag : tags == nullptr ? Value::Array{"untagged"} : *tags->as_array()) {
      ++by_tag[*tag.as_text()].total;
      by_tag[*tag.as_text()].passed += passed ? 1 : 0;
    }
    if (!passed)
      std::printf("fails: %s: got %s\n", test.find("name")->as_text()->c_str(), got.c_str());
  }
  for (const auto& [tag, tally] : by_tag) {
    if (tally.passed < tally.total)
      std::printf("  %s: %d of %d\n", tag.c_str(), tally.passed, tally.total);
  }
  std::printf("Golden Liquid: %d of %d\n", all.passed, all.total);
  CHECK(all.total == 507);
  CHECK(all.passed == 507);
}
