#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace retaind::app {

/// Exit statuses, the same for every subcommand.
enum Exit : int { exit_fine = 0, exit_wrong = 1, exit_usage = 2, exit_warnings = 3 };

using Words = std::vector<std::string>;

/// The arguments of one subcommand. A thin face on CLI11, so that one file and not each subcommand
/// pays for its headers. Targets must live until parse() has returned.
class Options {
 public:
  Options(std::string_view command, std::string_view about);
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;
  ~Options();

  /// Names as "--until" or "-v,--verbose".
  Options& flag(const std::string& names, bool& target, const std::string& about);
  /// `placeholder` is what help shows for the value: "DIR".
  Options& value(const std::string& names, const std::string& placeholder, std::string& target,
                 const std::string& about);
  Options& number(const std::string& names, const std::string& placeholder, std::int64_t& target,
                  const std::string& about);
  /// One of `words`; another one is refused with the nearest.
  Options& choice(const std::string& names, std::vector<std::string> words, std::string& target,
                  const std::string& about);
  /// A word without an option, in order.
  Options& positional(const std::string& name, std::string& target, const std::string& about,
                      bool required = true);
  /// All words without an option.
  Options& positionals(const std::string& name, std::vector<std::string>& target,
                       const std::string& about);
  /// `--site DIR`; empty unless given.
  Options& site(std::string& target);
  /// The lines of help below the options.
  Options& footer(const std::string& text);

  /// Empty when the subcommand may go on; otherwise its exit status, with help or the mistake
  /// already printed.
  [[nodiscard]] std::optional<int> parse(const Words& words);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// "error: …" on standard error; returns exit_usage.
int misused(std::string_view command, std::string_view message);
/// "error: …" on standard error; returns exit_wrong.
int failed(std::string_view message);

}  // namespace retaind::app
