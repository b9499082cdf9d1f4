#include "transport/maildir.h"

#include <sys/mount.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "live.h"
#include "support/directory.h"

using namespace retaind;
using namespace retaind::testing;
using namespace std::chrono_literals;
using delivery::OutcomeKind;
using transport::Maildir;

namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t files_in(const std::filesystem::path& directory) {
  std::error_code error;
  const std::filesystem::directory_iterator entries(directory, error);
  return error ? 0 : static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

struct Filing {
  explicit Filing(std::filesystem::path directory)
      : maildir(
            live.loop(), std::move(directory), [this] { feed.run(); }, live.clock()) {
    feed.use(maildir);
  }
  bool send(delivery::Outgoing message) {
    const std::int64_t id = message.id;
    feed.add(std::move(message));
    feed.run();
    return live.run_until([&] { return !feed.outcomes[id].empty(); }, 3s);
  }
  Live live;
  Feed feed;
  Maildir maildir;
};

/// A file system of a few pages that goes away with the object.
struct SmallDisk {
  SmallDisk() : mounted(::mount("none", directory.path().c_str(), "tmpfs", 0, "size=64k") == 0) {
    if (!mounted) std::puts("skipped: may not mount a small file system");
  }
  ~SmallDisk() {
    if (mounted) ::umount2(directory.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  test::Directory directory;
  bool mounted;
};

}  // namespace

TEST_CASE("a message becomes a file with its bytes and nothing else", "[transport]") {
  const test::Directory directory;
  Filing filing(directory.path() / "mail");
  const auto message = test_mail(1, 5000);
  REQUIRE(filing.send(message));
  CHECK(filing.feed.count(OutcomeKind::sent) == 1);
  CHECK(content(directory.path() / "mail/new/m1@shop.test.eml") == message.bytes);
  CHECK(files_in(directory.path() / "mail/tmp") == 0);
  CHECK(files_in(directory.path() / "mail/cur") == 0);
}

TEST_CASE("an outcome comes later, never from within send", "[transport]") {
  const test::Directory directory;
  Filing filing(directory.path());
  filing.feed.add(test_mail(1));
  filing.feed.run();
  CHECK(filing.feed.ended() == 0);
  CHECK(files_in(directory.path() / "new") == 0);
  CHECK(filing.live.run_until([&] { return filing.feed.ended() == 1; }));
}

TEST_CASE("a repeat after a crash replaces the file", "[transport]") {
  const test::Directory directory;
  auto message = test_mail(1);
  for (int i = 0; i < 3; ++i) {
    Filing filing(directory.path());
    message.bytes += "again\r\n";
    REQUIRE(filing.send(message));
  }
  CHECK(files_in(directory.path() / "new") == 1);
  CHECK(content(directory.path() / "new/m1@shop.test.eml") == message.bytes);
}

TEST_CASE("a webhook of a site that is not live becomes a file beside", "[transport]") {
  const test::Directory directory;
  Filing filing(directory.path());
  auto message = test_mail(1);
  message.endpoint = "desk";
  message.bytes = "{\"n\":1}";
  REQUIRE(filing.send(message));
  CHECK(content(directory.path() / "new/m1@shop.test.json") == message.bytes);
}

TEST_CASE("more messages than one round takes are all filed", "[transport]") {
  const test::Directory directory;
  Filing filing(directory.path());
  for (int id = 1; id <= 200; ++id) filing.feed.add(test_mail(id));
  filing.feed.run();
  REQUIRE(filing.live.run_until([&] { return filing.feed.ended() == 200; }));
  CHECK(filing.feed.count(OutcomeKind::sent) == 200);
  CHECK(files_in(directory.path() / "new") == 200);
}

TEST_CASE("no id leads out of the directory or to another id's file", "[transport]") {
  std::map<std::string, std::string> owner;
  const std::string long_id(400, 'a');
  for (const std::string& id :
       {std::string("a@b"), std::string("../../etc/passwd"), std::string("a/b"), std::string("a_b"),
        std::string(".hidden"), std::string("_hidden"), std::string(""), std::string("a\0b", 3),
        std::string("日本"), std::string("a:2,S"), long_id, long_id + "b", std::string(".."),
        std::string("-")}) {
    delivery::Outgoing message;
    message.message_id = id;
    const std::string name = Maildir::file_name(message);
    INFO(name);
    CHECK(name.find('/') == std::string::npos);
    CHECK(name.find('\0') == std::string::npos);
    CHECK(name.find(':') == std::string::npos);
    CHECK_FALSE(name.starts_with('.'));
    CHECK(name.ends_with(".eml"));
    CHECK(name.size() < 255);
    CHECK(owner.emplace(name, id).second);
    CHECK(name == Maildir::file_name(message));
  }
}

TEST_CASE("a directory that cannot be made is the host's trouble, with the remedy", "[transport]") {
  const test::Directory directory;
  std::ofstream(directory.path() / "file") << "x";
  Filing filing(directory.path() / "file" / "mail");
  REQUIRE(filing.send(test_mail(1)));
  const auto& outcome = filing.feed.outcomes[1][0];
  CHECK(outcome.kind == OutcomeKind::deferred);
  CHECK(outcome.host_trouble);
  CHECK(outcome.reply.find("cannot write ") == 0);
  CHECK(outcome.reply.find("; create the directory or change `maildir`") != std::string::npos);
  CHECK(filing.maildir.capacity() == 0);
  CHECK(filing.maildir.trouble().find("cannot write") == 0);
}

TEST_CASE("without the right to write the messages wait, and go once it is given", "[transport]") {
  if (::geteuid() == 0) {
    std::puts("skipped: root may write everywhere");
    return;
  }
  const test::Directory directory;
  std::filesystem::create_directories(directory.path() / "mail");
  std::filesystem::permissions(directory.path() / "mail", std::filesystem::perms::owner_read);
  Filing filing(directory.path() / "mail");
  REQUIRE(filing.send(test_mail(1)));
  CHECK(filing.feed.outcomes[1][0].host_trouble);
  CHECK(filing.feed.outcomes[1][0].reply.find("give the daemon's user the right") !=
        std::string::npos);
  std::filesystem::permissions(directory.path() / "mail", std::filesystem::perms::owner_all);
  REQUIRE(filing.send(test_mail(2)));
  CHECK(filing.feed.outcomes[2][0].kind == OutcomeKind::sent);
}

TEST_CASE("a full disk leaves no half file, and sending goes on once there is room",
          "[transport]") {
  SmallDisk disk;
  if (!disk.mounted) return;
  const std::filesystem::path mail = disk.directory.path() / "mail";
  Filing filing(mail);
  REQUIRE(filing.send(test_mail(1, 1000)));
  CHECK(filing.feed.outcomes[1][0].kind == OutcomeKind::sent);
  REQUIRE(filing.send(test_mail(2, 200000)));
  CHECK(filing.feed.outcomes[2][0].kind == OutcomeKind::deferred);
  CHECK(filing.feed.outcomes[2][0].host_trouble);
  CHECK(filing.feed.outcomes[2][0].reply.find("No space left on device; make room on its disk") !=
        std::string::npos);
  CHECK(files_in(mail / "new") == 1);
  CHECK(files_in(mail / "tmp") == 0);
  CHECK(filing.maildir.capacity() == 0);
  REQUIRE(filing.send(test_mail(3, 1000)));  // waits for the end of the pause
  CHECK(filing.feed.outcomes[3][0].kind == OutcomeKind::sent);
  CHECK(filing.maildir.trouble().empty());
}

TEST_CASE("a file system that became read-only is told", "[transport]") {
  SmallDisk disk;
  if (!disk.mounted) return;
  const std::filesystem::path mail = disk.directory.path() / "mail";
  Filing filing(mail);
  REQUIRE(filing.send(test_mail(1)));
  REQUIRE(::mount("none", disk.directory.path().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY,
                  "size=64k") == 0);
  REQUIRE(filing.send(test_mail(2)));
  CHECK(filing.feed.outcomes[2][0].host_trouble);
  CHECK(filing.feed.outcomes[2][0].reply.find(
            "Read-only file system; give the daemon's user the right") != std::string::npos);
}
