#include <fmt/format.h>

#include <algorithm>

#include "delivery/lint_mail.h"
#include "language/codes.h"

// What no sample shows, because it stands in a branch that none of them takes.
namespace retaind::delivery {
namespace {

using language::Code;
using language::Severity;

/// The part of a path that leads nowhere, from its beginning; empty when the path is known or
/// cannot be followed: an index that is a variable, a list's size.
std::string_view unknown_part(const Value& context, std::string_view path) {
  const Value* value = &context;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find_first_of(".[", at), path.size());
    const std::string_view name = path.substr(at, end - at);
    if (value->as_object() == nullptr) return {};
    value = value->find(name);
    if (value == nullptr) return path.substr(0, end);
    at = end;
    while (at < path.size() && path[at] == '[') {
      const Value::Array* const list = value->as_array();
      const std::size_t close = path.find(']', at);
      if (list == nullptr || list->empty() || close == std::string_view::npos) return {};
      value = &list->front();
      at = close + 1;
    }
    if (at < path.size() && path[at] == '.') ++at;
  }
  return {};
}

}  // namespace

void MailLint::branches(const Proof& proof, const render::TemplateSet& templates,
                        const Value& context) {
  proof_ = &proof;
  for (const render::UsedVariable& used : templates.used_variables(proof.text, proof.file.locale)) {
    const std::string_view unknown = unknown_part(context, used.path);
    // Which attributes the shop's rows have is not known here.
    if (unknown.empty() || unknown.find(".attributes.") != std::string_view::npos) continue;
    const bool asked = std::any_of(used.asked.begin(), used.asked.end(),
                                   [&](std::string_view one) { return one.starts_with(unknown); });
    if (asked) continue;
    language::Where where = place(used.spot);
    where.end = where.begin + used.path.size();
    tell_at(std::move(where),
            {Severity::error, Code::unknown_variable,
             fmt::format("unknown variable `{}`: mails of the rule `{}` that take this branch "
                         "cannot be composed",
                         used.path, proof.rule->id),
             fmt::format("write a name that the rule provides, or `{{% if {} %}}` around it",
                         unknown)});
  }
  const Purpose purpose = proof.rule->purpose;
  const bool lets_out = purpose == Purpose::marketing || purpose == Purpose::feedback;
  if (proof.to_customer && lets_out && !site_->unsubscribe_url.empty()) {
    if (const auto spot = templates.passed_by(proof.text, proof.file.locale, "unsubscribe.link")) {
      language::Where where = place(*spot);
      where.end = where.begin + std::string_view("unsubscribe.link").size();
      tell_at(std::move(where),
              {Severity::warning, Code::no_way_out,
               fmt::format("the link to unsubscribe stands in a branch that not every mail of `{}` "
                           "takes",
                           proof.text),
               "write it outside of conditions and loops; `{% if unsubscribe.link %}` around it is "
               "fine"});
    }
  }
  proof_ = nullptr;
}

}  // namespace retaind::delivery
