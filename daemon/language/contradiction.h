#pragma once
#include <optional>
#include <vector>

#include "language/plan.h"

namespace retaind::language {

/// A line that must be true, or must not be, before a message goes.
struct Need {
  const Rule* rule = nullptr;
  const Condition* condition = nullptr;
  bool wanted = true;
};

/// What a step's messages need: the rule's lines, and with a step its own.
std::vector<Need> needs_of(const Rule& rule, const Step* step = nullptr);

/// Two of the needs that can never both be met, the later one second: comparisons of one field that
/// leave no value, one line wanted and not wanted. One line may contradict itself, or say what
/// nothing stored can meet (`count(orders) < 0`). Only what is
/// certain: a line with `or` is read as far as all of it must hold.
std::optional<std::pair<Need, Need>> find_contradiction(const std::vector<Need>& needs);

/// Whether nothing goes by these needs while the field is empty.
bool asks_for(const std::vector<Need>& needs, const Field& field);

}  // namespace retaind::language
