#include <sqlite3.h>

#include <catch2/catch.hpp>

#include "open_store.h"
#include "store/messages.h"

using namespace retaind;
using namespace retaind::store;

namespace {

std::string text_of(const std::vector<Messages::Asleep>& found) {
  std::string text;
  for (const auto& one : found)
    text += std::to_string(one.id) + "/" + std::to_string(one.rule) + " ";
  return text;
}

void add(Database& database, int firing, int rule, int customer, const char* next_at) {
  database
      .prepared(
          "INSERT INTO message (firing, rule, customer, step, repeat, channel, draft, state, "
          "reason, due, "
          "late_from, next_at, planned_at, priority) VALUES (?1, ?2, ?3, 'email', ?2, 1, 0, 0, 0, "
          "0, 0, "
          "CAST(?4 AS INTEGER), 0, 0)")
      .bind(1, firing)
      .bind(2, rule)
      .bind(3, customer)
      .bind_or_null(4, next_at)
      .run();
}

void add_firing(Database& database, Subject subject, int row, int open) {
  database
      .prepared(
          "INSERT INTO firing (rule, draft, \"trigger\", subject, row, part, due, planned, open, "
          "reason) VALUES (1, 0, 1, ?1, ?2, (SELECT count(*) FROM firing), 0, 0, ?3, 0)")
      .bind(1, static_cast<int>(subject))
      .bind(2, row)
      .bind(3, open)
      .run();
}

}  // namespace

TEST_CASE("a changed row wakes those of its running firings that sleep, and a customer all of his",
          "[store]") {
  auto database = memory_store();
  add_firing(database, Subject::order, 7, 1);     // 1
  add_firing(database, Subject::order, 7, 0);     // 2: over
  add_firing(database, Subject::order, 8, 1);     // 3: another row
  add_firing(database, Subject::customer, 7, 1);  // 4
  add(database, 1, 11, 40, "500");
  add(database, 2, 12, 40, "500");
  add(database, 3, 13, 41, "500");
  add(database, 4, 14, 7, "100");  // is looked at then anyway
  add(database, 4, 15, 7, "101");
  add(database, 3, 16, 7, "500");
  add(database, 3, 17, 7, "");  // ended
  Messages messages(database);
  const Time at{Duration{100}};
  CHECK(text_of(messages.asleep_of_row(Subject::order, 7, at)) == "1/11 ");
  CHECK(text_of(messages.asleep_of_row(Subject::ticket, 7, at)).empty());
  const std::string found = text_of(messages.asleep_of_row(Subject::customer, 7, at));
  CHECK(found == "5/15 5/15 6/16 ");  // by its firing, and by its customer
}

TEST_CASE("whom a changed row concerns is found without a look at the others", "[store]") {
  auto database = memory_store();
  for (int i = 1; i <= 2000; ++i) {
    add_firing(database, Subject::customer, i, 1);
    add(database, i, 1, i, "500");
  }
  Messages messages(database);
  int operations = 0;
  sqlite3_progress_handler(
      database.handle(), 1,
      [](void* count) {
        ++*static_cast<int*>(count);
        return 0;
      },
      &operations);
  CHECK(messages.asleep_of_row(Subject::customer, 900, Time{Duration{100}}).size() == 2);
  sqlite3_progress_handler(database.handle(), 0, nullptr, nullptr);
  CHECK(operations < 100);  // of SQLite's machine; a look at every row takes some 10,000
}
