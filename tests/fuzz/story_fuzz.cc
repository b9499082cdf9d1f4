// module: language
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "language/story.h"
#include "mistakes.h"

// Any bytes as a story: either a story comes out whose lines follow each other in time, or errors
// that stand inside the text and can be shown. Never both, never neither.

namespace {

namespace lang = retaind::language;

retaind::Site shop() {
  retaind::Site site;
  site.zone = *retaind::Zone::find("Europe/Berlin");
  site.currency = *retaind::find_currency("EUR");
  site.teams["support"].to = {"support@example.com"};
  site.endpoints["support-desk"].url = "https://desk.example.com/hook";
  return site;
}

void inspect(const lang::Story& story) {
  require(!story.cases.empty(), "a story has cases");
  for (const lang::StoryCase& one : story.cases) {
    require(!one.lines.empty(), "a case has lines");
    retaind::Time before = story.starts;
    for (const lang::StoryLine& line : one.lines) {
      require(line.at >= before, "time goes on");
      require((line.kind == lang::StoryLine::Kind::fact) == line.fact.has_value(), "a fact is one");
      before = line.at;
      if (!line.fact) continue;
      require(!line.fact->key.empty() || line.fact->kind == retaind::ImportKind::suppression,
              "a fact has a key");
      for (const lang::StoryValue& value : line.fact->values)
        require(value.field != nullptr, "a value has its field");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const retaind::Site site = shop();
  static const lang::TemplateNames templates{{"thanks", "welcome"}};
  static const std::vector<lang::Rule> rules = [] {
    lang::Rule rule;
    rule.id = "thanks";
    return std::vector<lang::Rule>{rule};
  }();
  const auto source = std::make_shared<lang::Source>(
      lang::Source{"tests/fuzz.yaml", std::string(reinterpret_cast<const char*>(bytes), size)});
  std::vector<lang::Diagnostic> diagnostics;
  const auto story = lang::check_story(source, {site, rules, templates}, diagnostics);
  const bool errors = have_errors(diagnostics, size);
  require(story.has_value() != errors, "a story or errors");
  if (story) inspect(*story);
  return 0;
}
