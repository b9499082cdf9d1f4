#include "render/lexer.h"

#include <algorithm>

namespace retaind::render {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

}  // namespace

std::string_view strip_left(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size() && is_space(text[i])) ++i;
  return text.substr(i);
}

std::string_view strip_right(std::string_view text) {
  std::size_t n = text.size();
  while (n > 0 && is_space(text[n - 1])) --n;
  return text.substr(0, n);
}

std::string_view strip(std::string_view text) { return strip_right(strip_left(text)); }

std::size_t identifier_length(std::string_view text) {
  if (text.empty() || !is_letter(text[0])) return 0;
  std::size_t n = 1;
  while (n < text.size() && (is_letter(text[n]) || is_digit(text[n]) || text[n] == '-')) ++n;
  if (n < text.size() && text[n] == '?') ++n;
  return n;
}

Piece PieceLexer::next() {
  Piece piece;
  piece.at = at_;
  piece.end = at_;
  if (at_ >= source_.size()) return piece;
  if (source_[at_] == '{' && at_ + 1 < source_.size()) {
    if (source_[at_ + 1] == '{') return delimited(Piece::Kind::output, "}}");
    if (source_[at_ + 1] == '%') return delimited(Piece::Kind::tag, "%}");
  }
  std::size_t i = at_ + 1;
  for (;; ++i) {
    i = source_.find('{', i);
    if (i == std::string_view::npos) break;
    if (i + 1 < source_.size() && (source_[i + 1] == '{' || source_[i + 1] == '%')) break;
  }
  piece.kind = Piece::Kind::text;
  piece.end = std::min(i, source_.size());
  piece.body = source_.substr(at_, piece.end - at_);
  at_ = piece.end;
  return piece;
}

Piece PieceLexer::next_tag() {
  at_ = std::min(source_.find("{%", at_), source_.size());
  return next();
}

Piece PieceLexer::delimited(Piece::Kind kind, std::string_view close) {
  Piece piece;
  piece.kind = kind;
  piece.at = at_;
  const std::size_t stop = source_.find(close, at_ + 2);
  if (stop == std::string_view::npos) {
    piece.kind = Piece::Kind::unclosed;
    piece.body = source_.substr(at_);
    at_ = piece.end = source_.size();
    return piece;
  }
  std::string_view body = source_.substr(at_ + 2, stop - at_ - 2);
  if (!body.empty() && body.front() == '-') {
    piece.trims_before = true;
    body.remove_prefix(1);
  }
  if (!body.empty() && body.back() == '-') {
    piece.trims_after = true;
    body.remove_suffix(1);
  }
  piece.body = body;
  at_ = piece.end = stop + 2;
  return piece;
}

bool PieceLexer::until(std::string_view end_tag, std::string_view& body, Piece& closing) {
  const std::size_t begin = at_;
  for (std::size_t i = at_;;) {
    i = source_.find("{%", i);
    if (i == std::string_view::npos) return false;
    std::size_t word = i + 2;
    if (word < source_.size() && source_[word] == '-') ++word;
    while (word < source_.size() && is_space(source_[word])) ++word;
    const std::string_view tail = source_.substr(word);
    if (identifier_length(tail) == end_tag.size() && tail.substr(0, end_tag.size()) == end_tag) {
      at_ = i;
      closing = next();
      if (closing.kind == Piece::Kind::tag) {
        body = source_.substr(begin, i - begin);
        return true;
      }
      return false;
    }
    i += 2;
  }
}

TokenLexer::TokenLexer(std::string_view source, std::string_view markup)
    : markup_(markup), base_(static_cast<std::size_t>(markup.data() - source.data())) {
  scan();
}

Token TokenLexer::take() {
  const Token token = token_;
  scan();
  return token;
}

bool TokenLexer::take_if(Token::Kind kind) {
  if (token_.kind != kind) return false;
  scan();
  return true;
}

bool TokenLexer::take_word(std::string_view word) {
  if (token_.kind != Token::Kind::identifier || token_.text != word) return false;
  scan();
  return true;
}

void TokenLexer::scan() {
  while (at_ < markup_.size() && is_space(markup_[at_])) ++at_;
  const std::size_t begin = at_;
  token_ = {};
  if (at_ < markup_.size()) {
    const char c = markup_[at_];
    if (const std::size_t n = identifier_length(markup_.substr(at_)); n > 0) {
      token_.kind = Token::Kind::identifier;
      at_ += n;
    } else if (is_digit(c) ||
               (c == '-' && at_ + 1 < markup_.size() && is_digit(markup_[at_ + 1]))) {
      scan_number();
    } else if (c == '\'' || c == '"') {
      const std::size_t close = markup_.find(c, at_ + 1);
      token_.kind = close == std::string_view::npos ? Token::Kind::unknown : Token::Kind::text;
      at_ = close == std::string_view::npos ? markup_.size() : close + 1;
    } else {
      scan_sign();
    }
  }
  token_.at = base_ + begin;
  token_.length = at_ - begin;
  token_.text = markup_.substr(begin, at_ - begin);
  if (token_.kind == Token::Kind::text) token_.text = token_.text.substr(1, token_.text.size() - 2);
}

void TokenLexer::scan_number() {
  token_.kind = Token::Kind::integer;
  ++at_;
  while (at_ < markup_.size() && is_digit(markup_[at_])) ++at_;
  // "1..5" is a range, not "1." and ".5".
  if (at_ + 1 < markup_.size() && markup_[at_] == '.' && is_digit(markup_[at_ + 1])) {
    token_.kind = Token::Kind::real;
    ++at_;
    while (at_ < markup_.size() && is_digit(markup_[at_])) ++at_;
  }
}

void TokenLexer::scan_sign() {
  const char c = markup_[at_++];
  const char after = at_ < markup_.size() ? markup_[at_] : '\0';
  const auto two = [&](char second, Token::Kind with, Token::Kind without) {
    if (after != second) return without;
    ++at_;
    return with;
  };
  switch (c) {
    case '.': token_.kind = two('.', Token::Kind::dots, Token::Kind::dot); break;
    case ',': token_.kind = Token::Kind::comma; break;
    case ':': token_.kind = Token::Kind::colon; break;
    case '|': token_.kind = Token::Kind::pipe; break;
    case '[': token_.kind = Token::Kind::open_bracket; break;
    case ']': token_.kind = Token::Kind::close_bracket; break;
    case '(': token_.kind = Token::Kind::open_parenthesis; break;
    case ')': token_.kind = Token::Kind::close_parenthesis; break;
    case '=': token_.kind = two('=', Token::Kind::equal, Token::Kind::assign); break;
    case '!': token_.kind = two('=', Token::Kind::not_equal, Token::Kind::unknown); break;
    case '>': token_.kind = two('=', Token::Kind::greater_equal, Token::Kind::greater); break;
    case '<':
      token_.kind = two('=', Token::Kind::less_equal, Token::Kind::less);
      if (token_.kind == Token::Kind::less && after == '>') {
        ++at_;
        token_.kind = Token::Kind::not_equal;
      }
      break;
    default:
      token_.kind = Token::Kind::unknown;
      while (at_ < markup_.size() && (static_cast<unsigned char>(markup_[at_]) & 0xC0U) == 0x80U)
        ++at_;  // all of a character
      break;
  }
}

}  // namespace retaind::render
