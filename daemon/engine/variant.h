#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "language/plan.h"

namespace retaind::engine {

/// The template that a customer gets of a step with variants; empty: the step has none. By a hash
/// of the rule's first id, the step's key and the customer: stable, and independent of the holdout.
/// Who has no key gets the step's own. The first variant's part of the range grows from its bottom,
/// the others' lie below its top in their order: with one or two, raising a share takes from the
/// control alone, and lowering it gives back.
std::string variant_of(std::string_view first_name, const language::Step& step,
                       std::string_view customer_key);

/// The template of a message: its variant, unless the step has it no more.
const std::string& template_of(const language::Step& step, const std::string& variant);

/// The templates of an email or notify step: its own, then those of its variants.
std::vector<std::string> texts_of(const language::Step& step);

}  // namespace retaind::engine
