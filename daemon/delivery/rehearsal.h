#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "language/codes.h"
#include "language/diagnostic.h"
#include "language/plan.h"
#include "model/site.h"
#include "render/template.h"

namespace retaind::delivery {

/// Composes every mail as it would leave, in each language of its template and in the site's: about
/// a customer and rows of which everything is known, one of whom only the address is, long names
/// and 30 items, Chinese and Japanese names, Arabic ones. Mails that differ by the name of their
/// rule alone are composed once. A template that asks
/// for what its rule does not provide (`survey.link` without `survey:`, a ticket's number about an
/// order) or that has no text for the site's language would else fail once for every customer.
/// Which attributes the shop's rows have is not known here: a template is read up to the first that
/// the sample lacks.
/// A mail that cannot be composed because of what is never there, or that about no sample can be
/// built, is an error; because a value of the sample did not suit it (a division by one that was
/// 0), a warning: other customers' may. The
/// other findings are those of MailLint and lint_texts().
Result<std::vector<language::Diagnostic>> rehearse(const Site& site,
                                                   const std::vector<language::Rule>& rules,
                                                   const render::TemplateSet& templates);

/// The code of a mistake in a template.
language::Code code_of(render::FaultKind kind);

}  // namespace retaind::delivery
