#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "render/filter.h"
#include "render/parser.h"

namespace retaind::render {
namespace {

std::string shown(const Token& token) {
  return token.kind == Token::Kind::end ? std::string("the end") : fmt::format("`{}`", token.text);
}

/// Text editors make them of straight ones.
bool is_curly_quote(std::string_view text) {
  return text == "“" || text == "”" || text == "‘" || text == "’" || text == "„" || text == "«" ||
         text == "»" || text == "「" || text == "」";
}

constexpr std::string_view straight = "write straight quotes, \" or '";

std::string_view instead_of(const Token& token) {
  if (token.text == "&") return "write `and`";
  if (token.text == "|") return "write `or`, or assign the filtered value in front of the tag";
  if (token.text == "and" || token.text == "or")
    return "conditions stand in {% if … %}, and a substitute behind `| default:`";
  if (is_curly_quote(token.text)) return straight;
  return "remove it or quote the text";
}

std::string_view value_instead_of(const Token& token) {
  if (is_curly_quote(token.text)) return straight;
  if (token.text.starts_with('"') || token.text.starts_with('\'')) return "close the quote";
  return "write a variable, a number or a text in quotes";
}

bool names_argument(std::string_view allowed, std::string_view name) {
  for (const std::string_view one : split(allowed, ' ')) {
    if (one == name) return true;
  }
  return false;
}

}  // namespace

Index Parser::add(Expression::Kind kind, const Token& token) {
  Expression made;
  made.kind = kind;
  made.at = static_cast<std::uint32_t>(token.at);
  made.length = static_cast<std::uint32_t>(token.length);
  if (kind == Expression::Kind::integer || kind == Expression::Kind::real) {
    const char* const end = token.text.data() + token.text.size();
    const auto read = kind == Expression::Kind::integer
                          ? std::from_chars(token.text.data(), end, made.integer)
                          : std::from_chars(token.text.data(), end, made.real);
    if (read.ec != std::errc{}) fail(token.at, token.length, "the number is too large");
  } else if (kind == Expression::Kind::text) {
    made.part = {static_cast<Index>(token.at + 1), static_cast<Index>(token.text.size())};
  }
  tree_.expressions.push_back(made);
  return static_cast<Index>(tree_.expressions.size() - 1);
}

void Parser::expect_end(TokenLexer& lexer) {
  const Token& token = lexer.peek();
  // A second mistake in the same tag is mostly the first one's echo.
  if (token.kind == Token::Kind::end || fault_count_ != faults_before_tag_) return;
  fail(token.at, token.length, fmt::format("unexpected {}; {}", shown(token), instead_of(token)));
}

Index Parser::expression(TokenLexer& lexer, std::size_t depth) {
  const Token token = lexer.take();
  if (depth > 0 && !fits(depth - 1)) {
    fail(token.at, token.length, too_deep("assign a part of it first"));
    return none;
  }
  switch (token.kind) {
    case Token::Kind::integer: return add(Expression::Kind::integer, token);
    case Token::Kind::real: return add(Expression::Kind::real, token);
    case Token::Kind::text: return add(Expression::Kind::text, token);
    case Token::Kind::open_parenthesis: return range(lexer, token, depth);
    case Token::Kind::identifier:
    case Token::Kind::open_bracket: return path(lexer, token, depth);
    default:
      fail(token.at, token.length,
           fmt::format("expected a value, got {}; {}", shown(token), value_instead_of(token)));
      return none;
  }
}

Index Parser::range(TokenLexer& lexer, const Token& first, std::size_t depth) {
  const Index low = expression(lexer, depth + 1);
  if (!lexer.take_if(Token::Kind::dots)) {
    fail(lexer.peek().at, lexer.peek().length,
         "a range is written (1..5); Liquid has no other parentheses");
    return none;
  }
  const Index high = expression(lexer, depth + 1);
  if (!lexer.take_if(Token::Kind::close_parenthesis)) {
    fail(first.at, first.length, "the range is never closed; write `)`");
    return none;
  }
  const Index made = add(Expression::Kind::range, first);
  tree_.expressions[made].part = {low, high};
  return made;
}

bool Parser::segment(TokenLexer& lexer, std::vector<Segment>& segments, std::size_t depth) {
  Segment made;
  if (lexer.peek().kind == Token::Kind::dot) {
    lexer.take();
    const Token name = lexer.take();
    if (name.kind != Token::Kind::identifier) {
      fail(name.at, name.length,
           fmt::format("expected a name behind the dot, got {}", shown(name)));
      return false;
    }
    made.name = name.text;
  } else {
    lexer.take();
    made.bracketed = true;
    made.expression = expression(lexer, depth + 1);
    if (made.expression == none) return false;
    if (!lexer.take_if(Token::Kind::close_bracket)) {
      fail(lexer.peek().at, lexer.peek().length, "the bracket is never closed; write `]`");
      return false;
    }
  }
  segments.push_back(made);
  return true;
}

Index Parser::path(TokenLexer& lexer, const Token& first, std::size_t depth) {
  std::vector<Segment> segments;
  Token whole = first;
  if (first.kind == Token::Kind::identifier) {
    const bool alone =
        lexer.peek().kind != Token::Kind::dot && lexer.peek().kind != Token::Kind::open_bracket;
    if (alone) {
      static constexpr std::pair<std::string_view, Expression::Kind> words[] = {
          {"nil", Expression::Kind::nil},     {"null", Expression::Kind::nil},
          {"true", Expression::Kind::yes},    {"false", Expression::Kind::no},
          {"empty", Expression::Kind::empty}, {"blank", Expression::Kind::blank}};
      for (const auto& [word, kind] : words) {
        if (first.text == word) return add(kind, first);
      }
    }
    segments.push_back({first.text, none, false});
  } else {
    Segment root;
    root.bracketed = true;
    root.expression = expression(lexer, depth + 1);
    if (root.expression == none) return none;
    if (!lexer.take_if(Token::Kind::close_bracket)) {
      fail(lexer.peek().at, lexer.peek().length, "the bracket is never closed; write `]`");
      return none;
    }
    segments.push_back(root);
  }
  while (lexer.peek().kind == Token::Kind::dot || lexer.peek().kind == Token::Kind::open_bracket) {
    if (!segment(lexer, segments, depth)) return none;
  }
  const std::string_view text = source_.text;
  whole.length = strip_right(text.substr(first.at, lexer.peek().at - first.at)).size();
  const Index made = add(Expression::Kind::path, whole);
  tree_.expressions[made].part = {static_cast<Index>(tree_.segments.size()),
                                  static_cast<Index>(segments.size())};
  tree_.segments.insert(tree_.segments.end(), segments.begin(), segments.end());
  return made;
}

Index Parser::pipeline(TokenLexer& lexer) {
  Pipeline made;
  made.expression = expression(lexer);
  std::vector<Call> calls;
  while (made.expression != none && lexer.take_if(Token::Kind::pipe)) call(lexer, calls);
  made.first = static_cast<Index>(tree_.calls.size());
  made.count = static_cast<Index>(calls.size());
  tree_.calls.insert(tree_.calls.end(), calls.begin(), calls.end());
  tree_.pipelines.push_back(made);
  return static_cast<Index>(tree_.pipelines.size() - 1);
}

void Parser::call(TokenLexer& lexer, std::vector<Call>& calls) {
  const Token name = lexer.take();
  if (name.kind != Token::Kind::identifier) {
    return fail(name.at, name.length,
                fmt::format("expected the name of a filter behind `|`, got {}{}", shown(name),
                            name.kind == Token::Kind::pipe ? "; for a choice, write `or`" : ""));
  }
  Call made;
  made.at = static_cast<std::uint32_t>(name.at);
  made.length = static_cast<std::uint32_t>(name.length);
  made.filter = find_filter(name.text, mode_ == Mode::mail);
  if (made.filter == nullptr) {
    std::string message = fmt::format("unknown filter `{}`", name.text);
    if (const auto near = nearest(name.text, filter_names(mode_ == Mode::mail)))
      message += fmt::format("; did you mean `{}`?", *near);
    fail(name.at, name.length, std::move(message), FaultKind::unknown_filter);
  }
  std::vector<Argument> arguments;
  std::size_t positional = 0;
  if (lexer.take_if(Token::Kind::colon)) {
    do {
      Argument argument;
      const Token word = lexer.peek();
      argument.expression = expression(lexer);
      if (word.kind == Token::Kind::identifier && lexer.take_if(Token::Kind::colon)) {
        argument.name = word.text;
        argument.expression = expression(lexer);
        if (made.filter != nullptr && !names_argument(made.filter->named, word.text)) {
          fail(word.at, word.length,
               fmt::format("`{}` has no argument `{}`", name.text, word.text));
        }
      } else {
        ++positional;
      }
      if (argument.expression == none) return;
      arguments.push_back(argument);
    } while (lexer.take_if(Token::Kind::comma));
  }
  if (arguments.size() > max_arguments) fail(name.at, name.length, "too many arguments");
  if (made.filter != nullptr &&
      (positional < made.filter->at_least || positional > made.filter->at_most)) {
    const int low = made.filter->at_least;
    const int high = made.filter->at_most;
    const std::string wanted = low == high
                                   ? counted(low, "argument")
                                   : fmt::format("{} to {}", low, counted(high, "argument"));
    fail(name.at, name.length,
         fmt::format("`{}` takes {}, got {}", name.text, high == 0 ? "no argument" : wanted,
                     positional));
  }
  std::stable_partition(arguments.begin(), arguments.end(),
                        [](const Argument& argument) { return argument.name.empty(); });
  made.first = static_cast<Index>(tree_.arguments.size());
  made.count = static_cast<Index>(arguments.size());
  tree_.arguments.insert(tree_.arguments.end(), arguments.begin(), arguments.end());
  calls.push_back(made);
}

Index Parser::condition(TokenLexer& lexer) {
  using Kind = Token::Kind;
  static constexpr std::pair<Kind, Test::Operator> operators[] = {
      {Kind::equal, Test::Operator::equal},
      {Kind::not_equal, Test::Operator::not_equal},
      {Kind::less, Test::Operator::less},
      {Kind::less_equal, Test::Operator::less_equal},
      {Kind::greater, Test::Operator::greater},
      {Kind::greater_equal, Test::Operator::greater_equal}};
  Condition made;
  made.first = static_cast<Index>(tree_.tests.size());
  for (bool more = true; more;) {
    Test test;
    test.left = expression(lexer);
    if (test.left == none) return none;
    for (const auto& [kind, op] : operators) {
      if (lexer.peek().kind == kind) test.op = op;
    }
    if (test.op != Test::Operator::truth)
      lexer.take();
    else if (lexer.take_word("contains"))
      test.op = Test::Operator::contains;
    else if (lexer.peek().kind == Kind::assign)
      fail(lexer.peek().at, 1, "a comparison is written `==`");
    if (test.op != Test::Operator::truth) {
      test.right = expression(lexer);
      if (test.right == none) return none;
    }
    if (lexer.take_word("and"))
      test.joint = Test::Joint::and_;
    else if (lexer.take_word("or"))
      test.joint = Test::Joint::or_;
    more = test.joint != Test::Joint::last;
    tree_.tests.push_back(test);
  }
  tree_.conditions.push_back(made);
  return static_cast<Index>(tree_.conditions.size() - 1);
}

}  // namespace retaind::render
