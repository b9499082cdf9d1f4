#include "render/compare.h"

#include <charconv>
#include <cmath>

#include "render/lexer.h"

namespace retaind::render {
namespace {

using Kind = Datum::Kind;

double as_real(const Datum& number) {
  return number.is(Kind::integer) ? static_cast<double>(number.integer()) : number.real();
}

bool is_word(const Datum& datum) { return datum.is(Kind::empty) || datum.is(Kind::blank); }

bool same_items(const Datum& left, const Datum& right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (!equal(left.item(i), right.item(i))) return false;
  }
  return true;
}

int sign(double difference) { return difference < 0 ? -1 : difference > 0 ? 1 : 0; }

}  // namespace

bool equal(const Datum& left, const Datum& right) {
  if (is_word(left) || is_word(right)) {
    // As in Shopify's, neither word is itself empty or blank.
    if (is_word(left) && is_word(right)) return false;
    const Datum& word = is_word(left) ? left : right;
    const Datum& other = is_word(left) ? right : left;
    return word.is(Kind::empty) ? other.is_empty() : other.is_blank();
  }
  if (left.is_missing() || right.is_missing()) return left.is_missing() && right.is_missing();
  if (left.is_number() && right.is_number()) {
    if (left.is(Kind::integer) && right.is(Kind::integer)) return left.integer() == right.integer();
    return as_real(left) == as_real(right);
  }
  if (left.is(Kind::range) && right.is(Kind::range)) {
    return left.size() == right.size() && equal(left.item(0), right.item(0));
  }
  const auto is_array = [](const Datum& datum) {
    return datum.is(Kind::array) || datum.is(Kind::list);
  };
  if (is_array(left) && is_array(right)) return same_items(left, right);
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case Kind::boolean: return left.boolean() == right.boolean();
    case Kind::text: return left.text() == right.text();
    case Kind::object: return &left.value() == &right.value() || left.value() == right.value();
    case Kind::loop: return &left.loop() == &right.loop();
    default: return false;
  }
}

std::optional<int> compare(const Datum& left, const Datum& right) {
  if (left.is(Kind::text) && right.is(Kind::text)) return left.text().compare(right.text());
  if (!left.is_number() || !right.is_number()) return std::nullopt;
  if (left.is(Kind::integer) && right.is(Kind::integer)) {
    return left.integer() < right.integer() ? -1 : left.integer() > right.integer() ? 1 : 0;
  }
  return sign(as_real(left) - as_real(right));
}

bool contains(const Datum& left, const Datum& right, Arena& arena) {
  if (left.is_missing() || right.is_missing()) return false;
  if (left.is(Kind::text)) return left.text().find(right.string(arena)) != std::string_view::npos;
  if (left.is(Kind::object))
    return right.is(Kind::text) && left.value().find(right.text()) != nullptr;
  if (left.is(Kind::range)) {
    if (!right.is_number() || left.size() == 0) return false;
    return *compare(left.item(0), right) <= 0 && *compare(right, left.item(left.size() - 1)) <= 0;
  }
  if (!left.is_sequence()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (equal(left.item(i), right)) return true;
  }
  return false;
}

std::optional<std::int64_t> whole_number(const Datum& datum) {
  if (datum.is(Kind::integer)) return datum.integer();
  if (!datum.is(Kind::text)) return std::nullopt;
  std::string_view text = strip(datum.text());
  if (text.size() > 1 && text.front() == '+') text.remove_prefix(1);
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::int64_t leading_number(const Datum& datum) {
  if (datum.is(Kind::integer)) return datum.integer();
  if (datum.is(Kind::real)) {
    const double value = datum.real();
    if (std::isnan(value)) return 0;
    // Beyond these a cast is undefined behaviour.
    if (value >= 9.2e18) return INT64_MAX;
    if (value <= -9.2e18) return INT64_MIN;
    return static_cast<std::int64_t>(value);
  }
  if (!datum.is(Kind::text)) return 0;
  std::string_view text = strip_left(datum.text());
  if (text.size() > 1 && text.front() == '+') text.remove_prefix(1);
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace retaind::render
