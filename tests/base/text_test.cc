#include "base/text.h"

#include <catch2/catch.hpp>

#include "base/rng.h"

namespace retaind {
namespace {

std::string code_point(char32_t c) {
  std::string text;
  append_utf8(text, c);
  return text;
}

TEST_CASE("Every code point is written and read back") {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c == 0xD800) c = 0xE000;
    const std::string text = code_point(c);
    std::size_t at = 0;
    if (!is_valid_utf8(text) || next_code_point(text, at) != c || at != text.size()) {
      INFO(static_cast<unsigned>(c));
      FAIL("does not come back");
    }
  }
  CHECK(code_point(0xD800) == "\xEF\xBF\xBD");
  CHECK(code_point(0x110000) == "\xEF\xBF\xBD");
}

TEST_CASE("The first invalid byte is named") {
  CHECK(utf8_error("häß") == 5);
  CHECK(utf8_error("h\xE4ß") == 1);
  CHECK(utf8_error("abc\xC3") == 3);
  CHECK_FALSE(is_valid_utf8("\xC0\x80"));          // overlong
  CHECK_FALSE(is_valid_utf8("\xED\xA0\x80"));      // a surrogate
  CHECK_FALSE(is_valid_utf8("\xF4\x90\x80\x80"));  // over U+10FFFF
  CHECK_FALSE(is_valid_utf8("\xFF"));
  CHECK(is_valid_utf8(""));
}

TEST_CASE("Invalid bytes become one replacement for each maximal subpart") {
  const std::string r = "\xEF\xBF\xBD";
  // Unicode 15, 3.9, table 3-8 and 3-11.
  CHECK(to_valid_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") ==
        r + r + r + r + r + r + r + r + "A");
  CHECK(to_valid_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") == r + r + r + r + "A");
  CHECK(to_valid_utf8("caf\xE9") == "caf" + r);
  CHECK(to_valid_utf8("a\xF0\x9F\x98") == "a" + r);  // cut off
  CHECK(to_valid_utf8("日本") == "日本");
}

TEST_CASE("Random bytes become valid text, and valid text stays") {
  Rng rng(5);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes;
    for (std::uint64_t k = rng.below(20); k > 0; --k) bytes += static_cast<char>(rng.below(256));
    const std::string fixed = to_valid_utf8(bytes);
    REQUIRE(is_valid_utf8(fixed));
    REQUIRE(to_valid_utf8(fixed) == fixed);
    REQUIRE((fixed == bytes) == is_valid_utf8(bytes));
  }
}

TEST_CASE("Widths are those of a terminal") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("äöü") == 3);
  CHECK(display_width("日本語") == 6);
  CHECK(display_width("e\u0301") == 1);
  CHECK(display_width("😀") == 2);
  CHECK(display_width("") == 0);
}

TEST_CASE("Text is trimmed, split and joined") {
  CHECK(trim(" \t a b \r\n") == "a b");
  CHECK(trim("   ").empty());
  CHECK(split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(split("", ',') == std::vector<std::string_view>{""});
  CHECK(split("a,", ',') == std::vector<std::string_view>{"a", ""});
  const std::vector<std::string> parts{"a", "b", "c"};
  CHECK(join(parts, ", ") == "a, b, c");
  CHECK(join({}, ", ").empty());
  CHECK(lower_ascii("ÄBC") == "Äbc");
  CHECK(starts_with_ignoring_case("Content-Type: x", "content-type"));
  CHECK_FALSE(starts_with_ignoring_case("Cont", "content"));
}

TEST_CASE("Numbers are written for people") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(12346) == "12,346");
  CHECK(grouped(-123456) == "-123,456");
  CHECK(grouped(-1234567) == "-1,234,567");
  CHECK(grouped(1234567890123) == "1,234,567,890,123");
  CHECK(counted(1, "error") == "1 error");
  CHECK(counted(0, "error") == "0 errors");
  CHECK(counted(1200, "customer") == "1,200 customers");
}

TEST_CASE("Edits are insertions, deletions, changes and swaps") {
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("completd", "completed") == 1);
  CHECK(edit_distance("recieved", "received") == 1);
  CHECK(edit_distance("ca", "abc") ==
        3);  // optimal string alignment: a swapped pair is not edited again
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("The edit distance is symmetric and obeys its bounds") {
  Rng rng(9);
  const auto word = [&rng] {
    std::string text;
    for (std::uint64_t k = rng.below(7); k > 0; --k) text += static_cast<char>('a' + rng.below(3));
    return text;
  };
  for (int i = 0; i < 3000; ++i) {
    const std::string a = word(), b = word();
    const std::size_t distance = edit_distance(a, b);
    REQUIRE(distance == edit_distance(b, a));
    REQUIRE((distance == 0) == (a == b));
    REQUIRE(distance <= std::max(a.size(), b.size()));
    REQUIRE(distance >= std::max(a.size(), b.size()) - std::min(a.size(), b.size()));
  }
}

TEST_CASE("The nearest name is offered only when it is near") {
  const std::vector<std::string_view> names{"order.completed", "order.cancelled", "ticket.opened",
                                            "if"};
  CHECK(nearest("order.completd", names) == "order.completed");
  CHECK(nearest("order.canceled", names) == "order.cancelled");
  CHECK(nearest("fi", names) == "if");
  CHECK_FALSE(nearest("customer.created", names));
  CHECK_FALSE(nearest("x", names));
  CHECK_FALSE(nearest("", names));
  const std::vector<std::string_view> letters{"y", "ab"};
  CHECK_FALSE(nearest("x", letters));  // one edit, but nothing in common
}

}  // namespace
}  // namespace retaind
