#include <catch2/catch.hpp>
#include <filesystem>

#include "delivery/core.h"
#include "language/check.h"
#include "store/facts.h"
#include "support/directory.h"

using namespace retaind;

namespace {

const Time start = from_ms(1'767'225'600'000);  // 2026-01-01

language::Rule greet(const Site& site) {
  std::vector<language::Diagnostic> diagnostics;
  auto source = std::make_shared<language::Source>(language::Source{
      "greet.yaml",
      "rule: greet\nabout: Greet\npurpose: transactional\nstatus: live\nwhen:\n  event: "
      "customer.created\n  after: 1 hour\nthen:\n  - email: welcome\n"});
  auto made = language::check_rule(source, site, {{"welcome"}}, diagnostics);
  REQUIRE(made);
  return *made;
}

store::Database open(const std::filesystem::path& file) {
  store::Database::Options options;
  options.mode = store::Database::Mode::create;
  auto opened = store::Database::open(file, options);
  REQUIRE(opened);
  return *std::move(opened);
}

void put(store::Database& database, const char* key, Time created) {
  REQUIRE(database.begin());
  store::Facts facts(database, created);
  REQUIRE(facts.put(CustomerFact{.key = key, .email = "a@example.com", .created_at = created}));
  REQUIRE(database.commit());
}

std::int64_t firings(store::Database& database) {
  auto& row = database.prepared("SELECT count(*) FROM firing");
  const std::int64_t count = row.step() ? row.integer(0) : -1;
  row.reset();
  return count;
}

}  // namespace

TEST_CASE("a quiet core notices every write, whoever made it, and the next due time") {
  const test::Directory directory;
  const auto file = directory / "store.db";
  {
    store::Database own = open(file), other = open(file);
    SimClock clock{start};
    Rng rng{1};
    delivery::SiteFiles files;
    files.rules.push_back(greet(files.site));
    files.secret = "secret";
    auto core = delivery::Core::start(own, clock, rng, std::move(files), {});
    REQUIRE(core);
    const auto look = [&](Time now) {
      clock.advance_to(now);
      auto pass = (*core)->run_due();
      while (pass && pass->more) pass = (*core)->run_due();
      REQUIRE(pass);
      return (*core)->next_due();
    };
    const auto minutes = [](int count) { return start + std::chrono::minutes(count); };
    look(minutes(1));
    CHECK_FALSE(look(minutes(2)));
    put(other, "anna", minutes(2));
    CHECK(look(minutes(3)) == minutes(62));
    CHECK(look(minutes(4)) == minutes(62));
    put(own, "ben", minutes(0));
    CHECK(look(minutes(5)) == minutes(60));
    CHECK(look(minutes(6)) == minutes(60));
    CHECK(firings(own) == 0);
    look(minutes(60));
    CHECK(firings(own) == 1);
    look(minutes(62));
    CHECK(firings(own) == 2);
  }
}
