#include "store/retention.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "open_store.h"
#include "store/bodies.h"
#include "store/messages.h"

using namespace retaind;
using namespace retaind::store;

TEST_CASE("what is old and done with goes in slices, the ledger and the consent never", "[store]") {
  auto database = memory_store();
  const Time now = at("2026-06-01");
  const auto days_ago = [&](int days) {
    return std::to_string(to_ms(now - std::chrono::hours(24 * days)));
  };
  REQUIRE(database.begin());
  for (int day = 120; day > 0; --day) {
    const std::string when = days_ago(day);
    REQUIRE(database.execute(
        fmt::format("INSERT INTO change (subject, row, columns, at) VALUES (0, 1, 1, {0}); "
                    "INSERT INTO decision (at, reason) VALUES ({0}, 1); "
                    "INSERT INTO message_body (message, at, bytes) VALUES ({1}, {0}, x'00'); "
                    "INSERT INTO consent (customer, purpose, granted, at) VALUES (1, 'marketing', "
                    "1, {0})",
                    when, 200 - day)));
  }
  REQUIRE(database.execute("INSERT INTO meta (key, value) VALUES ('feed_seen', '50')"));
  REQUIRE(database.commit());

  Site::Retention retention;
  std::int64_t total = 0;
  int calls = 0;
  for (;; ++calls) {
    const auto deleted = purge(database, retention, now, 20);
    REQUIRE(deleted);
    CHECK(*deleted <= 60);
    if (*deleted == 0) break;
    total += *deleted;
  }
  CHECK(calls >= 3);
  CHECK(total == 50 + 30 + 30);
  CHECK(ask(database, "SELECT min(seq) || ' ' || count(*) FROM change") ==
        "51 70");  // not seen by the engine: stays
  CHECK(ask(database, "SELECT count(*) FROM decision") == "90");
  CHECK(ask(database, "SELECT count(*) FROM message_body") == "90");
  CHECK(ask(database, "SELECT count(*) FROM consent") == "120");
  REQUIRE(database.execute("UPDATE meta SET value = '120' WHERE key = 'feed_seen'"));
  while (*purge(database, retention, now) > 0) {
  }
  CHECK(ask(database, "SELECT count(*) FROM change") == "30");
}

TEST_CASE("a change that pairs of items are yet to be counted by stays", "[store]") {
  auto database = memory_store();
  const Time now = at("2026-06-01");
  REQUIRE(database.execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) INSERT INTO "
      "change (subject, row, columns, at) SELECT 1, i, 1, 0 FROM n; INSERT INTO meta (key, value) "
      "VALUES ('feed_seen', '50'), ('item_pairs_feed', '30')"));
  const auto left = [&] {
    while (*purge(database, {}, now) > 0) {
    }
    return ask(database, "SELECT count(*) || ' ' || coalesce(min(seq), 0) FROM change");
  };
  CHECK(left() == "20 31");
  REQUIRE(database.execute("DELETE FROM meta WHERE key = 'item_pairs_feed'"));
  CHECK(left() == "0 0");
}

TEST_CASE("the text of a message that may go again stays, however short texts are kept",
          "[store]") {
  auto database = memory_store();
  const Time now = at("2026-06-01");
  Messages messages(database);
  REQUIRE(database.begin());
  const auto add = [&](MessageState state, std::optional<Time> next) {
    Message message;
    message.step = std::to_string(to_ms(now)) + std::to_string(static_cast<int>(state));
    message.channel = Channel::webhook;
    message.state = state;
    message.due = message.late_from = message.planned_at = now;
    message.next_at = next;
    const auto id = messages.add(message);
    REQUIRE(id);
    Bodies(database).save(*id, now - std::chrono::hours(1), "{}");
  };
  add(MessageState::planned, now + std::chrono::hours(1));
  add(MessageState::handed, std::nullopt);
  add(MessageState::unknown, now + std::chrono::hours(1));
  add(MessageState::sent, std::nullopt);
  add(MessageState::failed, std::nullopt);
  REQUIRE(database.commit());
  Site::Retention retention;
  CHECK(*purge(database, retention, now) == 0);
  retention.bodies_days = 0;
  CHECK(*purge(database, retention, now) == 2);
  CHECK(ask(database,
            "SELECT count(*) FROM message_body JOIN message ON id = message WHERE state "
            "< 4 OR next_at IS NOT NULL") == "3");
}
