#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "render/lexer.h"
#include "render/tree.h"

namespace retaind::render {

/// conformance: Shopify's Liquid as its suite tests it. mail: with our filters and no unknown
/// variables.
enum class Mode { mail, conformance };

/// Blocks, partials, brackets of expressions and lines of `liquid` inside each other, all counted
/// together: what bounds the stack that parsing and rendering need, to less than 512 KB.
inline constexpr std::size_t max_nesting = 100;
std::string too_deep(std::string_view remedy);

/// Parses source[begin, end) into `tree`; goes on after a mistake and adds them all to `faults`.
class Parser {
 public:
  Parser(const Source& source, Mode mode, Tree& tree, Faults& faults);
  void parse(std::size_t begin, std::size_t end);

 private:
  struct Block {
    std::string_view name;  // "if", "for", …: what end<name> closes
    Index node = none;
    Index part = none;  // the open branch, when, otherwise or body
    std::size_t at = 0;
    bool blank = true;     // only white space and assignments so far, in all parts
    bool ignores = false;  // parts behind a second `else` are parsed and dropped
    std::size_t ignored_from = 0;
    bool has_else = false;
  };
  struct Tag {
    std::string_view name;
    std::string_view markup;
    std::size_t at = 0;
    std::size_t length = 0;
  };

  // parse.cc: pieces and blocks
  void text(const Piece& piece, bool trim_left, bool trim_right);
  void tag(const Piece& piece);
  bool raw_tag(const Tag& tag);
  bool skip_comment(Piece& closing);
  void skip_rest();
  void unknown_tag(const Tag& tag);
  void statement(const Tag& tag);
  void lines(const Tag& tag);
  bool close(const Tag& tag);
  bool part(const Tag& tag);
  void open(std::string_view name, Index made, Index first_part, const Tag& tag);
  void end_part();
  void finish(Block& block);
  Index node(Node::Kind kind, std::size_t at, Index a = none, Index b = 0);
  void not_blank();

  // parse_tags.cc: one tag each
  bool simple_tag(const Tag& tag);
  bool block_tag(const Tag& tag);
  void assign(const Tag& tag);
  void loop(const Tag& tag, bool table);
  void cycle(const Tag& tag);
  [[nodiscard]] std::string cycle_key(const std::vector<Index>& values, const Tag& tag) const;
  void partial(const Tag& tag, bool isolated);
  void branch(const Tag& tag, bool negated);
  void when(const Tag& tag);
  void inline_comment(const Tag& tag);
  bool named_argument(TokenLexer& lexer, Argument& argument);
  Index variable_name(TokenLexer& lexer, const Tag& tag);
  void loop_options(TokenLexer& lexer, Loop& loop);

  // parse_expression.cc
  Index expression(TokenLexer& lexer, std::size_t depth = 0);
  Index path(TokenLexer& lexer, const Token& first, std::size_t depth);
  Index range(TokenLexer& lexer, const Token& first, std::size_t depth);
  bool segment(TokenLexer& lexer, std::vector<Segment>& segments, std::size_t depth);
  Index pipeline(TokenLexer& lexer);
  void call(TokenLexer& lexer, std::vector<Call>& calls);
  Index condition(TokenLexer& lexer);
  Index add(Expression::Kind kind, const Token& token);
  void expect_end(TokenLexer& lexer);
  [[nodiscard]] bool fits(std::size_t depth) const {
    return blocks_.size() + line_depth_ + depth < max_nesting;
  }

  void fail(std::size_t at, std::size_t length, std::string message,
            FaultKind kind = FaultKind::syntax);
  void fail(const Tag& tag, std::string message) { fail(tag.at, tag.length, std::move(message)); }

  const Source& source_;
  Mode mode_;
  Tree& tree_;
  Faults& faults_;
  PieceLexer pieces_;
  std::vector<Block> blocks_;
  std::optional<bool> closing_trims_;
  std::size_t line_depth_ = 0;
  std::size_t floor_ = 0;  // blocks below were opened outside of the liquid tag
  bool gave_up_ = false;   // what follows would only repeat the last mistake
  std::size_t fault_count_ = 0;
  std::size_t faults_before_tag_ = 0;
};

}  // namespace retaind::render
