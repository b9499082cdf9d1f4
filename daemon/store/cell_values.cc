#include "store/cell_values.h"

#include <charconv>

#include "base/text.h"

namespace retaind::store {
namespace {

constexpr std::int64_t one = 1'000'000;
__extension__ using Wide = __int128;

std::int64_t rounded(Wide value, Wide by) {
  const Wide half = by / 2;
  return static_cast<std::int64_t>((value >= 0 ? value + half : value - half) / by);
}

}  // namespace

std::optional<Millionths> parse_millionths(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view part = point < text.size() ? text.substr(point + 1) : std::string_view{};
  if ((whole.empty() && part.empty()) || whole.size() > 12 || part.size() > 6) return std::nullopt;
  std::int64_t value = 0;
  for (const std::string_view digits : {whole, part}) {
    for (const char digit : digits) {
      if (digit < '0' || digit > '9') return std::nullopt;
      value = value * 10 + (digit - '0');
    }
  }
  for (std::size_t i = part.size(); i < 6; ++i) value *= 10;
  return negative ? -value : value;
}

std::optional<Millionths> product(Millionths a, Millionths b) {
  const Wide exact = Wide{a} * b;
  constexpr Wide most = Wide{one} * one * one * one;
  if (exact > most || exact < -most) return std::nullopt;
  return rounded(exact, one);
}

std::int64_t to_minor(Millionths amount, Currency currency) {
  std::int64_t unit = one;
  for (int i = 0; i < minor_digits(currency); ++i) unit /= 10;
  return rounded(amount, unit);
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> parse_boolean(std::string_view text) {
  const std::string word = lower_ascii(text);
  if (word == "yes" || word == "true" || word == "1") return true;
  if (word == "no" || word == "false" || word == "0") return false;
  return std::nullopt;
}

}  // namespace retaind::store
