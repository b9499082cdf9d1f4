#include "delivery/preview.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "engine/trigger.h"
#include "engine/variant.h"
#include "insight/bought_together.h"
#include "render/letters.h"
#include "store/facts.h"
#include "store/ledger.h"
#include "store/messages.h"
#include "store/people.h"

namespace retaind::delivery {
namespace {

using language::Rule;
using language::Step;
using language::StepKind;

struct Row {
  std::int64_t id = 0;
  std::optional<Time> anchor;
  bool counts = false;
};

/// The row that the rule counts from and that came last; else the newest of its kind.
Result<Row> newest_row(store::Database& shadow, const Site& site, const Rule& rule,
                       std::int64_t customer, std::string_view key, Time now) {
  engine::Trigger trigger{shadow, rule, site.zone};
  std::optional<Row> newest;
  for (const std::int64_t id : trigger.rows().rows_of(customer)) {
    const store::Candidate* candidate = trigger.rows().by_row(id, now);
    if (candidate == nullptr) continue;
    const Row row{id, candidate->anchor, candidate->anchor && candidate->in_state};
    const auto rank = [](const Row& r) {
      return std::tuple(r.counts, r.anchor.value_or(Time::min()), r.id);
    };
    if (!newest || rank(row) > rank(*newest)) newest = row;
  }
  if (newest) return *newest;
  const std::string what = rule.trigger.event_name.empty()
                               ? std::string(name_of(rule.trigger.subject))
                               : fmt::format("event `{}`", rule.trigger.event_name);
  return Error{ErrorKind::not_found,
               fmt::format("customer `{}` has no {}, which the message would be about; name a "
                           "customer who has one, or import one",
                           key, what)};
}

/// That of the customer's message which waits: shares that were edited since do not move it.
std::optional<std::string> waiting_variant(store::Database& shadow, std::int64_t rule,
                                           const Step& step, std::int64_t customer) {
  store::Ledger ledger(shadow);
  store::Messages messages(shadow);
  std::optional<std::string> found;
  for (const std::int64_t id : store::People(shadow).firings(customer)) {
    const auto firing = ledger.firing(id);
    if (!firing || firing->rule != rule || !firing->open) continue;
    for (const std::int64_t number : messages.of_firing(id)) {
      const auto message = messages.find(number);
      if (message && message->step == step.key && !is_final(message->state) &&
          !message->variant.empty())
        found = engine::template_of(step, message->variant);
    }
  }
  return found;
}

/// The variant that was asked for, or the one that the sender would choose.
Result<std::string> variant_for(store::Database& shadow, const PreviewOrder& order,
                                std::string_view customer_key) {
  const Step& step = *order.step;
  if (order.variant.empty()) {
    std::string first_name = order.rule->was.empty() ? order.rule->id : order.rule->was;
    for (const store::RuleRow& row : store::Ledger(shadow).rules()) {
      if (row.name != order.rule->id && row.name != order.rule->was) continue;
      first_name = row.first_name;
      if (step.variants.empty()) continue;
      if (auto waiting = waiting_variant(shadow, row.id, step, order.customer)) return *waiting;
    }
    return engine::variant_of(first_name, step, customer_key);
  }
  const std::vector<std::string> texts = engine::texts_of(step);
  if (step.variants.empty())
    return Error{ErrorKind::not_found,
                 fmt::format("step `{}` has no variants; leave --variant out", step.key)};
  if (std::find(texts.begin(), texts.end(), order.variant) != texts.end()) return order.variant;
  const std::vector<std::string_view> names(texts.begin(), texts.end());
  const auto near = nearest(order.variant, names);
  return Error{
      ErrorKind::not_found,
      fmt::format("step `{}` has no variant `{}`{}; it has {}", step.key, order.variant,
                  near ? fmt::format("; did you mean `{}`?", *near) : "", join(texts, ", "))};
}

Result<void> speak(store::Database& shadow, std::string_view key, const std::string& locale,
                   Time now) {
  CustomerFact customer;
  customer.key = std::string(key);
  customer.locale = locale;
  store::Facts facts{shadow, now};
  const auto written = facts.put(customer);
  return written ? Result<void>{} : written.error();
}

/// As the daemon has it when it has seen everything; of a rule that does not run yet, or of a store
/// that nobody counted, that is all orders.
Result<void> show_recommendations(store::Database& shadow, Composer& composer, const Rule& rule,
                                  const render::TemplateSet& templates) {
  std::set<std::string> texts = recommending_texts(rule, templates);
  if (texts.empty()) return {};
  composer.recommend_in(std::move(texts));
  auto transaction = store::Transaction::begin(shadow);
  if (!transaction) return transaction.error();
  insight::BoughtTogether together{shadow};
  while (together.keep_up()) {
  }
  return transaction->commit();
}

}  // namespace

Result<const Step*> find_step(const Rule& rule, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Step& step : rule.steps) {
    if (step.kind == StepKind::pause_marketing) continue;
    if (name.empty() || step.key == name || step.target == name || step.template_name == name)
      return &step;
    names.emplace_back(step.key);
  }
  if (names.empty()) {
    return Error{ErrorKind::not_found,
                 fmt::format("rule `{}` sends no message: its steps only have effects", rule.id)};
  }
  std::string all;
  for (const std::string_view key : names)
    all += fmt::format("{}`{}`", all.empty() ? "" : ", ", key);
  const auto near = nearest(name, names);
  return Error{ErrorKind::not_found,
               fmt::format("rule `{}` has no step `{}`{}; it has {}", rule.id, name,
                           near ? fmt::format("; did you mean `{}`?", *near) : "", all)};
}

Result<Preview> preview(store::Database& shadow, const Site& site,
                        const render::TemplateSet& templates, const PreviewOrder& order, Time now) {
  const Rule& rule = *order.rule;
  const Step& step = *order.step;
  store::People people(shadow);
  const auto person = people.person(order.customer);
  if (!person) return Error{ErrorKind::not_found, "the customer is no longer there; try again"};
  if (step.kind == StepKind::email && email_key(person->email).empty()) {
    const std::string& written = person->email;
    const std::string what =
        written.empty() ? "has no e-mail address"
                        : fmt::format("has no usable e-mail address, `{}{}` is none",
                                      written.substr(0, render::character_offset(written, 40)),
                                      render::count_characters(written) > 40 ? "…" : "");
    return Error{ErrorKind::not_found, fmt::format("customer `{}` {}: the sender would end with "
                                                   "no-address; import one",
                                                   person->key, what)};
  }
  Preview made;
  Composer::Part part;
  part.firing.subject = rule.trigger.subject;
  part.firing.customer = order.customer;
  part.firing.anchor = part.firing.due = part.firing.planned = now;
  if (language::has_row(rule.trigger)) {
    const auto row = newest_row(shadow, site, rule, order.customer, person->key, now);
    if (!row) return row.error();
    part.firing.row = row->id;
    if (row->anchor) part.firing.anchor = row->anchor;
    made.at = row->anchor;
    if (rule.trigger.subject != Subject::customer)
      made.row = people.key_of(rule.trigger.subject, row->id);
  }
  part.message.step = step.key;
  part.message.customer = order.customer;
  part.message.planned_at = now;
  auto variant = variant_for(shadow, order, person->key);
  if (!variant) return variant.error();
  part.message.variant = made.variant = *std::move(variant);
  if (!order.locale.empty()) {
    if (auto spoken = speak(shadow, person->key, order.locale, now); !spoken) return spoken.error();
  }
  Composer composer{shadow, site, templates, "preview", "preview"};
  if (auto shown = show_recommendations(shadow, composer, rule, templates); !shown)
    return shown.error();
  Rng rng{static_cast<std::uint64_t>(to_ms(now))};
  composer.mint(step, part, rng, now);
  made.coupon = step.coupon.has_value();
  made.survey = !step.survey.empty();
  engine::Running running;
  running.rule = &rule;
  Result<Outgoing> composed =
      step.kind == StepKind::webhook
          ? composer.webhook(running, step, part, now)
          : composer.mail(running, step, part.message, {part}, {}, now, &made.letter);
  if (auto failed = shadow.take_error(); !failed) return failed.error();
  if (!composed) return composed.error();
  made.outgoing = *std::move(composed);
  return made;
}

Result<Outgoing> as_test(const Preview& made, const Site& site, const std::string& address,
                         std::string_view id, Time now) {
  if (!may_receive(site, address)) {
    return Error{
        ErrorKind::conflict,
        fmt::format("`only-to:` in retaind.yaml lets no mail go to {}; name an address that "
                    "it has, or add this one",
                    address)};
  }
  render::Mail letter = made.letter;
  letter.subject = "[test] " + letter.subject;
  letter.to = {{"", address}};
  letter.in_reply_to.clear();
  letter.list_unsubscribe_url.clear();
  letter.list_unsubscribe_mailto.clear();
  letter.list_id.clear();
  letter.feedback_id.clear();
  letter.extra = {{"X-Retaind-Test", "yes"}};
  letter.message_id = fmt::format("test.{}.{}", id, made.outgoing.message_id);
  letter.date = now;
  auto built = render::build_mail(letter);
  if (!built) return built.error();
  Outgoing outgoing;
  outgoing.id = 1;
  outgoing.message_id = letter.message_id;
  outgoing.envelope_from = envelope_of(site.sender.address);
  outgoing.envelope_to = {envelope_of(address)};
  outgoing.needs_smtputf8 = built->needs_smtputf8;
  outgoing.bytes = std::move(built->bytes);
  return outgoing;
}

}  // namespace retaind::delivery
