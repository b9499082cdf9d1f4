#include "base/money.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "base/currencies.h"
#include "base/text.h"

namespace retaind {
namespace {

// ISO 4217 by digits after the point, with codes that were withdrawn lately and still stand in
// shops' histories. Spaces separate, so a code is found by a search at multiples of four.
constexpr std::string_view no_digits =
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ";
constexpr std::string_view two_digits =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN "
    "BZD "
    "CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP "
    "GEL "
    "GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP "
    "LKR "
    "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD "
    "PAB "
    "PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC "
    "SYP "
    "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG "
    "ZWL ";
constexpr std::string_view three_digits = "BHD IQD JOD KWD LYD OMR TND ";
constexpr std::string_view four_digits = "CLF UYW ";

bool lists(std::string_view table, std::string_view code) {
  for (std::size_t at = 0; at + 4 <= table.size(); at += 4) {
    if (table.substr(at, 3) == code) return true;
  }
  return false;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<Currency> find_currency(std::string_view code) {
  if (code.size() != 3) return std::nullopt;
  Currency currency;
  for (std::size_t i = 0; i < 3; ++i) {
    const char c = code[i];
    currency.code[i] = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  for (const std::string_view table : {two_digits, no_digits, three_digits, four_digits}) {
    if (lists(table, currency.view())) return currency;
  }
  return std::nullopt;
}

std::optional<std::string_view> nearest_currency(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> names{
      {{"€", "EUR"},
       {"$", "USD"},
       {"£", "GBP"},
       {"¥", "JPY"},
       {"yen", "JPY"},
       {"dollar", "USD"},
       {"dollars", "USD"},
       {"pound", "GBP"},
       {"pounds", "GBP"},
       {"rmb", "CNY"}}};
  std::string code = lower_ascii(word);
  for (const auto& [name, meant] : names)
    if (code == name) return meant;
  std::transform(code.begin(), code.end(), code.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  // Of several that are as near, the one that is more in use.
  constexpr std::string_view common = "EUR USD JPY GBP CNY CHF CAD AUD KRW INR SEK NOK DKK PLN ";
  std::vector<std::string_view> codes;
  for (const std::string_view table : {common, two_digits, no_digits, three_digits, four_digits})
    for (std::size_t at = 0; at + 4 <= table.size(); at += 4) codes.push_back(table.substr(at, 3));
  return nearest(code, codes);
}

int minor_digits(Currency currency) {
  if (lists(no_digits, currency.view())) return 0;
  if (lists(three_digits, currency.view())) return 3;
  if (lists(four_digits, currency.view())) return 4;
  return 2;
}

std::optional<std::int64_t> parse_minor(std::string_view text, Currency currency) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string_view fraction = point == std::string_view::npos ? "" : text.substr(point + 1);
  const auto wanted = static_cast<std::size_t>(minor_digits(currency));
  if (!std::all_of(whole.begin(), whole.end(), is_digit)) return std::nullopt;
  if (!std::all_of(fraction.begin(), fraction.end(), is_digit)) return std::nullopt;
  if (point == std::string_view::npos ? whole.empty() : fraction.empty()) return std::nullopt;
  while (fraction.size() > wanted && fraction.back() == '0') fraction.remove_suffix(1);
  if (fraction.size() > wanted) return std::nullopt;
  std::string digits = std::string(whole) + std::string(fraction);
  digits.append(wanted - fraction.size(), '0');
  // Counted below zero, where one more value fits.
  std::int64_t minor = 0;
  constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
  for (const char c : digits) {
    const int digit = c - '0';
    if (minor < lowest / 10 || minor * 10 < lowest + digit) return std::nullopt;
    minor = minor * 10 - digit;
  }
  if (!negative && minor == lowest) return std::nullopt;
  return negative ? minor : -minor;
}

std::string decimal(Money money) {
  const auto digits = static_cast<std::size_t>(minor_digits(money.currency));
  std::string text = fmt::format("{}", money.minor);
  const std::size_t sign = money.minor < 0 ? 1 : 0;
  if (digits == 0) return text;
  if (text.size() - sign <= digits) text.insert(sign, digits + 1 - (text.size() - sign), '0');
  return text.insert(text.size() - digits, 1, '.');
}

}  // namespace retaind
