#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "render/filter.h"
#include "render/letters.h"
#include "render/number.h"

namespace retaind::render {
namespace {

using Kind = Datum::Kind;
using Items = std::vector<Datum>;

bool is_array(const Datum& datum) { return datum.is(Kind::array) || datum.is(Kind::list); }

void flatten(const Datum& datum, Items& items, FilterScope& scope) {
  for (std::size_t i = 0; i < datum.size(); ++i) {
    if (const Datum item = datum.item(i); is_array(item))
      flatten(item, items, scope);
    else
      items.push_back(item);
  }
}

// What Shopify's filters iterate: arrays flat, an object or a single value as one item, nothing for
// nil.
Items items_of(FilterScope& scope, const Datum& input) {
  Items items;
  if (input.is_missing()) return items;
  if (input.is(Kind::range) &&
      !scope.arena.has_room(std::min(input.size(), Arena::limit) * sizeof(Datum)))
    return items;
  if (input.is_sequence())
    flatten(input, items, scope);
  else
    items.push_back(input);
  return items;
}

Datum list_of(FilterScope& scope, const Items& items) {
  if (!scope.arena.has_room(items.size() * sizeof(Datum))) return {};
  Datum* const kept = scope.arena.take<Datum>(items.size());
  std::copy(items.begin(), items.end(), kept);
  return Datum::list(kept, items.size());
}

// item[property] of Ruby: members of objects, the property itself when a text holds it, items by
// index.
enum class Look { found, nothing, wrong };

std::int64_t bit_of(std::int64_t number, std::int64_t place) {
  if (place < 0) return 0;
  return place > 63 ? (number < 0 ? 1 : 0) : (number >> place) & 1;
}

Look look_up(const Datum& item, const Datum& property, Datum& result) {
  result = Datum::nil();
  switch (item.kind()) {
    case Kind::object:
      if (property.is(Kind::text)) result = item.member(property.text());
      if (result.is(Kind::undefined)) result = Datum::nil();
      return Look::found;
    case Kind::text:
      if (!property.is(Kind::text)) return Look::wrong;
      if (item.text().find(property.text()) != std::string_view::npos) result = property;
      return Look::found;
    case Kind::integer:
      // Ruby's Integer#[] is a bit.
      if (!property.is_number()) return Look::wrong;
      result = Datum::of(bit_of(item.integer(), leading_number(property)));
      return Look::found;
    default: return Look::nothing;
  }
}

std::string property_failure(FilterScope& scope, const Datum& property) {
  return fmt::format("a value in the list has no property `{}`", property.string(scope.arena));
}

// Calls use(index, item) for every item whose property fits; it returns false to stop. False: the
// filter gives nil.
template <class Use>
bool each_fitting(FilterScope& scope, const Items& items, const Given& given, Use use) {
  const Datum property = given.at(0);
  const Datum wanted = given.at(1);
  if (property.is_missing()) return items.empty();
  for (std::size_t i = 0; i < items.size(); ++i) {
    Datum found;
    const Look look = look_up(items[i], property, found);
    if (look == Look::wrong) scope.fail(property_failure(scope, property));
    if (look != Look::found) return false;
    if (!use(i, items[i], wanted.is_missing() ? found.truthy() : equal(found, wanted))) return true;
  }
  return true;
}

Datum where(FilterScope& scope, const Datum& input, const Given& given) {
  Items kept;
  const bool done = each_fitting(scope, items_of(scope, input), given,
                                 [&](std::size_t, const Datum& item, bool fits) {
                                   if (fits) kept.push_back(item);
                                   return true;
                                 });
  return done ? list_of(scope, kept) : Datum();
}

Datum reject(FilterScope& scope, const Datum& input, const Given& given) {
  Items kept;
  const bool done = each_fitting(scope, items_of(scope, input), given,
                                 [&](std::size_t, const Datum& item, bool fits) {
                                   if (!fits) kept.push_back(item);
                                   return true;
                                 });
  return done ? list_of(scope, kept) : Datum();
}

Datum find(FilterScope& scope, const Datum& input, const Given& given) {
  Datum result = Datum::nil();
  each_fitting(scope, items_of(scope, input), given,
               [&](std::size_t, const Datum& item, bool fits) {
                 if (fits) result = item;
                 return !fits;
               });
  return result;
}

Datum find_index(FilterScope& scope, const Datum& input, const Given& given) {
  Datum result = Datum::nil();
  each_fitting(scope, items_of(scope, input), given, [&](std::size_t i, const Datum&, bool fits) {
    if (fits) result = Datum::of(static_cast<std::int64_t>(i));
    return !fits;
  });
  return result;
}

Datum has(FilterScope& scope, const Datum& input, const Given& given) {
  bool result = false;
  const bool done =
      each_fitting(scope, items_of(scope, input), given, [&](std::size_t, const Datum&, bool fits) {
        result = fits;
        return !fits;
      });
  return done ? Datum::of(result) : Datum();
}

Datum map(FilterScope& scope, const Datum& input, const Given& given) {
  Items mapped;
  for (const Datum& item : items_of(scope, input)) {
    Datum found;
    if (look_up(item, given.at(0), found) == Look::wrong)
      return scope.fail(property_failure(scope, given.at(0)));
    mapped.push_back(found);
  }
  return list_of(scope, mapped);
}

struct Keyed {
  Datum key;
  Datum item;
};

/// Items with the property that the filter looks at: themselves when none is given. Empty, and the
/// filter gives nil, when an item can have no properties.
std::optional<std::vector<Keyed>> keyed_items(FilterScope& scope, const Datum& input,
                                              const Given& given) {
  const Datum property = given.at(0);
  std::vector<Keyed> keyed;
  const Items items = items_of(scope, input);
  bool wrong = false;
  for (const Datum& item : items) {
    Datum key = item;
    Look look = property.is_missing() ? Look::found : look_up(item, property, key);
    // Nothing compares a single item with anything.
    if (look == Look::wrong && items.size() == 1) look = Look::found;
    if (look == Look::nothing) return std::nullopt;
    wrong = wrong || look == Look::wrong;
    keyed.push_back({key, item});
  }
  if (wrong) {
    scope.fail(property_failure(scope, property));
    return std::nullopt;
  }
  return keyed;
}

Datum property_of(const Datum& item, const Given& given) {
  if (given.at(0).is_missing()) return item;
  Datum found;
  look_up(item, given.at(0), found);
  return found;
}

Datum sum(FilterScope& scope, const Datum& input, const Given& given) {
  Number total;
  for (const Datum& item : items_of(scope, input))
    total = total + Number::of(property_of(item, given));
  return total.datum();
}

Datum compact(FilterScope& scope, const Datum& input, const Given& given) {
  const auto keyed = keyed_items(scope, input, given);
  if (!keyed) return {};
  Items kept;
  for (const Keyed& one : *keyed) {
    if (!one.key.is_missing()) kept.push_back(one.item);
  }
  return list_of(scope, kept);
}

Datum uniq(FilterScope& scope, const Datum& input, const Given& given) {
  const auto keyed = keyed_items(scope, input, given);
  if (!keyed) return {};
  Items kept;
  Items seen;
  for (const auto& [key, item] : *keyed) {
    // 1 and 1.0 are equal, and yet two things to Ruby's uniq.
    const auto same = [&, &one = key](const Datum& other) {
      return other.is(Kind::real) == one.is(Kind::real) && equal(other, one);
    };
    // Quadratic, so bounded; mails do not list thousands of different things.
    if (seen.size() > 5000)
      return scope.fail("the list has more than 5,000 different values; use limit before uniq");
    if (std::any_of(seen.begin(), seen.end(), same)) continue;
    seen.push_back(key);
    kept.push_back(item);
  }
  return list_of(scope, kept);
}

Datum concat(FilterScope& scope, const Datum& input, const Given& given) {
  if (!given.at(0).is_sequence())
    return scope.fail("the argument is a list, such as the result of split");
  Items items = items_of(scope, input);
  const Items more = items_of(scope, given.at(0));
  items.insert(items.end(), more.begin(), more.end());
  return list_of(scope, items);
}

Datum reverse(FilterScope& scope, const Datum& input, const Given&) {
  Items items = items_of(scope, input);
  std::reverse(items.begin(), items.end());
  return list_of(scope, items);
}

Datum join(FilterScope& scope, const Datum& input, const Given& given) {
  const std::string_view separator = given.size() == 0 ? " " : given.at(0).string(scope.arena);
  std::string out;
  bool first = true;
  for (const Datum& item : items_of(scope, input)) {
    if (!first) out += separator;
    first = false;
    item.print(out);
    if (!scope.arena.has_room(out.size())) return {};
  }
  return Datum::of(scope.arena.keep(out));
}

Datum first(FilterScope& scope, const Datum& input, const Given&) {
  if (input.is(Kind::object) && input.size() > 0) return input.member(scope.arena, 0);
  return input.is_sequence() ? input.item(0) : Datum();
}

Datum last(FilterScope&, const Datum& input, const Given&) {
  return input.is_sequence() && input.size() > 0 ? input.item(input.size() - 1) : Datum();
}

// An integer has Ruby's size of it, eight bytes, where we are Shopify's Liquid and nothing else.
Datum size(FilterScope& scope, const Datum& input, const Given&) {
  if (input.is(Kind::integer) && !scope.is_strict) return Datum::of(std::int64_t{8});
  if (input.is(Kind::text))
    return Datum::of(static_cast<std::int64_t>(count_characters(input.text())));
  return Datum::of(static_cast<std::int64_t>(input.size()));
}

// Sorts by keys; missing keys come last.
Datum sorted(FilterScope& scope, std::vector<Keyed> keyed) {
  bool comparable = true;
  // A merge sort stays within the list even when the order is not one, as with texts among numbers.
  std::stable_sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
    if (a.key.is_missing() || b.key.is_missing()) return !a.key.is_missing() && b.key.is_missing();
    const std::optional<int> order = compare(a.key, b.key);
    comparable = comparable && order.has_value();
    return order.value_or(0) < 0;
  });
  if (!comparable) {
    return scope.fail("the list holds values that cannot be compared, such as a text and a number");
  }
  Items items;
  for (const Keyed& one : keyed) items.push_back(one.item);
  return list_of(scope, items);
}

Datum sort(FilterScope& scope, const Datum& input, const Given& given) {
  auto keyed = keyed_items(scope, input, given);
  return keyed ? sorted(scope, std::move(*keyed)) : Datum();
}

Datum sort_natural(FilterScope& scope, const Datum& input, const Given& given) {
  auto keyed = keyed_items(scope, input, given);
  if (!keyed) return {};
  for (Keyed& one : *keyed) {
    if (one.key.is_missing()) continue;
    one.key = Datum::of(scope.arena.keep(lower_case(one.key.string(scope.arena))));
    if (scope.failed()) return {};
  }
  return sorted(scope, std::move(*keyed));
}

constexpr Filter table[] = {
    {"compact", 0, 1, "", false, compact}, {"concat", 1, 1, "", false, concat},
    {"find", 1, 2, "", false, find},       {"find_index", 1, 2, "", false, find_index},
    {"first", 0, 0, "", false, first},     {"has", 1, 2, "", false, has},
    {"join", 0, 1, "", false, join},       {"last", 0, 0, "", false, last},
    {"map", 1, 1, "", false, map},         {"reject", 1, 2, "", false, reject},
    {"reverse", 0, 0, "", false, reverse}, {"size", 0, 0, "", false, size},
    {"sort", 0, 1, "", false, sort},       {"sort_natural", 0, 1, "", false, sort_natural},
    {"sum", 0, 1, "", false, sum},         {"uniq", 0, 1, "", false, uniq},
    {"where", 1, 2, "", false, where},
};

}  // namespace

std::span<const Filter> list_filters() { return table; }

}  // namespace retaind::render
