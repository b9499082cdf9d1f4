#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "app/options.h"
#include "base/result.h"

namespace retaind::app {

/// A subcommand: one file of this directory, named after it.
struct Command {
  std::string_view name;
  std::string_view about;          ///< one line for `retaind --help`
  int (*run)(const Words& words);  ///< returns the exit status
};
std::span<const Command> commands();

/// `retaind WORDS…`: finds the subcommand and runs it.
int run_command(const Words& words);

// One a file.
int run_backtest(const Words& words);
int run_backup(const Words& words);
int run_check(const Words& words);
int run_daemon(const Words& words);
int run_diff(const Words& words);
int run_explain(const Words& words);
int run_explain_error(const Words& words);
int run_hold(const Words& words);
int run_import(const Words& words);
int run_init(const Words& words);
int run_new(const Words& words);
int run_outbox(const Words& words);
int run_plan(const Words& words);
int run_preview(const Words& words);
int run_reference(const Words& words);
int run_release(const Words& words);
int run_render(const Words& words);
int run_reload(const Words& words);
int run_schema(const Words& words);
int run_send_test(const Words& words);
int run_status(const Words& words);
int run_test(const Words& words);
int run_version(const Words& words);
int run_timeline(const Words& words);
int run_vocabulary(const Words& words);

/// The directory that `--site` names, or the default; the error says how to make one.
Result<std::filesystem::path> find_site(const std::string& given);

}  // namespace retaind::app
