#include "store/bodies.h"

#include <catch2/catch.hpp>

#include "open_store.h"
#include "store/retention.h"

using namespace retaind;
using namespace retaind::store;

namespace {

std::string mail_of(const std::string& name, const std::string& language = "Hello") {
  std::string text = "Subject: " + language + " " + name + "\r\n\r\n";
  for (int i = 0; i < 40; ++i)
    text += language == "Hello" ? "Line " + std::to_string(i) + " in one language.\r\n"
                                : std::to_string(i) + ". Zeile auf Platt.\r\n";
  return text + "Yours, " + name + "\r\n";
}

}  // namespace

TEST_CASE("every mail is given back as it was, and like ones take little room", "[store]") {
  auto database = memory_store();
  Bodies bodies(database);
  REQUIRE(database.begin());
  for (int id = 1; id <= 100; ++id) {
    bodies.save_mail(id, 1, "email:news", at("2026-03-01"),
                     mail_of("N" + std::to_string(id), id % 3 == 0 ? "Moin" : "Hello"));
  }
  bodies.save_mail(101, 1, "email:other", at("2026-03-01"), "short");
  bodies.save(102, at("2026-03-01"), "{\"json\": true}");
  REQUIRE(database.commit());
  for (int id = 1; id <= 100; ++id)
    CHECK(bodies.find(id) == mail_of("N" + std::to_string(id), id % 3 == 0 ? "Moin" : "Hello"));
  CHECK(bodies.find(101) == "short");
  CHECK(bodies.find(102) == "{\"json\": true}");
  CHECK_FALSE(bodies.find(103));
  CHECK(ask(database, "SELECT count(*) FROM body_base") == "2");
  CHECK(ask(database, "SELECT count(*) FROM body_base WHERE instr(bytes, 'N1')") == "0");
  CHECK(std::stoi(ask(database, "SELECT sum(length(bytes)) FROM message_body")) < 16'000);
  // Saved again (a later try): the newest text counts.
  REQUIRE(database.begin());
  bodies.save_mail(7, 1, "email:news", at("2026-03-01"), mail_of("Again"));
  REQUIRE(database.commit());
  CHECK(bodies.find(7) == mail_of("Again"));
}

TEST_CASE("what a rolled-back transaction made is no base of later mails", "[store]") {
  auto database = memory_store();
  Bodies bodies(database);
  const auto save = [&](int id) {
    bodies.save_mail(id, 1, "email:news", at("2026-03-01"), mail_of(std::to_string(id)));
  };
  REQUIRE(database.begin());
  save(1);
  save(2);
  database.rollback();
  bodies.forget();
  REQUIRE(database.begin());
  for (int id = 1; id <= 3; ++id) save(id);
  REQUIRE(database.commit());
  for (int id = 1; id <= 3; ++id) CHECK(bodies.find(id) == mail_of(std::to_string(id)));
}

TEST_CASE("retention never takes a base from a body that stays", "[store]") {
  auto database = memory_store();
  Bodies bodies(database);
  const Time first = at("2026-03-01");
  const auto hours = [](int n) { return std::chrono::hours{n}; };
  REQUIRE(database.begin());
  for (int hour = 0; hour < 100; ++hour)
    bodies.save_mail(hour + 1, 1, "email:news", first + hours(hour), mail_of(std::to_string(hour)));
  REQUIRE(database.commit());
  CHECK(std::stoi(ask(database, "SELECT count(*) FROM body_base")) >= 4);
  Site::Retention retention;
  retention.bodies_days = 1;
  for (int hour = 0; hour < 160; hour += 5) {
    while (*purge(database, retention, first + hours(hour), 7) > 0) {
    }
    for (int id = 1; id <= 100; ++id) {
      const auto body = bodies.find(id);
      const bool stays = id - 1 >= hour - 24;
      CHECK(body.has_value() == stays);
      if (body) CHECK(*body == mail_of(std::to_string(id - 1)));
    }
  }
  CHECK(ask(database, "SELECT count(*) FROM body_base") == "0");
}
