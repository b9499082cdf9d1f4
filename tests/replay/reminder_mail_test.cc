#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "base/file.h"
#include "delivery/why.h"
#include "model/fields.h"
#include "store/columns.h"
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
                    "urgent", "max@desk.example.com", "",         "2026-02-28 12:00"};
const Wanted lid{"HD 12", "Lid & spout broken",   "Bert Berg", "2 days 18 hours",
                 "low",   "eva@desk.example.com", "",          "2026-02-27 16:00"};

/// As an agent of that language reads it.
std::string in(const std::string& locale, const std::string& english) {
  static const std::map<std::string, std::pair<std::string, std::string>> words{
      {"2 days", {"2日", "2 天"}},
      {"3 days", {"3日", "3 天"}},
      {"2 days 18 hours", {"2日18時間", "2 天 18 小时"}},
      {"urgent", {"緊急", "紧急"}},
      {"low", {"低", "低"}}};
  if (locale == "en") return english;
  const auto& [japanese, chinese] = words.at(english);
  return locale == "ja" ? japanese : chinese;
}

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
                      const std::string& locale, const std::string& link, const std::string& age) {
  const std::string text = part(message.bytes, "text/plain");
  const std::string html = part(message.bytes, "text/html");
  CAPTURE(text, html);
  for (const std::string& word :
       {wanted.number, wanted.subject, wanted.customer, age, in(locale, wanted.priority),
        wanted.assignee, link, std::string("ticket-unresolved-48h")}) {
    CAPTURE(word);
    CHECK(text.find(word) != std::string::npos);
    CHECK(html.find(escaped(word)) != std::string::npos);
  }
  CHECK(html.find("<a href=\"" + link + "\"") != std::string::npos);
  CHECK(header(message.bytes, "X-Retaind-Rule") == "ticket-unresolved-48h");
}

void says_why(const delivery::Outgoing& message, const std::string& locale,
              const std::string& since) {
  const std::string why =
      locale == "ja"
          ? fmt::format("お問い合わせが未解決のまま48時間が経過しました（{}から）", since)
      : locale == "zh" ? fmt::format("工单未解决已达 48 小时（自 {} 起）", since)
                       : fmt::format("ticket.unresolved for 48 hours, since {}", since);
  CHECK(part(message.bytes, "text/plain").find(why) != std::string::npos);
  CHECK(part(message.bytes, "text/html").find(why) != std::string::npos);
}

/// A shop with the shipped rule and templates, whose teams read `locale`.
struct Desk : Shop {
  explicit Desk(const std::string& locale,
                const std::string& text = shipped("rules/ticket-unresolved-48h.yaml")) {
    templates.clear();
    for (const auto& file :
         std::filesystem::directory_iterator(std::string(RETAIND_SOURCE) + "/templates")) {
      const std::string name = file.path().stem().string();
      if (file.is_directory()) continue;
      const std::string of_file = shipped("templates/" + file.path().filename().string());
      if (name.find('.') != std::string::npos) {
        templates[name] = of_file;
      } else {
        for (const char* each : {"en", "ja", "zh"})
          templates[fmt::format("{}.{}", name, each)] = of_file;
      }
    }
    rule(text);
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
  names_everything(reminder, kettle, locale, "https://desk.example.com/tickets/4711",
                   in(locale, "2 days"));
  says_why(reminder, locale, kettle.since);
  CHECK(part(reminder.bytes, "text/html").find(of_language.at(locale)) != std::string::npos);

  desk.run_to("2026-03-03 13:00");
  REQUIRE(desk.arrived.size() == 2);
  const delivery::Outgoing escalation = desk.arrived[1].message;
  CHECK(escalation.envelope_to == Lines{"lead@example.com"});
  names_everything(escalation, kettle, locale, "https://desk.example.com/tickets/4711",
                   in(locale, "3 days"));
  says_why(escalation, locale, kettle.since);
  CHECK(part(escalation.bytes, "text/html").find(of_language.at(locale)) != std::string::npos);
}

TEST_CASE("a digest of the shipped reminder names all of it for each ticket",
          "[semantics][reminder]") {
  const std::string locale = GENERATE("en", "ja", "zh");
  CAPTURE(locale);
  Desk desk(locale);
  open_ticket(desk, "t1", lid, "2026-02-27 16:00");
  Wanted later = kettle;
  later.since = "2026-02-28 10:05";
  open_ticket(desk, "t2", later, "2026-02-28 10:05");
  desk.run_to("2026-03-02 11:00");
  REQUIRE(desk.arrived.size() == 1);
  const delivery::Outgoing digest = desk.arrived[0].message;
  names_everything(digest, lid, locale, "https://desk.example.com/tickets/HD%2012",
                   in(locale, "2 days 18 hours"));
  names_everything(digest, later, locale, "https://desk.example.com/tickets/4711",
                   in(locale, "2 days") + (locale == "ja" ? "／" : " ·"));
  says_why(digest, locale, lid.since);
  says_why(digest, locale, later.since);
}

TEST_CASE("a digest of the shipped escalation says of how many tickets it is",
          "[semantics][reminder]") {
  std::string rule = shipped("rules/ticket-unresolved-48h.yaml");
  const std::string repeat = "repeat: {every: 24 hours, at-most: 3}";
  const std::size_t at = rule.find(repeat);
  REQUIRE(at != std::string::npos);
  rule.replace(at, repeat.size(), "digest: 15 minutes");
  Desk desk("en", rule);
  open_ticket(desk, "t1", lid, "2026-02-28 12:00");
  open_ticket(desk, "t2", kettle, "2026-02-28 12:00");
  desk.run_to("2026-03-03 13:00");
  REQUIRE(desk.arrived.size() == 2);
  const std::string& bytes = desk.arrived[1].message.bytes;
  CHECK(header(bytes, "Subject") == "Escalation: 2 tickets");
  CHECK(part(bytes, "text/plain").find("These tickets are still unsolved") != std::string::npos);
}

TEST_CASE("a ticket's own link is followed only when it leads to the web",
          "[semantics][reminder]") {
  const auto& [url, link] = GENERATE(table<std::string, std::string>(
      {{"https://help.example.com/t/9", "https://help.example.com/t/9"},
       {"javascript:alert(1)", "https://desk.example.com/tickets/4711"},
       {"data:text/html,hello", "https://desk.example.com/tickets/4711"},
       {"//help.example.com/t/9", "https://desk.example.com/tickets/4711"}}));
  Desk desk("en");
  open_ticket(desk, "t1", kettle, "2026-02-28 12:00");
  desk.put(TicketFact{.key = "t1", .url = url});
  desk.run_to("2026-03-02 13:00");
  REQUIRE(desk.arrived.size() == 1);
  const std::string html = part(desk.arrived[0].message.bytes, "text/html");
  CHECK(html.find("href=\"" + link + "\"") != std::string::npos);
  CHECK(html.find("alert(1)") == std::string::npos);
}

TEST_CASE("a ticket without a number is named by its id, in its mail and its link",
          "[semantics][reminder]") {
  const std::string number = GENERATE(std::string(), std::string("-"));
  Desk desk("en");
  Wanted nameless = kettle;
  nameless.number = number == "-" ? "" : number;
  open_ticket(desk, "HD/t1", nameless, "2026-02-28 12:00");
  if (number == "-")
    desk.put(TicketFact{.key = "HD/t1", .cleared = store::column_mask(Subject::ticket, "number")});
  desk.run_to("2026-03-02 13:00");
  REQUIRE(desk.arrived.size() == 1);
  const std::string& bytes = desk.arrived[0].message.bytes;
  CHECK(header(bytes, "Subject") == "Ticket HD/t1 is still open: Kettle leaks");
  CHECK(part(bytes, "text/plain").find("https://desk.example.com/tickets/HD%2Ft1") !=
        std::string::npos);
}

TEST_CASE("a Japanese team's reminder holds no character that old mail programs lack",
          "[semantics][reminder]") {
  Desk desk("ja");
  desk.site.sender.charset = Charset::iso_2022_jp;
  desk.reload();
  Wanted wanted = kettle;
  wanted.subject = "ケトルの水漏れ";
  open_ticket(desk, "t1", wanted, "2026-02-28 12:00");
  open_ticket(desk, "t2", wanted, "2026-02-28 12:00");
  desk.run_to("2026-03-03 13:00");
  REQUIRE(desk.arrived.size() == 3);  // one digest, and each escalated by itself
  for (const Shop::Arrived& each : desk.arrived) {
    CAPTURE(each.message.bytes);
    CHECK(each.message.bytes.find("text/html; charset=iso-2022-jp") != std::string::npos);
    CHECK(each.message.bytes.find("utf-8") == std::string::npos);
  }
}

TEST_CASE("what the program puts into a mail in words is in the mail's language",
          "[semantics][reminder]") {
  // The Japanese have no text of their own, so a Japanese team and customer read the site's.
  Shop shop;
  shop.templates = {
      {"hello.en", "---\nsubject: Hello\n---\n<p>{{ why }}</p>\n"},
      {"desk.en",
       "---\nsubject: Open\n---\n{% for item in items %}<p>{{ age }} {{ item.age }} {{ item.why "
       "}}</p>\n{% endfor %}"}};
  shop.rule(
      "rule: greet\npurpose: transactional\nstatus: live\nwhen:\n  event: customer.created\nthen:\n"
      "  - email: hello\n");
  shop.rule(
      "rule: open\npurpose: internal\nstatus: live\nwhen:\n  ticket: unresolved\n  for: 2 "
      "hours\nthen:\n  - notify: support\n    template: desk\n");
  shop.site.teams["support"].locale = "ja";
  shop.start();
  shop.run_to("2026-03-02 10:30");
  shop.customer(CustomerFact{.key = "hanako",
                             .email = "hanako@example.com",
                             .first_name = "花子",
                             .last_name = "山田",
                             .locale = "ja",
                             .created_at = shop.clock.now()});
  shop.ticket("t1", "open", "hanako", "2026-03-02 10:00");
  shop.run_to("2026-03-02 13:00");
  REQUIRE(shop.arrived.size() == 2);
  CHECK(part(shop.arrived[0].message.bytes, "text/plain") ==
        "customer.created at 2026-03-02 10:30 ");
  // A Japanese name stands as her shop and she herself write it: 山田花子.
  CHECK(header(shop.arrived[0].message.bytes, "To") ==
        "=?utf-8?B?5bGx55Sw6Iqx5a2Q?= <hanako@example.com>");
  CHECK(part(shop.arrived[1].message.bytes, "text/plain") ==
        "2 hours 2 hours ticket.unresolved for 2 hours, since 2026-03-02 10:00 ");
}

TEST_CASE("why a mail came is said in its reader's language, of shipped words and of own ones",
          "[semantics][reminder]") {
  using language::Trigger;
  using language::TriggerKind;
  const auto why = [](TriggerKind kind, const std::string& name, Span offset) {
    Trigger trigger;
    trigger.kind = kind;
    trigger.name = name;
    trigger.offset = offset;
    Lines said;
    for (const char* locale : {"de", "ja", "zh-Hans"})
      said.push_back(delivery::why_text(trigger, "2026-03-02 10:00", locale));
    return said;
  };
  Span days;
  days.days = 7;
  Span business;
  business.business = true;
  business.elapsed = std::chrono::hours(16);
  CHECK(why(TriggerKind::event, "order.completed", days) ==
        Lines{"7 days after order.completed, at 2026-03-02 10:00",
              "注文の完了から7日が経過しました（2026-03-02 10:00）",
              "距订单完成已过 7 天（2026-03-02 10:00）"});
  CHECK(why(TriggerKind::event, "feedback.received", {}) ==
        Lines{"feedback.received at 2026-03-02 10:00", "アンケートの回答（2026-03-02 10:00）",
              "收到反馈（2026-03-02 10:00）"});
  CHECK(why(TriggerKind::event, "webinar.attended", days)[1] ==
        "「webinar.attended」から7日が経過しました（2026-03-02 10:00）");
  CHECK(why(TriggerKind::state, "ticket.unanswered", business) ==
        Lines{"ticket.unanswered for 16 business hours, since 2026-03-02 10:00",
              "お問い合わせが未返信のまま16営業時間が経過しました（2026-03-02 10:00から）",
              "工单未回复已达 16 个工作小时（自 2026-03-02 10:00 起）"});
  CHECK(why(TriggerKind::state, "customer.silent-gold", days)[2] ==
        "处于“customer.silent-gold”状态已达 7 天（自 2026-03-02 10:00 起）");
  CHECK(why(TriggerKind::date, "subscription.renews_at", days.negated()) ==
        Lines{"subscription.renews_at of 2026-03-02", "契約の更新日：2026-03-02",
              "订阅续费日：2026-03-02"});
  CHECK(why(TriggerKind::schedule, "monday each customer", {}) ==
        Lines{"every monday each customer", "毎週月曜日の定期送信", "每周一定期发送"});
  // Whatever is shipped has words in each.
  for (const auto& event : event_kinds()) {
    CAPTURE(event.name);
    CHECK(why(TriggerKind::event, std::string(event.name), {})[1].find(event.name) ==
          std::string::npos);
  }
  for (const auto& state : state_kinds()) {
    CAPTURE(state.name);
    CHECK(why(TriggerKind::state, std::string(state.name), days)[1].find(state.name) ==
          std::string::npos);
  }
}
