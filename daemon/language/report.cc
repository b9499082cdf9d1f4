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

void Report::note(Code code, Range at, std::string message, std::string remedy) {
  out_->push_back(
      {Severity::note, name_of(code), where(at), std::move(message), std::move(remedy)});
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

std::pair<std::string, std::string> split_remedy(const Error& error, std::string_view otherwise) {
  const std::size_t at = error.message.find("; ");
  if (at == std::string::npos) return {error.message, std::string(otherwise)};
  return {error.message.substr(0, at), error.message.substr(at + 2)};
}

void sort_by_place(std::vector<Diagnostic>& diagnostics, std::size_t from) {
  const auto path = [](const Diagnostic& diagnostic) {
    return diagnostic.where.source ? std::string_view(diagnostic.where.source->path)
                                   : std::string_view();
  };
  std::stable_sort(diagnostics.begin() + static_cast<std::ptrdiff_t>(from), diagnostics.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) {
                     return path(a) != path(b) ? path(a) < path(b) : a.where.begin < b.where.begin;
                   });
}

std::string suggestion(std::string_view word, std::span<const std::string_view> names,
                       std::size_t most) {
  if (const auto near = nearest(word, names)) return "did you mean `" + std::string(*near) + "`?";
  if (names.empty()) return "there is none yet";
  return (names.size() <= 3 ? "write " : "write one of ") + alternatives(names, most);
}

}  // namespace retaind::language
