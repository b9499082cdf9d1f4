#include "app/known_rule.h"

#include <array>
#include <catch2/catch.hpp>

using namespace retaind;

TEST_CASE("a rule whose name was shortened or misspelt is found by its first words", "[app]") {
  const std::array<std::string_view, 5> names = {"welcome", "win-back-90d", "ticket-unresolved-48h",
                                                 "win-again", "ticket-unresolved-4d"};
  const auto said = [&](std::string_view word) {
    return app::or_nearest_rule(word, names, "; look into rules/");
  };
  CHECK(said("win-back") == "; did you mean `win-back-90d`?");
  CHECK(said("win-bak") == "; did you mean `win-back-90d`?");
  CHECK(said("win-agian") == "; did you mean `win-again`?");
  CHECK(said("tiket") == "; did you mean `ticket-unresolved-48h`?");
  CHECK(said("welcom") == "; did you mean `welcome`?");
  CHECK(said("welcome-all") == "; look into rules/");
  CHECK(said("birthday") == "; look into rules/");
  CHECK(said("win-back-90d-and-more") == "; look into rules/");
  CHECK(said("") == "; look into rules/");
}
