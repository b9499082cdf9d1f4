// module: language
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "language/rule_parts.h"
#include "mistakes.h"
#include "own_shop.h"

// Any bytes as a rule file, and behind a NUL any as the vocabulary.yaml of its site: either a rule
// comes out, or errors that stand inside the text and can be shown. Never both, never neither.

namespace {

namespace lang = retaind::language;

std::shared_ptr<const lang::Source> file(const char* path, std::string text) {
  return std::make_shared<lang::Source>(lang::Source{path, std::move(text)});
}

/// The site with words of its own; what is wrong with them is an error inside their file.
void take_words(retaind::Site& site, std::string text) {
  std::vector<lang::Diagnostic> diagnostics;
  const std::size_t size = text.size();
  lang::Report report(file("vocabulary.yaml", std::move(text)), diagnostics);
  const auto words = lang::read_vocabulary(report, site);
  require(have_errors(diagnostics, size) == report.failed(), "a mistake is told");
  require(words != nullptr, "a site has words");
  for (const retaind::Field& field : words->own_fields())
    require(!field.name.empty() && field.type != retaind::Type::duration, "a field has its type");
  if (!report.failed()) site.vocabulary = words;
}

void inspect_steps(const lang::Rule& rule) {
  require(!rule.steps.empty(), "a rule has steps");
  for (const lang::Step& step : rule.steps) {
    require(!step.key.empty(), "a step has its key");
    double shares = 0;
    for (const lang::Variant& variant : step.variants) {
      require(!variant.template_name.empty() && variant.share > 0, "a variant has its share");
      shares += variant.share;
    }
    require(shares < 1.0 + 1e-9, "variants leave nobody twice");
    const auto business = [](const std::optional<retaind::Span>& span) {
      return span && span->business;
    };
    require(rule.business || (!business(step.after) && !business(step.wait)),
            "business time has its calendar");
  }
  require(rule.business || !rule.trigger.offset.business, "business time has its calendar");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const retaind::Site shop = own_shop();
  const std::string whole(reinterpret_cast<const char*>(bytes), size);
  const std::size_t end = std::min(whole.find('\0'), whole.size());
  retaind::Site own;
  if (end < whole.size()) {
    own = shop;
    take_words(own, whole.substr(end + 1));
  }
  std::vector<lang::Diagnostic> diagnostics;
  const auto rule = lang::check_rule(file("rules/fuzz.yaml", whole.substr(0, end)),
                                     end < whole.size() ? own : shop, own_templates(), diagnostics);
  require(rule.has_value() != have_errors(diagnostics, end), "a rule or errors");
  lang::to_text(diagnostics, lang::Format::json, false);
  lang::to_text(diagnostics, lang::Format::github, false);
  if (!rule) return 0;
  require(rule->revision.size() == 64, "a rule has a revision");
  inspect_steps(*rule);
  lang::each_line(*rule, [&](const lang::Line& line) {
    inspect(*line.condition, rule->slots.size(), rule->aggregates.size());
  });
  inspect(rule->aggregates, rule->slots.size());
  if (rule->trigger.is) inspect(*rule->trigger.is, rule->trigger.is_slots.size(), 0);
  return 0;
}
