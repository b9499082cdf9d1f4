#include <catch2/catch.hpp>
#include <map>

#include "support/directory.h"
#include "support/faulty_vfs.h"
#include "support/shop.h"

// The disk is full from some write on, for as long as nobody makes room.
namespace retaind::test {
namespace {

namespace fs = std::filesystem;

std::int64_t count(Shop& shop, const std::string& sql) { return std::stoll(shop.ask(sql)); }

TEST_CASE(
    "A full disk stops the daemon's work with one clear word, and nothing is lost or doubled") {
  std::int64_t refused = 0, passes = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    INFO("seed " << seed);
    Directory directory;
    FaultyVfs vfs(1000 + seed);
    Rng rng(seed);
    Shop shop;
    store::Database::Options options;
    options.mode = store::Database::Mode::create;
    options.vfs = vfs.name();
    auto opened = store::Database::open(directory / "store.db", options);
    REQUIRE(opened);
    shop.world.reset();
    shop.database = *std::move(opened);
    shop.begin_world();
    std::map<std::int64_t, int> taken;
    shop.world->mail().answer = [&](const delivery::Outgoing& message) {
      delivery::Outcome outcome;
      outcome.code = 250;
      ++taken[message.id];
      return outcome;
    };
    shop.rule(
        "rule: welcome\npurpose: marketing\nstatus: live\nwhen:\n  event: customer.created\nthen:\n"
        "  - coupon: welcome\n    percent-off: 5\n    valid-for: 14 days\n  - email: welcome\n"
        "  - wait: 1 hour\n  - email: second\n");
    shop.start();
    shop.clock.advance_to(shop.clock.now() + std::chrono::minutes(1));  // nobody is backlog
    for (int round = 0; round < 6; ++round) {
      for (int i = 0; i < 4; ++i) {
        const std::string key = "k" + std::to_string(round) + std::to_string(i);
        CustomerFact fact;
        fact.key = key;
        fact.email = key + "@example.com";
        fact.created_at = shop.clock.now();
        ConsentFact said;
        said.customer = key;
        said.purpose = "marketing";
        said.granted = true;
        said.at = shop.clock.now();
        auto transaction = store::Transaction::begin(shop.database);
        store::Facts facts{shop.database, shop.clock.now()};
        REQUIRE(facts.put(fact));
        REQUIRE(facts.put(said));
        REQUIRE(transaction->commit());
      }
      vfs.fill_after(static_cast<std::int64_t>(1 + rng.below(40)));
      for (int hour = 0; hour < 4; ++hour) {
        const auto done = shop.world->run_to(shop.clock.now() + std::chrono::minutes(37));
        if (done) continue;
        ++passes;
        CHECK(done.error().kind == ErrorKind::unavailable);
        CHECK(done.error().message.find("the disk is full: free some space") != std::string::npos);
        CHECK_FALSE(shop.database.in_transaction());
        CHECK(shop.ask("PRAGMA integrity_check") == "ok");
      }
      vfs.make_room();
      Shop::expect_ok(shop.world->run_to(shop.clock.now() + std::chrono::hours(3)));
    }
    refused += vfs.seen().refused;
    Shop::expect_ok(shop.world->run_to(shop.clock.now() + std::chrono::hours(48)));
    CHECK(count(shop, "SELECT count(*) FROM firing") == 24);
    CHECK(count(shop, "SELECT count(*) FROM message WHERE state = 4") == 48);
    CHECK(count(shop, "SELECT count(*) FROM message") == 48);
    CHECK(taken.size() == 48);
    for (const auto& [id, times] : taken) CHECK(times == 1);
    CHECK(count(shop, "SELECT count(*) FROM coupon") == 24);
    shop.world.reset();
    shop.database = *store::Database::in_memory();
    shop.begin_world();
  }
  CHECK(refused > 0);
  CHECK(passes > 20);
}

}  // namespace
}  // namespace retaind::test
