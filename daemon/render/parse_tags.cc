#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "render/parser.h"

namespace retaind::render {
namespace {

constexpr std::array<std::string_view, 27> tag_names = {
    "assign", "capture",   "if",        "unless", "case",    "for",      "tablerow",
    "cycle",  "increment", "decrement", "raw",    "comment", "render",   "include",
    "liquid", "echo",      "ifchanged", "doc",    "break",   "continue", "else",
    "elsif",  "when",      "endif",     "endfor", "endcase", "endunless"};

// What other template languages, and shops' pages, call it.
constexpr std::pair<std::string_view, std::string_view> foreign_tags[] = {
    {"set", "{% assign name = value %}"},
    {"let", "{% assign name = value %}"},
    {"foreach", "{% for item in items %}"},
    {"switch", "{% case value %}"},
    {"section", "{% render 'name' %}"},
    {"partial", "{% render 'name' %}"},
    {"import", "{% render 'name' %}"},
    {"extends", "a line `layout: name` in the front matter"},
    {"block", "{{ content }} in the layout"}};

}  // namespace

void Parser::unknown_tag(const Tag& tag) {
  if (tag.name.empty()) return fail(tag, "a tag begins with its name, as in {% if customer %}");
  if (tag.name == "raw" || tag.name == "doc") {
    return fail(
        tag, fmt::format("`{}` does not work inside the liquid tag; write it as a tag of its own",
                         tag.name));
  }
  std::string message = fmt::format("unknown tag `{}`", tag.name);
  const auto* const foreign = std::find_if(std::begin(foreign_tags), std::end(foreign_tags),
                                           [&](const auto& one) { return one.first == tag.name; });
  if (foreign != std::end(foreign_tags))
    message += fmt::format("; in Liquid it is {}", foreign->second);
  else if (const auto near = nearest(tag.name, tag_names))
    message += fmt::format("; did you mean `{}`?", *near);
  else
    message +=
        "; to show it as it stands, write {% raw %} in front of it and {% endraw %} behind it";
  fail(tag, std::move(message));
}

bool Parser::simple_tag(const Tag& tag) {
  TokenLexer lexer(source_.text, tag.markup);
  if (tag.name == "assign") {
    assign(tag);
    return true;
  }
  if (tag.name == "echo") {
    not_blank();
    if (lexer.peek().kind != Token::Kind::end) node(Node::Kind::output, tag.at, pipeline(lexer));
  } else if (tag.name == "increment" || tag.name == "decrement") {
    not_blank();
    const Index name = variable_name(lexer, tag);
    node(Node::Kind::counter, tag.at, name, tag.name == "decrement" ? 1 : 0);
  } else if (tag.name == "break" || tag.name == "continue") {
    not_blank();
    node(Node::Kind::leave, tag.at, tag.name == "break" ? 0 : 1);
  } else if (tag.name == "cycle") {
    cycle(tag);
    return true;
  } else if (tag.name == "render" || tag.name == "include") {
    partial(tag, tag.name == "render");
    return true;
  } else {
    return false;
  }
  expect_end(lexer);
  return true;
}

bool Parser::block_tag(const Tag& tag) {
  TokenLexer lexer(source_.text, tag.markup);
  if (tag.name == "if" || tag.name == "unless") {
    open(tag.name, node(Node::Kind::choice, tag.at), none, tag);
    branch(tag, tag.name == "unless");
    return true;
  }
  if (tag.name == "for" || tag.name == "tablerow") {
    loop(tag, tag.name == "tablerow");
    return true;
  }
  if (tag.name == "case") {
    const Index value = expression(lexer);
    open(tag.name, node(Node::Kind::match, tag.at, value), none, tag);
    blocks_.back().ignores = true;
    blocks_.back().ignored_from = tree_.nodes.size();
  } else if (tag.name == "capture") {
    Index name = none;
    if (lexer.peek().kind == Token::Kind::text) {
      tree_.names.push_back(lexer.take().text);
      name = static_cast<Index>(tree_.names.size() - 1);
    } else {
      name = variable_name(lexer, tag);
    }
    open(tag.name, node(Node::Kind::capture, tag.at, name), none, tag);
  } else if (tag.name == "ifchanged") {
    open(tag.name, node(Node::Kind::if_changed, tag.at), none, tag);
  } else {
    return false;
  }
  expect_end(lexer);
  return true;
}

void Parser::branch(const Tag& tag, bool negated) {
  TokenLexer lexer(source_.text, tag.markup);
  const Index test = condition(lexer);
  expect_end(lexer);
  blocks_.back().part = node(Node::Kind::branch, tag.at, test, negated ? 1 : 0);
}

void Parser::when(const Tag& tag) {
  TokenLexer lexer(source_.text, tag.markup);
  std::vector<Index> values;
  do {
    values.push_back(expression(lexer));
  } while (lexer.take_if(Token::Kind::comma) || lexer.take_word("or"));
  expect_end(lexer);
  const auto first = static_cast<Index>(tree_.lists.size());
  tree_.lists.insert(tree_.lists.end(), values.begin(), values.end());
  blocks_.back().part = node(Node::Kind::when, tag.at, first, static_cast<Index>(values.size()));
}

Index Parser::variable_name(TokenLexer& lexer, const Tag& tag) {
  const Token token = lexer.take();
  if (token.kind != Token::Kind::identifier || token.text.back() == '?') {
    fail(token.at, token.length,
         fmt::format("`{}` wants the name of a variable: letters, digits, _ and -", tag.name));
  }
  tree_.names.push_back(token.text);
  return static_cast<Index>(tree_.names.size() - 1);
}

void Parser::assign(const Tag& tag) {
  TokenLexer lexer(source_.text, tag.markup);
  const Index name = variable_name(lexer, tag);
  if (!lexer.take_if(Token::Kind::assign)) {
    return fail(lexer.peek().at, lexer.peek().length,
                "`assign` wants `=`, as in {% assign total = order.total %}");
  }
  const Index value = pipeline(lexer);
  expect_end(lexer);
  node(Node::Kind::assign, tag.at, name, value);
}

void Parser::loop(const Tag& tag, bool table) {
  TokenLexer lexer(source_.text, tag.markup);
  Loop made;
  made.table = table;
  const Index name = variable_name(lexer, tag);
  made.variable = tree_.names[name];
  tree_.names.pop_back();
  if (!lexer.take_word("in")) {
    fail(lexer.peek().at, lexer.peek().length,
         fmt::format("`{0}` wants `in`, as in {{% {0} item in order.items %}}", tag.name));
  } else {
    const std::size_t begin = lexer.peek().at;
    made.collection = expression(lexer);
    const std::string_view whole = source_.text;
    const std::string_view collection = strip_right(whole.substr(begin, lexer.peek().at - begin));
    tree_.loop_names.push_back(fmt::format("{}-{}", made.variable, collection));
    made.name = static_cast<Index>(tree_.loop_names.size() - 1);
    loop_options(lexer, made);
    expect_end(lexer);
  }
  tree_.loops.push_back(made);
  const Index opened = node(Node::Kind::loop, tag.at, static_cast<Index>(tree_.loops.size() - 1));
  const Index body = node(Node::Kind::body, tag.at);
  open(tag.name, opened, body, tag);
}

void Parser::loop_options(TokenLexer& lexer, Loop& loop) {
  while (lexer.peek().kind == Token::Kind::identifier || lexer.peek().kind == Token::Kind::comma) {
    if (lexer.take_if(Token::Kind::comma)) continue;
    const Token word = lexer.take();
    if (word.text == "reversed" && !loop.table) {
      loop.reversed = true;
      continue;
    }
    Index* const option = word.text == "limit"                ? &loop.limit
                          : word.text == "offset"             ? &loop.offset
                          : word.text == "cols" && loop.table ? &loop.columns
                                                              : nullptr;
    if (option == nullptr) {
      return fail(word.at, word.length,
                  fmt::format("unknown option `{}`; there are limit:, offset: and {}", word.text,
                              loop.table ? "cols:" : "reversed"));
    }
    if (!lexer.take_if(Token::Kind::colon))
      return fail(word.at, word.length,
                  fmt::format("`{0}` wants a colon and a value, as in {0}: 3", word.text));
    if (option == &loop.offset && lexer.take_word("continue")) {
      loop.goes_on = true;
    } else {
      *option = expression(lexer);
    }
  }
}

// Unnamed cycles of the same constants share their place, however they are written; one with a
// variable has its own.
std::string Parser::cycle_key(const std::vector<Index>& values, const Tag& tag) const {
  std::string key;
  for (const Index value : values) {
    if (value == none) break;
    const Expression& one = tree_.expressions[value];
    if (one.kind == Expression::Kind::path || one.kind == Expression::Kind::range)
      return fmt::format("@{}", tag.at);
    key += fmt::format("{},", std::string_view(source_.text).substr(one.at, one.length));
  }
  return key;
}

void Parser::cycle(const Tag& tag) {
  not_blank();
  TokenLexer lexer(source_.text, tag.markup);
  Cycle made;
  std::vector<Index> values{expression(lexer)};
  if (lexer.take_if(Token::Kind::colon)) {
    made.name = values.front();
    values.clear();
    if (lexer.peek().kind != Token::Kind::end) values.push_back(expression(lexer));
  }
  while (lexer.take_if(Token::Kind::comma) && lexer.peek().kind != Token::Kind::end)
    values.push_back(expression(lexer));
  expect_end(lexer);
  if (made.name == none) made.key = cycle_key(values, tag);
  made.first = static_cast<Index>(tree_.lists.size());
  made.count = static_cast<Index>(values.size());
  tree_.lists.insert(tree_.lists.end(), values.begin(), values.end());
  tree_.cycles.push_back(std::move(made));
  node(Node::Kind::cycle, tag.at, static_cast<Index>(tree_.cycles.size() - 1));
}

bool Parser::named_argument(TokenLexer& lexer, Argument& argument) {
  const Token name = lexer.take();
  if (name.kind != Token::Kind::identifier || !lexer.take_if(Token::Kind::colon)) {
    fail(name.at, name.length, "expected `name: value`");
    return false;
  }
  argument.name = name.text;
  argument.expression = expression(lexer);
  return argument.expression != none;
}

void Parser::partial(const Tag& tag, bool isolated) {
  not_blank();
  TokenLexer lexer(source_.text, tag.markup);
  Partial made;
  made.isolated = isolated;
  if (isolated && lexer.peek().kind != Token::Kind::text) {
    return fail(lexer.peek().at, lexer.peek().length,
                "`render` wants the quoted name of a partial, as in {% render 'footer' %}");
  }
  made.name = expression(lexer);
  std::vector<Argument> arguments;
  while (lexer.peek().kind != Token::Kind::end) {
    if (lexer.take_if(Token::Kind::comma)) continue;
    if (made.bound == none && (lexer.peek().text == "with" || lexer.peek().text == "for")) {
      made.repeats = lexer.take().text == "for";
      made.bound = expression(lexer);
      continue;
    }
    if (made.bound != none && lexer.take_word("as")) {
      made.alias = lexer.take().text;
      continue;
    }
    Argument argument;
    if (!named_argument(lexer, argument)) return;
    arguments.push_back(argument);
  }
  made.first = static_cast<Index>(tree_.arguments.size());
  made.count = static_cast<Index>(arguments.size());
  tree_.arguments.insert(tree_.arguments.end(), arguments.begin(), arguments.end());
  tree_.partials.push_back(made);
  node(Node::Kind::partial, tag.at, static_cast<Index>(tree_.partials.size() - 1));
}

void Parser::inline_comment(const Tag& tag) {
  std::string_view rest = tag.markup;
  for (std::size_t newline = rest.find('\n'); newline != std::string_view::npos;
       newline = rest.find('\n')) {
    rest.remove_prefix(newline + 1);
    const std::string_view line = strip_left(rest);
    if (!line.empty() && line.front() != '#')
      return fail(tag, "every line of an inline comment begins with #");
  }
}

}  // namespace retaind::render
