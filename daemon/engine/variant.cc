#include "engine/variant.h"

#include <algorithm>
#include <cmath>

#include "base/digest.h"

namespace retaind::engine {

using language::Step;
using language::Variant;

std::string variant_of(std::string_view first_name, const Step& step,
                       std::string_view customer_key) {
  if (step.variants.empty()) return {};
  if (customer_key.empty()) return step.template_name;
  std::string key{first_name};
  for (const std::string_view part : {std::string_view(step.key), customer_key}) {
    key += '\0';
    key += part;
  }
  const double at = std::ldexp(static_cast<double>(stable_hash(key)), -64);
  const Variant& first = step.variants.front();
  if (at < first.share) return first.template_name;
  double top = 1;
  for (std::size_t i = 1; i < step.variants.size(); ++i) {
    top -= step.variants[i].share;
    if (at >= top) return step.variants[i].template_name;
  }
  return step.template_name;
}

const std::string& template_of(const Step& step, const std::string& variant) {
  const bool has = std::any_of(step.variants.begin(), step.variants.end(),
                               [&](const Variant& v) { return v.template_name == variant; });
  return has ? variant : step.template_name;
}

std::vector<std::string> texts_of(const Step& step) {
  std::vector<std::string> names{step.template_name};
  for (const Variant& variant : step.variants) names.push_back(variant.template_name);
  return names;
}

}  // namespace retaind::engine
