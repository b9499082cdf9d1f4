#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace retaind::render {

struct Filter;

/// Index into one of the tables of a Tree; `none` where there is nothing.
using Index = std::uint32_t;
inline constexpr Index none = 0xFFFFFFFF;
/// Arguments of one filter call, positional and named.
inline constexpr std::size_t max_arguments = 8;

/// Two indices whose meaning depends on the expression.
struct Part {
  Index first;
  Index count;
};

struct Expression {
  enum class Kind : std::uint8_t { nil, yes, no, empty, blank, integer, real, text, path, range };
  Kind kind = Kind::nil;
  std::uint32_t at = 0;
  std::uint32_t length = 0;
  union {
    std::int64_t integer = 0;
    double real;
    Part part;  ///< text: offset and length; path: segments; range: two expressions
  };
};

/// `.name`, `[3]`, `["a b"]` are constant; `[expression]` is not.
struct Segment {
  std::string_view name;    ///< empty unless the segment is a name
  Index expression = none;  ///< the segment's value is this expression's
  bool bracketed = false;
};

struct Argument {
  std::string_view name;  ///< empty: positional; these come first
  Index expression = none;
};

struct Call {
  const Filter* filter = nullptr;
  std::uint32_t at = 0;
  std::uint32_t length = 0;
  Index first = 0;  ///< of arguments
  Index count = 0;  ///< positional and named
};

/// An expression and its filters.
struct Pipeline {
  Index expression = none;
  Index first = 0;  ///< of calls
  Index count = 0;
};

struct Test {
  enum class Operator : std::uint8_t {
    truth,
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    contains
  };
  enum class Joint : std::uint8_t { last, and_, or_ };
  Operator op = Operator::truth;
  Joint joint =
      Joint::last;  ///< to the next test; right-associative without precedence, as in Liquid
  Index left = none;
  Index right = none;
};

/// Consecutive tests up to the one whose joint is `last`.
struct Condition {
  Index first = 0;
};

}  // namespace retaind::render
