#include <fmt/format.h>

#include <algorithm>

#include "base/money.h"
#include "base/text.h"
#include "render/filter.h"
#include "render/graphemes.h"
#include "render/letters.h"
#include "render/lexer.h"

namespace retaind::render {
namespace {

struct MoneyStyle {
  std::string_view code;  ///< of the language
  std::string_view thousands;
  std::string_view point;
  bool symbol_behind;
};
constexpr MoneyStyle styles[] = {{"en", ",", ".", false},
                                 {"de", ".", ",", true},
                                 {"ja", ",", ".", false},
                                 {"zh", ",", ".", false}};
// For every other language: no separators that mean different things in different countries.
constexpr MoneyStyle neutral = {"", "", ".", true};
constexpr std::string_view no_break_space = "\u00A0";

struct Symbol {
  std::string_view language;  ///< empty: all with a style
  std::string_view currency;
  std::string_view symbol;
};
// First match wins; currencies without a row show their code.
constexpr Symbol symbols[] = {
    {"ja", "JPY", "円"},  {"zh", "JPY", "JP¥"}, {"zh", "CNY", "¥"}, {"zh", "USD", "US$"},
    {"", "EUR", "€"},     {"", "USD", "$"},     {"", "GBP", "£"},   {"ja", "CNY", "CN¥"},
    {"en", "CNY", "CN¥"}, {"de", "CNY", "CN¥"}, {"", "JPY", "¥"},
};

std::string_view symbol_for(std::string_view language, std::string_view currency) {
  for (const Symbol& one : symbols) {
    if (one.currency == currency && (one.language.empty() || one.language == language))
      return one.symbol;
  }
  return {};
}

const MoneyStyle& style_for(std::string_view locale) {
  for (const MoneyStyle& one : styles) {
    if (locale.substr(0, one.code.size()) == one.code) return one;
  }
  return neutral;
}

std::string money_text(Money amount, std::string_view locale) {
  const MoneyStyle& style = style_for(locale);
  const std::string_view currency = amount.currency.view();
  std::string digits = decimal(amount);
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  std::string number;
  for (std::size_t i = 0; i < point; ++i) {
    if (i > 0 && (point - i) % 3 == 0) number += style.thousands;
    number += digits[i];
  }
  if (point < digits.size()) {
    number += style.point;
    number += digits.substr(point + 1);
  }
  const std::string_view symbol =
      style.code.empty() ? std::string_view() : symbol_for(style.code, currency);
  std::string out = negative ? "-" : "";
  if (symbol == "円") return out + number + std::string(symbol);
  if (style.symbol_behind)
    return out + fmt::format("{}{}{}", number, no_break_space, symbol.empty() ? currency : symbol);
  if (symbol.empty()) return out + fmt::format("{}{}{}", currency, no_break_space, number);
  return out + std::string(symbol) + number;
}

// `{minor, currency} | money` or `4990 | money: "EUR"`; numbers are minor units.
Datum money(FilterScope& scope, const Datum& input, const Given& given) {
  if (input.is_missing()) return input;
  const bool whole = input.is(Datum::Kind::object);
  const Datum minor = whole ? input.member("minor") : input;
  const Datum code = whole && given.size() == 0 ? input.member("currency") : given.at(0);
  if (!minor.is(Datum::Kind::integer))
    return scope.fail(
        "money is an object with minor and currency, or a whole number of minor units; take a "
        "field that is an amount, such as `order.total`");
  if (!code.is(Datum::Kind::text))
    return scope.fail("the currency is missing; write one, as in `money: \"EUR\"`");
  const auto currency = find_currency(code.text());
  if (!currency)
    return scope.fail(fmt::format("`{}` is no currency; write an ISO 4217 code such as EUR",
                                  code.text().substr(0, 20)));
  const Datum locale = given.get("locale");
  const std::string_view shown =
      locale.is_missing() ? scope.site_locale : locale.string(scope.arena);
  return Datum::of(scope.arena.keep(money_text({minor.integer(), *currency}, shown)));
}

Datum fallback(FilterScope&, const Datum& input, const Given& given) {
  const bool keeps_false = given.get("allow_false").truthy();
  const bool missing = keeps_false ? input.is_missing() : !input.truthy();
  if (!missing && !input.is_empty()) return input;
  return given.size() == 0 ? Datum::of(std::string_view()) : given.at(0);
}

struct Honorific {
  std::string_view code;    ///< of the language
  std::string_view behind;  ///< the name
  std::string_view nobody;  ///< for whose name is not known
};
// Chinese puts a title behind a name only where the sex is known; 您 is right for everybody.
constexpr Honorific honorifics[] = {
    {"ja", "様", "お客様"}, {"zh", "", "您"}, {"ko", "님", "고객님"}};

// `customer.last_name | honorific`: 山田様; in languages without one the name as it is.
Datum honorific(FilterScope& scope, const Datum& input, const Given& given) {
  const std::string_view name =
      input.is_missing() ? std::string_view() : strip(input.string(scope.arena));
  const Datum locale = given.get("locale");
  const std::string_view shown =
      locale.is_missing() ? scope.site_locale : locale.string(scope.arena);
  for (const Honorific& one : honorifics) {
    if (shown.substr(0, one.code.size()) != one.code) continue;
    if (name.empty()) return Datum::of(one.nobody);
    if (name.ends_with(one.behind)) return Datum::of(name);
    return Datum::of(scope.arena.keep(fmt::format("{}{}", name, one.behind)));
  }
  return Datum::of(name);
}

// `customer.first_name | full_name: customer.last_name`
Datum whole_name(FilterScope& scope, const Datum& input, const Given& given) {
  const auto text = [&](const Datum& part) {
    return part.is_missing() ? std::string_view() : part.string(scope.arena);
  };
  return Datum::of(scope.arena.keep(full_name(text(input), text(given.at(0)))));
}

// `text | truncate_graphemes: 20, "…"`: as truncate, but never through what a reader takes for one
// character.
Datum truncate_graphemes(FilterScope& scope, const Datum& input, const Given& given) {
  if (input.is_missing()) return input;
  const auto length = whole_number(given.at(0));
  if (!length || *length < 0)
    return scope.fail("the length is a whole number; write one, as in `truncate_graphemes: 40`");
  const auto wanted = static_cast<std::size_t>(*length);
  std::string text(input.string(scope.arena));
  if (!is_valid_utf8(text)) text = to_valid_utf8(text);
  if (grapheme_offset(text, wanted) == text.size()) return Datum::of(scope.arena.keep(text));
  std::string_view end = given.size() < 2 ? "…" : given.at(1).string(scope.arena);
  if (count_graphemes(end) > wanted) end = {};
  const std::size_t taken = count_graphemes(end);
  text.resize(grapheme_offset(text, wanted - taken));
  return Datum::of(scope.arena.keep(text + std::string(end)));
}

constexpr Filter table[] = {
    {"default", 0, 2, "allow_false", false, fallback},
    {"full_name", 1, 1, "", true, whole_name},
    {"honorific", 0, 0, "locale", true, honorific},
    {"money", 0, 1, "locale", true, money},
    {"truncate_graphemes", 1, 2, "", true, truncate_graphemes},
};

}  // namespace

std::span<const Filter> mail_filters() { return table; }

}  // namespace retaind::render
