#include "store/ended_firings.h"

#include <catch2/catch.hpp>

#include "store/dated_facts.h"
#include "store/ledger.h"
#include "store/ledger_cache.h"
#include "store/messages.h"
#include "store/outlook.h"

using namespace retaind;

namespace {

Firing ended(std::int64_t row, std::int64_t part = 0) {
  Firing firing;
  firing.rule = 1;
  firing.trigger = 1;
  firing.subject = Subject::order;
  firing.row = row;
  firing.part = part;
  firing.customer = 7;
  firing.anchor = from_ms(500);
  firing.due = firing.planned = from_ms(1000);
  firing.open = false;
  firing.reason = Reason::condition_false;
  firing.line = 2;
  return firing;
}

struct Aside {
  Aside() : database(*store::Database::in_memory()), ledger(database) {
    REQUIRE(database.begin());
    ledger.keep_ended_aside();
  }
  store::Database database;
  store::Ledger ledger;
};

}  // namespace

TEST_CASE("What ends without a message is known though its table does not have it") {
  Aside world;
  const auto id = world.ledger.add_firing(ended(3));
  REQUIRE(id);
  CHECK(world.database.prepared("SELECT count(*) FROM firing").single() == 0);
  const auto found = world.ledger.find_firing(ended(3));
  REQUIRE(found);
  CHECK(found->id == *id);
  CHECK(found->due == from_ms(1000));
  CHECK(found->anchor == from_ms(500));
  CHECK(found->customer == 7);
  CHECK(found->reason == Reason::condition_false);
  CHECK(found->line == 2);
  CHECK_FALSE(found->open);
  CHECK(world.ledger.firing(*id)->row == 3);
  CHECK_FALSE(world.ledger.find_firing(ended(4)));
}

TEST_CASE("An occurrence has one firing, in the table or aside") {
  Aside world;
  Firing open = ended(3);
  open.open = true;
  SECTION("it ended before") {
    REQUIRE(world.ledger.add_firing(ended(3)));
    CHECK_FALSE(world.ledger.add_firing(ended(3)));
    CHECK_FALSE(world.ledger.add_firing(open));
    CHECK(world.ledger.add_firing(ended(3, 1)));
  }
  SECTION("it runs") {
    REQUIRE(world.ledger.add_firing(open));
    CHECK_FALSE(world.ledger.add_firing(ended(3)));
  }
  SECTION("others do not count") {
    REQUIRE(world.ledger.add_firing(ended(3)));
    for (auto change : {+[](Firing& f) { f.rule = 2; }, +[](Firing& f) { f.draft = true; },
                        +[](Firing& f) { f.trigger = 2; }, +[](Firing& f) { f.part = 1; }}) {
      Firing other = ended(3);
      change(other);
      CHECK(world.ledger.add_firing(other));
    }
  }
}

TEST_CASE("The firings of a row come by part, wherever they are") {
  Aside world;
  Firing open = ended(3, 2);
  open.open = true;
  for (const Firing& firing : {ended(3, 3), open, ended(3, 1), ended(5, 0)})
    REQUIRE(world.ledger.add_firing(firing));
  std::vector<std::int64_t> parts;
  for (const Firing& firing : world.ledger.firings_of_row(1, false, 1, 3))
    parts.push_back(firing.part);
  CHECK(parts == std::vector<std::int64_t>{1, 2, 3});
}

TEST_CASE("What is aside is moved and withdrawn as in the table") {
  Aside world;
  const auto id = world.ledger.add_firing(ended(3));
  REQUIRE(id);
  world.ledger.withdraw_firing(*id);
  CHECK(world.ledger.firing(*id)->withdrawn);
  Firing moved = *world.ledger.firing(*id);
  moved.due = moved.planned = from_ms(2000);
  moved.anchor.reset();
  moved.customer = 8;
  world.ledger.move_firing(moved);
  const auto found = world.ledger.find_firing(ended(3));
  REQUIRE(found);
  CHECK(found->due == from_ms(2000));
  CHECK_FALSE(found->anchor);
  CHECK(found->customer == 8);
  CHECK_FALSE(found->withdrawn);
}

TEST_CASE("Thousands that are aside are each found") {
  store::EndedFirings all;
  for (std::int64_t row = 1; row <= 5000; ++row) REQUIRE(all.add(ended(row)));
  for (std::int64_t row = 1; row <= 5000; ++row) CHECK(all.find(ended(row))->row == row);
  CHECK_FALSE(all.find(ended(5001)));
  CHECK(all.size() == 5000);
}

TEST_CASE("An outlook shows and counts what is aside, but not what was withdrawn") {
  Aside world;
  store::Outlook outlook(world.database);
  world.database
      .prepared(
          "INSERT INTO rule (id, name, first_name, status, revision, timing, "
          "revised_at) VALUES (1, 'thanks', 'thanks', 0, '', '', 0)")
      .run();
  world.database.prepared("INSERT INTO customers (id, key) VALUES (7, 'anna')").run();
  world.database.prepared("INSERT INTO orders (id, key, customer) VALUES (3, 'o3', 7)").run();
  REQUIRE(world.database.take_error());
  REQUIRE(world.ledger.add_firing(ended(3)));
  world.ledger.withdraw_firing(*world.ledger.add_firing(ended(4)));
  world.ledger.add_ended(ended(5), {"o5", "ben"});
  std::vector<std::string> seen;
  outlook.each([&](const store::Outlook::Row& row) {
    seen.push_back(std::string(row.rule) + " " + std::string(row.subject) + " " +
                   std::string(row.customer) + " " + std::string(name_of(row.reason)));
  });
  CHECK(seen == std::vector<std::string>{"thanks o3 anna condition-false",
                                         "thanks o5 ben condition-false"});
  CHECK(outlook.counts().at("thanks") == 2);
}

TEST_CASE("What was sent with its firing is aside too, and no message gets its id again") {
  Aside world;
  store::Messages messages{world.database};
  world.database
      .prepared(
          "INSERT INTO rule (id, name, first_name, status, revision, timing, "
          "revised_at) VALUES (1, 'thanks', 'thanks', 0, '', '', 0)")
      .run();
  store::Outlook outlook(world.database);
  Message sent;
  sent.id = messages.next_id();
  sent.rule = 1;
  sent.step = "email:thanks";
  sent.variant = "short";
  sent.due = from_ms(1100);
  sent.handed_at = from_ms(1200);
  Firing firing = ended(3);
  firing.reason = Reason::none;
  firing.scope = 9;
  firing.id = world.ledger.ended_aside()->next_id();
  REQUIRE_FALSE(world.ledger.has_firing(firing));
  world.ledger.add_sent(firing, sent, store::EndedFirings::Keys{"o3", "ben"});
  CHECK(world.ledger.has_firing(firing));
  CHECK(world.ledger.firing(firing.id)->row == 3);
  CHECK_FALSE(world.ledger.add_firing(ended(3)));

  const auto check_sent = [&](const auto& row) {
    CHECK(row.message == sent.id);
    CHECK(row.step == "email:thanks");
    CHECK(row.due == from_ms(1100));
    CHECK(row.at == from_ms(1200));
    CHECK(row.state == MessageState::sent);
    CHECK(row.reason == Reason::sent);
  };
  SECTION("its place is kept from its send on") {
    world.ledger.take_place(1, false, 9, firing.id);
    const store::Place place = world.ledger.as_kept(*world.ledger.place(1, false, 9));
    CHECK(place.kept);
    CHECK(place.first_at == from_ms(1200));
  }
  SECTION("an outlook shows it, even when its occurrence is withdrawn") {
    world.ledger.withdraw_firing(firing.id);
    int rows = 0;
    outlook.each([&](const store::Outlook::Row& row) {
      ++rows;
      check_sent(row);
      CHECK(row.subject == "o3");
      CHECK(row.customer == "ben");
      CHECK(row.variant == "short");
    });
    CHECK(rows == 1);
    CHECK(outlook.counts().at("thanks") == 1);
  }
  SECTION("its outcome is that of a message") {
    REQUIRE(world.database.commit());
    int rows = 0;
    store::each_outcome(world.database, [&](const store::OutcomeRow& row) {
      ++rows;
      check_sent(row);
    });
    CHECK(rows == 1);
  }
  SECTION("ids go on behind it, though it is in no table and the cache is emptied") {
    for (const bool emptied : {true, false}) {
      if (emptied) {
        REQUIRE(world.database.commit());
        world.database.ledger_cache().clear();
        REQUIRE(world.database.begin());
      }
      Message planned;
      planned.rule = 1;
      planned.step = emptied ? "b" : "a";
      const auto id = messages.add(planned);
      REQUIRE(id);
      CHECK(*id > sent.id);
    }
  }
}

TEST_CASE("How far a rule has looked is known without its row") {
  Aside world;
  store::RuleRow rule;
  rule.name = rule.first_name = "thanks";
  rule.id = world.ledger.add_rule(rule, "");
  world.ledger.set_evaluated(rule.id, from_ms(700));
  REQUIRE(world.ledger.rules().size() == 1);
  CHECK(world.ledger.rules()[0].evaluated == from_ms(700));
  rule.evaluated = from_ms(900);
  world.ledger.save_rule(rule);
  CHECK(world.ledger.rules()[0].evaluated == from_ms(900));
}
