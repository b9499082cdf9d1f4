#include <sqlite3.h>

#include <catch2/catch.hpp>

#include "open_store.h"
#include "store/messages.h"

using namespace retaind;
using namespace retaind::store;

TEST_CASE("the next of many who wait for one recipient is found without a look at the others",
          "[store]") {
  auto database = memory_store();
  Messages messages(database);
  auto& add = database.prepared(
      "INSERT INTO message (rule, step, channel, draft, recipient, state, reason, due, late_from, "
      "next_at, planned_at, priority) VALUES (1, 'notify', 1, 0, ?1, 0, 0, ?2, 0, ?3, 0, ?4)");
  for (int i = 0; i < 3000; ++i) {
    add.bind(1, i % 3 == 0 ? "support" : "other")
        .bind(2, std::int64_t{3000 - i})
        .bind(3, Messages::parked)
        .bind(4, std::int64_t{i % 3 != 0 ? 2
                              : i == 300 ? 1
                                         : 0})
        .run();
  }
  int operations = 0;
  sqlite3_progress_handler(
      database.handle(), 1,
      [](void* count) {
        ++*static_cast<int*>(count);
        return 0;
      },
      &operations);
  CHECK(messages.unpark(Channel::mail, "support", Time{Duration{7}}));
  sqlite3_progress_handler(database.handle(), 0, nullptr, nullptr);
  CHECK(operations < 200);  // of SQLite's machine; a look at every row takes some 15,000
  // The higher priority first, whatever its due.
  CHECK(ask(database, "SELECT id FROM message WHERE next_at = 7") == "301");
}
