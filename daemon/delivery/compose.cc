#include "delivery/compose.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "delivery/age.h"
#include "delivery/why.h"
#include "engine/variant.h"
#include "insight/bought_together.h"
#include "render/letters.h"
#include "render/mime.h"

namespace retaind::delivery {
namespace {

using engine::Running;
using language::Step;
using language::StepKind;

// A team may be called `assignee` too, and then it is meant.
bool to_assignee(const Step& step, const Site& site) {
  return step.target == "assignee" && site.teams.find(step.target) == site.teams.end();
}

std::string_view text_member(const Value& object, std::string_view key) {
  const Value* member = object.find(key);
  const std::string* text = member == nullptr ? nullptr : member->as_text();
  return text == nullptr ? std::string_view{} : std::string_view(*text);
}

// A row that is not there shows as one whose fields are all empty, so that a template's {% if %}
// decides what to say.
Value blank(const Vocabulary& vocabulary, Subject subject) {
  Value::Object object;
  for (const Field* field : vocabulary.fields(subject))
    object.emplace_back(std::string(field->name), Value{});
  object.emplace_back("attributes", Value::Object{});
  return object;
}

std::string fill(std::string text, std::string_view mark, std::string_view value) {
  for (std::size_t at = text.find(mark); at != std::string::npos;
       at = text.find(mark, at + value.size()))
    text.replace(at, mark.size(), value);
  return text;
}

std::string with_token(const std::string& url, std::string_view token) {
  if (url.find("{token}") != std::string::npos) return fill(url, "{token}", token);
  return fmt::format("{}{}t={}", url, url.find('?') == std::string::npos ? '?' : '&', token);
}

std::string url_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

/// Gmail's name for who sends: 5 to 15 characters, of a long domain those that stay when a part is
/// put in front.
std::string sender_id(std::string_view domain) {
  constexpr std::size_t shortest = 5;
  constexpr std::size_t longest = 15;
  if (domain.size() < shortest) return fmt::format("shop.{}", domain);
  domain.remove_prefix(domain.size() - std::min(domain.size(), longest));
  while (domain.size() > shortest && (domain.front() == '.' || domain.front() == '-'))
    domain.remove_prefix(1);
  return std::string(domain);
}

}  // namespace

Composer::Composer(store::Database& database, const Site& site,
                   const render::TemplateSet& templates, std::string_view secret, std::string salt)
    : database_(&database),
      messages_(database),
      bodies_(database),
      site_(&site),
      templates_(&templates),
      secret_(secret),
      salt_(std::move(salt)) {
  if (const auto sender = parse_email(site.sender.address)) domain_ = sender->domain;
  if (!domain_.empty()) sender_id_ = sender_id(domain_);
}

std::string Composer::sign(std::string_view what) const {
  constexpr std::size_t bytes = 16;
  if (!makes_) return base64url(std::string(bytes, '\0'));
  return base64url(secret_.sign(what).substr(0, bytes));
}

std::string Composer::message_id(std::int64_t message) const {
  const std::size_t at = site_->sender.address.rfind('@');
  std::string id = std::to_string(message) + '.' + salt_ + '@';
  const std::string_view domain = at == std::string::npos
                                      ? std::string_view("localhost")
                                      : std::string_view(site_->sender.address).substr(at + 1);
  const bool plain = std::all_of(domain.begin(), domain.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  id += plain ? domain : std::string_view(domain_);
  return id;
}

bool may_receive(const Site& site, std::string_view address) {
  if (site.only_to.empty()) return true;
  const std::string key = email_key(address);
  for (const std::string& entry : site.only_to) {
    const std::string wanted = lower_ascii(entry);
    if (key == wanted || key == email_key(entry)) return true;
    if (!wanted.empty() && wanted.front() == '@' && key.size() > wanted.size() &&
        key.ends_with(wanted))
      return true;
  }
  return false;
}

std::set<std::string> recommending_texts(const language::Rule& rule,
                                         const render::TemplateSet& templates) {
  std::set<std::string> found;
  for (const Step& step : rule.steps) {
    if (step.kind != StepKind::email && step.kind != StepKind::notify) continue;
    for (const std::string& text : engine::texts_of(step))
      if (templates.reads(text, "recommendations")) found.insert(text);
  }
  return found;
}

bool Composer::allowed(std::string_view address) const { return may_receive(*site_, address); }

std::string Composer::unsubscribe_link(std::string_view customer_key) const {
  if (site_->unsubscribe_url.empty()) return {};
  const std::string token =
      base64url(customer_key) + "." + sign("unsubscribe " + std::string(customer_key));
  return with_token(fill(site_->unsubscribe_url, "{customer}", url_escape(customer_key)), token);
}

std::string Composer::survey_link(const store::SurveyRow& survey) const {
  if (site_->survey_url.empty()) return {};
  return with_token(fill(site_->survey_url, "{kind}", url_escape(survey.kind)), survey.token);
}

/// What is the same for every mail of a rule, and nothing else.
Value& Composer::context_of(const Running& running) {
  Value& context = contexts_[running.row.id];
  constexpr std::size_t constants = 4;
  if (Value::Object* members = context.as_object(); members != nullptr) {
    members->resize(constants);
    return context;
  }
  context.set("site", Value::Object{{"name", site_->name},
                                    {"postal_address", site_->sender.postal_address},
                                    {"locale", site_->locale}});
  const std::string& reply_to = site_->sender.reply_to;
  context.set("sender",
              Value::Object{{"name", site_->sender.name},
                            {"address", site_->sender.address},
                            {"reply_to", reply_to.empty() ? site_->sender.address : reply_to},
                            {"postal_address", site_->sender.postal_address}});
  // Dates show in the site's zone unless the customer has one.
  context.set("timezone", std::string(site_->zone.name()));
  context.set("rule", Value::Object{{"id", running.rule->id},
                                    {"about", running.rule->about},
                                    {"purpose", name_of(running.rule->purpose)}});
  return context;
}

/// What the mails of a text show of a rule's rows; of no text everything. Most read a few members
/// of dozens.
const Composer::Facts& Composer::facts_of(const std::string& text, Subject subject) {
  const auto [at, is_new] = facts_.try_emplace({text, subject});
  Facts& facts = at->second;
  if (!is_new) return facts;
  const auto members_of = [&](Subject of) {
    return text.empty() ? std::nullopt : templates_->members_read(text, name_of(of));
  };
  auto of_customer = members_of(Subject::customer);
  // What the mail itself reads, and the filters of dates.
  if (of_customer)
    of_customer->insert({"key", "email", "locale", "first_name", "last_name", "timezone"});
  facts.customer = store::select_of(*site_, Subject::customer, of_customer);
  facts.row = store::select_of(*site_, subject, members_of(subject));
  if (subject == Subject::order && (text.empty() || templates_->reads(text, "items")))
    facts.items = store::select_of(*site_, Subject::item);
  facts.why = text.empty() || templates_->reads(text, "why");
  return facts;
}

void Composer::add_facts(Value& context, const Firing& firing, const Facts& facts, Time now) {
  Value customer = firing.customer
                       ? store::snapshot(*database_, *site_, facts.customer, *firing.customer, now)
                       : Value{};
  context.set("customer", customer.is_null() ? blank(*site_->vocabulary, Subject::customer)
                                             : std::move(customer));
  if (firing.subject != Subject::customer && firing.row != 0) {
    Value subject = store::snapshot(*database_, *site_, facts.row, firing.row, now);
    context.set(name_of(firing.subject),
                subject.is_null() ? blank(*site_->vocabulary, firing.subject) : std::move(subject));
  }
  if (facts.items)
    context.set("items", store::items_snapshot(*database_, *site_, *facts.items, firing.row));
}

std::string_view Composer::written_in(std::string_view text, std::string_view locale) const {
  const auto file = templates_->file_for(text, locale, site_->locale);
  return file ? file->locale : locale;
}

std::string Composer::why(const Running& running, const Firing& firing,
                          std::string_view locale) const {
  return why_text(running.rule->trigger,
                  firing.anchor ? to_local_text(*firing.anchor, site_->zone) : std::string{},
                  locale);
}

Value Composer::item(const Running& running, const Firing& firing, std::string_view locale,
                     Time now) {
  Value context;
  add_item(context, running, firing, locale, now);
  return context;
}

void Composer::add_item(Value& context, const Running& running, const Firing& firing,
                        std::string_view locale, Time now) {
  add_facts(context, firing, facts_of({}, firing.subject), now);
  if (firing.subject == Subject::ticket) {
    Value ticket = *context.find("ticket");
    std::string link{text_member(ticket, "url")};
    // Whoever opens tickets may write what the agent is to click at.
    if (!starts_with_ignoring_case(link, "https://") && !starts_with_ignoring_case(link, "http://"))
      link.clear();
    if (link.empty() && !site_->ticket_url.empty())
      link = fill(site_->ticket_url, "{number}", url_escape(text_member(ticket, "number")));
    ticket.set("link", link.empty() ? Value{} : Value{link});
    context.set("ticket", std::move(ticket));
  }
  context.set("age", firing.anchor ? age_text(now - *firing.anchor, locale) : std::string{});
  context.set("why", why(running, firing, locale));
}

std::optional<std::string> Composer::assignee(const Firing& firing, Time now) {
  const Value ticket =
      store::snapshot(*database_, *site_, facts_of({}, firing.subject).row, firing.row, now);
  const std::string address{text_member(ticket, "assignee")};
  if (!parse_email(address)) return std::nullopt;
  return address;
}

std::vector<std::string> Composer::notified(const Step& step, const Firing& firing, Time now) {
  std::string team = step.target;
  if (to_assignee(step, *site_)) {
    if (const auto address = assignee(firing, now)) return {*address};
    team = step.fallback;
  }
  const auto found = site_->teams.find(team);
  return found == site_->teams.end() ? std::vector<std::string>{} : found->second.to;
}

std::string Composer::assignee_or_team(const Step& step, const Firing& firing, Time now) {
  if (!to_assignee(step, *site_)) return step.target;
  if (const auto address = assignee(firing, now)) return email_key(*address);
  return step.fallback;
}

bool Composer::nobody_allowed(const Step& step, const Firing& firing, Time now) {
  const auto addresses = notified(step, firing, now);
  return !addresses.empty() && std::none_of(addresses.begin(), addresses.end(),
                                            [&](const std::string& a) { return allowed(a); });
}

const std::string& Composer::team_locale(const Step& step) const {
  const auto team = site_->teams.find(step.target);
  return team != site_->teams.end() && !team->second.locale.empty() ? team->second.locale
                                                                    : site_->locale;
}

/// Those that hang on the rule and on what came before, not on the customer or on what the mail
/// shows.
void Composer::add_headers(render::Mail& mail, const Running& running, const Part& part, bool bulk,
                           std::int64_t mail_id, Marks marks) {
  if (bulk) {
    mail.list_unsubscribe_mailto = site_->unsubscribe_mailto;
    if (!domain_.empty()) {
      const std::string_view purpose = name_of(running.rule->purpose);
      mail.list_id.append(purpose).append(1, '.').append(domain_);
      mail.feedback_id.append(running.rule->id).append(1, ':').append(purpose).append(1, ':');
      mail.feedback_id += sender_id_;
    }
  } else {
    mail.auto_generated = true;
    // A reminder's escalations stand in its thread.
    if (const auto earlier = messages_.first_handed(part.firing.id);
        earlier && *earlier != part.message.id) {
      const auto opening = messages_.find(*earlier);
      if (opening) mail.in_reply_to = message_id(opening->envelope.value_or(opening->id));
    }
  }
  mail.extra.emplace_back("X-Retaind-Rule", running.rule->id);
  mail.extra.emplace_back("X-Retaind-Message", std::to_string(mail_id));
  if (marks.may_repeat) mail.extra.emplace_back("X-Retaind-May-Repeat", "yes");
  if (marks.unknown_data) mail.extra.emplace_back("X-Retaind-Unknown-Data", "yes");
}

Result<Outgoing> Composer::mail(const Running& running, const Step& step, const Message& carrier,
                                const std::vector<Part>& parts, Marks marks, Time now,
                                render::Mail* letter, render::Trace* trace) {
  const Part& first = parts.front();
  const bool to_team = step.kind == StepKind::notify;
  const std::string& text_name = engine::template_of(step, first.message.variant);
  Value& context = context_of(running);
  std::string locale = to_team ? team_locale(step) : std::string{};
  // Whoever looks for mistakes sees everything.
  const Facts& facts = facts_of(trace == nullptr ? text_name : std::string(), first.firing.subject);
  if (to_team)
    add_item(context, running, first.firing, written_in(text_name, locale), now);
  else
    add_facts(context, first.firing, facts, now);
  context.set("now", to_iso(now));
  // Copies: the members of a context move when more are set.
  const Value& customer = *context.find("customer");
  const std::string customer_key{text_member(customer, "key")};
  const std::string customer_locale{text_member(customer, "locale")};
  const std::string customer_email{text_member(customer, "email")};
  const std::string customer_name =
      render::full_name(text_member(customer, "first_name"), text_member(customer, "last_name"));
  if (!to_team) {
    locale = customer_locale.empty() ? site_->locale : customer_locale;
    if (facts.why) context.set("why", why(running, first.firing, written_in(text_name, locale)));
  }
  const bool bulk =
      running.rule->purpose == Purpose::marketing || running.rule->purpose == Purpose::feedback;
  const std::string unsubscribe = bulk ? unsubscribe_link(customer_key) : std::string{};
  context.set("unsubscribe",
              Value::Object{{"link", unsubscribe.empty() ? Value{} : Value{unsubscribe}}});
  if (to_team) {
    Value::Array items;
    for (const Part& part : parts)
      items.push_back(item(running, part.firing, written_in(text_name, locale), now));
    context.set("items", std::move(items));
  } else {
    add_minted(context, running, step, first);
  }
  if (!recommending_.empty() && recommending_.count(text_name) != 0)
    context.set("recommendations",
                first.firing.customer ? insight::recommendations(*database_, *first.firing.customer)
                                      : Value{Value::Array{}});

  render::Mail mail;
  Outgoing out;
  if (to_team) {
    for (const std::string& address : notified(step, first.firing, now)) {
      if (allowed(address)) out.envelope_to.push_back(address);
    }
  } else {
    out.envelope_to = {customer_email};
  }
  if (out.envelope_to.empty())
    return Error{
        ErrorKind::not_found,
        fmt::format("`{}` has no address: name it under teams in retaind.yaml", step.target)};
  auto rendered =
      templates_->render(text_name, locale, site_->locale, context, trace, &text_memos_);
  if (!rendered && !to_team && trace == nullptr) {
    // The message names what there is.
    add_facts(context, first.firing, facts_of({}, first.firing.subject), now);
    rendered = templates_->render(text_name, locale, site_->locale, context);
  }
  if (!rendered) return rendered.error();

  const std::string name = to_team ? std::string{} : customer_name;
  for (const std::string& address : out.envelope_to) mail.to.push_back({name, address});
  mail.from = {site_->sender.name, site_->sender.address};
  if (!rendered->from.empty()) {
    const auto from = render::read_mailbox(rendered->from);
    if (!from) {
      return Error{ErrorKind::invalid,
                   fmt::format("`from: {}` of template `{}` is no address; write `Name <address>`",
                               rendered->from, text_name)};
    }
    mail.from = *from;
  }
  mail.reply_to = rendered->reply_to.empty() ? site_->sender.reply_to : rendered->reply_to;
  mail.subject = std::move(rendered->subject);
  mail.text = std::move(rendered->text);
  mail.html = std::move(rendered->html);
  mail.charset = site_->sender.charset;
  mail.message_id = message_id(carrier.id);
  mail.date = now;
  mail.zone = site_->zone;
  mail.list_unsubscribe_url = unsubscribe;
  // Of one rule they are all as good as those of its first mail.
  const bool known = !makes_ && tried_.count(running.row.id) != 0;
  if (!known) add_headers(mail, running, first, bulk, carrier.id, marks);
  out.id = carrier.id;
  out.message_id = mail.message_id;
  out.envelope_from = envelope_of(site_->sender.address);
  for (std::string& address : out.envelope_to) address = envelope_of(address);
  render::MailMemo& memo = memos_[{text_name, rendered->locale}];
  if (!makes_) {
    if (auto fine = render::check_mail(mail, memo); !fine) return fine.error();
    tried_.insert(running.row.id);
    return out;
  }
  auto built = render::build_mail(mail, memo);
  if (!built) return built.error();
  out.needs_smtputf8 = built->needs_smtputf8;
  out.bytes = std::move(built->bytes);
  if (letter != nullptr) *letter = std::move(mail);
  return out;
}

Result<Outgoing> Composer::webhook(const Running& running, const Step& step, const Part& part,
                                   Time now) {
  Outgoing out;
  out.id = part.message.id;
  out.message_id = fmt::format("msg_{}_{}", salt_, part.message.id);
  out.endpoint = step.target;
  // Every attempt carries the bytes of the first: a receiver that has seen the id compares them.
  if (auto stored = bodies_.find(part.message.id)) {
    out.bytes = *std::move(stored);
    return out;
  }
  Value data = item(running, part.firing, "en", now);
  data.set("rule", running.rule->id);
  const Value body = Value::Object{{"type", "retaind." + running.rule->id},
                                   {"timestamp", to_iso(now)},
                                   {"data", std::move(data)}};
  out.bytes = to_json(body);
  bodies_.save(part.message.id, now, out.bytes);
  return out;
}

}  // namespace retaind::delivery
