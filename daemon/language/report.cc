#include "language/report.h"

#include <algorithm>

#include "base/text.h"

namespace retaind::language {

void Report::error(Code code, Range at, std::string message, std::string remedy) {
  ++errors_;
  if (errors_ > most_errors) return;
  out_->push_back(
      {Severity::error, name_of(code), where(at), std::move(message), std::move(remedy)});
}

void Report::warning(Code code, Range at, std::string message, std::string remedy) {
  out_->push_back(
      {Severity::warning, name_of(code), where(at), std::move(message), std::move(remedy)});
}

std::size_t Report::line_of(std::size_t offset) const {
  return line_and_column(*source_, offset).first;
}

std::string alternatives(std::span<const std::string_view> names, std::size_t most) {
  const std::size_t shown = std::min(names.size(), most);
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += i + 1 == shown && shown == names.size() ? " or " : ", ";
    text += '`';
    text += names[i];
    text += '`';
  }
  if (shown < names.size()) text += ", …";
  return text;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> names,
                       std::size_t most) {
  if (const auto near = nearest(word, names)) return "did you mean `" + std::string(*near) + "`?";
  if (names.empty()) return "there is none yet";
  if (names.size() == 1) return "write `" + std::string(names[0]) + "`";
  return "write one of " + alternatives(names, most);
}

}  // namespace retaind::language
