#include <catch2/catch.hpp>

#include "store/ledger.h"
#include "store/messages.h"
#include "store/open_store.h"

namespace retaind::store {
namespace {

void decide(Database& database, std::int64_t at, std::string_view values = "x") {
  const std::optional<std::int64_t> nothing;
  database.write_behind(Database::Behind::decision, {at, nothing, at, 1, values});
}

std::string decisions(Database& database) {
  return ask(database,
             "SELECT count(*) || ':' || coalesce(group_concat(at || \"values\", ' '), '') "
             "FROM (SELECT * FROM decision ORDER BY id)");
}

}  // namespace

TEST_CASE("rows that wait are there for who asks, in their order", "[store]") {
  Database database = memory_store();
  const int count = GENERATE(1, 2, 3, 7, 8, 9, 23);
  REQUIRE(database.begin());
  std::string wanted = std::to_string(count) + ":";
  for (int i = 0; i < count; ++i) {
    decide(database, i, std::string(static_cast<std::size_t>(i % 3), 'v'));
    wanted +=
        (i == 0 ? "" : " ") + std::to_string(i) + std::string(static_cast<std::size_t>(i % 3), 'v');
  }
  SECTION("in the transaction") {
    CHECK(decisions(database) == wanted);
    REQUIRE(database.commit());
  }
  SECTION("after its commit") { REQUIRE(database.commit()); }
  CHECK(decisions(database) == wanted);
}

TEST_CASE("rows that wait go with their transaction, and outside of one do not wait", "[store]") {
  Database database = memory_store();
  decide(database, 1);
  CHECK(database.rows_changed() > 0);
  REQUIRE(database.begin());
  for (int i = 0; i < 11; ++i) decide(database, i);
  database.rollback();
  CHECK(decisions(database) == "1:1x");
  REQUIRE(database.begin());
  decide(database, 2);
  REQUIRE(database.commit());
  CHECK(decisions(database) == "2:1x 2x");
}

TEST_CASE("of several transactions that are one, all rows that wait come or go", "[store]") {
  Database database = memory_store();
  REQUIRE(database.begin_together());
  for (int i = 0; i < 3; ++i) {
    REQUIRE(database.begin());
    decide(database, i);
    REQUIRE(database.commit());
  }
  SECTION("come") {
    REQUIRE(database.end_together());
    CHECK(decisions(database) == "3:0x 1x 2x");
  }
  SECTION("go") {
    database.rollback();
    CHECK(decisions(database) == "0:");
  }
}

TEST_CASE("a row that cannot be written fails the transaction", "[store]") {
  Database database = memory_store();
  REQUIRE(database.begin());
  decide(database, 1);
  Messages messages{database};
  Message message;
  message.id = messages.next_id();
  message.firing = 7;
  message.step = "email:news";
  message.state = MessageState::handed;
  REQUIRE(messages.add(message));
  ++message.id;
  REQUIRE(messages.add(message));
  SECTION("at its commit") {}
  SECTION("which does nothing more") {
    CHECK_FALSE(database.prepared("SELECT 1 FROM message").step());
    decide(database, 2);
    CHECK(database.prepared("DELETE FROM decision").run() == 0);
  }
  const auto committed = database.commit();
  REQUIRE_FALSE(committed);
  CHECK(committed.error().message.find("UNIQUE constraint failed: message.firing") !=
        std::string::npos);
  CHECK(decisions(database) == "0:");
  CHECK(ask(database, "SELECT count(*) FROM message") == "0");
}

TEST_CASE("a message that changes while it waits is written once, as it is then", "[store]") {
  Database database = memory_store();
  REQUIRE(database.begin());
  Messages messages{database};
  const int count = GENERATE(1, 3, 7);
  std::vector<Message> waiting;
  for (int i = 0; i < count; ++i) {
    Message message;
    message.id = messages.next_id();
    message.firing = 100 + i;
    message.step = "email:news";
    message.recipient = std::string(static_cast<std::size_t>(i + 1), 'r');
    message.state = MessageState::handed;
    REQUIRE(messages.add(message));
    waiting.push_back(message);
  }
  const auto rows = database.rows_changed();
  for (Message& message : waiting) {
    message.state = MessageState::sent;
    message.code = 250;
    message.reply = "fine " + message.recipient;
    messages.save(message);
  }
  CHECK(database.rows_changed() == rows);
  waiting.back().attempts = 2;
  messages.save(waiting.back());
  CHECK(ask(database,
            "SELECT count(*) FROM message WHERE state = 4 AND code = 250 AND reply = "
            "'fine ' || recipient AND length(recipient) = firing - 99") == std::to_string(count));
  CHECK(ask(database, "SELECT sum(attempts) FROM message") == "2");
  CHECK(database.rows_changed() == rows + count);
  // Written now, so that an update follows.
  waiting.front().reply = "late";
  messages.save(waiting.front());
  CHECK(database.rows_changed() == rows + count + 1);
  CHECK(messages.find(waiting.front().id)->reply == "late");
  REQUIRE(database.commit());
}

TEST_CASE("a message with an id of its own is found, changed and counted at once", "[store]") {
  Database database = memory_store();
  REQUIRE(database.begin());
  Messages messages{database};
  Message message;
  for (int i = 0; i < 5; ++i) {
    message.id = messages.next_id();
    message.firing = 100 + i;
    message.step = "email:news";
    message.state = MessageState::handed;
    REQUIRE(messages.add(message) == message.id);
  }
  message.state = MessageState::sent;
  message.reply = "250 fine";
  messages.save(message);
  message.id = 0;
  message.firing = 200;
  REQUIRE(messages.add(message) == 6);
  CHECK(messages.next_id() == 7);
  REQUIRE(database.commit());
  CHECK(ask(database,
            "SELECT group_concat(id || ' ' || firing || ' ' || state, '; ') FROM message") ==
        "1 100 3; 2 101 3; 3 102 3; 4 103 3; 5 104 4; 6 200 4");
}

}  // namespace retaind::store
