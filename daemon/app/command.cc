#include "app/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <vector>

#include "base/text.h"

namespace retaind::app {
namespace {

constexpr std::array table{
    Command{"init", "make a site: settings, rules, templates, stories", run_init},
    Command{"new", "add a tested example: a rule with its story and templates", run_new},
    Command{"check", "check settings, rules and templates", run_check},
    Command{"test", "play the stories of tests/: what would be sent, and why not", run_test},
    Command{"import", "load customers, orders, tickets … from CSV", run_import},
    Command{"run", "watch the store and send what the rules say", run_daemon},
    Command{"status", "mode, balances, and what each rule does next", run_status},
    Command{"outbox", "messages: waiting, sent, not sent, and why", run_outbox},
    Command{"explain", "why a rule sends to a customer, waits or does not", run_explain},
    Command{"plan", "who gets what in the coming days, and who does not", run_plan},
    Command{"diff", "what the files would change against the rules that run", run_diff},
    Command{"preview", "the finished message of a rule for one customer", run_preview},
    Command{"render", "one Liquid template with the data of a file, or many", run_render},
    Command{"send-test", "one mail of a rule to an address of yours", run_send_test},
    Command{"timeline", "everything that happened and will happen to a customer", run_timeline},
    Command{"hold", "stop sending: everything, one rule or one customer", run_hold},
    Command{"release", "end a hold", run_release},
    Command{"reload", "have the running daemon take over changed files", run_reload},
    Command{"backtest", "what the rules would have done with past facts", run_backtest},
    Command{"backup", "a consistent copy of the store, while sending", run_backup},
    Command{"vocabulary", "every event, state, date and field that rules can name", run_vocabulary},
    Command{"schema", "what editors need to complete and explain rules and stories", run_schema},
    Command{"explain-error", "what an error code means, with an example", run_explain_error},
    Command{"reference", "pages that list every key, operator, reason and error", run_reference},
    Command{"version", "version of the program, the store and the time zones", run_version},
};

void print_help(std::FILE* to) {
  fmt::print(to,
             "retaind watches a customer store and does what the rule files say, once.\n\nusage: "
             "retaind COMMAND [OPTIONS]\n\n");
  for (const Command& command : table) fmt::print(to, "  {:<14} {}\n", command.name, command.about);
  fmt::print(to,
             "\n`retaind COMMAND --help` tells more. Exit status: 0 fine, 1 wrong, 2 misused, 3 "
             "warnings with --strict.\n");
}

}  // namespace

std::span<const Command> commands() { return table; }

int run_command(const Words& words) {
  if (words.empty()) {
    print_help(stderr);
    return exit_usage;
  }
  const std::string& name = words.front();
  if (name == "--help" || name == "-h" || name == "help") {
    print_help(stdout);
    return exit_fine;
  }
  const Words rest(words.begin() + 1, words.end());
  if (name == "--version") return run_version(rest);
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const Command& c) { return c.name == name; });
  if (found != table.end()) return found->run(rest);

  std::vector<std::string_view> names;
  for (const Command& command : table) names.push_back(command.name);
  const std::optional<std::string_view> near = nearest(name, names);
  return misused("",
                 fmt::format("unknown command `{}`{}", name,
                             near ? fmt::format("; did you mean `{}`?", *near) : std::string()));
}

Result<std::filesystem::path> find_site(const std::string& given) {
  std::error_code error;
  if (!given.empty()) {
    const std::filesystem::path directory = given;
    if (!std::filesystem::is_directory(directory, error)) {
      return Error{
          ErrorKind::not_found,
          fmt::format("{} is no directory; make a site with `retaind init {}`", given, given)};
    }
    return std::filesystem::weakly_canonical(directory, error);
  }
  const std::filesystem::path here = std::filesystem::current_path(error);
  if (!error && std::filesystem::exists(here / "retaind.yaml", error)) return here;
  const std::filesystem::path installed = "/etc/retaind";
  if (std::filesystem::exists(installed / "retaind.yaml", error)) return installed;
  return Error{ErrorKind::not_found,
               "there is no retaind.yaml here and none in /etc/retaind; name a site with `--site "
               "DIR` or make one with `retaind init DIR`"};
}

}  // namespace retaind::app
