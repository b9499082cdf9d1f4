#include "delivery/lint_texts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>

#include "engine/variant.h"
#include "language/codes.h"
#include "language/contradiction.h"

namespace retaind::delivery {
namespace {

using language::Diagnostic;
using language::Severity;
using language::Source;

/// What an import need not bring along, and a mail shows. Numbers and amounts of orders are left
/// aside: who writes about an order has them.
constexpr std::array<std::string_view, 11> optional_values{
    "customer.first_name", "customer.last_name",     "customer.country",  "customer.city",
    "customer.birthday",   "customer.last_order_at", "subscription.plan", "subscription.price",
    "ticket.subject",      "ticket.assignee",        "feedback.comment"};

class Linter {
 public:
  Linter(const render::TemplateSet& templates, std::vector<Diagnostic>& out)
      : templates_(templates), out_(out) {}

  using Users = std::vector<std::pair<const language::Rule*, const language::Step*>>;

  void look_at(const std::string& name, const Users& users) {
    for (const render::BareVariable& bare : templates_.bare_variables(name)) {
      if (std::find(optional_values.begin(), optional_values.end(), bare.variable) ==
          optional_values.end())
        continue;
      const bool given = std::all_of(users.begin(), users.end(), [&](const auto& user) {
        return asked_for(*user.first, *user.second, bare.variable);
      });
      if (given) continue;
      // A layout is shared, and its mistake is one.
      if (!told_.emplace(bare.path, bare.at).second) continue;
      out_.push_back(
          {Severity::warning,
           language::name_of(language::Code::may_be_blank),
           {source_of(bare), bare.at, bare.at + bare.variable.size()},
           fmt::format("`{}` may be missing, and then nothing stands here", bare.variable),
           fmt::format("write `| default: \"…\"` behind it, or `{{% if {} %}}` around it",
                       bare.variable)});
    }
  }

  void unused(const std::string& name) {
    const std::vector<std::string> locales = templates_.locales(name);
    if (locales.empty()) return;
    // Named, since g++ 12 takes the holder of a temporary for uninitialised.
    language::Where where;
    where.source = std::make_shared<Source>(
        Source{std::string(templates_.path_of(name, locales.front())), {}});
    out_.push_back({Severity::note, language::name_of(language::Code::unused), std::move(where),
                    fmt::format("no rule names the template `{}`", name),
                    "delete its files, or name it in a rule"});
  }

 private:
  /// Whether the rule lets nobody through of whom this is not known.
  static bool asked_for(const language::Rule& rule, const language::Step& step,
                        std::string_view variable) {
    const std::size_t dot = variable.find('.');
    const auto subject = find_subject(variable.substr(0, dot));
    const Field* field = subject ? find_field(*subject, variable.substr(dot + 1)) : nullptr;
    return field != nullptr && language::asks_for(language::needs_of(rule, &step), *field);
  }

  std::shared_ptr<const Source> source_of(const render::BareVariable& bare) {
    auto& source = sources_[std::string(bare.path)];
    if (!source)
      source = std::make_shared<Source>(Source{std::string(bare.path), std::string(bare.text)});
    return source;
  }

  const render::TemplateSet& templates_;
  std::vector<Diagnostic>& out_;
  std::map<std::string, std::shared_ptr<const Source>> sources_;
  std::set<std::pair<std::string_view, std::size_t>> told_;
};

}  // namespace

void lint_texts(const std::vector<language::Rule>& rules, const render::TemplateSet& templates,
                std::vector<Diagnostic>& out) {
  std::map<std::string, Linter::Users> to_customers;
  std::set<std::string> named;
  for (const language::Rule& rule : rules) {
    for (const language::Step& step : rule.steps) {
      for (const std::string& text : engine::texts_of(step)) {
        named.insert(text);
        if (step.kind == language::StepKind::email) to_customers[text].emplace_back(&rule, &step);
      }
    }
  }
  Linter linter(templates, out);
  for (const auto& [name, users] : to_customers) linter.look_at(name, users);
  for (const std::string& name : templates.names())
    if (named.count(name) == 0) linter.unused(name);
}

}  // namespace retaind::delivery
