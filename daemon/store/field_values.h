#pragma once
#include <forward_list>
#include <string>
#include <string_view>

#include "base/zone.h"
#include "model/fields.h"
#include "store/statement.h"

namespace retaind::store {

/// Texts that cells point to: they stay where they are, and an empty list costs nothing.
using Texts = std::forward_list<std::string>;

/// What a SELECT has to read for a field of the row `alias`: ", s.total_minor, s.currency". The
/// currency of an item stands on its order, `paid`.
std::string selected(const Field& field, std::string_view alias, std::string_view paid);

/// Reads a field back; `column` moves behind it. A dated flag is settled by `now`, an attribute by
/// its declared type, times without an offset by `zone`. Text lives as long as the row that the
/// statement is at, or as long as `texts`.
void read_field(const Statement& row, int& column, const Field& field, Time now, const Zone& zone,
                Texts& texts, Cell& cell);

/// One member of a row's attributes, by its declared type. `json`: as it stands in the object;
/// empty when it is not there. Text points into it, into the field, or into `texts`.
Cell read_member(const Field& field, std::string_view json, const Zone& zone, Texts& texts);

}  // namespace retaind::store
