#include <fmt/format.h>

#include "app/command.h"
#include "language/codes.h"

namespace retaind::app {
namespace {

void print_example(std::string_view heading, std::string_view lines) {
  if (lines.empty()) return;
  fmt::print("\n{}:\n", heading);
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    fmt::print("    {}\n", lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

}  // namespace

int run_explain_error(const Words& words) {
  std::string code;
  Options options("explain-error",
                  "Tells what an error code means, with an example. Without a code: all of them.");
  options.positional("CODE", code, "as in error[R021]", false);
  if (const std::optional<int> status = options.parse(words)) return *status;
  if (code.empty()) {
    for (const language::CodeRow& row : language::codes()) {
      fmt::print("{}  {}\n", language::name_of(row.code), row.title);
    }
    return exit_fine;
  }
  const language::CodeRow* row = language::find_code(code);
  if (row == nullptr) {
    return failed(
        fmt::format("there is no error code `{}`; `retaind explain-error` lists all", code));
  }
  fmt::print("{}: {}\n\n{}\n", language::name_of(row->code), row->title, row->explanation);
  const std::string_view where = row->in_site         ? " in retaind.yaml"
                                 : row->in_story      ? " in a story"
                                 : row->in_vocabulary ? " in vocabulary.yaml"
                                 : row->in_template   ? " in a template"
                                                      : "";
  print_example(fmt::format("wrong{}", where), row->wrong);
  print_example(fmt::format("right{}", where), row->right);
  return exit_fine;
}

}  // namespace retaind::app
