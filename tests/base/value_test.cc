#include "base/value.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <limits>

#include "base/text.h"

namespace retaind {
namespace {

std::string again(std::string_view text) {
  const auto value = parse_json(text);
  INFO(text);
  REQUIRE(value);
  return to_json(*value);
}
std::string refused(std::string_view text) {
  const auto value = parse_json(text);
  INFO(text);
  REQUIRE_FALSE(value);
  CHECK(value.error().kind == ErrorKind::invalid);
  return value.error().message;
}

TEST_CASE("JSON comes back compact and in its order") {
  CHECK(again(R"( {"b": 1, "a": [true, false, null, -2.5, "x"], "c": {}} )") ==
        R"({"b":1,"a":[true,false,null,-2.5,"x"],"c":{}})");
  CHECK(again("[]") == "[]");
  CHECK(again("\"\\u00e4\\ud83d\\ude00\\n\\\"\"") == "\"ä😀\\n\\\"\"");
  CHECK(again("9223372036854775807") == "9223372036854775807");
  CHECK(again("-9223372036854775808") == "-9223372036854775808");
  CHECK(again("0.1") == "0.1");
  CHECK(again("1e2") == "100.0");
  CHECK(again("\"\\u0000\"") == "\"\\u0000\"");
}

TEST_CASE("Integers and reals stay apart") {
  CHECK(parse_json("1")->as_integer() != nullptr);
  CHECK(parse_json("1.0")->as_real() != nullptr);
  // Beyond 64 bits with sign the nearest real is the best that is left.
  const auto big = parse_json("18446744073709551615");
  REQUIRE(big->as_real() != nullptr);
  CHECK(*big->as_real() == 18446744073709551615.0);
}

TEST_CASE("What is not JSON is refused with the byte") {
  CHECK(refused("{\"a\":1,}").find("not JSON at byte 8: ") == 0);
  CHECK(refused("").find("not JSON at byte 1: ") == 0);
  for (const auto* text : {"{a:1}", "[1,]", "01", "+1", "'x'", "NaN", "nul", "[1] 2", "\"\t\"",
                           "// x\n1", "\"\xff\"", "{\"a\" 1}", "1e999", "[", "\"abc", "{\"a\":1"}) {
    refused(text);
  }
}

TEST_CASE("Half an escaped surrogate pair is the replacement character") {
  // RFC 8259 section 8.2: a text may hold it, as of an emoji that was cut.
  CHECK(*parse_json("\"a\\ud800-\"")->as_text() == "a\xEF\xBF\xBD-");
  CHECK(*parse_json("\"\\udc00\\uD83D\"")->as_text() == "\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(*parse_json("\"\\ud83d\\ude00\"")->as_text() == "\xF0\x9F\x98\x80");
  CHECK(*parse_json("\"\\\\ud800\"")->as_text() == "\\ud800");
}

TEST_CASE("Nesting up to 64 is read and 65 is refused") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(parse_json(nested(64)));
  CHECK(refused(nested(65)) == "JSON is nested deeper than 64; flatten it");
  refused(std::string(1000000, '['));
  std::string objects;
  for (int i = 0; i < 65; ++i) objects += "{\"a\":";
  CHECK(refused(objects) == "JSON is nested deeper than 64; flatten it");
}

TEST_CASE("Of a repeated name the last value counts") {
  CHECK(again(R"({"a":1,"b":2,"a":3})") == R"({"b":2,"a":3})");
}

TEST_CASE("Large objects are read in a time that grows with their size only") {
  std::string text = "{";
  for (int i = 0; i < 200000; ++i) text += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":1";
  text += "}";
  const auto value = parse_json(text);
  REQUIRE(value);
  CHECK(value->as_object()->size() == 200000);
  CHECK(to_json(*value) == text);
}

TEST_CASE("Members are found, set and replaced") {
  Value value;
  value.set("a", 1);
  value.set("b", "x");
  value.set("a", Value::Array{1, "two", nullptr});
  CHECK(to_json(value) == R"({"a":[1,"two",null],"b":"x"})");
  CHECK(*value.find("b")->as_text() == "x");
  CHECK(value.find("c") == nullptr);
  CHECK(Value(5).find("a") == nullptr);
  Value text("x");
  text.set("a", 1);
  CHECK(to_json(text) == "\"x\"");
  CHECK(value == *parse_json(to_json(value)));
  CHECK_FALSE(value == Value());
}

TEST_CASE("Bad bytes in a text never make bad JSON") {
  CHECK(to_json(Value("a\xffz")) == "\"a\xEF\xBF\xBDz\"");
  CHECK(to_json(Value("a\xE2\x82")) == "\"a\xEF\xBF\xBD\"");
  CHECK(to_json(Value(std::numeric_limits<double>::quiet_NaN())) == "null");
  Value object;
  object.set("\xff", 1);
  CHECK(parse_json(to_json(object)));
}

}  // namespace
}  // namespace retaind
