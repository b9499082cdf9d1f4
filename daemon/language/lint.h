#pragma once
#include <map>
#include <string>
#include <vector>

#include "language/check.h"
#include "language/report.h"

// What is allowed and yet seldom meant. None of it is an error.
namespace retaind::language {

/// Of one rule: lines that contradict each other, steps and coupons that miss their time, a
/// win-back that a purchase does not end.
void lint_rule(Report& report, const Rule& rule);

/// Live rules that can mail one customer on the same day.
void lint_together(const std::vector<Rule>& rules, const Site& site, std::vector<Diagnostic>& out);

/// Teams, webhooks and calendars of retaind.yaml that no rule names.
void lint_unused(const std::vector<SiteName>& names, const std::vector<Rule>& rules,
                 std::vector<Diagnostic>& out);

/// A live advertisement of a site that names no postal address; `sender` is where it would stand.
void lint_sender(const Where& sender, const Site& site, const std::vector<Rule>& rules,
                 std::vector<Diagnostic>& out);

}  // namespace retaind::language
