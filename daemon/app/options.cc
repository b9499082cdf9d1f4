#include "app/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "base/text.h"

namespace retaind::app {

struct Options::Impl {
  CLI::App app;
  std::string command;
};

Options::Options(std::string_view command, std::string_view about)
    : impl_(std::make_unique<Impl>()) {
  impl_->command = command;
  impl_->app.description(std::string(about));
  impl_->app.name("retaind " + impl_->command);
}

Options::~Options() = default;

Options& Options::flag(const std::string& names, bool& target, const std::string& about) {
  impl_->app.add_flag(names, target, about);
  return *this;
}

Options& Options::value(const std::string& names, const std::string& placeholder,
                        std::string& target, const std::string& about) {
  impl_->app.add_option(names, target, about)->type_name(placeholder);
  return *this;
}

Options& Options::number(const std::string& names, const std::string& placeholder,
                         std::int64_t& target, const std::string& about) {
  impl_->app.add_option(names, target, about)->type_name(placeholder);
  return *this;
}

Options& Options::choice(const std::string& names, std::vector<std::string> words,
                         std::string& target, const std::string& about) {
  const std::string all = join(words, ", ");
  const auto known = [words = std::move(words), all,
                      names](const std::string& word) -> std::string {
    if (std::find(words.begin(), words.end(), word) != words.end()) return {};
    const std::vector<std::string_view> views(words.begin(), words.end());
    const std::optional<std::string_view> near = nearest(word, views);
    return fmt::format("`{}` is not one of {}{}", word, all,
                       near ? fmt::format("; did you mean `{}`?", *near) : std::string());
  };
  impl_->app.add_option(names, target, fmt::format("{} ({})", about, all))
      ->type_name("WORD")
      ->check(known);
  return *this;
}

Options& Options::positional(const std::string& name, std::string& target, const std::string& about,
                             bool required) {
  impl_->app.add_option(name, target, about)->type_name("")->required(required);
  return *this;
}

Options& Options::positionals(const std::string& name, std::vector<std::string>& target,
                              const std::string& about) {
  impl_->app.add_option(name, target, about)->type_name("");
  return *this;
}

Options& Options::site(std::string& target) {
  return value("--site", "DIR", target,
               "the site's directory (default: the current one when it has a retaind.yaml, else "
               "/etc/retaind)");
}

Options& Options::footer(const std::string& text) {
  impl_->app.footer(text);
  return *this;
}

namespace {

std::string unknown_word(const CLI::App& app, const std::string& word) {
  if (word.empty() || word[0] != '-') {
    return fmt::format("`{}` is one word too many; put a value with spaces in quotes", word);
  }
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string bare = word.substr(0, word.find('='));
  const std::optional<std::string_view> near = nearest(bare, views);
  return fmt::format("unknown option `{}`{}", bare,
                     near ? fmt::format("; did you mean `{}`?", *near) : std::string());
}

}  // namespace

std::optional<int> Options::parse(const Words& words) {
  // CLI11 takes the words in reverse.
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    impl_->app.parse(reversed);
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", impl_->app.help());
    return exit_fine;
  } catch (const CLI::ExtrasError&) {
    const std::vector<std::string> extra = impl_->app.remaining();
    return misused(impl_->command,
                   unknown_word(impl_->app, extra.empty() ? std::string() : extra.front()));
  } catch (const CLI::RequiredError& error) {
    return misused(
        impl_->command,
        fmt::format(
            "{} is missing",
            std::string_view(error.what()).substr(0, std::string_view(error.what()).find(' '))));
  } catch (const CLI::Error& error) {
    return misused(impl_->command, error.what());
  }
}

int misused(std::string_view command, std::string_view message) {
  fmt::print(stderr, "error: {}\n", message);
  fmt::print(stderr, "see: retaind {}{}--help\n", command, command.empty() ? "" : " ");
  return exit_usage;
}

int failed(std::string_view message) {
  // Mistakes in files come with their own head and end of line.
  const bool whole = message.starts_with("error");
  fmt::print(stderr, "{}{}{}", whole ? "" : "error: ", message,
             message.ends_with('\n') ? "" : "\n");
  return exit_wrong;
}

}  // namespace retaind::app
