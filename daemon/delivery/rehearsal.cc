#include "delivery/rehearsal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/value.h"
#include "delivery/compose.h"
#include "delivery/lint_texts.h"
#include "delivery/preview.h"
#include "language/codes.h"
#include "store/facts.h"

namespace retaind::delivery {
namespace {

using language::Rule;
using language::Step;
using language::StepKind;

constexpr std::string_view sample_key = "sample";
constexpr std::string_view way_out = "https://unsubscribe.invalid/";
// The words of the renderer, whose error is a text for people.
constexpr std::string_view unknown = "unknown variable `";
constexpr std::string_view whole = "this is a whole object";
constexpr Time now{std::chrono::sys_days{std::chrono::year{2026} / 1 / 15}};

/// The variable that a template's error names as unknown; empty: it is about something else.
std::string_view unknown_variable(std::string_view why) {
  const std::size_t at = why.find(unknown);
  if (at == std::string_view::npos) return {};
  why.remove_prefix(at + unknown.size());
  return why.substr(0, why.find('`'));
}

/// What a reader cannot see lets nobody out.
std::string without_comments(std::string_view html) {
  std::string shown;
  while (true) {
    const std::size_t begin = html.find("<!--");
    shown += html.substr(0, begin);
    if (begin == std::string_view::npos) return shown;
    const std::size_t end = html.find("-->", begin + 4);
    if (end == std::string_view::npos) return shown;
    html.remove_prefix(end + 3);
  }
}

/// Whether vocabulary.yaml says which attributes the variable's subject has.
bool declares(const Vocabulary& vocabulary, std::string_view variable) {
  const auto subject = find_subject(variable.substr(0, variable.find('.')));
  const auto& own = vocabulary.own_fields();
  return subject && std::any_of(own.begin(), own.end(),
                                [&](const Field& field) { return field.subject == *subject; });
}

Value sample_of(const Field& field) {
  switch (field.type) {
    case Type::boolean: return true;
    case Type::number: return 3;
    case Type::percent: return "10%";
    case Type::money: return fmt::format("49 {}", field.currency.view());
    case Type::enumeration: return field.words.substr(0, field.words.find('|'));
    case Type::time: return to_iso(now);
    case Type::date: return "2026-01-15";
    default: return sample_key;
  }
}

/// Everything that vocabulary.yaml declares of a subject; empty when it declares nothing.
std::optional<std::string> sample_attributes(const Vocabulary& vocabulary, Subject subject) {
  Value object;
  for (const Field& field : vocabulary.own_fields())
    if (field.subject == subject) object.set(field.name, sample_of(field));
  if (object.is_null()) return std::nullopt;
  return to_json(object);
}

class Stage {
 public:
  Stage(store::Database& database, const Site& site, const render::TemplateSet& templates)
      : database_(&database), site_(site), templates_(&templates) {
    site_.only_to.clear();  // who may get mail on this machine is no matter of the texts
    if (!site_.unsubscribe_url.empty()) site_.unsubscribe_url = way_out;
  }

  Result<void> fill() {
    const std::string key{sample_key};
    CustomerFact customer;
    customer.key = key;
    customer.email = "sample@example.com";
    customer.first_name = "Sample";
    customer.last_name = "Customer";
    customer.time_zone = "UTC";
    customer.country = "DE";
    customer.city = "Köln";
    customer.currency = "EUR";
    customer.created_at = now;
    customer.birthday = "1990-01-15";
    OrderFact order;
    order.key = key;
    order.number = key;
    order.customer = key;
    order.status = "completed";
    order.currency = "EUR";
    order.total_minor = 4900;
    order.placed_at = order.paid_at = order.shipped_at = order.completed_at = now;
    ItemFact item;
    item.order = key;
    item.key = key;
    item.sku = item.name = key;
    item.quantity = 1;
    item.price_minor = 4900;
    SubscriptionFact subscription;
    subscription.key = key;
    subscription.customer = subscription.plan = key;
    subscription.status = "active";
    subscription.currency = "EUR";
    subscription.price_minor = 900;
    subscription.started_at = subscription.renews_at = now;
    TicketFact ticket;
    ticket.key = key;
    ticket.customer = ticket.number = ticket.subject = ticket.team = key;
    ticket.status = "open";
    ticket.priority = "normal";
    ticket.assignee = "agent@example.com";
    ticket.opened_at = ticket.as_of = now;
    FeedbackFact feedback;
    feedback.key = key;
    feedback.customer = feedback.comment = key;
    feedback.kind = "nps";
    feedback.score = 9;
    feedback.received_at = now;
    EventFact event;
    event.key = key;
    event.name = key;
    event.customer = key;
    event.at = now;
    store::Facts facts{*database_, now};
    const Vocabulary& words = *site_.vocabulary;
    customer.attributes = sample_attributes(words, Subject::customer);
    order.attributes = sample_attributes(words, Subject::order);
    item.attributes = sample_attributes(words, Subject::item);
    subscription.attributes = sample_attributes(words, Subject::subscription);
    ticket.attributes = sample_attributes(words, Subject::ticket);
    feedback.attributes = sample_attributes(words, Subject::feedback);
    event.attributes = sample_attributes(words, Subject::event);
    for (const Result<void>& done :
         {put(facts, customer, Subject::customer), put(facts, order, Subject::order),
          put(facts, item, Subject::item), put(facts, subscription, Subject::subscription),
          put(facts, ticket, Subject::ticket), put(facts, feedback, Subject::feedback),
          put(facts, event, Subject::event)}) {
      if (!done) return done.error();
    }
    return {};
  }

  Result<void> compose(const Rule& rule, const Step& step, const std::string& variant,
                       const std::string& locale) {
    if (Result<void> spoken = speak(locale); !spoken) return spoken;
    Composer composer{*database_, site_, *templates_, "rehearsal", "rehearsal"};
    engine::Running running;
    running.rule = &rule;
    Composer::Part part;
    part.firing.subject = rule.trigger.subject;
    part.firing.row = rows_[static_cast<std::size_t>(rule.trigger.subject)];
    part.firing.customer = rows_[static_cast<std::size_t>(Subject::customer)];
    part.firing.anchor = part.firing.due = part.firing.planned = now;
    part.message.id = ++messages_;
    part.message.step = step.key;
    part.message.variant = variant;
    composer.mint(step, part, rng_, now);
    const auto mail = composer.mail(running, step, part.message, {part}, {}, now, &letter_);
    if (!mail) return mail.error();
    return {};
  }

  /// Whether the text of the mail composed last lets its reader unsubscribe.
  [[nodiscard]] bool lets_out() const {
    const std::string_view way =
        site_.unsubscribe_url.empty() ? std::string_view(site_.unsubscribe_mailto) : way_out;
    return without_comments(letter_.html).find(way) != std::string::npos ||
           letter_.text.find(way) != std::string::npos;
  }

 private:
  template <class Fact>
  Result<void> put(store::Facts& facts, const Fact& fact, Subject subject) {
    const auto written = facts.put(fact);
    if (!written) return written.error();
    rows_[static_cast<std::size_t>(subject)] = written->row;
    return {};
  }

  Result<void> speak(const std::string& locale) {
    CustomerFact customer;
    customer.key = sample_key;
    customer.locale = locale;
    store::Facts facts{*database_, now};
    return put(facts, customer, Subject::customer);
  }

  store::Database* database_;
  Site site_;
  const render::TemplateSet* templates_;
  Rng rng_{1};
  std::array<std::int64_t, subject_count> rows_{};
  std::int64_t messages_ = 0;
  render::Mail letter_;  // composed last
};

/// A mail to a team has the team's language alone.
std::set<std::string> locales_of(const Step& step, const std::string& text, const Site& site,
                                 const render::TemplateSet& templates) {
  std::set<std::string> locales{site.locale};
  if (step.kind != StepKind::email) return locales;
  for (const std::string& locale : templates.locales(text)) locales.insert(locale);
  return locales;
}

/// In one language a mail that cannot be composed is told, and whether it lets its reader out.
bool try_one(Stage& stage, const Rule& rule, const Step& step, const std::string& text,
             const std::string& locale, Rehearsal& result) {
  const Result<void> done = stage.compose(rule, step, text, locale);
  if (done) {
    const bool bulk = rule.purpose == Purpose::marketing || rule.purpose == Purpose::feedback;
    if (!bulk || step.kind != StepKind::email || stage.lets_out()) return true;
    result.findings.push_back(
        {language::Severity::warning, language::name_of(language::Code::no_way_out), step.where,
         fmt::format("the text of `{}` for readers of `{}` has no link to unsubscribe", text,
                     locale),
         "write `{% if unsubscribe.link %}<a href=\"{{ unsubscribe.link }}\">Unsubscribe</a>{% "
         "endif "
         "%}` into the template"});
    return false;
  }
  const std::string& why = done.error().message;
  const std::string_view variable = unknown_variable(why);
  // The data may have an attribute that nobody has declared.
  const bool attribute = variable.find(".attributes.") != std::string_view::npos;
  if (attribute && !declares(*rule.vocabulary, variable)) return true;
  const bool certain = !attribute && (done.error().kind == ErrorKind::not_found ||
                                      !variable.empty() || why.find(whole) != std::string::npos);
  result.unsendable.push_back({&rule, &step, locale, why, certain});
  return !certain;
}

}  // namespace

Result<Rehearsal> rehearse(const Site& site, const std::vector<Rule>& rules,
                           const render::TemplateSet& templates) {
  Rehearsal result;
  auto database = store::Database::in_memory();
  if (!database) return database.error();
  Stage stage{*database, site, templates};
  if (Result<void> filled = stage.fill(); !filled) return filled.error();
  for (const Rule& rule : rules) {
    for (const Step& step : rule.steps) {
      if (step.kind != StepKind::email && step.kind != StepKind::notify) continue;
      for (const std::string& text : texts_of(step)) {
        for (const std::string& locale : locales_of(step, text, site, templates)) {
          // The same in another language says nothing new.
          if (!try_one(stage, rule, step, text, locale, result)) break;
        }
      }
    }
  }
  lint_texts(rules, templates, result.findings);
  return result;
}

}  // namespace retaind::delivery
