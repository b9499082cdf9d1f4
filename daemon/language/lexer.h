#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "language/report.h"
#include "language/spans.h"

namespace retaind::language {

/// A word of a condition. Positions are bytes of the condition's own text.
struct Token {
  enum class Kind { number, word, field, text, date, symbol, end };
  Kind kind = Kind::end;
  std::string_view text;  ///< as written; of a field "customer.city"
  std::string value;      ///< of a text: without its quotes
  Range at;

  [[nodiscard]] bool is(std::string_view what) const {
    return (kind == Kind::word || kind == Kind::symbol) && text == what;
  }
};

struct Tokens {
  std::vector<Token> tokens;   ///< the last is `end`
  std::optional<Fault> fault;  ///< what could not be read, at `fault_at`
  Range fault_at;
};

/// Cuts a condition into words. The tokens point into `text`.
Tokens tokenize(std::string_view text);

}  // namespace retaind::language
