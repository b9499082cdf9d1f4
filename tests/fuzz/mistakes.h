#pragma once
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "language/diagnostic.h"

// What holds for every text that the language reads, be it a rule or a story.

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
