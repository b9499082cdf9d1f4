// module: language
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "language/check.h"
#include "mistakes.h"

// Any bytes as a rule file: either a rule comes out, or errors that stand inside the text and can
// be shown. Never both, never neither.

namespace {

namespace lang = retaind::language;

retaind::Site shop() {
  retaind::Site site;
  site.zone = *retaind::Zone::find("Europe/Berlin");
  site.currency = *retaind::find_currency("EUR");
  site.unsubscribe_mailto = "bye@example.com";
  site.survey_url = "https://example.com/survey";
  site.teams["support"].to = {"support@example.com"};
  site.teams["support-lead"].to = {"lead@example.com"};
  site.endpoints["support-desk"].url = "https://desk.example.com/hook";
  site.calendars["daytime"] =
      retaind::Calendar("daytime", *retaind::Calendar::parse_line("09:00-20:00"), {});
  return site;
}

void inspect(const lang::Condition& condition, std::size_t slots) {
  require(condition.root < condition.nodes.size(), "the root is a node");
  for (const lang::Node& node : condition.nodes) {
    for (const auto child : node.children)
      require(child < condition.nodes.size(), "children are nodes");
    if (node.op == lang::Op::field) require(node.slot < slots, "a field has its slot");
    require(node.where.begin <= node.where.end, "a node has its place");
    require(node.where.end <= node.where.source->text.size(), "a node's place is in the text");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const retaind::Site site = shop();
  static const lang::TemplateNames templates{
      {"thanks", "welcome", "win-back", "ticket-reminder", "ticket-escalation"}};
  const auto source = std::make_shared<lang::Source>(
      lang::Source{"rules/fuzz.yaml", std::string(reinterpret_cast<const char*>(bytes), size)});
  std::vector<lang::Diagnostic> diagnostics;
  const auto rule = lang::check_rule(source, site, templates, diagnostics);
  const bool errors = have_errors(diagnostics, size);
  require(rule.has_value() != errors, "a rule or errors");
  lang::to_text(diagnostics, lang::Format::json, false);
  lang::to_text(diagnostics, lang::Format::github, false);
  if (!rule) return 0;
  require(!rule->steps.empty(), "a rule has steps");
  require(rule->revision.size() == 64, "a rule has a revision");
  for (const auto* list : {&rule->if_all, &rule->unless_any, &rule->stop_if, &rule->hold_while})
    for (const auto& condition : *list) inspect(condition, rule->slots.size());
  return 0;
}
