#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace retaind {

/// ISO 4217 code, upper case; empty is "no currency".
struct Currency {
  char code[4] = {0, 0, 0, 0};
  [[nodiscard]] std::string_view view() const { return code; }
  [[nodiscard]] bool empty() const { return code[0] == 0; }
  bool operator==(const Currency& other) const { return view() == other.view(); }
};

/// A known code ("EUR"), any case; empty otherwise.
std::optional<Currency> find_currency(std::string_view code);
/// Digits after the point by ISO 4217: JPY 0, EUR 2, KWD 3.
int minor_digits(Currency currency);

struct Money {
  std::int64_t minor = 0;
  Currency currency;
  bool operator==(const Money&) const = default;
};

/// A plain decimal ("49", "49.5", "-3.20", "1234.567") to minor units, exactly; empty when it is no
/// number, has more digits than the currency (zeros at the end aside: "49.0000" EUR is exact) or
/// overflows. No thousands separators.
std::optional<std::int64_t> parse_minor(std::string_view text, Currency currency);
/// "49.00", "4900" (JPY), "-3.20".
std::string decimal(Money money);

}  // namespace retaind
