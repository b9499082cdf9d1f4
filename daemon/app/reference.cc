#include <fmt/format.h>

#include <algorithm>

#include "app/command.h"
#include "app/editor_files.h"
#include "app/reference_pages.h"
#include "base/text.h"

namespace retaind::app {

const std::vector<PageRow>& reference_pages() {
  static const std::vector<PageRow> table{
      {"commands", "retaind.1", "the subcommands, files and exit statuses", commands_page},
      {"rule", "retaind-rule.5", "rule files: keys, conditions, what cannot be said", rule_page},
      {"story", "retaind-test.5", "stories: what happens, and what must have gone", story_page},
      {"template", "", "texts of mails: front matter, filters of our own, limits", template_page},
      {"site", "", "retaind.yaml: every setting", site_page},
      {"mapping", "", "mapping files of the import", mapping_page},
      {"vocabulary", "", "events, states, dates and fields", vocabulary_page},
      {"reasons", "", "why a message went, waits or did not go", reasons_page},
      {"errors", "", "every error code, with a wrong and a right example", errors_page},
  };
  return table;
}

Page commands_page(const language::EditorNames&) {
  Page page{"retaind", 1, "watch a customer store and do what the rule files say", {}};
  page.heading("Synopsis");
  page.text("`retaind` COMMAND [OPTIONS]");
  page.heading("Description");
  page.text(
      "retaind sends what rules say, when they say it, exactly as often as they say it, and can "
      "tell why. Every customer who "
      "matched a rule is accounted for: sent, waiting, or not sent for a named reason. Nothing "
      "leaves the machine until the "
      "settings say `deliver: live`.");
  page.heading("Commands");
  page.text("`retaind COMMAND --help` tells the options of each.");
  for (const Command& command : commands())
    page.term(std::string(command.name), std::string(command.about));
  page.heading("Files");
  page.text(
      "A site is a directory: the one that `--site` names, or the current one, or `/etc/retaind`.");
  page.term("retaind.yaml", "settings; `retaind reference site` lists them");
  page.term("vocabulary.yaml",
            "fields, events and states of your own; `retaind reference vocabulary` lists the keys");
  page.term("rules/*.yaml", "rules, see `retaind-rule`(5)");
  page.term("templates/NAME.LOCALE.liquid", "texts of mails, with the subject at the top");
  page.term("tests/*.yaml", "stories, see `retaind-test`(5)");
  page.term(".schema/*.json", "what editors need, written by `retaind schema --write`");
  page.heading("Exit status");
  page.term("0", "fine");
  page.term("1", "what was checked or asked for is wrong");
  page.term("2", "the command was misused");
  page.term("3", "warnings, with `--strict`");
  page.heading("See also");
  page.text("`retaind-rule`(5), `retaind-test`(5)");
  return page;
}

int run_reference(const Words& words) {
  std::string name;
  bool manual = false;
  Options options("reference",
                  "Prints a page of the reference, as Markdown. Without a page: which there are.");
  options.positional("PAGE", name, "such as rule, story or errors", false)
      .flag("--man", manual, "as a manual page, for `man -l -`");
  if (const std::optional<int> status = options.parse(words)) return *status;

  std::vector<std::string_view> names;
  for (const PageRow& row : reference_pages()) names.push_back(row.name);
  if (name.empty()) {
    for (const PageRow& row : reference_pages()) fmt::print("{:<12} {}\n", row.name, row.about);
    return exit_fine;
  }
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    const auto near = nearest(name, names);
    return misused("reference",
                   fmt::format("there is no page `{}`{}", name,
                               near ? fmt::format("; did you mean `{}`?", *near)
                                    : std::string("; without a page this lists them")));
  }
  const PageRow& row = reference_pages()[static_cast<std::size_t>(found - names.begin())];
  const Page page = row.make(language::editor_names(nullptr, {}, {}));
  fmt::print("{}", manual ? to_roff(page, RETAIND_VERSION) : to_markdown(page));
  return exit_fine;
}

}  // namespace retaind::app
