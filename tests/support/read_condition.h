#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "language/expression.h"

namespace retaind::test {

/// What the checker makes of a condition that stands alone.
struct ReadCondition {
  std::optional<language::Condition> condition;
  std::vector<language::Slot> slots;
  std::vector<language::Aggregate> aggregates;
  std::vector<language::Diagnostic> diagnostics;
};

inline ReadCondition read_condition(const std::string& text, const language::Scope& scope) {
  ReadCondition read;
  language::Report report(
      std::make_shared<language::Source>(language::Source{"rules/x.yaml", text}), read.diagnostics);
  language::YamlNode scalar;
  scalar.kind = language::YamlNode::Kind::scalar;
  scalar.text = text;
  scalar.at = {0, text.size()};
  read.condition = language::read_condition(report, scalar, scope, {&read.slots, &read.aggregates});
  return read;
}

}  // namespace retaind::test
