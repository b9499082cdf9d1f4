#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <set>

#include "language/codes.h"
#include "language/keys.h"
#include "rule_text.h"

namespace lang = retaind::language;
using lang::Rule;
using lang::StepKind;
using lang::TriggerKind;
using retaind::Purpose;
using retaind::Span;
using retaind::Subject;
using rule_text::check;
using rule_text::completed;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

Rule good(const std::string& text) {
  auto checked = check(text);
  INFO(checked.text());
  REQUIRE(checked.rule);
  return std::move(*checked.rule);
}

Span days(int count) { return {0, count, retaind::Duration{0}, false}; }
Span elapsed(retaind::Duration duration) { return {0, 0, duration, false}; }

constexpr const char* thanks = R"(
rule: thanks-and-feedback          # permanent id; the ledger hangs on it
about: Thank the buyer and ask how it went, a week after the purchase
purpose: feedback
status: live                       # draft (default; records "would send") | live | paused
when:
  event: order.completed
  after: 7 days
unless:
  - order.refunded
  - customer.open_tickets > 0
then:
  - survey: nps                    # mints {{ survey.link }}
  - email: thanks
once-per: order
send-window: daytime               # a calendar; outside it: held, then checked again
late-limit: 3 days                 # later than that: not at all
)";

constexpr const char* ticket = R"(
rule: ticket-unresolved-48h
about: Remind support of a ticket nobody has solved for two days, then its lead
purpose: internal
status: live
when:
  ticket: unresolved               # a named state, counted from the data, not from a timer
  for: 48 hours
hold-while:
  - ticket.status = waiting_for_customer
then:
  - notify: support
    template: ticket-reminder
    digest: 15 minutes             # one mail a team, not one a ticket
  - after: 72 hours
    notify: support-lead
    template: ticket-escalation
    repeat: {every: 24 hours, at-most: 3}
send-window: support-hours
backlog: all                       # tickets already older than 48 hours count too
)";

constexpr const char* win_back = R"(
rule: win-back-90d
about: Bring back buyers who have been silent for 90 days
purpose: marketing
status: live
when:
  customer: inactive               # no order, login or click; counted from customer.last_active_at
  for: 90 days
if:
  - customer.orders_count >= 2
unless:
  - customer.open_tickets > 0
then:
  - coupon: win-back               # minted once a firing; a retry reuses the same code
    percent-off: 15
    single-use: true
    valid-for: 14 days             # from the send
  - email: win-back
once-per: customer
again-after: 365 days
holdout: 10%                       # stable: hash of rule and customer; recorded as held-out
send-window: daytime
limit: 500 per day
)";

}  // namespace

TEST_CASE("thanks and feedback: an event, two conditions, a survey in its mail",
          "[language][rule]") {
  const Rule rule = good(thanks);
  CHECK(rule.id == "thanks-and-feedback");
  CHECK(rule.about == "Thank the buyer and ask how it went, a week after the purchase");
  CHECK(rule.purpose == Purpose::feedback);
  CHECK(rule.status == lang::RuleStatus::live);
  CHECK(rule.trigger.kind == TriggerKind::event);
  CHECK(rule.trigger.name == "order.completed");
  CHECK(rule.trigger.subject == Subject::order);
  CHECK(rule.trigger.column == "completed_at");
  CHECK(rule.trigger.event_name.empty());
  CHECK(rule.trigger.offset == days(7));
  CHECK(rule.if_all.empty());
  REQUIRE(rule.unless_any.size() == 2);
  CHECK(rule.unless_any[0].text == "order.refunded");
  CHECK(rule.slots.size() == 2);
  REQUIRE(rule.steps.size() == 1);
  CHECK(rule.steps[0].kind == StepKind::email);
  CHECK(rule.steps[0].key == "email:thanks");
  CHECK(rule.steps[0].template_name == "thanks");
  CHECK(rule.steps[0].survey == "nps");
  CHECK(rule.once_per == Subject::order);
  CHECK(rule.send_window == "daytime");
  CHECK(rule.late_limit == days(3));
  CHECK_FALSE(rule.backlog.all);
  CHECK_FALSE(rule.backlog.within);
  CHECK(rule.file == "rules/rule.yaml");
  CHECK(rule.revision.size() == 64);
}

TEST_CASE("ticket unresolved: a state, a digest, a repeated escalation", "[language][rule]") {
  const Rule rule = good(ticket);
  CHECK(rule.trigger.kind == TriggerKind::state);
  REQUIRE(rule.trigger.state != nullptr);
  CHECK(rule.trigger.state->name == "ticket.unresolved");
  CHECK(rule.trigger.column == "unresolved_since");
  CHECK(rule.trigger.offset == elapsed(hours(48)));
  CHECK(rule.hold_while.size() == 1);
  REQUIRE(rule.steps.size() == 2);
  CHECK(rule.steps[0].kind == StepKind::notify);
  CHECK(rule.steps[0].target == "support");
  CHECK(rule.steps[0].key == "notify:ticket-reminder");
  CHECK(rule.steps[0].digest == elapsed(minutes(15)));
  CHECK(rule.steps[1].after == elapsed(hours(72)));
  REQUIRE(rule.steps[1].repeat);
  CHECK(rule.steps[1].repeat->every == elapsed(hours(24)));
  CHECK(rule.steps[1].repeat->at_most == 3);
  CHECK(rule.backlog.all);
  CHECK_FALSE(rule.late_limit);  // internal messages have none
  CHECK_FALSE(rule.once_per);
}

TEST_CASE("win back: a coupon in its mail, a holdout, a limit", "[language][rule]") {
  const Rule rule = good(win_back);
  CHECK(rule.trigger.name == "customer.inactive");
  CHECK(rule.trigger.subject == Subject::customer);
  CHECK(rule.trigger.offset == days(90));
  REQUIRE(rule.steps.size() == 1);
  REQUIRE(rule.steps[0].coupon);
  CHECK(rule.steps[0].coupon->name == "win-back");
  CHECK(rule.steps[0].coupon->percent_off == 15);
  CHECK_FALSE(rule.steps[0].coupon->amount_off);
  CHECK(rule.steps[0].coupon->single_use);
  CHECK(rule.steps[0].coupon->valid_for == days(14));
  CHECK(rule.once_per == Subject::customer);
  CHECK(rule.again_after == days(365));
  CHECK(rule.holdout == Approx(0.1));
  CHECK(rule.limit_per_day == 500);
  CHECK(rule.late_limit == days(3));  // the default of marketing
}

TEST_CASE("dates count back and forth, and a birthday has its hour", "[language][rule]") {
  const Rule renewal = good(completed("when: {date: subscription.renews_at, before: 14 days}\n"));
  CHECK(renewal.trigger.kind == TriggerKind::date);
  CHECK(renewal.trigger.subject == Subject::subscription);
  CHECK(renewal.trigger.column == "renews_at");
  CHECK(renewal.trigger.offset == days(-14));
  CHECK_FALSE(renewal.trigger.at_minute);
  REQUIRE(renewal.trigger.date != nullptr);
  CHECK_FALSE(renewal.trigger.date->yearly);
  const Rule birthday =
      good(completed("when: {date: customer.birthday, at: 09:00}\ntimezone: customer\n"));
  CHECK(birthday.trigger.date->yearly);
  CHECK(birthday.trigger.at_minute == 540);
  CHECK(birthday.trigger.offset.is_zero());
  CHECK(birthday.customer_zone);
  CHECK(
      good(completed("when: {date: customer.birthday, after: 1 month}\n")).trigger.offset.months ==
      1);
  CHECK(check(completed("when: {date: customer.birthday, before: 1 day, after: 1 day}\n"))
            .has("R042"));
  CHECK(check(completed("when: {date: customer.birthday, before: 5 hours, at: 09:00}\n"))
            .has("R042"));
}

TEST_CASE("schedules name days, and lead to nobody", "[language][rule]") {
  const auto schedule = [](std::string_view day) {
    return good(completed(fmt::format(
        "purpose: internal\nwhen: {{every: {}, at: 10:30}}\nthen:\n  - webhook: support-desk\n",
        day)));
  };
  CHECK(schedule("monday").trigger.weekdays == 1);
  CHECK(schedule("sunday").trigger.weekdays == 64);
  CHECK(schedule("weekday").trigger.weekdays == 31);
  CHECK(schedule("day").trigger.weekdays == 127);
  CHECK(schedule("month").trigger.weekdays == 0);
  CHECK(schedule("month").trigger.month_day == 1);
  CHECK(schedule("monday").trigger.at_minute == 630);
  CHECK(schedule("monday").trigger.kind == TriggerKind::schedule);
  const std::string base =
      "purpose: internal\nwhen: {every: monday, at: 10:30}\nthen:\n  - webhook: support-desk\n";
  CHECK(check(completed(base + "if: customer.orders_count > 1\n")).has("R032"));
  CHECK(check(completed(base + "once-per: customer\n")).has("R054"));
  CHECK(check(completed(base + "timezone: customer\n")).has("R054"));
  CHECK(check(completed("when: {every: monday, at: 10:30}\nthen:\n  - pause-marketing: 3 days\n"))
            .has("R054"));
  CHECK(check(completed("when: {every: mondays, at: 10:30}\nthen:\n  - webhook: support-desk\n"))
            .has("R023"));
}

TEST_CASE("a name of the shop's own is an event of the events table", "[language][rule]") {
  for (const char* name :
       {"webinar.attended", "cart.abandoned", "signup", "login", "Product Viewed"}) {
    const Rule rule = good(completed(fmt::format("when:\n  event: {}\n", name)));
    CHECK(rule.trigger.subject == Subject::event);
    CHECK(rule.trigger.event_name == name);
    CHECK(rule.trigger.name == name);
    CHECK(rule.trigger.column == "at");
  }
  for (const char* name :
       {"order.completd", "ordr.completed", "orders.completed", "Order.Completed",
        "order_completed", "order.gift_wrapped", "customer", "event.x"}) {
    CAPTURE(name);
    CHECK(check(completed(fmt::format("when:\n  event: {}\n", name))).has("R012"));
  }
}

TEST_CASE("a drip: waits belong to the message below, and a step may be named",
          "[language][rule]") {
  const Rule rule = good(completed(R"(then:
  - email: thanks
  - wait: 2 days
  - coupon: hello
    amount-off: 5 EUR
    single-use: no
    valid-for: 1 week
  - email: welcome
  - pause-marketing: 14 days
  - wait: 3 days
  - email: thanks
    step: thanks-again
  - webhook: support-desk
    after: 10 days
stop-if: order.refunded
)"));
  REQUIRE(rule.steps.size() == 5);
  CHECK_FALSE(rule.steps[0].wait);
  CHECK(rule.steps[1].wait == days(2));
  REQUIRE(rule.steps[1].coupon);
  CHECK(rule.steps[1].coupon->amount_off->minor == 500);
  CHECK_FALSE(rule.steps[1].coupon->single_use);
  CHECK(rule.steps[1].coupon->valid_for == days(7));
  CHECK(rule.steps[2].kind == StepKind::pause_marketing);
  CHECK(rule.steps[2].pause == days(14));
  CHECK(rule.steps[2].key == "pause-marketing");
  CHECK(rule.steps[3].key == "thanks-again");
  CHECK(rule.steps[3].wait == days(3));
  CHECK(rule.steps[4].key == "webhook:support-desk");
  CHECK(rule.steps[4].after == days(10));
  CHECK(rule.stop_if.size() == 1);
}

TEST_CASE("the assignee is told, with a team as fall-back", "[language][rule]") {
  const std::string base = "purpose: internal\nwhen: {ticket: unresolved, for: 2 days}\nthen:\n";
  const Rule rule = good(
      completed(base + "  - notify: assignee\n    or: support\n    template: ticket-reminder\n"));
  CHECK(rule.steps[0].target == "assignee");
  CHECK(rule.steps[0].fallback == "support");
  CHECK(
      check(completed(base +
                      "  - notify: support\n    or: support-lead\n    template: ticket-reminder\n"))
          .has("R042"));
  CHECK(check(completed(base +
                        "  - notify: assignee\n    or: suport\n    template: ticket-reminder\n"))
            .has("R019"));
  CHECK(check(completed(base + "  - notify: support\n")).has("R040"));
}

TEST_CASE("settings of a rule have their defaults and limits", "[language][rule]") {
  const Rule plain = good(completed(""));
  CHECK(plain.status == lang::RuleStatus::draft);
  CHECK(plain.late_limit == days(3));
  CHECK(plain.priority == 0);
  CHECK(plain.holdout == 0);
  CHECK_FALSE(plain.limit_per_day);
  CHECK_FALSE(plain.brake);
  CHECK_FALSE(plain.customer_zone);
  CHECK(plain.send_window.empty());
  CHECK_FALSE(good(completed("late-limit: none\n")).late_limit);
  CHECK(good(completed("backlog: 30 days\n")).backlog.within == days(30));
  CHECK_FALSE(good(completed("backlog: none\n")).backlog.all);
  CHECK(good(completed("priority: -5\n")).priority == -5);
  CHECK(good(completed("brake: 20\n")).brake == 20);
  CHECK(good(completed("holdout: 2.5%\n")).holdout == Approx(0.025));
  CHECK(good(completed("status: paused\n")).status == lang::RuleStatus::paused);
  CHECK(good(completed("timezone: site\n")).customer_zone == false);
  for (const char* line : {"brake: 0\n", "brake: many\n", "priority: 1.5\n", "limit: 0 per day\n",
                           "limit: 500 per hour\n", "holdout: 100%\n", "holdout: -5%\n"})
    CHECK(check(completed(line)).has("R025"));
  CHECK(check(completed("backlog: everything\n")).has("R023"));
  CHECK(check(completed("backlog: 0 days\n")).has("R022"));
  CHECK(check(completed("late-limit: 0 hours\n")).has("R022"));
  CHECK(check(completed("late-limit: 300 years\n")).has("R022"));
  CHECK(check(completed("late-limit: 99999999999 days\n")).has("R022"));
  CHECK(check(completed("once-per: customr\n")).has("R013"));
  CHECK(check(completed("once-per: ticket\n")).has("R054"));
}

TEST_CASE("a message to customers that may be unwanted needs a way out", "[language][rule]") {
  const retaind::Site bare;
  for (const char* purpose : {"marketing", "feedback"})
    CHECK(check(completed(fmt::format("purpose: {}\n", purpose)), bare).has("R051"));
  CHECK(check(completed("purpose: transactional\n"), bare).rule);
  retaind::Site mailto;
  mailto.unsubscribe_mailto = "bye@example.com";
  CHECK(check(completed("purpose: marketing\n"), mailto).rule);
}

TEST_CASE("conditions may be one line or a list", "[language][rule]") {
  CHECK(good(completed("if: order.paid\n")).if_all.size() == 1);
  CHECK(good(completed("if: [order.paid, order.shipped]\n")).if_all.size() == 2);
  CHECK(check(completed("if: []\n")).has("R020"));
  CHECK(check(completed("if:\n")).has("R020"));
  CHECK(check(completed("if: {order: paid}\n")).has("R020"));
  CHECK(check(completed("if:\n  - order.paid\n  -\n")).has("R020"));
}

TEST_CASE("all mistakes of a rule are told at once, in the order of the file", "[language][rule]") {
  const auto checked = check(
      "rule: x\npurpose: marketng\nwhen:\n  event: order.completd\nif:\n  - customer.city = 5\n"
      "  - order.pad\nunles: order.refunded\nthen:\n  - email: thank\n  - webhok: x\nlimit: 5\n");
  std::vector<std::string> codes;
  for (const auto& diagnostic : checked.diagnostics) codes.push_back(diagnostic.code);
  CHECK(codes ==
        std::vector<std::string>{"R023", "R012", "R031", "R015", "R011", "R018", "R011", "R021"});
}

TEST_CASE("the revision follows what decides, and nothing else", "[language][rule]") {
  const std::string base = win_back;
  const std::string revision = good(base).revision;
  const auto with = [&](std::string_view what, std::string_view by) {
    std::string text = base;
    const std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    return good(text.replace(at, what.size(), by)).revision;
  };
  CHECK(with("about: Bring back buyers", "about: Win back buyers") == revision);
  CHECK(with("status: live", "status: paused") == revision);
  CHECK(with("# minted once a firing", "# as often as") == revision);
  CHECK(with("customer.orders_count >= 2", "customer.orders_count  >=   2") == revision);
  CHECK(with("limit: 500 per day\n", "") != revision);
  for (const auto& [what, by] : std::vector<std::pair<std::string, std::string>>{
           {"for: 90 days", "for: 91 days"},
           {"orders_count >= 2", "orders_count >= 3"},
           {"orders_count >= 2", "orders_count > 2"},
           {"if:", "hold-while:"},
           {"customer.open_tickets", "customer.orders_count"},
           {"percent-off: 15", "percent-off: 16"},
           {"single-use: true", "single-use: no"},
           {"valid-for: 14 days", "valid-for: 15 days"},
           {"coupon: win-back", "coupon: win-back-2"},
           {"email: win-back", "email: thanks"},
           {"again-after: 365 days", "again-after: 366 days"},
           {"holdout: 10%", "holdout: 11%"},
           {"send-window: daytime\n", ""},
           {"limit: 500", "limit: 501"},
           {"purpose: marketing", "purpose: feedback"},
           {"rule: win-back-90d", "rule: win-back"}}) {
    CAPTURE(what, by);
    CHECK(with(what, by) != revision);
  }
  std::string moved = base;
  moved.replace(moved.find("limit: 500 per day\n"), 19, "");
  moved.insert(moved.find("purpose:"), "limit: 500 per day\n");
  CHECK(good(moved).revision == revision);
}

TEST_CASE("names keep to small letters, digits and dashes", "[language][rule]") {
  CHECK(check("rule: Thanks\n" + completed("").substr(14)).has("R024"));
  CHECK(check(completed("then:\n  - email: ../../etc/passwd\n")).has("R024"));
  CHECK(check(completed("then:\n  - email: thanks\n    step: a b\n")).has("R024"));
  CHECK(check(completed("rule: " + std::string(101, 'a') + "\n")).has("R024"));
  CHECK(check(completed("rule: " + std::string(100, 'a') + "\n")).rule);
}

TEST_CASE("every key has a line that explains it and an example", "[language][rule]") {
  for (const auto& row : lang::keys()) {
    CAPTURE(row.name);
    CHECK_FALSE(row.about.empty());
    const bool stateless = row.of == lang::Keys::trigger && row.example.empty();
    CHECK((!row.example.empty() || stateless));
    CHECK(lang::find_key(row.of, row.name) == &row);
  }
}

TEST_CASE("a step may have conditions of its own", "[language][rule]") {
  const std::string plain = completed("then:\n  - email: thanks\n");
  const std::string branched =
      completed("then:\n  - email: thanks\n    if: customer.orders_count > 1\n");
  const Rule rule = good(branched);
  REQUIRE(rule.steps[0].if_all.size() == 1);
  CHECK(rule.steps[0].if_all[0].text == "customer.orders_count > 1");
  CHECK(rule.slots.size() == good(plain).slots.size() + 1);
  CHECK(rule.revision != good(plain).revision);
  CHECK(check(completed("then:\n  - email: thanks\n    if: ticket.status = open\n")).has("R032"));
  CHECK(check(completed("then:\n  - email: thanks\n    if: {a: b}\n")).has("R020"));
  CHECK(check(completed("then:\n  - wait: 2 days\n    if: order.refunded\n  - email: thanks\n"))
            .has("R042"));
}

TEST_CASE("what an aggregate counts is a part of the revision", "[language][rule]") {
  std::set<std::string> revisions;
  const std::vector<const char*> conditions{"count(orders) > 1",
                                            "count(tickets) > 1",
                                            "count(orders where order.paid) > 1",
                                            "count(orders where not order.paid) > 1",
                                            "count(orders where order.total > 5 EUR) > 1",
                                            "count(orders where order.total > 6 EUR) > 1",
                                            "sum(orders.total) > 1 EUR",
                                            "avg(orders.total) > 1 EUR",
                                            "avg(subscriptions.price) > 1 EUR",
                                            "count(orders where customer.city = 'Bonn') > 1",
                                            "count(orders where customer.country = 'Bonn') > 1"};
  for (const char* condition : conditions)
    revisions.insert(good(completed("if: " + std::string(condition) + "\n")).revision);
  CHECK(revisions.size() == conditions.size());
}

TEST_CASE("a rule survives being moved about", "[language][rule]") {
  std::vector<Rule> rules;
  for (int i = 0; i < 20; ++i) rules.push_back(good(ticket));
  for (const Rule& rule : rules) {
    const auto& nodes = rule.hold_while[0].nodes;
    REQUIRE(nodes.size() == 3);
    CHECK(lang::constant_of(nodes[1]).text == "waiting_for_customer");
    CHECK(rule.slots[nodes[0].slot].field->name == "status");
  }
}
