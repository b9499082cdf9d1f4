#pragma once
#include <cstdint>
#include <optional>

#include "render/datum.h"

namespace retaind::render {

bool equal(const Datum& left, const Datum& right);
/// <0, 0, >0; empty where Liquid cannot compare (a number and a text).
std::optional<int> compare(const Datum& left, const Datum& right);
bool contains(const Datum& left, const Datum& right, Arena& arena);

/// Whole number as Ruby's Integer(): an integer or a text that is one; empty otherwise.
std::optional<std::int64_t> whole_number(const Datum& datum);
/// Ruby's to_i: the digits that a text begins with, reals cut; 0 for the rest.
std::int64_t leading_number(const Datum& datum);

}  // namespace retaind::render
