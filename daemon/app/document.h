#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace retaind::app {

/// A page of the reference, before it is Markdown or a manual page. Text between backticks is set
/// as it is typed.
struct Page {
  struct Block {
    enum class Kind : std::uint8_t { heading, subheading, text, term, code };
    Kind kind = Kind::text;
    std::string head;  ///< of a term; of code: what it is ("yaml rule")
    std::string text;
  };

  std::string name;   ///< "retaind-rule"
  int section = 5;    ///< of the manual
  std::string about;  ///< one line
  std::vector<Block> blocks;

  void heading(std::string text);
  void subheading(std::string text);
  void text(std::string text);
  void term(std::string head, std::string text);
  void code(std::string what, std::string_view lines);
};

std::string to_markdown(const Page& page);
/// For man(1): the macros of man(7), UTF-8. `version` stands in the foot.
std::string to_roff(const Page& page, std::string_view version);

}  // namespace retaind::app
