#include "app/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace retaind::app {
namespace {

using BlockKind = Page::Block::Kind;

/// A line of text for roff: typed parts in bold, and nothing taken for a request.
std::string roff_line(std::string_view text) {
  std::string out;
  bool typed = false;
  for (const char c : text) {
    if (c == '`') {
      typed = !typed;
      out += typed ? "\\fB" : "\\fR";
    } else if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\'') {
      out += "\\(aq";
    } else if (c == '^') {
      out += "\\(ha";
    } else if (c == '~') {
      out += "\\(ti";
    } else {
      out += c;
    }
  }
  if (out.starts_with('.')) out.insert(0, "\\&");
  return out + "\n";
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string roff_code(std::string_view lines) {
  std::string out = ".PP\n.nf\n.RS 4\n";
  for (const std::string_view line : split(lines, '\n'))
    out += line.empty() ? std::string("\\&\n") : roff_line(line);
  return out + ".RE\n.fi\n";
}

}  // namespace

void Page::heading(std::string text) {
  blocks.push_back({BlockKind::heading, {}, std::move(text)});
}
void Page::subheading(std::string text) {
  blocks.push_back({BlockKind::subheading, {}, std::move(text)});
}
void Page::text(std::string text) { blocks.push_back({BlockKind::text, {}, std::move(text)}); }
void Page::term(std::string head, std::string text) {
  blocks.push_back({BlockKind::term, std::move(head), std::move(text)});
}
void Page::code(std::string what, std::string_view lines) {
  while (lines.ends_with('\n')) lines.remove_suffix(1);
  blocks.push_back({BlockKind::code, std::move(what), std::string(lines)});
}

std::string to_markdown(const Page& page) {
  std::string out = fmt::format("# {}\n\n{}\n", page.name, page.about);
  bool in_terms = false;
  for (const Page::Block& block : page.blocks) {
    if (!in_terms || block.kind != BlockKind::term) out += '\n';
    in_terms = block.kind == BlockKind::term;
    switch (block.kind) {
      case BlockKind::heading: out += fmt::format("## {}\n", block.text); break;
      case BlockKind::subheading: out += fmt::format("### {}\n", block.text); break;
      case BlockKind::text: out += block.text + "\n"; break;
      case BlockKind::term: out += fmt::format("- `{}`: {}\n", block.head, block.text); break;
      case BlockKind::code: out += fmt::format("```{}\n{}\n```\n", block.head, block.text); break;
    }
  }
  return out;
}

std::string to_roff(const Page& page, std::string_view version) {
  std::string out =
      fmt::format(".TH {} {} \"\" \"retaind {}\" \"retaind\"\n.SH NAME\n{}", upper(page.name),
                  page.section, version, roff_line(fmt::format("{} - {}", page.name, page.about)));
  for (const Page::Block& block : page.blocks) {
    switch (block.kind) {
      case BlockKind::heading: out += ".SH " + upper(roff_line(block.text)); break;
      case BlockKind::subheading: out += ".SS " + roff_line(block.text); break;
      case BlockKind::text: out += ".PP\n" + roff_line(block.text); break;
      case BlockKind::term:
        out += ".TP\n" + roff_line("`" + block.head + "`") + roff_line(block.text);
        break;
      case BlockKind::code: out += roff_code(block.text); break;
    }
  }
  return out;
}

}  // namespace retaind::app
