#include <catch2/catch.hpp>
#include <filesystem>

#include "base/text.h"
#include "language/check.h"
#include "replay/stories.h"

using namespace retaind;

// The stories that every new site begins with, against the shipped rules, settings and templates.
// What they say about the engine is looked at by taking guards away (tests/mutants).
TEST_CASE("the stories of the shipped rules pass, and try every rule, condition and step",
          "[story][shipped]") {
  const std::filesystem::path source(RETAIND_SOURCE);
  auto site = language::read_site(source / "daemon/app/site");
  REQUIRE(site.site);
  std::vector<render::TemplateError> errors;
  delivery::SiteFiles files;
  files.templates = render::TemplateSet::load(source / "templates", errors);
  REQUIRE(errors.empty());
  files.site = *site.site;
  files.secret = "a secret of the tests";
  const language::TemplateNames names{files.templates.names()};
  files.rules = language::check_rules(source / "rules", files.site, names).rules;
  REQUIRE(files.rules.size() == 7);
  const auto stories =
      language::check_stories(source / "tests/stories", {files.site, files.rules, names});
  INFO(language::to_text(stories.diagnostics, language::Format::human, false));
  REQUIRE_FALSE(stories.has_errors());
  REQUIRE(stories.stories.size() == 7);
  const SystemClock clock;
  const auto result = replay::run_stories(stories.stories, files, {}, clock);
  REQUIRE(result);
  for (const auto& story : result->stories) {
    for (const auto& one : story.cases) {
      INFO(story.name << ": " << one.name);
      if (one.failure)
        FAIL_CHECK(one.failure->when << ": found " << join(one.failure->found, ", "));
    }
  }
  for (const auto& gap : result->coverage.gaps()) FAIL_CHECK(gap.what);
}
