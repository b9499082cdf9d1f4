#include "store/text_delta.h"

#include <catch2/catch.hpp>
#include <random>

using namespace retaind::store;

namespace {

std::string random_text(std::mt19937& dice, int lines, int letters) {
  std::string text;
  for (int i = 0; i < lines; ++i) {
    for (auto n = dice() % 60; n > 0; --n)
      text += static_cast<char>('a' + dice() % static_cast<unsigned>(letters));
    text += dice() % 8 == 0 ? "\n" : "\r\n";
  }
  if (dice() % 3 == 0) text += "no line end";
  return text;
}

/// A text with some of the changes that one mail has against another.
std::string changed(std::string text, std::mt19937& dice) {
  for (auto n = dice() % 8; n > 0; --n) {
    const std::size_t at = dice() % (text.size() + 1);
    switch (dice() % 5) {
      case 0: text.insert(at, random_text(dice, 1, 26)); break;
      case 1: text.erase(at, dice() % 100); break;
      case 2: text.insert(at, "Name"); break;
      case 3: text.insert(at, std::string("\0\xff", 2)); break;
      default: text.erase(at, 1);
    }
  }
  return text;
}

}  // namespace

TEST_CASE("a delta gives back every text, whatever it was made against", "[store]") {
  std::mt19937 dice(7);
  for (int round = 0; round < 20'000; ++round) {
    const std::string base = random_text(dice, static_cast<int>(dice() % 12), round % 2 ? 26 : 2);
    const std::string text =
        round % 3 == 0 ? random_text(dice, static_cast<int>(dice() % 12), 2) : changed(base, dice);
    const std::string delta = text_delta(base, text);
    INFO(round);
    REQUIRE(apply_text_delta(base, delta) == text);
    REQUIRE(delta.size() <= text.size() + 3 * (text.size() / 4 + 2));
    const std::string common = common_text(base, text);
    REQUIRE(apply_text_delta(common, text_delta(common, text)) == text);
  }
}

TEST_CASE("of a text like the base only what differs is kept", "[store]") {
  const std::string same(3000, 'x');
  const auto mail = [&](const std::string& name, const std::string& more) {
    return "To: " + name + " <" + name + "@example.com>\r\nSubject: News for " + name +
           "\r\nDate: today\r\n" + more + "\r\n" + same + "\r\nHello " + name + ",\r\n" + same;
  };
  const std::string base = common_text(mail("Anna", ""), mail("Bob", ""));
  CHECK(base.find("Anna") == std::string::npos);
  CHECK(base.find("Bob") == std::string::npos);
  CHECK(base.size() > 6000);
  CHECK(text_delta(base, mail("Christine", "")).size() < 100);
  CHECK(text_delta(base, mail("Dora", "X-One: more\r\nX-Two: lines\r\n")).size() < 160);
  CHECK(text_delta(mail("Eve", "X-One: more\r\nX-Two: lines\r\n"), mail("Eve", "")).size() < 60);
}

TEST_CASE("a delta that was cut or belongs to another base gives no text", "[store]") {
  const std::string base(500, 'b');
  const std::string delta = text_delta(base, base + "end");
  CHECK_FALSE(apply_text_delta("short", delta));
  for (std::size_t n = 1; n + 1 < delta.size(); ++n) {
    const auto text = apply_text_delta(base, std::string_view(delta).substr(0, n));
    CHECK((!text || *text != base + "end"));
  }
  CHECK_FALSE(apply_text_delta(base, std::string(20, '\xff')));
}
