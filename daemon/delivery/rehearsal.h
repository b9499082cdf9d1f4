#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "language/plan.h"
#include "model/site.h"
#include "render/template.h"

namespace retaind::delivery {

/// A mail that could not be composed.
struct Unsendable {
  const language::Rule* rule = nullptr;
  const language::Step* step = nullptr;
  std::string locale;  ///< of the reader
  std::string why;     ///< with the template's own place and remedy
  /// It asks for what is never there. Otherwise a value of the sample did not suit it (a division
  /// by one that was 0), and other customers' may.
  bool certain = true;
};

struct Rehearsal {
  std::vector<Unsendable> unsendable;
  std::vector<language::Diagnostic> findings;  ///< warnings and notes about texts
};

/// Composes every mail of every rule as it would leave, about a customer and rows of which
/// everything is known, in each language of its template and in the site's. A template that asks
/// for what its rule does not provide (`survey.link` without `survey:`, a ticket's number about an
/// order) or that has no text for the site's language would else fail once for every customer.
/// Which attributes the shop's rows have is not known here: a template is read up to the first that
/// the sample lacks.
/// The findings: an advertisement without a way to unsubscribe in its text, a value that may be
/// missing and is shown without `default`, a template that no rule names.
Result<Rehearsal> rehearse(const Site& site, const std::vector<language::Rule>& rules,
                           const render::TemplateSet& templates);

}  // namespace retaind::delivery
