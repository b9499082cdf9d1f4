#include "language/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/value.h"

namespace retaind::language {
namespace {

/// Columns of an excerpt; longer lines are cut around the caret.
constexpr std::size_t excerpt_width = 160;
constexpr std::size_t shown_before_caret = 60;

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::note: break;
  }
  return "note";
}

/// Whether a terminal would do something else with it than show it: controls, and the marks that
/// reorder a line (Unicode 15, 23.2), which can hide what a line really says.
bool is_unsafe(char32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x202a && point <= 0x202e) ||
         (point >= 0x2066 && point <= 0x2069);
}

/// The text as a terminal may show it. A tab becomes four spaces, so that the caret line below
/// needs none.
std::string shown(std::string_view raw) {
  const std::string text = to_valid_utf8(raw);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t point = next_code_point(text, at);
    if (point == U'\t') {
      out += "    ";
    } else {
      append_utf8(out, is_unsafe(point) ? char32_t{0xfffd} : point);
    }
  }
  return out;
}

struct Excerpt {
  std::size_t line = 1;    // from 1
  std::size_t column = 1;  // bytes, from 1
  std::string before;      // of the line, up to the caret
  std::string marked;
  std::string after;
};

std::string_view line_around(std::string_view text, std::size_t offset, std::size_t& start) {
  const std::size_t newline = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  start = newline == std::string_view::npos ? 0 : newline + 1;
  std::string_view line = text.substr(start, text.find('\n', start) - start);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// The last (or first) part of a text that fits into `width` columns.
std::string cut_left(const std::string& text, std::size_t width) {
  if (display_width(text) <= width) return text;
  std::size_t from = 0;
  while (display_width(std::string_view(text).substr(from)) + 1 > width)
    next_code_point(text, from);
  return "…" + text.substr(from);
}

std::string cut_right(const std::string& text, std::size_t width) {
  if (display_width(text) <= width) return text;
  std::size_t to = 0;
  for (std::size_t next = 0; to < text.size(); to = next) {
    next_code_point(text, next);
    if (display_width(std::string_view(text).substr(0, next)) + 1 > width) break;
  }
  return text.substr(0, to) + "…";
}

Excerpt excerpt_of(const Where& where) {
  const std::string_view text = where.source->text;
  const std::size_t begin = std::min(where.begin, text.size());
  Excerpt result;
  std::tie(result.line, result.column) = line_and_column(*where.source, begin);
  std::size_t start = 0;
  const std::string_view line = line_around(text, begin, start);
  const std::size_t from = std::min(begin - start, line.size());
  const std::size_t to =
      std::clamp(where.end < start ? from : where.end - start, from, line.size());
  // Megabytes without a line break are cut before they are decoded; a column is at least a byte
  // here, except for combining marks, which may then be missing at the far ends.
  const std::size_t lead = from > 4 * excerpt_width ? from - 4 * excerpt_width : 0;
  result.before = cut_left(shown(line.substr(lead, from - lead)), shown_before_caret);
  result.marked = cut_right(shown(line.substr(from, std::min(to - from, 4 * excerpt_width))),
                            excerpt_width - shown_before_caret);
  const std::size_t used = display_width(result.before) + display_width(result.marked);
  result.after = cut_right(shown(line.substr(to, 4 * excerpt_width)),
                           excerpt_width > used ? excerpt_width - used : 1);
  return result;
}

struct Paint {
  std::string_view label, frame, caret, strong, reset;
};

Paint paint_for(Severity severity, bool colour) {
  if (!colour) return {};
  const std::string_view main = severity == Severity::error     ? "\x1b[1;31m"
                                : severity == Severity::warning ? "\x1b[1;33m"
                                                                : "\x1b[1;36m";
  return {main, "\x1b[34m", main, "\x1b[1m", "\x1b[0m"};
}

std::string location(const Diagnostic& diagnostic) {
  const Where& where = diagnostic.where;
  if (!where.source) return "";
  if (where.source->text.empty()) return where.source->path;
  const auto [line, column] = line_and_column(*where.source, where.begin);
  return fmt::format("{}:{}:{}", where.source->path, line, column);
}

std::string to_github(const Diagnostic& diagnostic) {
  const auto escape = [](std::string_view text, bool property) {
    std::string out;
    for (const char c : text) {
      if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','))) {
        out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
      } else {
        out += c;
      }
    }
    return out;
  };
  std::string properties;
  if (const auto& source = diagnostic.where.source) {
    const auto [line, column] = line_and_column(*source, diagnostic.where.begin);
    properties = fmt::format("file={},line={},col={},", escape(source->path, true), line, column);
  }
  std::string text = diagnostic.message;
  if (!diagnostic.remedy.empty()) text += ": " + diagnostic.remedy;
  const std::string_view kind =
      diagnostic.severity == Severity::note ? "notice" : name_of(diagnostic.severity);
  return fmt::format("::{} {}title={}::{}\n", kind, properties, escape(diagnostic.code, true),
                     escape(to_valid_utf8(text), false));
}

}  // namespace

std::pair<std::size_t, std::size_t> line_and_column(const Source& source, std::size_t offset) {
  const std::string_view before =
      std::string_view(source.text).substr(0, std::min(offset, source.text.size()));
  const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const std::size_t newline = before.rfind('\n');
  return {line, newline == std::string_view::npos ? before.size() + 1 : before.size() - newline};
}

Value to_value(const Diagnostic& diagnostic) {
  Value value;
  value.set("severity", name_of(diagnostic.severity));
  value.set("code", diagnostic.code);
  if (const auto& source = diagnostic.where.source) {
    const auto [line, column] = line_and_column(*source, diagnostic.where.begin);
    const auto [end_line, end_column] =
        line_and_column(*source, std::max(diagnostic.where.begin, diagnostic.where.end));
    value.set("file", source->path);
    value.set("line", static_cast<std::int64_t>(line));
    value.set("column", static_cast<std::int64_t>(column));
    value.set("end_line", static_cast<std::int64_t>(end_line));
    value.set("end_column", static_cast<std::int64_t>(end_column));
  }
  value.set("message", diagnostic.message);
  value.set("remedy", diagnostic.remedy);
  return value;
}

std::string to_text(const Diagnostic& diagnostic, bool colour) {
  const Paint paint = paint_for(diagnostic.severity, colour);
  std::string out = fmt::format("{}{}[{}]{}: {}{}{}\n", paint.label, name_of(diagnostic.severity),
                                diagnostic.code, paint.reset, paint.strong,
                                shown(diagnostic.message), paint.reset);
  if (!diagnostic.where.source) {
    if (!diagnostic.remedy.empty()) out += fmt::format("  {}\n", shown(diagnostic.remedy));
    return out;
  }
  out += fmt::format("  {}-->{} {}\n", paint.frame, paint.reset, shown(location(diagnostic)));
  if (diagnostic.where.source->text.empty()) {
    if (!diagnostic.remedy.empty()) out += fmt::format("       {}\n", shown(diagnostic.remedy));
    return out;
  }
  const Excerpt excerpt = excerpt_of(diagnostic.where);
  const std::string number = fmt::format("{:>4}", excerpt.line);
  out += fmt::format("{}{} |{} {}{}{}\n", paint.frame, number, paint.reset, excerpt.before,
                     excerpt.marked, excerpt.after);
  const std::string indent(display_width(excerpt.before), ' ');
  const std::string caret(std::max<std::size_t>(1, display_width(excerpt.marked)), '^');
  out += fmt::format("{}{} |{} {}{}{}", paint.frame, std::string(number.size(), ' '), paint.reset,
                     indent, paint.caret, caret);
  if (!diagnostic.remedy.empty()) out += " " + shown(diagnostic.remedy);
  out += paint.reset;
  return out + "\n";
}

std::string to_text(const std::vector<Diagnostic>& diagnostics, Format format, bool colour) {
  std::string out;
  if (format == Format::json) {
    Value::Array rows;
    for (const auto& diagnostic : diagnostics) rows.push_back(to_value(diagnostic));
    return to_json(Value(std::move(rows))) + "\n";
  }
  for (const auto& diagnostic : diagnostics)
    out += format == Format::human ? to_text(diagnostic, colour) : to_github(diagnostic);
  return out;
}

}  // namespace retaind::language
