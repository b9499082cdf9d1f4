#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "base/digest.h"
#include "delivery/release.h"
#include "rules.h"
#include "store/holds.h"
#include "support/directory.h"

using namespace retaind;
using namespace retaind::test;
using delivery::Outcome;
using delivery::OutcomeKind;

namespace {

/// Customers c0 … whose hash with `name` lies under the share.
std::set<std::string> bucket(const std::string& name, double share, int customers) {
  std::set<std::string> found;
  for (int i = 0; i < customers; ++i) {
    const std::string key = "c" + std::to_string(i);
    if (static_cast<double>(stable_hash(fmt::format("{}{}{}", name, '\0', key))) <
        share * 18446744073709551616.0)
      found.insert(key);
  }
  return found;
}

void order_all(Shop& shop, int customers, const std::string& suffix = "") {
  shop.write([&](store::Facts& facts) {
    for (int i = 0; i < customers; ++i) {
      const std::string key = "c" + std::to_string(i);
      (void)facts.put(CustomerFact{.key = key, .email = key + "@example.com"});
      ConsentFact said{.customer = key, .purpose = "marketing", .granted = true};
      said.at = shop.clock.now();
      (void)facts.put(said);
      (void)facts.put(OrderFact{.key = fmt::format("o-{}{}", key, suffix),
                                .customer = key,
                                .completed_at = shop.clock.now()});
    }
  });
}

std::set<std::string> held_out(Shop& shop) {
  std::set<std::string> found;
  for (const std::string& line : shop.ledger()) {
    if (line.ends_with(" held-out"))
      found.insert(line.substr(line.find("o-") + 2, line.rfind(' ') - line.find("o-") - 2));
  }
  return found;
}

}  // namespace

TEST_CASE("however many facts change at once, each is looked at", "[semantics]") {
  Shop shop;
  shop.rule(at_once("brake: 100000\n"));
  shop.start();
  shop.run_to("2026-03-02 10:01");
  order_all(shop, 2500);
  shop.run_to("2026-03-02 10:02");
  CHECK(shop.sent().size() == 2500);
  CHECK(shop.ask("SELECT max(seq) - (SELECT CAST(value AS INTEGER) FROM meta WHERE key = "
                 "'feed_seen') FROM change") == "0");
}

TEST_CASE(
    "semantics 20: the holdout is a stable bucket, and raising the share keeps the earlier ones",
    "[semantics]") {
  constexpr int customers = 60;
  std::set<std::string> before;
  for (const auto& [share, part] :
       std::vector<std::pair<std::string, double>>{{"10%", 0.1}, {"40%", 0.4}}) {
    Shop shop;
    shop.rule(at_once("holdout: " + share + "\nbrake: 1000\n", "at-once", "marketing"));
    shop.start();
    shop.run_to("2026-03-02 11:00");
    order_all(shop, customers);
    const auto out = held_out(shop);
    CHECK(out == bucket("at-once", part, customers));
    CHECK(std::includes(out.begin(), out.end(), before.begin(), before.end()));
    CHECK(shop.sent().size() == customers - out.size());
    before = out;
  }
  CHECK_FALSE(before.empty());
}

TEST_CASE("semantics 20: held-out takes once-per, but no cap place, no limit and no coupon",
          "[semantics]") {
  Shop shop;
  const std::string who = *bucket("gift", 0.5, 60).begin();
  shop.rule(
      "rule: gift\npurpose: marketing\nstatus: live\nwhen:\n  event: order.completed\nthen:\n  - "
      "coupon: "
      "back\n    percent-off: 15\n    valid-for: 14 days\n  - email: welcome\nholdout: "
      "50%\nonce-per: "
      "customer\nlimit: 1 per day\n");
  shop.customer(who);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", who);
  shop.order("o2", who);
  CHECK(shop.ledger() == Lines{"email:welcome o1 held-out", "- o2 already-sent"});
  CHECK(shop.ask("SELECT count(*) FROM coupon") == "0");
  CHECK(shop.ask("SELECT count(*) FROM cap") == "0");
  CHECK(shop.ask("SELECT coalesce(sum(used), 0) FROM rule_day") == "0");
}

TEST_CASE(
    "semantics 20: it is decided once a firing, after every other check; later steps run virtually",
    "[semantics]") {
  Shop shop;
  const std::string who = *bucket("drip", 0.5, 60).begin();
  shop.rule(drip("holdout: 50%\nunless:\n  - customer.open_tickets > 0\n"));
  shop.customer(who);
  shop.customer("other");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.put(CustomerFact{.key = who, .created_at = shop.clock.now()});
  CHECK(shop.ledger() ==
        Lines{"email:welcome " + who + " held-out", "email:second " + who + " planned"});
  // The share is lowered: what was decided stays.
  shop.rule(drip("holdout: 1%\nunless:\n  - customer.open_tickets > 0\n"));
  shop.reload();
  shop.run_to("2026-03-05 11:00");
  shop.ticket("t1", "open", who);
  shop.run_to("2026-03-20 11:00");
  CHECK(shop.sent().empty());
  CHECK(shop.ledger() == Lines{"email:welcome " + who + " held-out",
                               "email:second " + who + " held-out",
                               "email:third " + who + " condition-false"});
  CHECK(shop.ended("email:second", who) == "2026-03-04 11:00");
}

TEST_CASE("semantics 20: both arms passed the same checks", "[semantics]") {
  Shop shop;
  const std::string who = *bucket("at-once", 0.5, 60).begin();
  shop.rule(at_once("holdout: 50%\nif:\n  - customer.orders_count >= 2\n", "at-once", "marketing"));
  shop.customer(who);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", who);
  CHECK(shop.ledger() == Lines{"- o1 condition-false"});
}

TEST_CASE("semantics 20: the holdout counts at the first message also when that is a webhook",
          "[semantics]") {
  Shop shop;
  const std::string who = *bucket("hooked", 0.5, 60).begin();
  shop.rule(
      "rule: hooked\npurpose: marketing\nstatus: live\nwhen:\n  event: order.completed\nthen:\n  - "
      "webhook: desk\n  - email: welcome\nholdout: 50%\n");
  shop.customer(who);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", who);
  CHECK(shop.ledger() == Lines{"webhook:desk o1 held-out", "email:welcome o1 held-out"});
}

TEST_CASE("semantics 20: the site's holdout has its own hash, comes first and spares notices",
          "[semantics]") {
  Shop shop;
  shop.site.holdout = 0.3;
  shop.rule(at_once("", "advert", "marketing"));
  shop.rule(at_once("", "notice", "transactional"));
  shop.start();
  shop.run_to("2026-03-02 11:00");
  order_all(shop, 40);
  CHECK(held_out(shop) == bucket("", 0.3, 40));
  for (const std::string& line : shop.ledger("notice")) CHECK(line.ends_with(" sent"));
}

TEST_CASE("semantics 21: two rules, one recipient, one moment: by priority, due, id, one at a time",
          "[semantics]") {
  Shop shop;
  shop.rule(at_once("", "a-first-id"));
  shop.rule(at_once("priority: 5\n", "b-high"));
  shop.rule(at_once("", "c-last-id"));
  shop.customer("anna");
  shop.customer("bert");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.world->mail().latency = std::chrono::minutes(1);
  {
    auto transaction = store::Transaction::begin(shop.database);
    store::Facts facts{shop.database, shop.clock.now()};
    for (const char* who : {"anna", "bert"})
      (void)facts.put(OrderFact{
          .key = std::string("o-") + who, .customer = who, .completed_at = shop.clock.now()});
    Shop::expect_ok(transaction->commit());
  }
  Shop::expect_ok(shop.world->settle());
  CHECK(shop.handed.size() == 2);  // one for each recipient
  shop.run_to("2026-03-02 12:00");
  std::vector<std::string> order;
  for (const auto& sent : shop.arrived) {
    if (sent.message.envelope_to[0] != "anna@example.com") continue;
    const std::size_t at = sent.message.bytes.find("X-Retaind-Rule: ") + 16;
    order.push_back(sent.message.bytes.substr(at, sent.message.bytes.find('\r', at) - at));
  }
  CHECK(order == std::vector<std::string>{"b-high", "a-first-id", "c-last-id"});
}

TEST_CASE("semantics 21: who ends without going hands the recipient's turn on", "[semantics]") {
  Shop shop;
  shop.templates["bad"] = "---\nsubject: x\n---\n{{ nothing.here }}\n";
  const auto rule = [](const std::string& id, int priority, const std::string& what) {
    return "rule: " + id +
           "\npurpose: transactional\nstatus: live\npriority: " + std::to_string(priority) +
           "\nwhen:\n  event: order.completed\n" + what;
  };
  shop.rule(rule("first", 9, "then:\n  - email: welcome\n"));
  shop.rule(rule("broken", 8, "then:\n  - email: bad\n"));
  shop.rule(
      rule("held", 7, "hold-while:\n  - customer.open_tickets = 0\nthen:\n  - email: welcome\n"));
  shop.rule(rule("untrue", 6, "if:\n  - customer.open_tickets > 0\nthen:\n  - email: welcome\n"));
  shop.rule(rule("last", 5, "then:\n  - email: thanks\n"));
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.customer("anna");
  shop.order("o1", "anna");
  shop.run_to("2026-03-02 11:01");
  CHECK(shop.sent() == Lines{"2026-03-02 11:00 email:welcome anna@example.com",
                             "2026-03-02 11:00 email:thanks anna@example.com"});
}

TEST_CASE("semantics 21: a slow recipient with many messages delays nobody else", "[semantics]") {
  Shop shop;
  shop.rule(
      "rule: many\npurpose: internal\nstatus: live\nwhen:\n  ticket: unresolved\n  for: 48 "
      "hours\nthen:\n"
      "  - notify: support\n    template: ticket-reminder\n");
  shop.rule(at_once());
  shop.customer("anna");
  shop.start();
  shop.write([&](store::Facts& facts) {
    for (int i = 0; i < 300; ++i) {
      (void)facts.put(TicketFact{.key = "t" + std::to_string(i),
                                 .number = "n",
                                 .status = "open",
                                 .opened_at = shop.at("2026-02-28 10:30")});
    }
  });
  shop.world->mail().latency = std::chrono::minutes(1);
  shop.run_to("2026-03-02 10:40");
  const auto passes = shop.world->passes();
  shop.order("o1", "anna");
  shop.run_to("2026-03-02 10:42");
  CHECK(shop.ledger("at-once") == Lines{"email:welcome o1 sent"});
  // And nothing spins while they wait.
  CHECK(shop.world->passes() - passes < 30);
  shop.run_to("2026-03-02 20:00");
  CHECK(shop.ask("SELECT count(*) FROM message WHERE state = 4") == "301");
}

TEST_CASE("semantics 21: whoever waits for a recipient is served after a crash, too",
          "[semantics]") {
  Shop shop;
  shop.rule(at_once());
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.world->mail().latency = std::chrono::minutes(1);
  for (int i = 0; i < 4; ++i) shop.order("o" + std::to_string(i), "anna");
  shop.crash();
  shop.run_to("2026-03-02 13:00");
  CHECK(shop.ask("SELECT count(*) FROM message WHERE state = 4") == "4");
}

TEST_CASE("semantics 22: a poison row touches no other row", "[semantics]") {
  Shop shop;
  shop.templates["welcome"] =
      "---\nsubject: hi\n---\n{% if customer.first_name == 'bad' %}{{ nothing.of.the.kind }}{% "
      "endif %}ok\n";
  shop.rule(at_once());
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.put(CustomerFact{.key = "bad", .email = "bad@example.com", .first_name = "bad"});
  shop.put(CustomerFact{.key = "good", .email = "good@example.com", .first_name = "good"});
  shop.order("o1", "bad");
  shop.order("o2", "good");
  shop.run_to("2026-03-04 11:00");
  CHECK(shop.ledger() == Lines{"email:welcome o1 failed render-failed", "email:welcome o2 sent"});
  CHECK(shop.ask("SELECT reply LIKE '%nothing%' FROM message WHERE state = 6") == "1");
}

TEST_CASE("semantics 22: a poison item takes no other with it out of its digest", "[semantics]") {
  Shop shop;
  shop.templates["ticket-reminder"] =
      "---\nsubject: open\n---\n{% for item in items %}{% if item.ticket.number == 't2' %}{{ "
      "nothing.here "
      "}}{% endif %} ticket {{ item.ticket.number }}{% endfor %}\n";
  shop.rule(unresolved("    digest: 15 minutes\n"));
  shop.start();
  for (const char* key : {"t1", "t2", "t3"}) shop.ticket(key, "open", "", "2026-02-28 10:05");
  shop.run_to("2026-03-02 12:00");
  CHECK(shop.ledger() == Lines{"reminder t1 sent", "reminder t2 failed render-failed",
                               "reminder t3 sent", "reminder digest sent"});
}

TEST_CASE("semantics 23: only-to serves staging", "[semantics]") {
  Shop shop;
  shop.site.only_to = {"anna@example.com", "@desk.example.com"};
  shop.site.teams["support"].to = {"support@example.com"};
  shop.site.teams["support-lead"].to = {"lead@example.com", "test@desk.example.com"};
  shop.rule(at_once());
  shop.rule(escalated());
  for (const char* who : {"anna", "bert"}) shop.customer(who);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  shop.order("o2", "bert");
  shop.ticket("t1", "open");
  shop.run_to("2026-03-05 12:00");
  CHECK(shop.ledger("at-once") == Lines{"email:welcome o1 sent", "email:welcome o2 would-send"});
  CHECK(shop.ledger("unresolved")[0] == "reminder t1 would-send");
  CHECK(shop.ledger("unresolved")[1] == "escalation t1 sent");
  CHECK(shop.handed.back().envelope_to == std::vector<std::string>{"test@desk.example.com"});
}

TEST_CASE(
    "semantics 23: a rule that would send more than its brake is held and says how to release it",
    "[semantics]") {
  Shop shop;
  shop.rule(at_once("brake: 20\n", "at-once", "marketing"));
  shop.start();
  shop.run_to("2026-03-02 10:30");
  order_all(shop, 21);
  CHECK(shop.sent().empty());
  CHECK(shop.ledger()[0] == "email:welcome o-c0 held brake");
  CHECK(shop.ask("SELECT because FROM hold") ==
        "would send at least 21 messages within an hour of its activation or edit, more than its "
        "brake of "
        "20; if "
        "that is meant: retaind release --rule at-once");
  shop.crash();
  CHECK(shop.sent().empty());
  shop.release("rule", "at-once");
  CHECK(shop.sent().size() == 21);
  CHECK(shop.ask("SELECT count(*) FROM hold") == "1");
  // An edit is looked at anew.
  shop.rule(at_once("brake: 20\npriority: 1\n", "at-once", "marketing"));
  shop.run_to("2026-03-09 12:00");
  shop.reload();
  shop.run_to("2026-03-09 12:30");
  order_all(shop, 30, "-again");
  CHECK(shop.sent().empty());
  CHECK(shop.ask("SELECT count(*) FROM hold WHERE released_at IS NULL") == "1");
  shop.release("rule", "at-once");
}

TEST_CASE(
    "semantics 23: the brake counts over restarts, not what conditions stop, not after an hour",
    "[semantics]") {
  Shop shop;
  shop.rule(at_once("brake: 20\nif:\n  - order.total >= 1 EUR\n", "at-once", "marketing"));
  shop.start();
  shop.run_to("2026-03-02 10:30");
  order_all(shop, 60);  // orders without a total: unknown
  CHECK(shop.ask("SELECT count(*) FROM hold") == "0");
  shop.rule(at_once("brake: 20\n", "second", "marketing"));
  shop.reload();
  shop.run_to("2026-03-02 10:31");
  order_all(shop, 12, "-a");
  CHECK(shop.handed.size() == 12);
  shop.crash();
  order_all(shop, 12, "-b");
  CHECK(shop.ask("SELECT count(*) FROM hold WHERE cause = 'brake'") == "1");
  CHECK(shop.handed.size() == 12);
  shop.release("rule", "second");
  CHECK(shop.handed.size() == 24);
  shop.run_to("2026-03-20 12:00");
  order_all(shop, 60, "-c");
  CHECK(shop.ask("SELECT count(*) FROM hold WHERE cause = 'brake'") == "1");
}

TEST_CASE("semantics 23: the default brake is 5 % of the customers there are by then",
          "[semantics]") {
  Shop shop;
  shop.rule(at_once("", "at-once", "marketing"));
  shop.start();
  shop.run_to("2026-03-02 10:30");
  order_all(shop, 501);
  CHECK(shop.ask("SELECT count(*) FROM hold WHERE cause = 'brake'") == "1");
  shop.release("rule", "at-once");
  shop.write([](store::Facts& facts) {
    for (int i = 0; i < 11'000; ++i) (void)facts.put(CustomerFact{.key = std::to_string(i)});
  });
  shop.rule(at_once("", "second", "marketing"));
  shop.reload();
  shop.run_to("2026-03-02 10:31");
  order_all(shop, 570, "-b");
  CHECK(shop.ask("SELECT count(*) FROM hold WHERE cause = 'brake'") == "1");
  order_all(shop, 20, "-c");
  CHECK(shop.ask("SELECT count(*) FROM hold WHERE cause = 'brake'") == "2");
}

namespace {

/// A store in a file, in which a shop has lived for a while.
struct Restored {
  test::Directory directory;
  std::filesystem::path store() const { return directory / "store.db"; }
};

}  // namespace

TEST_CASE("semantics 23: a restored store starts on hold; mark-sent-until decides", "[semantics]") {
  for (const bool mark : {false, true}) {
    Restored place;
    Shop shop;
    shop.rule(at_once("once-per: customer\n", "notice"));
    shop.rule(thanks("once-per: customer\n", "1 day"));
    shop.rule(drip());
    const auto open = [&] {
      store::Database::Options options;
      options.mode = store::Database::Mode::create;
      auto made = store::Database::open(place.store(), options);
      Shop::expect_ok(made);
      return *std::move(made);
    };
    shop.world.reset();
    shop.database = open();
    std::optional<store::Identity> identity;
    const auto start = [&] {
      auto found = store::Identity::open(shop.database, shop.rng);
      Shop::expect_ok(found);
      identity.emplace(*std::move(found));
      shop.begin_world(&*identity);
      shop.start();
    };
    start();
    for (const char* who : {"anna", "bert", "cleo"}) shop.customer(who);
    shop.run_to("2026-03-02 11:00");
    shop.order("o1", "anna");  // the notice goes at once
    Shop::expect_ok(shop.database.backup_to(place.directory / "backup.db"));
    shop.run_to("2026-03-02 12:00");
    shop.order("o2", "bert");         // what the backup does not know
    shop.run_to("2026-03-03 11:30");  // thanks to anna went
    CHECK(shop.sent().size() == 3);
    shop.world->crash();
    shop.world.reset();
    identity.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::error_code ignored;
      std::filesystem::remove(place.store().string() + suffix, ignored);
    }
    std::filesystem::copy_file(place.directory / "backup.db", place.store());
    shop.database = open();
    shop.clock.advance_to(shop.at("2026-03-03 12:30"));
    start();
    // The order arrives again, by the next import.
    shop.put(
        OrderFact{.key = "o2", .customer = "bert", .completed_at = shop.at("2026-03-02 12:00")});
    shop.run_to("2026-03-03 13:00");
    shop.order("o3", "cleo");
    CHECK(shop.sent().empty());
    CHECK(shop.ledger("notice") == Lines{"email:welcome o1 sent", "email:welcome o2 held on-hold",
                                         "email:welcome o3 held on-hold"});
    CHECK(shop.ask("SELECT because LIKE '%restored from a backup: messages sent after "
                   "2026-03-02T10:00:00Z%"
                   "--mark-sent-until%' FROM hold WHERE cause = 'restored'") == "1");
    delivery::Release what;
    if (mark) what.mark_sent_until = shop.at("2026-03-03 12:30");
    Shop::expect_ok(delivery::release(shop.database, what, shop.clock.now()));
    Shop::expect_ok(shop.world->settle());
    if (mark) {
      CHECK(shop.sent() == Lines{"2026-03-03 13:00 email:welcome cleo@example.com"});
      CHECK(shop.ledger("thanks") == Lines{"email:thanks o1 sent", "email:thanks o2 sent"});
      CHECK(shop.ask("SELECT count(*) FROM message WHERE reply LIKE 'counted as sent%'") == "3");
      CHECK(shop.ask("SELECT count(*) FROM cap") == "2");
    } else {
      CHECK(shop.sent().size() == 4);
    }
    CHECK(shop.ask("SELECT count(*) FROM hold WHERE released_at IS NULL") == "0");
    shop.crash();  // and it is known now
    CHECK(shop.ask("SELECT count(*) FROM hold WHERE released_at IS NULL") == "0");
    shop.run_to("2026-03-10 13:00");
    CHECK(shop.ledger("notice") ==
          Lines{"email:welcome o1 sent", "email:welcome o2 sent", "email:welcome o3 sent"});
    shop.world->crash();
  }
}

TEST_CASE("semantics 23: marking needs a restored store and a time that is past", "[semantics]") {
  Shop shop;
  shop.rule(at_once());
  shop.start();
  delivery::Release what;
  what.mark_sent_until = shop.at("2026-03-02 09:00");
  const auto refused = delivery::release(shop.database, what, shop.clock.now());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("not on hold after a restore") != std::string::npos);
  store::Holds(shop.database)
      .add({0, "all", "", "restored", {}, "a test", "a test", shop.clock.now()});
  what.mark_sent_until = shop.at("2026-03-02 11:00");
  const auto future = delivery::release(shop.database, what, shop.clock.now());
  REQUIRE_FALSE(future);
  CHECK(future.error().message.find("in the future") != std::string::npos);
}

TEST_CASE("semantics 23: of a backlog the lost store sent nothing before its rule began",
          "[semantics]") {
  const bool second_too = GENERATE(false, true);
  Shop shop;
  shop.rule(drip("backlog: all\n"));
  shop.start();
  shop.run_to("2026-03-02 11:00");
  store::Holds(shop.database)
      .add({0, "all", "", "restored", {}, "a test", "a test", shop.clock.now()});
  shop.write([&](store::Facts& facts) {
    (void)facts.put(CustomerFact{
        .key = "anna", .email = "anna@example.com", .created_at = shop.at("2026-01-05 12:00")});
    ConsentFact said{.customer = "anna", .purpose = "marketing", .granted = true};
    said.at = shop.at("2026-01-05 12:00");
    (void)facts.put(said);
  });
  shop.run_to(second_too ? "2026-03-04 11:00" : "2026-03-03 11:00");
  delivery::Release what;
  what.mark_sent_until = shop.clock.now();
  Shop::expect_ok(delivery::release(shop.database, what, shop.clock.now()));
  Shop::expect_ok(shop.world->settle());
  shop.run_to("2026-03-09 11:00");
  // Two marketing mails in seven days, and those that the lost store sent count.
  const std::string third = "2026-03-09 10:00 email:third anna@example.com";
  if (second_too)
    CHECK(shop.sent() == Lines{third});
  else
    CHECK(shop.sent() == Lines{"2026-03-04 10:00 email:second anna@example.com", third});
}

TEST_CASE("semantics 23: what the copy itself sent bounds what the lost store can have sent",
          "[semantics]") {
  Shop shop;
  shop.rule(at_once());
  shop.customer("anna");
  shop.start();
  shop.run_to("2026-03-02 11:00");
  shop.order("o1", "anna");
  shop.run_to("2026-03-02 12:00");
  CHECK(shop.sent().size() == 1);
  store::Holds(shop.database)
      .add({0, "all", "", "restored", {}, "a test", "a test", shop.clock.now()});
  delivery::Release what;
  what.mark_sent_until = shop.at("2026-03-02 10:59");
  const auto refused = delivery::release(shop.database, what, shop.clock.now());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "2026-03-02T09:59:00Z is before 2026-03-02T10:00:00Z, when this store itself sent its last "
        "message; name the time until which the lost store has sent");
  what.mark_sent_until = shop.at("2026-03-02 11:00");
  CHECK(delivery::release(shop.database, what, shop.clock.now()));
}
