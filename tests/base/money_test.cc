#include "base/money.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>

#include "base/rng.h"

namespace retaind {
namespace {

Currency currency(std::string_view code) {
  const auto found = find_currency(code);
  INFO(code);
  REQUIRE(found);
  return *found;
}

TEST_CASE("Currencies are found in any case and unknown ones are not") {
  CHECK(currency("eur").view() == "EUR");
  CHECK(currency("JPY") == currency("jpy"));
  for (const auto* code : {"", "EU", "EURO", "XXX", "ABC", "UR ", " EU", "R A"}) {
    INFO(code);
    CHECK_FALSE(find_currency(code));
  }
  CHECK(Currency{}.empty());
}

TEST_CASE("Digits after the point are those of ISO 4217") {
  CHECK(minor_digits(currency("EUR")) == 2);
  CHECK(minor_digits(currency("JPY")) == 0);
  CHECK(minor_digits(currency("KRW")) == 0);
  CHECK(minor_digits(currency("CLP")) == 0);
  CHECK(minor_digits(currency("KWD")) == 3);
  CHECK(minor_digits(currency("TND")) == 3);
  CHECK(minor_digits(currency("CLF")) == 4);
  CHECK(minor_digits(currency("MGA")) == 2);
  CHECK(minor_digits(Currency{}) == 2);
}

TEST_CASE("Every currency code of the system's ISO 4217 list with a place is known") {
  std::ifstream file("/usr/share/xml/iso-codes/iso_4217.xml");
  if (!file) {
    std::cout << "skipped: iso-codes is not installed\n";
    return;
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  // Funds, metals and test codes, which nobody pays with.
  const std::string left_out = "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX ";
  int known = 0;
  const std::string mark = "letter_code=\"";
  for (std::size_t at = text.find("<iso_4217_entry"); at != std::string::npos;
       at = text.find("<iso_4217_entry", at + 1)) {
    const std::string code = text.substr(text.find(mark, at) + mark.size(), 3);
    if (left_out.find(code) != std::string::npos) continue;
    INFO(code);
    CHECK(find_currency(code).has_value());
    ++known;
  }
  CHECK(known > 150);
}

TEST_CASE("Plain decimals become minor units exactly") {
  const auto eur = [](std::string_view text) { return parse_minor(text, currency("EUR")); };
  CHECK(eur("49") == 4900);
  CHECK(eur("49.5") == 4950);
  CHECK(eur("-3.20") == -320);
  CHECK(eur("+0.01") == 1);
  CHECK(eur(".5") == 50);
  CHECK(eur("-.05") == -5);
  CHECK(eur("49.0000") == 4900);
  CHECK(eur("0.29") == 29);  // 0.29 * 100 is 28.999… in binary
  CHECK(eur("00012") == 1200);
  CHECK(parse_minor("1234.567", currency("KWD")) == 1234567);
  CHECK(parse_minor("4900", currency("JPY")) == 4900);
  CHECK(parse_minor("4900.00", currency("JPY")) == 4900);
}

TEST_CASE("What is no amount is refused") {
  for (const auto* text : {"", "-", "+", ".", "5.", "1.234", "1,234", "1 234", "1e3", "--1",
                           "49 EUR", "0x10", "1.2.3", "NaN", "4\xD9\xA9"}) {
    INFO(text);
    CHECK_FALSE(parse_minor(text, currency("EUR")));
  }
  CHECK_FALSE(parse_minor("49.5", currency("JPY")));
}

TEST_CASE("Amounts at the limits are read, beyond them refused") {
  const Currency yen = currency("JPY");
  CHECK(parse_minor("9223372036854775807", yen) == std::numeric_limits<std::int64_t>::max());
  CHECK(parse_minor("-9223372036854775808", yen) == std::numeric_limits<std::int64_t>::min());
  CHECK_FALSE(parse_minor("9223372036854775808", yen));
  CHECK_FALSE(parse_minor("-9223372036854775809", yen));
  CHECK_FALSE(parse_minor("92233720368547758.08", currency("EUR")));
  CHECK_FALSE(parse_minor(std::string(5000, '9'), yen));
}

TEST_CASE("Amounts are written with their currency's digits") {
  CHECK(decimal({4900, currency("EUR")}) == "49.00");
  CHECK(decimal({4900, currency("JPY")}) == "4900");
  CHECK(decimal({-320, currency("EUR")}) == "-3.20");
  CHECK(decimal({-5, currency("EUR")}) == "-0.05");
  CHECK(decimal({0, currency("KWD")}) == "0.000");
  CHECK(decimal({7, currency("CLF")}) == "0.0007");
  CHECK(decimal({std::numeric_limits<std::int64_t>::min(), currency("EUR")}) ==
        "-92233720368547758.08");
}

TEST_CASE("Every amount comes back from its text") {
  Rng rng(1);
  for (const auto* code : {"JPY", "EUR", "KWD", "CLF"}) {
    for (int i = 0; i < 2000; ++i) {
      const auto minor =
          static_cast<std::int64_t>(rng.next() >> rng.below(64)) * (rng.below(2) == 0 ? 1 : -1);
      REQUIRE(parse_minor(decimal({minor, currency(code)}), currency(code)) == minor);
    }
  }
}

}  // namespace
}  // namespace retaind
