// module: language
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "language/story.h"
#include "mistakes.h"
#include "own_shop.h"

// Any bytes as a story: either a story comes out whose lines follow each other in time, or errors
// that stand inside the text and can be shown. Never both, never neither.

namespace {

namespace lang = retaind::language;

void inspect(const lang::Story& story) {
  require(!story.cases.empty(), "a story has cases");
  for (const lang::StoryCase& one : story.cases) {
    require(!one.lines.empty(), "a case has lines");
    retaind::Time before = story.starts;
    for (const lang::StoryLine& line : one.lines) {
      require(line.at >= before, "time goes on");
      require(!lang::time_text(story, line.at).empty(), "a time can be told");
      require((line.kind == lang::StoryLine::Kind::fact) == line.fact.has_value(), "a fact is one");
      before = line.at;
      for (const lang::StoryMessage& message : line.messages)
        require(!message.name.empty(), "a message has its name");
      if (!line.fact) continue;
      require(!line.fact->key.empty() || line.fact->kind == retaind::ImportKind::suppression,
              "a fact has a key");
      for (const lang::StoryValue& value : line.fact->values)
        require(value.field != nullptr, "a value has its field");
      for (const auto& attribute : line.fact->attributes)
        require(!attribute.first.empty(), "an attribute has its name");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const retaind::Site site = own_shop();
  static const std::vector<lang::Rule> rules = [] {
    std::vector<lang::Rule> made;
    for (const char* id : {"thanks", "welcome", "ticket-unresolved-48h", "branches", "conditions",
                           "unhappy", "news"})
      made.emplace_back().id = id;
    return made;
  }();
  const auto source = std::make_shared<lang::Source>(
      lang::Source{"tests/fuzz.yaml", std::string(reinterpret_cast<const char*>(bytes), size)});
  std::vector<lang::Diagnostic> diagnostics;
  const auto story = lang::check_story(source, {site, rules, own_templates()}, diagnostics);
  const bool errors = have_errors(diagnostics, size);
  require(story.has_value() != errors, "a story or errors");
  if (story) inspect(*story);
  return 0;
}
