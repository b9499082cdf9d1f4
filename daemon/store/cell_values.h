#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/money.h"

namespace retaind::store {

/// Amounts on their way to minor units, in millionths: exact sums of products, and one rounding at
/// the end.
using Millionths = std::int64_t;

/// A plain decimal with at most six digits behind the point ("-3.20", "12", ".5"); empty for
/// anything else.
std::optional<Millionths> parse_millionths(std::string_view text);
/// a × b, rounded half away from zero to millionths; empty on overflow.
std::optional<Millionths> product(Millionths a, Millionths b);
/// To the currency's smallest unit, rounded half away from zero.
std::int64_t to_minor(Millionths amount, Currency currency);

std::optional<std::int64_t> parse_integer(std::string_view text);
/// yes/no, true/false, 1/0 in any case.
std::optional<bool> parse_boolean(std::string_view text);

}  // namespace retaind::store
