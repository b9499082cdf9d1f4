#pragma once
#include <cstdint>
#include <string_view>

#include "base/text.h"

namespace retaind::render {

/// A piece of a template: text, `{{ output }}` or `{% tag %}`. Views point into the source.
struct Piece {
  enum class Kind : std::uint8_t { text, output, tag, end, unclosed };
  Kind kind = Kind::end;
  std::string_view body;  ///< text as it is; inside of the delimiters without `-` for the others
  std::size_t at = 0;     ///< offset of the piece
  std::size_t end = 0;    ///< offset behind it
  bool trims_before = false;  ///< `{%-`
  bool trims_after = false;   ///< `-%}`
};

/// Cuts a template into pieces. A tag ends at the first `%}`, also inside a quoted string, as in
/// Ruby's Liquid.
class PieceLexer {
 public:
  /// Reads source[begin, end).
  PieceLexer(std::string_view source, std::size_t begin, std::size_t end)
      : source_(source.substr(0, end)), at_(begin) {}
  Piece next();
  /// The next tag, whatever lies before it; inside comments nothing else is read.
  Piece next_tag();
  /// Raw text up to `{% <end_tag> %}`, for raw, doc and the like; `closing` is the closing tag.
  /// False when it never comes.
  bool until(std::string_view end_tag, std::string_view& body, Piece& closing);

 private:
  Piece delimited(Piece::Kind kind, std::string_view close);

  std::string_view source_;
  std::size_t at_;
};

/// A word of an expression.
struct Token {
  enum class Kind : std::uint8_t {
    end,
    identifier,
    integer,
    real,
    text,
    dot,
    dots,
    comma,
    colon,
    pipe,
    open_bracket,
    close_bracket,
    open_parenthesis,
    close_parenthesis,
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    assign,
    unknown
  };
  Kind kind = Kind::end;
  std::string_view text;   ///< as written; of a quoted text what is inside the quotes
  std::size_t at = 0;      ///< offset in the source
  std::size_t length = 0;  ///< in the source, with quotes
};

/// Cuts the inside of a tag or an output into tokens, one ahead.
class TokenLexer {
 public:
  /// `markup` is a part of `source`.
  TokenLexer(std::string_view source, std::string_view markup);
  [[nodiscard]] const Token& peek() const { return token_; }
  Token take();
  bool take_if(Token::Kind kind);
  /// Takes the identifier `word` when it is next.
  bool take_word(std::string_view word);
  /// What was not taken yet.
  [[nodiscard]] std::string_view rest() const { return markup_.substr(token_.at - base_); }

 private:
  void scan();
  void scan_number();
  void scan_sign();

  std::string_view markup_;
  std::size_t base_;
  std::size_t at_ = 0;  // in markup_, behind token_
  Token token_;
};

std::string_view strip_left(std::string_view text);
std::string_view strip_right(std::string_view text);
std::string_view strip(std::string_view text);
/// Length of the identifier that `text` begins with: [A-Za-z_][A-Za-z0-9_-]* and one `?`; 0 when
/// there is none.
std::size_t identifier_length(std::string_view text);

}  // namespace retaind::render
