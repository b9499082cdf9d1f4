#include "app/preview_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/known_rule.h"
#include "base/text.h"
#include "render/html_text.h"

namespace retaind::app {
namespace {

Result<const language::Rule*> rule_of(const LoadedSite& loaded, const std::string& name) {
  const auto& rules = loaded.rules.rules;
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const auto& rule) { return rule.id == name; });
  if (found != rules.end()) return &*found;
  if (loaded.errors() > 0) {
    return Error{ErrorKind::invalid, fmt::format("no file without mistakes has the rule `{}`\n{}{}",
                                                 name, mistakes(loaded, false), summary(loaded))};
  }
  std::vector<std::string_view> names;
  for (const language::Rule& rule : rules) names.emplace_back(rule.id);
  return Error{ErrorKind::not_found,
               fmt::format("there is no rule `{}`{}", name,
                           or_nearest_rule(name, names, "; rules/ has the files"))};
}

}  // namespace

Result<PreviewReport> make_preview(const std::filesystem::path& directory, const PreviewAsk& ask,
                                   Time now) {
  PreviewReport report;
  report.loaded = load_site(directory);
  if (!report.loaded.site) {
    return Error{ErrorKind::invalid, mistakes(report.loaded, false) + summary(report.loaded)};
  }
  const Site& site = *report.loaded.site;
  auto rule = rule_of(report.loaded, ask.rule);
  if (!rule) return rule.error();
  report.rule = *rule;
  auto step = delivery::find_step(*report.rule, ask.step);
  if (!step) return step.error();
  report.step = *step;
  auto shadow = store::Database::shadow_of(site.store);
  if (!shadow) return shadow.error();
  auto person = find_person(*shadow, ask.customer);
  if (!person) return person.error();
  auto made =
      delivery::preview(*shadow, site, report.loaded.templates,
                        {report.rule, person->id, report.step, ask.locale, ask.variant}, now);
  if (!made) return made.error();
  report.made = *std::move(made);
  const render::Mail& letter = report.made.letter;
  report.text = letter.text.empty() ? render::html_to_text(letter.html) : letter.text;
  return report;
}

}  // namespace retaind::app
