#include "app/options.h"

#include <catch2/catch.hpp>
#include <string>

#include "app/command.h"

using namespace retaind::app;

namespace {

std::optional<int> parse(const Words& words, std::string& state, bool& strict, std::string& name) {
  Options options("outbox", "for the test");
  options.choice("--state", {"planned", "sent", "skipped"}, state, "which")
      .flag("--strict", strict, "strict")
      .positional("NAME", name, "a name", false);
  return options.parse(words);
}

}  // namespace

TEST_CASE("options, flags and words reach their targets") {
  std::string state;
  std::string name;
  bool strict = false;
  CHECK_FALSE(parse({"--state", "sent", "--strict", "thanks"}, state, strict, name));
  CHECK(state == "sent");
  CHECK(strict);
  CHECK(name == "thanks");
}

TEST_CASE("misuse ends with 2: an unknown option, a word too many, a value outside the list") {
  std::string state;
  std::string name;
  bool strict = false;
  CHECK(parse({"--stat", "sent"}, state, strict, name) == int{exit_usage});
  CHECK(parse({"a", "b"}, state, strict, name) == int{exit_usage});
  CHECK(parse({"--state", "sended"}, state, strict, name) == int{exit_usage});
  CHECK(parse({"--state"}, state, strict, name) == int{exit_usage});
  CHECK(parse({"--help"}, state, strict, name) == int{exit_fine});
}

TEST_CASE("every subcommand has help, and refuses an option that it does not know") {
  for (const Command& command : commands()) {
    INFO(command.name);
    CHECK(command.run({"--help"}) == exit_fine);
    CHECK(command.run({"--no-such-option"}) == exit_usage);
  }
}

TEST_CASE("an unknown command is misuse") {
  CHECK(run_command({"chekc"}) == exit_usage);
  CHECK(run_command({}) == exit_usage);
  CHECK(run_command({"--help"}) == exit_fine);
}
