#include <fmt/format.h>

#include "base/digest.h"
#include "language/rule_parts.h"

namespace retaind::language {
namespace {

/// Writes everything that decides, field by field, each with its length in front, so that no two
/// different rules read alike. What is kept in stores depends on it: a change here makes every rule
/// an edited one.
class Canonical {
 public:
  void text(std::string_view value) { out_ += fmt::format("{}:{};", value.size(), value); }
  void number(std::int64_t value) { out_ += fmt::format("{};", value); }
  void span(const Span& value) {
    out_ += fmt::format("{}/{}/{}{};", value.months, value.days, value.elapsed.count(),
                        value.business ? "b" : "");
  }
  void span(const std::optional<Span>& value) {
    if (value) {
      span(*value);
    } else {
      out_ += "-;";
    }
  }

  void conditions(const Rule& rule, const std::vector<Condition>& conditions) {
    number(static_cast<std::int64_t>(conditions.size()));
    for (const auto& condition : conditions) node(rule, rule.slots, condition, condition.root);
  }

  /// What vocabulary.yaml says of it decides with the rule.
  void state(const Trigger& trigger) {
    text(trigger.state->is);
    text(trigger.column);
    for (const Slot& slot : trigger.is_slots) declared(*slot.field);
  }

  void step(const Rule& rule, const Step& step) {
    number(static_cast<int>(step.kind));
    for (const std::string* value :
         {&step.key, &step.target, &step.fallback, &step.template_name, &step.survey})
      text(*value);
    span(step.after);
    span(step.wait);
    span(step.digest);
    span(step.pause);
    number(step.repeat ? step.repeat->at_most : 0);
    if (step.repeat) span(step.repeat->every);
    if (step.coupon) coupon(*step.coupon);
    if (!step.if_all.empty()) {
      text("if");
      conditions(rule, step.if_all);
    }
    if (!step.variants.empty()) text("variants");
    for (const Variant& variant : step.variants)
      text(fmt::format("{} {}", variant.template_name, variant.share));
  }

  [[nodiscard]] std::string digest() const { return hex(sha256(out_)); }

 private:
  /// `row`: what is read of an aggregate's row.
  void node(const Rule& rule, const std::vector<Slot>& row, const Condition& condition,
            std::uint16_t index) {
    const Node& node = condition.nodes[index];
    number(static_cast<int>(node.op));
    if (node.op == Op::aggregate) aggregate(rule, rule.aggregates[node.slot]);
    if (node.op == Op::field) {
      const Field& field = *(node.of_row ? row : rule.slots)[node.slot].field;
      text(fmt::format("{}.{}", name_of(field.subject), field.name));
      declared(field);
    }
    if (node.op == Op::constant) {
      // As written: a date is compared in the site's zone, which is not the rule's to change.
      text(fmt::format("{} {}", node.text, node.value.currency.view()));
      number(static_cast<int>(node.type));
    }
    span(node.span);
    number(static_cast<std::int64_t>(node.children.size()));
    for (const auto child : node.children) this->node(rule, row, condition, child);
  }

  /// What the site's vocabulary says of a field of its own decides with the rule.
  void declared(const Field& field) {
    if (field.derivation != Derivation::attribute) return;
    text(fmt::format("{} {}", type_word(field.type), field.currency.view()));
    text(field.words);
  }

  void aggregate(const Rule& rule, const Aggregate& aggregate) {
    number(static_cast<int>(aggregate.fold));
    text(aggregate.relation->name);
    text(aggregate.field == nullptr ? std::string_view() : aggregate.field->name);
    if (aggregate.field != nullptr) declared(*aggregate.field);
    number(static_cast<std::int64_t>(aggregate.where.nodes.size()));
    if (!aggregate.where.nodes.empty())
      node(rule, aggregate.slots, aggregate.where, aggregate.where.root);
  }

  void coupon(const Coupon& coupon) {
    text(coupon.name);
    number(coupon.percent_off);
    if (coupon.amount_off)
      text(fmt::format("{} {}", coupon.amount_off->minor, coupon.amount_off->currency.view()));
    number(coupon.single_use ? 1 : 0);
    span(coupon.valid_for);
  }

  std::string out_;
};

}  // namespace

std::string revision_of(const Rule& rule) {
  Canonical canonical;
  canonical.text(rule.id);
  canonical.text(name_of(rule.purpose));
  const Trigger& trigger = rule.trigger;
  canonical.number(static_cast<int>(trigger.kind));
  canonical.text(trigger.name);
  if (trigger.is) canonical.state(trigger);
  canonical.span(trigger.offset);
  canonical.number(trigger.at_minute.value_or(-1));
  canonical.conditions(rule, rule.if_all);
  canonical.conditions(rule, rule.unless_any);
  canonical.conditions(rule, rule.stop_if);
  canonical.conditions(rule, rule.hold_while);
  canonical.number(static_cast<std::int64_t>(rule.steps.size()));
  for (const auto& step : rule.steps) canonical.step(rule, step);
  canonical.text(rule.once_per ? name_of(*rule.once_per) : std::string_view());
  canonical.span(rule.again_after);
  canonical.span(rule.late_limit);
  canonical.number(rule.backlog.all ? 1 : 0);
  canonical.span(rule.backlog.within);
  canonical.number(rule.limit_per_day.value_or(0));
  canonical.text(fmt::format("{}", rule.holdout));
  canonical.number(rule.priority);
  canonical.text(rule.send_window);
  if (rule.business) canonical.text(rule.business->canonical());
  canonical.number(rule.customer_zone ? 1 : 0);
  canonical.number(rule.brake.value_or(0));
  return canonical.digest();
}

}  // namespace retaind::language
