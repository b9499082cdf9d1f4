#pragma once
#include <vector>

#include "language/diagnostic.h"
#include "language/plan.h"
#include "render/template.h"

namespace retaind::delivery {

/// What is allowed in templates and yet seldom meant: a value that the store need not have, shown
/// to a customer without `default`, and a template that no rule names.
void lint_texts(const std::vector<language::Rule>& rules, const render::TemplateSet& templates,
                std::vector<language::Diagnostic>& out);

}  // namespace retaind::delivery
