#include "language/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace retaind::language {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

constexpr std::array<std::string_view, 13> symbols{"!=", "<=", ">=", "=", "<", ">", "(",
                                                   ")",  "[",  "]",  ",", "%", "."};

/// What people write who know another language, and what it is here.
struct Foreign {
  std::string_view text;
  std::string_view here;
};
constexpr std::array<Foreign, 14> foreign_symbols{{
    {"===", "="},
    {"!==", "!="},
    {"==", "="},
    {"<>", "!="},
    {"=>", ">="},
    {"=<", "<="},
    {"&&", "and"},
    {"||", "or"},
    {"≥", ">="},
    {"≤", "<="},
    {"≠", "!="},
    {"€", "500 EUR"},
    {"$", "500 USD"},
    {"¥", "5000 JPY"},
}};
constexpr std::array<std::string_view, 7> foreign_quotes{"\"", "“", "”", "„", "‘", "’", "「"};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Tokens run() {
    while (!result_.fault) {
      while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r'))
        ++at_;
      if (at_ >= text_.size()) break;
      step();
    }
    result_.tokens.push_back({Token::Kind::end, {}, {}, {text_.size(), text_.size()}});
    return std::move(result_);
  }

 private:
  void step() {
    const char c = text_[at_];
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (is_digit(c) || (c == '-' && is_digit(next))) return number_or_date();
    if (is_letter(c)) return word();
    if (c == '\'') return quoted();
    if (foreign()) return;
    for (const auto symbol : symbols) {
      if (!rest().starts_with(symbol)) continue;
      return push(Token::Kind::symbol, at_ + symbol.size());
    }
    std::size_t end = at_;
    next_code_point(text_, end);
    fail(end, fmt::format("`{}` means nothing in a condition", text_.substr(at_, end - at_)),
         c == '!' ? "write `not`, or `!=` for unequal" : "put text into single quotes: 'text'");
  }

  bool foreign() {
    for (const auto& row : foreign_symbols) {
      if (!rest().starts_with(row.text)) continue;
      fail(at_ + row.text.size(), fmt::format("`{}` means nothing in a condition", row.text),
           fmt::format("write `{}`", row.here));
      return true;
    }
    for (const auto quote : foreign_quotes) {
      if (!rest().starts_with(quote)) continue;
      fail(at_ + quote.size(), "text stands in single quotes", "write 'text'");
      return true;
    }
    return false;
  }

  void number_or_date() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && (is_digit(text_[end]) || (text_[end] == '.' && digit_at(end + 1))))
      ++end;
    if (end < text_.size() && text_[end] == '-' && digit_at(end + 1)) return date();
    if (end < text_.size() && text_[end] == ',' && digit_at(end + 1) && in_brackets_ == 0)
      return fail(end + 1, fmt::format("`{}` stands in a number", text_[end]),
                  "write 1000 for a thousand and 1.5 for one and a half");
    if (end < text_.size() && is_letter(text_[end]))
      return fail(end + 1,
                  fmt::format("a space is missing behind `{}`", text_.substr(at_, end - at_)),
                  fmt::format("write a number and its unit apart, such as `{} days`",
                              text_.substr(at_, end - at_)));
    if (std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                   text_.begin() + static_cast<std::ptrdiff_t>(end), '.') > 1)
      return fail(end, fmt::format("`{}` is no number", text_.substr(at_, end - at_)),
                  "write a date as `2026-03-01` and a number as `1.5`");
    push(Token::Kind::number, end);
  }

  void date() {
    std::size_t end = at_;
    while (end < text_.size() && (is_digit(text_[end]) || text_[end] == '-')) ++end;
    if (parse_date(text_.substr(at_, end - at_))) return push(Token::Kind::date, end);
    fail(end, fmt::format("`{}` is no date", text_.substr(at_, end - at_)),
         "write year, month and day as `2026-03-01`", Code::bad_time);
  }

  void word() {
    std::size_t end = end_of_word(at_);
    if (end + 1 < text_.size() && text_[end] == '.' && is_letter(text_[end + 1]))
      return field(end_of_word(end + 1));
    push(Token::Kind::word, end);
  }

  void field(std::size_t end) {
    if (end + 1 < text_.size() && text_[end] == '.' && is_letter(text_[end + 1])) {
      const std::size_t last = end_of_word(end + 1);
      const std::string_view before = text_.substr(at_, end - at_);
      const std::size_t dot = before.find('.');
      // As templates call them.
      if (before.substr(dot + 1) == "attributes")
        return fail(last, "conditions read an attribute as a field of your own",
                    fmt::format("declare `{0}` in vocabulary.yaml under `fields:`, and write `{0}`",
                                std::string(before.substr(0, dot)) +
                                    std::string(text_.substr(end, last - end))));
      return fail(last, "a field has a subject, one dot and a name",
                  fmt::format("write `{}`", before));
    }
    push(Token::Kind::field, end);
  }

  [[nodiscard]] std::size_t end_of_word(std::size_t from) const {
    std::size_t end = from;
    while (end < text_.size() &&
           (is_letter(text_[end]) || is_digit(text_[end]) ||
            (text_[end] == '-' && end + 1 < text_.size() && is_letter(text_[end + 1]))))
      ++end;
    return end;
  }

  void quoted() {
    std::string value;
    for (std::size_t at = at_ + 1; at < text_.size(); ++at) {
      if (text_[at] != '\'') {
        value += text_[at];
      } else if (at + 1 < text_.size() && text_[at + 1] == '\'') {
        value += text_[at++];
      } else {
        push(Token::Kind::text, at + 1);
        result_.tokens.back().value = std::move(value);
        return;
      }
    }
    fail(at_ + 1, "this text is never closed", "close it with ' (and write '' for one inside)");
  }

  [[nodiscard]] bool digit_at(std::size_t at) const {
    return at < text_.size() && is_digit(text_[at]);
  }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

  void push(Token::Kind kind, std::size_t end) {
    const std::string_view text = text_.substr(at_, end - at_);
    if (text == "[") ++in_brackets_;
    if (text == "]") --in_brackets_;
    result_.tokens.push_back({kind, text, {}, {at_, end}});
    at_ = end;
  }

  void fail(std::size_t end, std::string message, std::string remedy,
            Code code = Code::bad_expression) {
    result_.fault = Fault{code, std::move(message), std::move(remedy)};
    result_.fault_at = {at_, end};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int in_brackets_ = 0;
  Tokens result_;
};

}  // namespace

Tokens tokenize(std::string_view text) { return Lexer(text).run(); }

}  // namespace retaind::language
