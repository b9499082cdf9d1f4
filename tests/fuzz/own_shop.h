#pragma once
#include <string_view>

#include "language/check.h"

/// The shop of the fuzzers: words of its own of every type, events with properties, states,
/// business hours, teams and an endpoint, so that what a text says about any of them is read to its
/// end.
inline retaind::Site own_shop() {
  namespace lang = retaind::language;
  constexpr std::string_view vocabulary = R"(fields:
  customer.tier: {type: enum, words: [gold, silver, bronze]}
  customer.credit: {type: money, currency: USD}
  customer.newsletter: bool
  customer.points: number
  customer.member_until: date
  customer.called_at: time
  order.channel: text
  ticket.satisfaction: percent
events:
  webinar.attended:
    properties:
      title: text
      minutes: number
  newsletter.opened:
    properties:
      title: text
      from_phone: bool
states:
  customer.silent-gold:
    is: customer.tier = gold and customer.orders_count >= 2
    since: customer.last_active_at
  ticket.urgent: {is: ticket.priority = urgent, since: ticket.unresolved_since}
)";
  retaind::Site site;
  site.zone = *retaind::Zone::find("Europe/Berlin");
  site.currency = *retaind::find_currency("EUR");
  site.unsubscribe_mailto = "bye@example.com";
  site.survey_url = "https://example.com/survey";
  site.teams["support"].to = {"support@example.com"};
  site.teams["support-lead"].to = {"lead@example.com"};
  site.endpoints["support-desk"].url = "https://desk.example.com/hook";
  site.endpoints["desk"] = site.endpoints["support-desk"];
  const auto add = [&](const char* name, std::string_view hours) {
    site.calendars[name] = retaind::Calendar(name, *retaind::Calendar::parse_line(hours), {});
  };
  add("daytime", "09:00-20:00");
  add("support-hours", "mon-fri 09:00-18:00");
  site.vocabulary = lang::vocabulary_in(std::string(vocabulary), site);
  return site;
}

inline const retaind::language::TemplateNames& own_templates() {
  static const retaind::language::TemplateNames names{
      {"thanks", "thanks-short", "welcome", "win-back", "note", "note-short", "alarm", "voucher",
       "broken", "ticket-reminder", "ticket-escalation", "birthday", "renewal", "renewal-save"}};
  return names;
}
