#include <catch2/catch.hpp>

#include "engine/decide.h"
#include "rules.h"

using namespace retaind;
using namespace retaind::test;
using engine::Decision;
using engine::Situation;
using engine::Verdict;

namespace {

language::Condition line(bool value) {
  language::Condition condition;
  language::Node node;
  node.op = language::Op::constant;
  node.type = Type::boolean;
  node.value = Cell::of(std::int64_t{value});
  condition.nodes.push_back(node);
  return condition;
}

}  // namespace

TEST_CASE("semantics 10: one order of checks, the first hit names the reason", "[semantics]") {
  language::Rule rule;
  rule.purpose = Purpose::marketing;
  rule.unless_any = {line(true)};
  rule.stop_if = {line(true)};
  rule.hold_while = {line(true)};
  const Zone zone = Zone::utc();
  const Time now = from_ms(1'000'000'000'000);
  Situation s;
  s.now = now;
  s.due = now;
  s.zone = &zone;
  s.late_at = now - Duration{1};
  s.rule_removed = s.needs_address = s.suppressed = s.needs_consent = s.state_ended =
      s.place_taken = s.paused = s.held_out = true;
  s.hold = Reason::on_hold;
  const Time soon = now + Duration{1000};
  s.opens = s.limited_until = s.capped_until = soon;

  const auto decided = [&](Verdict verdict, Reason reason) {
    const Decision decision = engine::decide(rule, s);
    CHECK(name_of(decision.reason) == name_of(reason));
    CHECK(decision.verdict == verdict);
  };
  decided(Verdict::skip, Reason::rule_removed);
  s.rule_removed = false;
  decided(Verdict::skip, Reason::no_address);
  s.has_address = true;
  decided(Verdict::skip, Reason::suppressed);
  s.suppressed = false;
  decided(Verdict::skip, Reason::no_consent);
  s.consented = true;
  decided(Verdict::skip, Reason::state_ended);
  s.state_ended = false;
  decided(Verdict::skip, Reason::stopped);
  rule.stop_if.clear();
  decided(Verdict::skip, Reason::already_sent);
  s.place_taken = false;
  decided(Verdict::skip, Reason::late_limit);
  s.late_at = now + Duration{5000};
  decided(Verdict::hold, Reason::paused);
  s.paused = false;
  decided(Verdict::hold, Reason::on_hold);
  s.hold.reset();
  decided(Verdict::hold, Reason::outside_window);
  s.opens.reset();
  decided(Verdict::hold, Reason::hold_while);
  rule.hold_while.clear();
  decided(Verdict::skip, Reason::condition_false);
  rule.unless_any.clear();
  decided(Verdict::hold, Reason::limit);
  s.limited_until.reset();
  decided(Verdict::hold, Reason::capped);
  s.capped_until.reset();
  decided(Verdict::skip, Reason::held_out);
  s.held_out = false;
  decided(Verdict::fire, Reason::none);

  // A wait that ends after the late limit ends the message at once, except over the limit.
  s.late_at = soon - Duration{1};
  s.capped_until = soon;
  decided(Verdict::skip, Reason::late_limit);
  s.limited_until = soon;
  decided(Verdict::hold, Reason::limit);
  s.limited_until.reset();
  s.capped_until.reset();
  s.opens = soon;
  decided(Verdict::skip, Reason::late_limit);
  s.late_at = soon;
  decided(Verdict::hold, Reason::outside_window);
  // Nothing is decided before the due time, except an end.
  s.due = soon;
  s.consented = false;
  decided(Verdict::hold, Reason::none);
  s.state_ended = true;
  decided(Verdict::skip, Reason::state_ended);
  // While nobody knows what time it is nothing is too late.
  s.due = now;
  s.state_ended = false;
  s.consented = true;
  s.late_at = now - Duration{1};
  s.hold = Reason::clock;
  decided(Verdict::hold, Reason::clock);
}

TEST_CASE("semantics 10: final checks in the shop", "[semantics]") {
  Shop shop;
  shop.rule(thanks("send-window: daytime\n"));
  shop.customer(CustomerFact{.key = "nowhere"});
  shop.consent("nowhere", "feedback", true);
  for (const char* who : {"suppressed", "withdrawn", "expired", "waits"}) shop.customer(who);
  ConsentFact expiring{.customer = "expired", .purpose = "feedback", .granted = true};
  expiring.at = shop.clock.now() + Duration{1};
  expiring.expires_at = shop.at("2026-03-09 10:00");
  shop.put(expiring);
  shop.start();
  for (const char* who : {"nowhere", "suppressed", "withdrawn", "expired", "waits"})
    shop.order(std::string("o-") + who, who);
  shop.run_to("2026-03-08 10:00");
  shop.suppress("Suppressed@example.com");
  shop.consent("withdrawn", "feedback", false);
  shop.run_to("2026-03-10 10:00");
  CHECK(shop.ledger() == Lines{"- o-nowhere no-address", "- o-suppressed suppressed",
                               "- o-withdrawn no-consent", "- o-expired no-consent",
                               "email:thanks o-waits sent"});
}

TEST_CASE("semantics 10: all checks run again before a retry", "[semantics]") {
  Shop shop;
  shop.rule(at_once("", "at-once", "feedback"));
  shop.customer("anna");
  shop.customer("bert");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  int tries = 0;
  shop.world->mail().answer = [&](const delivery::Outgoing&) {
    return ++tries <= 2
               ? delivery::Outcome{delivery::OutcomeKind::deferred, 451, "later", false, {}}
               : delivery::Outcome{delivery::OutcomeKind::sent, 250, "ok", false, {}};
  };
  shop.order("o1", "anna");
  shop.order("o2", "bert");
  shop.consent("anna", "feedback", false);
  CHECK(shop.ledger() == Lines{"email:welcome o1 planned", "email:welcome o2 planned"});
  shop.run_to("2026-03-02 13:00");
  CHECK(shop.ledger() == Lines{"email:welcome o1 no-consent", "email:welcome o2 sent"});
  // The refused try counts in no cap.
  CHECK(shop.ask("SELECT count(*) FROM cap") == "1");
}

TEST_CASE("semantics 10: a hold stops what is due, with its end or until released", "[semantics]") {
  Shop shop;
  shop.rule(at_once("late-limit: 2 days\n"));
  shop.rule(at_once("", "other", "transactional"));
  for (const char* who : {"anna", "bert"}) shop.customer(who);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.hold("rule", "at-once", "2026-03-03 12:00");
  shop.hold("customer", "bert");
  shop.order("o1", "anna");
  shop.order("o2", "bert");
  CHECK(shop.ledger("at-once") ==
        Lines{"email:welcome o1 held on-hold", "email:welcome o2 held on-hold"});
  CHECK(shop.ledger("other") == Lines{"email:welcome o1 sent", "email:welcome o2 held on-hold"});
  shop.run_to("2026-03-03 12:00");
  CHECK(shop.ledger("at-once") == Lines{"email:welcome o1 sent", "email:welcome o2 held on-hold"});
  shop.crash("2026-03-03 13:00");  // it survives a restart
  CHECK(shop.ledger("at-once")[1] == "email:welcome o2 held on-hold");
  shop.release("customer", "bert");
  CHECK(shop.ledger("at-once")[1] == "email:welcome o2 sent");
  shop.hold("all", "");
  shop.order("o3", "anna");
  CHECK(shop.ledger("other")[2] == "email:welcome o3 held on-hold");
  shop.run_to("2026-03-05 14:00");
  CHECK(shop.ledger("at-once")[2] == "email:welcome o3 late-limit");
  // A hold whose end lies after the late limit ends the message at once.
  shop.release("all", "");
  shop.hold("all", "", "2026-03-10 10:00");
  shop.order("o4", "anna");
  CHECK(shop.ledger("at-once")[3] == "- o4 late-limit");
}

TEST_CASE(
    "semantics 10: pause-marketing holds advertising to that customer, and nothing else, until it "
    "ends",
    "[semantics]") {
  Shop shop;
  shop.rule(
      "rule: hush\npurpose: internal\nstatus: live\nwhen:\n  event: feedback.received\nif:\n  - "
      "feedback.score <= 6\nthen:\n  - pause-marketing: 3 days\n");
  shop.rule(at_once("late-limit: 30 days\n", "offer", "marketing"));
  shop.rule(at_once("", "receipt"));
  shop.customer("anna");
  shop.customer("bert");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.feedback("f1", "anna", 2);
  shop.run_to("2026-03-02 12:00");
  shop.order("o1", "anna");
  shop.order("o2", "bert");
  CHECK(shop.ledger("offer") == Lines{"email:welcome o1 held paused", "email:welcome o2 sent"});
  CHECK(shop.ledger("receipt") == Lines{"email:welcome o1 sent", "email:welcome o2 sent"});
  shop.sent();
  shop.run_to("2026-03-06 12:00");
  CHECK(shop.sent() == Lines{"2026-03-05 11:00 email:welcome anna@example.com"});
}

TEST_CASE("semantics 10: an unknown time zone is the site's", "[semantics]") {
  Shop shop;
  shop.rule(
      "rule: birthday\npurpose: marketing\nstatus: live\nwhen:\n  date: customer.birthday\n  at: "
      "09:00\ntimezone: customer\nthen:\n  - email: birthday\nsend-window: daytime\n");
  for (const auto& [who, zone] : std::vector<std::pair<std::string, std::string>>{
           {"nowhere", ""}, {"wrong", "Mars/Olympus"}, {"tokyo", "Asia/Tokyo"}}) {
    shop.customer(who);
    CustomerFact fact{.key = who, .birthday = "1990-03-10"};
    if (!zone.empty()) fact.time_zone = zone;
    const auto written = [&] { shop.write([&](store::Facts& facts) { (void)facts.put(fact); }); };
    written();
  }
  shop.start();
  shop.run_to("2026-03-12 10:00");
  const Lines sent = shop.sent();
  CHECK(sent[0] == "2026-03-10 01:00 email:birthday tokyo@example.com");
  CHECK(std::count_if(sent.begin(), sent.end(), [](const std::string& l) {
          return l.starts_with("2026-03-10 09:00");
        }) == static_cast<std::ptrdiff_t>(sent.size()) - 1);
}

TEST_CASE("semantics 11: outside the window it waits for the opening and is checked again there",
          "[semantics]") {
  Shop shop;
  shop.rule(at_once("send-window: daytime\n"));
  for (const char* who : {"anna", "bert", "cleo"}) shop.customer(who);
  shop.start();
  shop.run_to("2026-03-02 19:59:59.999");
  shop.order("in-time", "anna");
  shop.run_to("2026-03-02 20:00");  // the end is exclusive
  shop.order("too-late", "bert");
  shop.order("suppressed", "cleo");
  CHECK(shop.sent() == Lines{"2026-03-02 19:59:59.999 email:welcome anna@example.com"});
  CHECK(shop.next("email:welcome", "too-late") == "2026-03-03 09:00");
  shop.suppress("cleo@example.com");
  shop.run_to("2026-03-04 10:00");
  CHECK(shop.sent() == Lines{"2026-03-03 09:00 email:welcome bert@example.com"});
  CHECK(shop.ledger() == Lines{"email:welcome in-time sent", "email:welcome too-late sent",
                               "email:welcome suppressed suppressed"});
}

TEST_CASE("semantics 11: windows may cross midnight", "[semantics]") {
  Shop shop;
  auto windows = Calendar::parse_line("mon-fri 22:00-06:00");
  REQUIRE(windows);
  shop.site.calendars["night"] = Calendar("night", *windows, {});
  shop.rule(at_once("send-window: night\n"));
  shop.customer("anna");
  shop.start();
  for (const char* time :
       {"2026-03-02 12:00", "2026-03-03 05:59", "2026-03-07 05:00", "2026-03-07 06:00"}) {
    shop.run_to(time);
    shop.order(time, "anna");
  }
  shop.run_to("2026-03-10 10:00");
  CHECK(shop.sent() == Lines{"2026-03-02 22:00 email:welcome anna@example.com",
                             "2026-03-03 05:59 email:welcome anna@example.com",
                             "2026-03-07 05:00 email:welcome anna@example.com",
                             "2026-03-09 22:00 email:welcome anna@example.com"});
}

TEST_CASE("semantics 11: the late limit counts from the first opening", "[semantics]") {
  Shop shop;
  shop.rule(at_once("send-window: support-hours\nlate-limit: 1 day\n"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-06 18:00");  // Friday evening: the opening is Monday at nine
  shop.order("o1", "anna");
  shop.hold("all", "");
  shop.run_to("2026-03-10 08:59");
  CHECK(shop.ledger() == Lines{"email:welcome o1 held on-hold"});
  shop.release("all", "");  // still closed
  CHECK(shop.ledger() == Lines{"email:welcome o1 held outside-window"});
  shop.run_to("2026-03-10 09:00");  // at the limit itself it is in time
  CHECK(shop.sent() == Lines{"2026-03-10 09:00 email:welcome anna@example.com"});
}

TEST_CASE("semantics 12: caps count by address over a rolling window", "[semantics]") {
  Shop shop;
  shop.rule(at_once("", "at-once", "feedback"));
  shop.customer("anna");
  shop.customer(CustomerFact{.key = "anna-again", .email = "ANNA@example.com"});
  shop.consent("anna-again", "feedback", true);
  shop.start();
  for (const auto& [time, who] :
       std::vector<std::pair<std::string, std::string>>{{"2026-03-02 11:00", "anna"},
                                                        {"2026-03-05 11:00", "anna-again"},
                                                        {"2026-03-07 11:00", "anna"},
                                                        {"2026-03-05 13:00", ""}}) {
    if (who.empty()) break;
    shop.run_to(time);
    shop.order(time, who);
  }
  CHECK(shop.sent().size() == 2);
  CHECK(shop.ledger()[2] == "email:welcome 2026-03-07 11:00 held capped");
  shop.run_to("2026-03-09 10:59:59.999");
  CHECK(shop.sent().empty());
  shop.run_to("2026-03-20 11:00");
  CHECK(shop.sent() == Lines{"2026-03-09 11:00 email:welcome anna@example.com"});
}

TEST_CASE(
    "semantics 12: capped waits until late-limit, and ends at once when no place comes before",
    "[semantics]") {
  Shop shop;
  shop.rule(at_once("late-limit: 2 days\n", "at-once", "feedback"));
  shop.customer("anna");
  shop.start();
  for (const char* time :
       {"2026-03-02 11:00", "2026-03-02 12:00", "2026-03-06 11:00", "2026-03-08 11:00"}) {
    shop.run_to(time);
    shop.order(time, "anna");
  }
  CHECK(shop.ledger() == Lines{"email:welcome 2026-03-02 11:00 sent",
                               "email:welcome 2026-03-02 12:00 sent",
                               "email:welcome 2026-03-06 11:00 late-limit",
                               "email:welcome 2026-03-08 11:00 held capped"});
  shop.run_to("2026-03-09 11:00");
  CHECK(shop.ledger()[3] == "email:welcome 2026-03-08 11:00 sent");
}

TEST_CASE("semantics 12: the last place goes to the higher priority; only its purposes count",
          "[semantics]") {
  Shop shop;
  shop.site.cap.messages = 1;
  shop.rule(at_once("", "a-low", "feedback"));
  shop.rule(at_once("priority: 10\n", "b-high", "marketing"));
  shop.rule(at_once("", "c-notice", "transactional"));
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  CHECK(shop.ledger("a-low") == Lines{"email:welcome o1 late-limit"});  // seven days is too far
  CHECK(shop.ledger("b-high") == Lines{"email:welcome o1 sent"});
  CHECK(shop.ledger("c-notice") == Lines{"email:welcome o1 sent"});
  CHECK(shop.ask("SELECT count(*) FROM cap") == "1");
}
