#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "render/parser.h"

namespace retaind::render {
namespace {

// After this many mistakes in one template the rest says nothing new.
constexpr std::size_t max_faults = 20;

bool is_blank(std::string_view text) { return strip_left(text).empty(); }

bool is_void(Node::Kind kind) { return kind == Node::Kind::text; }

}  // namespace

std::string too_deep(std::string_view remedy) {
  return fmt::format("blocks, partials and brackets are nested deeper than {} in each other; {}",
                     max_nesting, remedy);
}

Parser::Parser(const Source& source, Mode mode, Tree& tree, Faults& faults)
    : source_(source), mode_(mode), tree_(tree), faults_(faults), pieces_(source.text, 0, 0) {
  tree_.source = &source;
}

void Parser::fail(std::size_t at, std::size_t length, std::string message, FaultKind kind) {
  tree_.broken = true;
  if (gave_up_) return;
  faults_.push_back({&source_, at, std::max<std::size_t>(length, 1), std::move(message), kind});
  gave_up_ = ++fault_count_ == max_faults;
}

Index Parser::node(Node::Kind kind, std::size_t at, Index a, Index b) {
  Node made;
  made.kind = kind;
  made.at = static_cast<std::uint32_t>(at);
  made.a = a;
  made.b = b;
  made.next = static_cast<Index>(tree_.nodes.size() + 1);
  tree_.nodes.push_back(made);
  return made.next - 1;
}

void Parser::not_blank() {
  if (!blocks_.empty()) blocks_.back().blank = false;
}

void Parser::parse(std::size_t begin, std::size_t end) {
  pieces_ = PieceLexer(source_.text, begin, end);
  bool trim_next = false;
  Piece piece = pieces_.next();
  while (piece.kind != Piece::Kind::end) {
    Piece following;
    if (piece.kind == Piece::Kind::text) {
      following = pieces_.next();
      text(piece, trim_next, following.trims_before);
      trim_next = false;
      piece = following;
      continue;
    }
    trim_next = piece.trims_after;
    if (piece.kind == Piece::Kind::unclosed) {
      const bool is_tag = piece.body.substr(0, 2) == "{%";
      fail(piece.at, 2,
           is_tag ? "the tag is never closed; write %} at its end"
                  : "the output is never closed; write }} at its end");
    } else if (piece.kind == Piece::Kind::output) {
      faults_before_tag_ = fault_count_;
      TokenLexer lexer(source_.text, piece.body);
      if (lexer.peek().kind != Token::Kind::end) {
        const Index made = pipeline(lexer);
        node(Node::Kind::output, piece.at, made);
        expect_end(lexer);
      }
      not_blank();
    } else {
      tag(piece);
      // raw and comment end with a tag of their own, which may trim too.
      trim_next = closing_trims_.value_or(trim_next);
      closing_trims_.reset();
    }
    piece = pieces_.next();
  }
  while (!blocks_.empty()) {
    const Block& block = blocks_.back();
    fail(block.at, block.name.size(),
         fmt::format("`{0}` is never closed; write {{% end{0} %}}", block.name));
    end_part();
    finish(blocks_.back());
    blocks_.pop_back();
  }
}

void Parser::text(const Piece& piece, bool trim_left, bool trim_right) {
  std::string_view body = piece.body;
  if (trim_left) body = strip_left(body);
  if (trim_right) body = strip_right(body);
  if (body.empty()) return;
  if (!is_blank(body)) not_blank();
  const auto offset = static_cast<Index>(body.data() - source_.text.data());
  node(Node::Kind::text, offset, offset, static_cast<Index>(body.size()));
}

void Parser::tag(const Piece& piece) {
  const std::string_view body = strip_left(piece.body);
  Tag made;
  made.at =
      static_cast<std::size_t>((body.empty() ? piece.body : body).data() - source_.text.data());
  if (!body.empty() && body.front() == '#') {
    made.name = "#";
    made.markup = body.substr(1);
  } else {
    made.name = body.substr(0, identifier_length(body));
    made.markup = body.substr(made.name.size());
  }
  made.length = std::max<std::size_t>(made.name.size(), 1);
  if (raw_tag(made)) return;
  statement(made);
}

bool Parser::raw_tag(const Tag& tag) {
  std::string_view body;
  Piece closing;
  if (tag.name == "raw" || tag.name == "doc") {
    const std::string end = "end" + std::string(tag.name);
    if (!strip(tag.markup).empty())
      fail(tag, fmt::format("`{}` takes nothing; write {{% {} %}}", tag.name, tag.name));
    if (!pieces_.until(end, body, closing)) {
      fail(tag, fmt::format("`{0}` is never closed; write {{% end{0} %}}", tag.name));
      skip_rest();
      return true;
    }
    if (tag.name == "raw" && !body.empty()) {
      const auto offset = static_cast<Index>(body.data() - source_.text.data());
      node(Node::Kind::text, offset, offset, static_cast<Index>(body.size()));
      not_blank();
    }
    closing_trims_ = closing.trims_after;
    return true;
  }
  if (tag.name != "comment") return false;
  if (!skip_comment(closing)) {
    fail(tag, "`comment` is never closed; write {% endcomment %}");
    skip_rest();
  }
  closing_trims_ = closing.trims_after;
  return true;
}

bool Parser::skip_comment(Piece& closing) {
  std::string_view body;
  for (std::size_t depth = 1; depth > 0;) {
    closing = pieces_.next_tag();
    if (closing.kind != Piece::Kind::tag) return false;
    const std::string_view inside = strip_left(closing.body);
    const std::string_view name = inside.substr(0, identifier_length(inside));
    if (name == "comment") ++depth;
    if (name == "endcomment") --depth;
    if (name == "raw" && !pieces_.until("endraw", body, closing)) return false;
  }
  return true;
}

void Parser::skip_rest() {
  while (pieces_.next().kind != Piece::Kind::end) {
  }
}

void Parser::statement(const Tag& tag) {
  if (gave_up_) return;
  faults_before_tag_ = fault_count_;
  if (tag.name == "#") return inline_comment(tag);
  if (tag.name == "liquid") return lines(tag);
  if (part(tag) || close(tag) || block_tag(tag)) return;
  if (simple_tag(tag)) return;
  unknown_tag(tag);
}

void Parser::lines(const Tag& tag) {
  const std::size_t depth = blocks_.size();
  const std::size_t outer_floor = std::exchange(floor_, depth);
  std::size_t comments = 0;
  for (std::string_view rest = tag.markup; !rest.empty();) {
    const std::size_t newline = std::min(rest.find('\n'), rest.size());
    const std::string_view line = strip(rest.substr(0, newline));
    rest.remove_prefix(std::min(newline + 1, rest.size()));
    if (line.empty()) continue;
    Tag inner;
    inner.at = static_cast<std::size_t>(line.data() - source_.text.data());
    inner.name = line.front() == '#' ? line.substr(0, 1) : line.substr(0, identifier_length(line));
    inner.markup = line.substr(inner.name.size());
    inner.length = std::max<std::size_t>(inner.name.size(), 1);
    if (inner.name == "comment") ++comments;
    if (comments > 0) {
      if (inner.name == "endcomment") --comments;
      continue;
    }
    if (!fits(0)) {
      fail(inner, too_deep("write the inner ones side by side"));
      gave_up_ = true;
      continue;
    }
    ++line_depth_;
    statement(inner);
    --line_depth_;
  }
  if (comments > 0)
    fail(tag,
         "`comment` is never closed inside the liquid tag; write endcomment on a line of its own");
  while (blocks_.size() > depth) {
    const Block& block = blocks_.back();
    fail(block.at, block.name.size(),
         fmt::format("`{0}` is never closed inside the liquid tag; write end{0}", block.name));
    end_part();
    finish(blocks_.back());
    blocks_.pop_back();
  }
  floor_ = outer_floor;
}

void Parser::open(std::string_view name, Index made, Index first_part, const Tag& tag) {
  if (!fits(0)) {
    fail(tag, too_deep("write the inner ones side by side"));
    gave_up_ = true;
    skip_rest();
  }
  Block block;
  block.name = name;
  block.node = made;
  block.part = first_part;
  block.at = tag.at;
  blocks_.push_back(block);
}

void Parser::end_part() {
  Block& block = blocks_.back();
  if (block.ignores) {
    tree_.nodes.resize(block.ignored_from);
    block.ignores = false;
  } else if (block.part != none) {
    tree_.nodes[block.part].next = static_cast<Index>(tree_.nodes.size());
  }
  block.part = none;
}

void Parser::finish(Block& block) {
  const auto size = static_cast<Index>(tree_.nodes.size());
  Node& made = tree_.nodes[block.node];
  made.next = size;
  const bool keeps_space = made.kind == Node::Kind::capture ||
                           made.kind == Node::Kind::if_changed || block.name == "tablerow";
  if (!block.blank || keeps_space) return;
  // Liquid drops the white space of blocks that print nothing else: of their own text, as inner
  // blocks did theirs.
  const auto drop = [this](Index from, Index to) {
    for (Index i = from; i < to; i = tree_.nodes[i].next) {
      if (is_void(tree_.nodes[i].kind)) tree_.nodes[i].b = 0;
    }
  };
  for (Index i = block.node + 1; i < size; i = tree_.nodes[i].next)
    drop(i + 1, tree_.nodes[i].next);
}

bool Parser::close(const Tag& tag) {
  if (tag.name.substr(0, 3) != "end" || tag.name.size() == 3) return false;
  const std::string_view name = tag.name.substr(3);
  if (blocks_.size() == floor_) {
    fail(tag, fmt::format("`{}` closes nothing{}", tag.name,
                          blocks_.empty() ? "; remove it"
                                          : " that began in this liquid tag; write it as a tag"));
    return true;
  }
  if (blocks_.back().name != name) {
    const Place place = place_of(source_, blocks_.back().at);
    fail(tag, fmt::format("`{}` does not close `{}` of line {}; write {{% end{} %}} first",
                          tag.name, blocks_.back().name, place.line, blocks_.back().name));
    const auto same = [&](const Block& block) { return block.name == name; };
    // A stray end tag is ignored; one that matches further out closes what is between.
    const auto first = blocks_.begin() + static_cast<std::ptrdiff_t>(floor_);
    if (std::none_of(first, blocks_.end(), same)) return true;
  }
  for (bool done = false; !done;) {
    done = blocks_.back().name == name;
    end_part();
    finish(blocks_.back());
    const Block block = blocks_.back();
    blocks_.pop_back();
    if (!block.blank && block.name != "capture") not_blank();
  }
  return true;
}

bool Parser::part(const Tag& tag) {
  const bool is_else = tag.name == "else";
  if (!is_else && tag.name != "elsif" && tag.name != "when") return false;
  const std::string_view owner = blocks_.size() == floor_ ? "" : blocks_.back().name;
  const bool choice = owner == "if" || owner == "unless";
  const bool loops = owner == "for";
  const bool fits = is_else               ? choice || loops || owner == "case"
                    : tag.name == "elsif" ? choice
                                          : owner == "case";
  if (!fits) {
    fail(tag, fmt::format("`{}` belongs inside {}", tag.name,
                          is_else               ? "if, unless, case or for"
                          : tag.name == "elsif" ? "if or unless"
                                                : "case"));
    return true;
  }
  end_part();
  Block& block = blocks_.back();
  if (owner != "case" && block.has_else) {
    block.ignores = true;
    block.ignored_from = tree_.nodes.size();
  }
  if (is_else) block.has_else = true;
  if (is_else) {
    block.part = node(choice ? Node::Kind::branch : Node::Kind::otherwise, tag.at);
  } else if (tag.name == "elsif") {
    branch(tag, false);
  } else {
    when(tag);
  }
  return true;
}

std::size_t Tree::memory() const {
  const auto size = [](const auto& table) { return table.capacity() * sizeof(table[0]); };
  return size(nodes) + size(expressions) + size(segments) + size(arguments) + size(calls) +
         size(pipelines) + size(tests) + size(conditions) + size(loops) + size(cycles) +
         size(partials) + size(lists) + size(names);
}

}  // namespace retaind::render
