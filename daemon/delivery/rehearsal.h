#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "language/plan.h"
#include "model/site.h"
#include "render/template.h"

namespace retaind::delivery {

/// A mail that no customer would get.
struct Unsendable {
  const language::Rule* rule = nullptr;
  const language::Step* step = nullptr;
  std::string locale;  ///< of the reader
  std::string why;     ///< with the template's own place and remedy
};

/// Composes every mail of every rule as it would leave, about a customer and rows of which
/// everything is known, in each language of its template and in the site's. A template that asks
/// for what its rule does not provide (`survey.link` without `survey:`, a ticket's number about an
/// order) or that has no text for the site's language would else fail once for every customer.
/// Which attributes the shop's rows have is not known here, so those are taken as given.
Result<std::vector<Unsendable>> rehearse(const Site& site, const std::vector<language::Rule>& rules,
                                         const render::TemplateSet& templates);

}  // namespace retaind::delivery
