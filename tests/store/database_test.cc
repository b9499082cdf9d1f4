#include "store/database.h"

#include <catch2/catch.hpp>

using namespace retaind;
using namespace retaind::store;

TEST_CASE("a store in memory has the schema", "[store]") {
  auto db = Database::in_memory();
  REQUIRE(db);
  Statement& s = db->prepared("SELECT count(*) FROM customers");
  REQUIRE(s.step());
  CHECK(s.integer(0) == 0);
}
