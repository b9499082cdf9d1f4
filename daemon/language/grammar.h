#pragma once
#include <span>
#include <string_view>

#include "language/codes.h"
#include "language/plan.h"

namespace retaind::language {

/// How a condition says something, for the reference; every example is read by the parser's tests.
struct OperatorRow {
  Op op;
  std::string_view written;
  std::string_view about;
  std::string_view example;  ///< a condition of a rule about an order
};
std::span<const OperatorRow> operators();

struct FoldRow {
  Fold fold;
  std::string_view name;
  std::string_view about;
  std::string_view example;
};
std::span<const FoldRow> folds();

struct TypeRow {
  Type type;
  std::string_view name;
  std::string_view about;
  std::string_view example;  ///< empty: only fields of the site's own have it
};
std::span<const TypeRow> types();

/// What the language does not say, on purpose.
struct AbsentRow {
  std::string_view what;
  std::string_view reason;
  std::string_view instead;
  std::string_view tried;  ///< lines of a rule that try it; empty: there is no way to write it
  Code code;               ///< what they are told
};
std::span<const AbsentRow> absent();

}  // namespace retaind::language
