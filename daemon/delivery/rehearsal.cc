#include "delivery/rehearsal.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "delivery/compose.h"
#include "delivery/lint_mail.h"
#include "delivery/lint_texts.h"
#include "delivery/sample_shop.h"
#include "engine/variant.h"
#include "insight/bought_together.h"
#include "language/report.h"
#include "store/facts.h"

namespace retaind::delivery {
namespace {

using language::Rule;
using language::Step;
using language::StepKind;

constexpr Time rehearsed_at{std::chrono::sys_days{std::chrono::year{2026} / 1 / 15}};

/// Whether vocabulary.yaml says which attributes the variable's subject has.
bool declares(const Vocabulary& vocabulary, std::string_view variable) {
  const auto subject = find_subject(variable.substr(0, variable.find('.')));
  const auto& own = vocabulary.own_fields();
  return subject && std::any_of(own.begin(), own.end(),
                                [&](const Field& field) { return field.subject == *subject; });
}

/// The samples in a store in memory, and the sender's own code that composes mails about them.
class Stage {
 public:
  Stage(store::Database& database, const Site& site, const render::TemplateSet& templates)
      : database_(&database), site_(site), templates_(&templates) {
    site_.only_to.clear();  // who may get mail on this machine is no matter of the texts
  }

  Result<void> fill() {
    for (const Sample& sample : samples()) {
      auto rows = put_sample(*database_, *site_.vocabulary, sample, rehearsed_at);
      if (!rows) return rows.error();
      rows_.push_back(*rows);
    }
    return {};
  }

  /// Baskets of others, so that there is something to recommend to the sample customer.
  Result<void> recommend_in(std::set<std::string> texts) {
    recommending_ = std::move(texts);
    if (recommending_.empty()) return {};
    auto transaction = store::Transaction::begin(*database_);
    if (!transaction) return transaction.error();
    store::Facts facts{*database_, rehearsed_at};
    for (const char* basket : {"basket-1", "basket-2"}) {
      OrderFact order;
      order.key = basket;
      order.status = "completed";
      order.currency = "EUR";
      order.placed_at = rehearsed_at;
      if (const auto written = facts.put(order); !written) return written.error();
      std::vector<std::string> products{"companion"};
      for (const Sample& sample : samples()) products.push_back(first_product(sample));
      for (const std::string& product : products) {
        ItemFact item;
        item.order = basket;
        item.key = product;
        item.sku = item.name = item.key;
        item.price_minor = 1900;
        if (const auto written = facts.put(item); !written) return written.error();
      }
    }
    insight::BoughtTogether together{*database_};
    while (together.keep_up()) {
    }
    return transaction->commit();
  }

  /// Has all samples read a language.
  Result<void> speak(const std::string& locale) {
    if (locale == locale_) return {};
    locale_ = locale;
    for (const Sample& sample : samples()) {
      if (Result<void> done = put_locale(*database_, sample, locale, rehearsed_at); !done)
        return done;
    }
    return {};
  }

  /// Into the proof's mail and trace, with what it was rendered from.
  Result<void> compose(const Rule& rule, const Step& step, const std::string& text,
                       std::size_t sample, Proof& proof, Value& context) {
    Composer composer{*database_, site_, *templates_, "rehearsal", "rehearsal"};
    composer.recommend_in(recommending_);
    engine::Running running;
    running.rule = &rule;
    const SampleRows& rows = rows_[sample];
    Composer::Part part;
    part.firing.subject = rule.trigger.subject;
    part.firing.row = rows[static_cast<std::size_t>(rule.trigger.subject)];
    part.firing.customer = rows[static_cast<std::size_t>(Subject::customer)];
    part.firing.anchor = part.firing.due = part.firing.planned = rehearsed_at;
    part.message.id = ++messages_;
    part.message.step = step.key;
    part.message.variant = text;
    composer.mint(step, part, rng_, rehearsed_at);
    const int parts = step.kind == StepKind::notify ? samples()[sample].rows : 1;
    const auto mail = composer.mail(running, step, part.message,
                                    std::vector(static_cast<std::size_t>(parts), part), {},
                                    rehearsed_at, &proof.mail, &proof.trace);
    if (!mail) return mail.error();
    context = composer.context(running.row.id);
    return {};
  }

  [[nodiscard]] const Site& site() const { return site_; }

 private:
  store::Database* database_;
  Site site_;
  const render::TemplateSet* templates_;
  Rng rng_{1};
  std::vector<SampleRows> rows_;
  std::string locale_;
  std::int64_t messages_ = 0;
  std::set<std::string> recommending_;
};

/// A mail to a team has the team's language alone.
std::set<std::string> locales_of(const Step& step, const std::string& text, const Site& site,
                                 const render::TemplateSet& templates) {
  std::set<std::string> locales{site.locale};
  if (step.kind != StepKind::email) {
    const auto team = site.teams.find(step.target);
    if (team != site.teams.end() && !team->second.locale.empty()) locales = {team->second.locale};
    return locales;
  }
  for (const std::string& locale : templates.locales(text)) locales.insert(locale);
  return locales;
}

/// What a mail depends on, apart from the name of its rule: rules that are alike in this are
/// rehearsed once.
std::string kind_of(const Rule& rule, const Step& step, const std::string& text) {
  const auto& coupon = step.coupon;
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{}", text, static_cast<int>(step.kind), step.target,
                     step.fallback, static_cast<int>(rule.purpose),
                     static_cast<int>(rule.trigger.subject), step.survey,
                     !coupon                       ? 0
                     : coupon->amount_off          ? 1
                     : coupon->valid_for.is_zero() ? 2
                                                   : 3);
}

class Rehearser {
 public:
  using Diagnostics = std::vector<language::Diagnostic>;

  Rehearser(Stage& stage, const render::TemplateSet& templates, Diagnostics& out)
      : stage_(stage), templates_(templates), lint_(stage.site(), out), out_(out) {}

  Result<void> look_at(const Rule& rule, const Step& step) {
    for (const std::string& text : engine::texts_of(step)) {
      auto [known, fresh] = failures_.try_emplace(kind_of(rule, step, text));
      if (fresh) {
        for (const std::string& locale : locales_of(step, text, stage_.site(), templates_)) {
          if (Result<void> spoken = stage_.speak(locale); !spoken) return spoken;
          // The same in another language says nothing new.
          if (!in_locale(rule, step, text, locale, known->second)) break;
        }
      }
      for (const Failure& failure : known->second) tell(rule, step, failure);
    }
    return {};
  }

 private:
  struct Failure {
    std::string locale;     ///< of the reader
    std::string_view whom;  ///< of the sample
    language::Severity severity;
    Error error;
    std::optional<render::Fault> fault;
    render::Spot spot;  ///< of a header that a template gives; without a path: nobody knows
  };

  /// False when nobody can get it.
  bool in_locale(const Rule& rule, const Step& step, const std::string& text,
                 const std::string& locale, std::vector<Failure>& failures) {
    const auto file = templates_.file_for(text, locale, stage_.site().locale);
    for (std::size_t i = 0; i < samples().size(); ++i) {
      Proof proof;
      Value context;
      if (const Result<void> done = stage_.compose(rule, step, text, i, proof, context); !done) {
        const auto& fault = proof.trace.fault();
        auto severity = severity_of(rule, done.error(), fault, i == 0);
        if (severity && !fault && i == 0 && suits_no_other(rule, step, text))
          severity = language::Severity::error;
        if (severity)
          failures.push_back({locale, samples()[i].whom, *severity, done.error(), fault,
                              file ? spot_of(done.error(), *file) : render::Spot()});
        return severity != language::Severity::error;
      }
      if (!file) continue;
      proof.rule = &rule;
      proof.step = &step;
      proof.text = text;
      proof.file = *file;
      proof.whom = samples()[i].whom;
      proof.to_customer = step.kind == StepKind::email;
      lint_.look_at(proof);
      if (i == 0) lint_.branches(proof, templates_, context);
    }
    return true;
  }

  /// Whether the mail cannot be composed about any sample behind the first either.
  bool suits_no_other(const Rule& rule, const Step& step, const std::string& text) {
    for (std::size_t i = 1; i < samples().size(); ++i) {
      Proof proof;
      Value context;
      if (stage_.compose(rule, step, text, i, proof, context)) return false;
    }
    return true;
  }

  /// Of the header that the mail's builder refuses.
  static render::Spot spot_of(const Error& error, const render::TemplateFile& file) {
    if (error.message.starts_with("the subject")) return file.subject;
    if (error.message.starts_with("the reply-to")) return file.reply_to;
    return error.message.starts_with("`from:") ? file.from : render::Spot();
  }

  /// What the rule lacks that the template asks for; empty when it is not known.
  static std::string missing_step(const Rule& rule, std::string_view variable) {
    const std::string_view root = variable.substr(0, variable.find_first_of(".["));
    if (root == "coupon") return "write a step `- coupon:` in front of this one into the rule";
    if (root == "survey") return "write a step `- survey: nps` in front of this one into the rule";
    const auto subject = find_subject(root);
    if (!subject || *subject == Subject::customer || *subject == rule.trigger.subject) return {};
    return fmt::format("take it to a rule about the {}: this one is about the {}", root,
                       name_of(rule.trigger.subject));
  }

  /// Empty when the shop's data may well have what the sample lacks.
  static std::optional<language::Severity> severity_of(const Rule& rule, const Error& error,
                                                       const std::optional<render::Fault>& fault,
                                                       bool everything_known) {
    using language::Severity;
    if (!fault && error.kind == ErrorKind::not_found) {
      // A ticket that nobody has taken on, of a rule that writes to whoever has, reaches nobody.
      return everything_known ? std::optional(Severity::error) : std::nullopt;
    }
    if (!fault) return Severity::warning;
    const std::string_view written =
        std::string_view(fault->source->text).substr(fault->at, fault->length);
    const bool unknown = fault->kind == render::FaultKind::unknown_variable;
    if (unknown && written.find(".attributes.") != std::string_view::npos)
      return declares(*rule.vocabulary, written) ? std::optional(Severity::warning) : std::nullopt;
    const bool always = unknown || fault->kind == render::FaultKind::limit ||
                        fault->message.starts_with(render::whole_object);
    return always && everything_known ? Severity::error : Severity::warning;
  }

  void tell(const Rule& rule, const Step& step, const Failure& failure) {
    language::Where where = step.where;
    Error error = failure.error;
    if (failure.fault) {
      const render::Fault& fault = *failure.fault;
      where.source = std::make_shared<language::Source>(
          language::Source{fault.source->path, fault.source->text});
      where.begin = fault.at;
      where.end = fault.at + fault.length;
      error.message = fault.message;
      if (fault.kind == render::FaultKind::unknown_variable) {
        const std::string lacks =
            missing_step(rule, std::string_view(fault.source->text).substr(fault.at, fault.length));
        if (!lacks.empty())
          error.message = error.message.substr(0, error.message.find("; ")) + "; " + lacks;
      }
    } else if (!failure.spot.path.empty()) {
      where.source = std::make_shared<language::Source>(
          language::Source{std::string(failure.spot.path), std::string(failure.spot.text)});
      where.begin = failure.spot.at;
      where.end = std::min(failure.spot.text.find('\n', where.begin), failure.spot.text.size());
    }
    const auto [why, remedy] = language::split_remedy(error, "");
    out_.push_back({failure.severity,
                    language::name_of(failure.fault ? code_of(failure.fault->kind)
                                                    : language::Code::not_composed),
                    std::move(where),
                    fmt::format("`{}` of the rule `{}` cannot be composed for a reader of `{}`{}{}"
                                ": {}",
                                step.key, rule.id, failure.locale, failure.whom.empty() ? "" : " ",
                                failure.whom, why),
                    remedy});
  }

  Stage& stage_;
  const render::TemplateSet& templates_;
  MailLint lint_;
  Diagnostics& out_;
  std::map<std::string, std::vector<Failure>> failures_;  // by kind_of()
};

}  // namespace

language::Code code_of(render::FaultKind kind) {
  using language::Code;
  switch (kind) {
    case render::FaultKind::file: return Code::template_file;
    case render::FaultKind::front_matter: return Code::front_matter;
    case render::FaultKind::unknown_filter: return Code::unknown_filter;
    case render::FaultKind::unknown_partial: return Code::unknown_partial;
    case render::FaultKind::unknown_variable: return Code::unknown_variable;
    case render::FaultKind::bad_value: return Code::unsuited_value;
    case render::FaultKind::limit: return Code::template_limit;
    case render::FaultKind::syntax: break;
  }
  return Code::template_syntax;
}

Result<std::vector<language::Diagnostic>> rehearse(const Site& site, const std::vector<Rule>& rules,
                                                   const render::TemplateSet& templates) {
  std::vector<language::Diagnostic> findings;
  auto database = store::Database::in_memory();
  if (!database) return database.error();
  Stage stage{*database, site, templates};
  if (Result<void> filled = stage.fill(); !filled) return filled.error();
  std::set<std::string> recommending;
  for (const Rule& rule : rules) recommending.merge(recommending_texts(rule, templates));
  if (auto filled = stage.recommend_in(std::move(recommending)); !filled) return filled.error();
  Rehearser rehearser{stage, templates, findings};
  for (const Rule& rule : rules) {
    for (const Step& step : rule.steps) {
      if (step.kind != StepKind::email && step.kind != StepKind::notify) continue;
      if (Result<void> done = rehearser.look_at(rule, step); !done) return done.error();
    }
  }
  lint_texts(rules, templates, findings);
  return findings;
}

}  // namespace retaind::delivery
