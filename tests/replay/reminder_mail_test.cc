#include <catch2/catch.hpp>

#include "base/file.h"
#include "support/read_mail.h"
#include "support/shop.h"

// What a support agent reads in the shipped reminder and its escalation.
using namespace retaind;
using namespace retaind::test;

namespace {

std::string shipped(const std::string& path) {
  auto text = read_file(std::string(RETAIND_SOURCE) + "/" + path, 1 << 20);
  if (!text) FAIL(text.error().message);
  return *text;
}

struct Wanted {
  std::string number, subject, customer, age, priority, assignee, link, since;
};

const Wanted kettle{"4711",   "Kettle leaks",         "Anna Lee", "2 days",
                    "urgent", "max@desk.example.com", "",         "since 2026-02-28 12:00"};
const Wanted lid{"HD 12", "Lid & spout broken",   "Bert Berg", "2 days 18 hours",
                 "low",   "eva@desk.example.com", "",          "since 2026-02-27 16:00"};

void open_ticket(Shop& shop, const std::string& key, const Wanted& wanted,
                 std::string_view opened) {
  const std::string who = key + "-customer";
  const std::size_t blank = wanted.customer.find(' ');
  shop.customer(CustomerFact{.key = who,
                             .email = who + "@example.com",
                             .first_name = wanted.customer.substr(0, blank),
                             .last_name = wanted.customer.substr(blank + 1)});
  shop.put(TicketFact{.key = key,
                      .customer = who,
                      .number = wanted.number,
                      .subject = wanted.subject,
                      .status = "open",
                      .priority = wanted.priority,
                      .assignee = wanted.assignee,
                      .opened_at = shop.at(opened)});
}

std::string escaped(std::string text) {
  const std::size_t at = text.find('&');
  return at == std::string::npos ? text : text.replace(at, 1, "&amp;");
}

void names_everything(const delivery::Outgoing& message, const Wanted& wanted,
                      const std::string& link, const std::string& age) {
  const std::string text = part(message.bytes, "text/plain");
  const std::string html = part(message.bytes, "text/html");
  CAPTURE(text, html);
  for (const std::string& word :
       {wanted.number, wanted.subject, wanted.customer, age, wanted.priority, wanted.assignee, link,
        std::string("ticket-unresolved-48h")}) {
    CAPTURE(word);
    CHECK(text.find(word) != std::string::npos);
    CHECK(html.find(escaped(word)) != std::string::npos);
  }
  CHECK(html.find("<a href=\"" + link + "\"") != std::string::npos);
  CHECK(header(message.bytes, "X-Retaind-Rule") == "ticket-unresolved-48h");
}

void says_why(const delivery::Outgoing& message, const std::string& since) {
  const std::string why = "ticket.unresolved for 48 hours, " + since;
  CHECK(part(message.bytes, "text/plain").find(why) != std::string::npos);
  CHECK(part(message.bytes, "text/html").find(why) != std::string::npos);
}

/// A shop with the shipped rule and templates, whose teams read `locale`.
struct Desk : Shop {
  explicit Desk(const std::string& locale) {
    templates.clear();
    for (const std::string name : {"ticket-reminder", "ticket-escalation"}) {
      for (const std::string each : {"en", "ja", "zh"})
        templates[name + "." + each] = shipped("templates/" + name + "." + each + ".liquid");
    }
    rule(shipped("rules/ticket-unresolved-48h.yaml"));
    site.ticket_url = "https://desk.example.com/tickets/{number}";
    for (const char* team : {"support", "support-lead"})
      site.teams.find(team)->second.locale = locale;
    start();
  }
};

const std::map<std::string, std::string> of_language{
    {"en", "Assignee: "}, {"ja", "担当者："}, {"zh", "负责人："}};

}  // namespace

TEST_CASE("the shipped reminder names the ticket, its customer, and why it was sent",
          "[semantics][reminder]") {
  const std::string locale = GENERATE("en", "ja", "zh");
  CAPTURE(locale);
  Desk desk(locale);
  open_ticket(desk, "t1", kettle, "2026-02-28 12:00");
  desk.run_to("2026-03-02 13:00");
  REQUIRE(desk.arrived.size() == 1);
  const delivery::Outgoing reminder = desk.arrived[0].message;
  CHECK(reminder.envelope_to == Lines{"support@example.com"});
  names_everything(reminder, kettle, "https://desk.example.com/tickets/4711", "2 days");
  says_why(reminder, kettle.since);
  CHECK(part(reminder.bytes, "text/html").find(of_language.at(locale)) != std::string::npos);

  desk.run_to("2026-03-03 13:00");
  REQUIRE(desk.arrived.size() == 2);
  const delivery::Outgoing escalation = desk.arrived[1].message;
  CHECK(escalation.envelope_to == Lines{"lead@example.com"});
  names_everything(escalation, kettle, "https://desk.example.com/tickets/4711", "3 days");
  says_why(escalation, kettle.since);
  CHECK(part(escalation.bytes, "text/html").find(of_language.at(locale)) != std::string::npos);
}

TEST_CASE("a digest of the shipped reminder names all of it for each ticket",
          "[semantics][reminder]") {
  const std::string locale = GENERATE("en", "ja", "zh");
  CAPTURE(locale);
  Desk desk(locale);
  open_ticket(desk, "t1", lid, "2026-02-27 16:00");
  Wanted later = kettle;
  later.since = "since 2026-02-28 10:05";
  open_ticket(desk, "t2", later, "2026-02-28 10:05");
  desk.run_to("2026-03-02 11:00");
  REQUIRE(desk.arrived.size() == 1);
  const delivery::Outgoing digest = desk.arrived[0].message;
  names_everything(digest, lid, "https://desk.example.com/tickets/HD%2012", "2 days 18 hours");
  names_everything(digest, later, "https://desk.example.com/tickets/4711", "2 days ·");
  says_why(digest, lid.since);
  says_why(digest, later.since);
}
