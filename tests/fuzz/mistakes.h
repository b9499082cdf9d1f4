#pragma once
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

#include "language/diagnostic.h"
#include "language/plan.h"

// What holds for every text that the language reads, be it a rule, a condition or a story.

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

/// Whether there is an error among them; each stands inside a text of `size` bytes and can be
/// shown.
inline bool have_errors(const std::vector<retaind::language::Diagnostic>& diagnostics,
                        std::size_t size) {
  bool errors = false;
  for (const auto& diagnostic : diagnostics) {
    errors |= diagnostic.severity == retaind::language::Severity::error;
    require(diagnostic.where.begin <= diagnostic.where.end, "a mark ends behind its beginning");
    require(diagnostic.where.begin <= size, "a mark stands in the text");
    require(!diagnostic.remedy.empty(), "a mistake has a remedy");
    require(!retaind::language::to_text(diagnostic, false).empty(), "a mistake can be shown");
  }
  return errors;
}

/// A checked condition is a whole tree, and each part of it has its place in the text.
inline void inspect(const retaind::language::Condition& condition, std::size_t slots,
                    std::size_t aggregates) {
  using retaind::language::Op;
  require(condition.root < condition.nodes.size(), "the root is a node");
  for (const retaind::language::Node& node : condition.nodes) {
    for (const auto child : node.children)
      require(child < condition.nodes.size(), "children are nodes");
    if (node.op == Op::field) require(node.slot < slots, "a field has its slot");
    if (node.op == Op::aggregate) require(node.slot < aggregates, "an aggregate has its slot");
    require(node.where.begin <= node.where.end, "a node has its place");
    require(node.where.end <= node.where.source->text.size(), "a node's place is in the text");
  }
}

/// The same of what an aggregate asks of its rows, which has slots of its own.
inline void inspect(std::span<const retaind::language::Aggregate> aggregates, std::size_t slots) {
  for (const retaind::language::Aggregate& aggregate : aggregates) {
    require(aggregate.relation != nullptr, "an aggregate goes over something");
    const bool counts = aggregate.fold == retaind::language::Fold::count;
    require((aggregate.field == nullptr) == counts, "an aggregate folds a field, or counts");
    require(counts || (!aggregate.slots.empty() && aggregate.slots[0].field == aggregate.field),
            "the folded field is read first");
    if (aggregate.where.nodes.empty()) continue;
    for (const retaind::language::Node& node : aggregate.where.nodes)
      require(node.op != retaind::language::Op::field ||
                  node.slot < (node.of_row ? aggregate.slots.size() : slots),
              "a field of a row has its slot");
  }
}
