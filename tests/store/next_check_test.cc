// What a write transaction keeps in memory of the ledger says the same as the tables.
#include <catch2/catch.hpp>
#include <optional>
#include <vector>

#include "base/rng.h"
#include "open_store.h"
#include "store/change_feed.h"
#include "store/holds.h"
#include "store/ledger.h"
#include "store/messages.h"

using namespace retaind;
using namespace retaind::store;

namespace {

/// One step of what engine and outbox do to messages, at random.
class Ops {
 public:
  Ops(Database& database, std::uint64_t seed) : messages_(database), rng_(seed) {}

  void step() {
    const Time now{Duration{below(1000)}};
    switch (below(9)) {
      case 0:
      case 1: add(now); break;
      case 2:
      case 3:
      case 4: change(now); break;
      case 5:
        if (!known_.empty()) messages_.wake(any(), now);
        break;
      case 6: messages_.wake_reason(Reason::none, std::nullopt, now); break;
      case 7: messages_.unpark(Channel::mail, "a", now); break;
      default: messages_.fetch_due(static_cast<Channel>(below(3)), now, 5);
    }
  }
  void forget() { known_.clear(); }

 private:
  std::int64_t below(std::uint64_t most) { return static_cast<std::int64_t>(rng_.below(most)); }
  std::int64_t any() { return known_[static_cast<std::size_t>(below(known_.size()))]; }
  std::optional<Time> when(Time now) {
    if (below(4) == 0) return std::nullopt;
    return below(4) == 0 ? Messages::parked : now;
  }
  void add(Time now) {
    Message message;
    message.rule = 1;
    message.step = "email";
    message.channel = static_cast<Channel>(below(3));
    message.recipient = "a";
    message.next_at = when(now);
    if (const auto id = messages_.add(message)) known_.push_back(*id);
  }
  void change(Time now) {
    if (known_.empty()) return;
    auto message = messages_.find(any());
    REQUIRE(message);
    message->next_at = when(now);
    message->state = message->next_at ? MessageState::planned : MessageState::sent;
    messages_.save(*message);
  }

  Messages messages_;
  Rng rng_;
  std::vector<std::int64_t> known_;
};

void check_kept(Database& database) {
  Messages messages(database);
  for (const Channel channel : {Channel::effect, Channel::mail, Channel::webhook}) {
    const auto next = messages.next_check(channel);
    const std::string read = ask(database, "SELECT min(next_at) FROM message WHERE channel = " +
                                               std::to_string(static_cast<int>(channel)));
    CHECK((next ? std::to_string(to_ms(*next)) : "NULL") == read);
    const auto due = messages.fetch_due(channel, Time{Duration{500}}, 1000);
    CHECK(std::to_string(due.size()) ==
          ask(database, "SELECT count(*) FROM message WHERE next_at <= 500 AND channel = " +
                            std::to_string(static_cast<int>(channel))));
  }
}

}  // namespace

TEST_CASE("the next check of a channel is known while messages come, move and go", "[store]") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    auto database = memory_store();
    Ops ops(database, seed);
    for (int round = 0; round < 6; ++round) {
      REQUIRE(database.begin());
      for (int i = 0; i < 12; ++i) {
        ops.step();
        check_kept(database);
      }
      if (round % 3 == 2) {
        database.rollback();
        ops.forget();
      } else {
        REQUIRE(database.commit());
      }
      check_kept(database);
      ops.step();  // outside of a transaction
    }
  }
}

TEST_CASE("holds and changes of another connection show in the next transaction", "[store]") {
  Directory directory;
  Database::Options options;
  options.mode = Database::Mode::create;
  auto made = Database::open(directory / "store.db", options);
  options.mode = Database::Mode::write;
  auto other = Database::open(directory / "store.db", options);
  REQUIRE(made);
  REQUIRE(other);
  const auto look = [&] {
    REQUIRE(made->begin());
    const std::pair seen{Holds(*made).stamp(), Ledger(*made).last_change()};
    CHECK(std::pair{Holds(*made).stamp(), Ledger(*made).last_change()} == seen);
    REQUIRE(made->commit());
    return seen;
  };
  const auto before = look();
  CHECK(look() == before);
  HoldRow hold;
  hold.scope = "all";
  hold.cause = "operator";
  Holds(*other).add(hold);
  note_change(*other, Subject::order, 1, 1, Time{});
  CHECK(look() == std::pair{before.first + 1, before.second + 1});

  REQUIRE(made->begin());
  CHECK(Holds(*made).stamp() == before.first + 1);
  Holds(*made).add(hold);
  CHECK(Holds(*made).stamp() == before.first + 2);
  note_change(*made, Subject::order, 2, 1, Time{});
  CHECK(Ledger(*made).last_change() == before.second + 2);
  made->rollback();
  CHECK(look() == std::pair{before.first + 1, before.second + 1});
}
