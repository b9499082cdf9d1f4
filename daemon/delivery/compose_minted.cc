#include <fmt/format.h>

#include "delivery/compose.h"

// What a message brings along that nobody else gets: a coupon's code, a survey's link. Made with
// its first look and kept in the store, so that a retry brings the same.
namespace retaind::delivery {

using engine::Running;
using language::Step;

void Composer::mint(const Step& step, const Part& part, Rng& rng, Time now) {
  const auto minted = step.coupon ? messages_.coupon(part.message.id) : std::nullopt;
  if (minted && !step.coupon->valid_for.is_zero()) {
    // The same code on every retry, valid from the send that succeeds.
    messages_.extend_coupon(part.message.id, site_->zone.add(now, step.coupon->valid_for));
  }
  if (step.coupon && !minted) {
    store::CouponRow coupon;
    coupon.code = rng.code(10);
    coupon.message = part.message.id;
    coupon.rule = part.message.rule;
    coupon.customer = part.message.customer;
    coupon.name = step.coupon->name;
    if (step.coupon->amount_off) {
      coupon.amount_minor = step.coupon->amount_off->minor;
      coupon.currency = step.coupon->amount_off->currency.view();
    } else {
      coupon.percent_off = step.coupon->percent_off;
    }
    coupon.single_use = step.coupon->single_use;
    if (!step.coupon->valid_for.is_zero())
      coupon.valid_until = site_->zone.add(now, step.coupon->valid_for);
    coupon.minted_at = now;
    messages_.add_coupon(coupon);
  }
  if (!step.survey.empty() && !messages_.survey(part.message.id)) {
    store::SurveyRow survey;
    const std::string payload = fmt::format("s1.{}.{}", part.message.id, rng.code(8));
    survey.token = payload + "." + sign(payload);
    survey.message = part.message.id;
    survey.rule = part.message.rule;
    survey.customer = part.message.customer;
    survey.kind = step.survey;
    survey.subject = part.firing.subject;
    survey.row = part.firing.row;
    survey.minted_at = now;
    messages_.add_survey(survey);
  }
}

void Composer::add_minted(Value& context, const Running& running, const Step& step,
                          const Part& part) {
  // An earlier revision of the step may have minted what this one does not.
  const bool revised = part.message.planned_at <= running.row.revised_at;
  const auto coupon = step.coupon || revised ? messages_.coupon(part.message.id) : std::nullopt;
  if (coupon) {
    Value value;
    value.set("code", coupon->code);
    value.set("name", coupon->name);
    value.set("percent_off", coupon->percent_off ? Value{*coupon->percent_off} : Value{});
    if (coupon->amount_minor) {
      value.set("amount_off",
                Value::Object{{"minor", *coupon->amount_minor}, {"currency", coupon->currency}});
    } else {
      value.set("amount_off", Value{});
    }
    value.set("valid_until", coupon->valid_until ? Value{to_iso(*coupon->valid_until)} : Value{});
    value.set("single_use", coupon->single_use);
    context.set("coupon", std::move(value));
  }
  const auto survey =
      !step.survey.empty() || revised ? messages_.survey(part.message.id) : std::nullopt;
  if (survey) {
    context.set("survey", Value::Object{{"link", survey_link(*survey)}, {"kind", survey->kind}});
  }
}

}  // namespace retaind::delivery
