#include "store/identity.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "open_store.h"
#include "store/process_lock.h"

using namespace retaind;
using namespace retaind::store;
namespace fs = std::filesystem;

namespace {

struct Site {
  Database open(const std::string& name = "store.db") const {
    Database::Options options;
    options.mode = Database::Mode::create;
    auto database = Database::open(directory / name, options);
    if (!database) FAIL(database.error().message);
    return std::move(*database);
  }
  Identity::Recognised recognise(const std::string& name = "store.db") {
    auto database = open(name);
    return identity(database).recognised();
  }
  Identity identity(Database& database) {
    auto identity = Identity::open(database, rng);
    if (!identity) FAIL(identity.error().message);
    return std::move(*identity);
  }
  /// `count` ledger commits, a day each.
  void send(int count) {
    auto database = open();
    Identity mine = identity(database);
    for (int i = 0; i < count; ++i) {
      REQUIRE(database.begin());
      mine.advance(now);
      REQUIRE(database.commit());
      REQUIRE(mine.note());
      now += std::chrono::hours(24);
    }
  }
  void copy(const std::string& from, const std::string& to) const {
    fs::copy_file(directory / from, directory / to, fs::copy_options::overwrite_existing);
  }
  Directory directory;
  Rng rng{7};
  Time now = at("2026-03-01");
};

using Kind = Identity::Kind;

}  // namespace

TEST_CASE("semantics 23: a store that goes on is the same one", "[store]") {
  Site site;
  CHECK(site.recognise().kind == Kind::fresh);
  CHECK(site.recognise().kind == Kind::same);
  site.send(3);
  CHECK(site.recognise().kind == Kind::same);
}

TEST_CASE("semantics 23: an older copy in its place is recognised, with the time it knows",
          "[store]") {
  Site site;
  site.send(2);
  site.copy("store.db", "old.db");
  site.send(2);
  site.copy("old.db", "store.db");
  const auto recognised = site.recognise();
  CHECK(recognised.kind == Kind::older);
  CHECK(recognised.missing_since == at("2026-03-02"));
  CHECK(recognised.about == "the store is an older copy of the one that last sent from here");
  CHECK(site.recognise().must_hold());  // until somebody decides
}

TEST_CASE("semantics 23: a backup is recognised even when nothing was sent since", "[store]") {
  Site site;
  site.send(2);
  {
    auto database = site.open();
    REQUIRE(database.backup_to(site.directory / "backup"));
  }
  site.copy("backup", "store.db");
  const auto recognised = site.recognise();
  CHECK(recognised.kind == Kind::copy);
  CHECK(recognised.about == "the store was restored from a backup");
  CHECK(recognised.missing_since == at("2026-03-02"));
}

TEST_CASE("semantics 23: a copied or moved store is recognised", "[store]") {
  Site site;
  site.send(1);
  site.copy("store.db", "other.db");
  CHECK(site.recognise("other.db").about == "the store was copied or moved here");
  fs::remove(site.directory / "store.db.seen");
  CHECK(site.recognise().kind == Kind::copy);
}

TEST_CASE("semantics 23: a store in another one's place is recognised", "[store]") {
  Site site;
  site.send(1);
  fs::copy_file(site.directory / "store.db.seen", site.directory / "b.db.seen");
  fs::copy_file(site.directory / "store.db", site.directory / "b.db");
  {
    auto database = site.open();
    Identity mine = site.identity(database);
    REQUIRE(database.begin());
    mine.adopt(site.now);  // a new id
    REQUIRE(database.commit());
    REQUIRE(mine.note());
  }
  site.copy("store.db", "b.db");
  CHECK(site.recognise("b.db").about == "the store was put in another one's place");
}

TEST_CASE("semantics 23: a torn .seen asks once too often", "[store]") {
  Site site;
  site.send(1);
  fs::resize_file(site.directory / "store.db.seen", 30);
  CHECK(site.recognise().must_hold());
}

TEST_CASE("semantics 23: once adopted it is this machine's store, and the old copies are not",
          "[store]") {
  Site site;
  site.send(2);
  site.copy("store.db", "old.db");
  site.send(2);
  site.copy("old.db", "store.db");
  {
    auto database = site.open();
    Identity mine = site.identity(database);
    REQUIRE(mine.recognised().must_hold());
    REQUIRE(database.begin());
    mine.adopt(site.now);
    REQUIRE(database.commit());
    CHECK(site.recognise().must_hold());  // killed between the commit and note()
    REQUIRE(mine.note());
  }
  CHECK(site.recognise().kind == Kind::same);
  site.copy("old.db", "store.db");
  CHECK(site.recognise().must_hold());
}

TEST_CASE("a second process with the same store is refused and told which has it", "[store]") {
  Site site;
  const auto store = site.directory / "store.db";
  int ready[2], done[2];
  REQUIRE(::pipe(ready) == 0);
  REQUIRE(::pipe(done) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = ProcessLock::take(store);
    char byte = lock ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    ::_exit(::read(done[0], &byte, 1) >= 0 ? 0 : 1);
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  REQUIRE(byte == 'y');
  {
    const auto lock = ProcessLock::take(store);
    REQUIRE_FALSE(lock);
    CHECK(lock.error().kind == ErrorKind::conflict);
    CHECK(lock.error().message == "retaind already runs with the store " + store.string() +
                                      " (process " + std::to_string(child) +
                                      "): only one may send; stop it first");
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(ProcessLock::take(store));
  for (const int end : {ready[0], ready[1], done[0], done[1]}) ::close(end);
}
