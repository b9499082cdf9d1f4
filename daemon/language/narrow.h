#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "language/plan.h"

namespace retaind::language {

/// What an index knows of the rows of a pass: only those of which `test` is true can get a message,
/// and it asks `field`, a time of the row, against the clock or a day.
struct Narrow {
  const Field* field = nullptr;
  const Condition* condition = nullptr;
  const Node* test = nullptr;
};

/// The times of a subject by which the schema has an index. Others are made for the rules that
/// wait for them, and stay for no other rule.
std::vector<std::string_view> indexed_times(Subject subject);

/// The part of an `if` line by which an index serves the pass of a rule with `each:`; points into
/// the rule. Empty: every row is read. An internal message goes in spite of what is unknown, so
/// there only a test that is never unknown serves.
std::optional<Narrow> narrow_of(const Rule& rule);

}  // namespace retaind::language
