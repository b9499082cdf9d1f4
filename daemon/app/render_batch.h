#pragma once
#include <cstdio>

namespace retaind::app {

/// Lines longer than this are answered with an error and skipped without being kept.
inline constexpr std::size_t longest_batch_line = 64U << 20U;

/// `retaind render --batch`: a JSON object a line in, one a line out, in the same order and flushed
/// one by one, so that a caller may talk line by line. Empty lines are passed over. False when a
/// line could not be read, or its answer not written.
bool render_batch(std::FILE* in, std::FILE* out, bool conformance);

}  // namespace retaind::app
