#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "render/compare.h"

namespace retaind::render {

/// What a filter may use of the rendering it runs in. The first failure stops the rendering.
class FilterScope {
 public:
  FilterScope(Arena& memory, const Value& context, std::string_view locale, bool html, bool strict)
      : arena(memory), root(context), site_locale(locale), escapes(html), is_strict(strict) {}

  Datum fail(std::string message) {
    if (failure.empty()) failure = std::move(message);
    return {};
  }
  [[nodiscard]] bool failed() const { return !failure.empty() || arena.exhausted(); }

  Arena& arena;
  const Value& root;             ///< the context of the whole mail: time zone, "now"
  std::string_view site_locale;  ///< of the template
  bool escapes;                  ///< output is HTML and gets escaped
  bool is_strict;                ///< mail mode
  std::string failure;
};

/// Arguments of one call.
struct Given {
  std::span<const Datum> positional;
  std::span<const std::pair<std::string_view, Datum>> named;

  /// The argument, or an undefined datum.
  [[nodiscard]] Datum at(std::size_t i) const {
    return i < positional.size() ? positional[i] : Datum{};
  }
  [[nodiscard]] std::size_t size() const { return positional.size(); }
  [[nodiscard]] Datum get(std::string_view name) const {
    for (const auto& [key, value] : named) {
      if (key == name) return value;
    }
    return {};
  }
};

using ApplyFilter = Datum (*)(FilterScope& scope, const Datum& input, const Given& given);

struct Filter {
  std::string_view name;
  std::uint8_t at_least;  ///< positional arguments
  std::uint8_t at_most;
  std::string_view named;  ///< allowed named arguments, separated by spaces
  bool mail_only;          ///< ours; unknown in conformance mode
  ApplyFilter apply;
};

/// One table a file; together they are all the filters there are.
std::span<const Filter> text_filters();
std::span<const Filter> coding_filters();
std::span<const Filter> number_filters();
std::span<const Filter> list_filters();
std::span<const Filter> date_filters();
std::span<const Filter> mail_filters();

const Filter* find_filter(std::string_view name, bool mail);
std::vector<std::string_view> filter_names(bool mail);

}  // namespace retaind::render
