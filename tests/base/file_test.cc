#include "base/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "support/directory.h"

namespace retaind {
namespace {

namespace fs = std::filesystem;

TEST_CASE("A file comes back as it was written") {
  const test::Directory directory;
  const fs::path path = directory / "a.txt";
  const std::string bytes("x\0y\r\n\xff", 6);
  REQUIRE(write_file_durably(path, bytes));
  CHECK(*read_file(path, 6) == bytes);
  REQUIRE(write_file_durably(path, ""));
  CHECK(read_file(path, 0)->empty());
  // Nothing is left beside it.
  CHECK(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator{}) == 1);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0640);
}

TEST_CASE("A file over the limit is refused") {
  const test::Directory directory;
  const fs::path path = directory / "large";
  REQUIRE(write_file_durably(path, std::string(1001, 'x')));
  const auto read = read_file(path, 1000);
  REQUIRE_FALSE(read);
  CHECK(read.error().message ==
        "`" + path.string() + "` is over 1000 bytes; split it or name another file");
  CHECK_FALSE(read_file("/dev/zero", 100000));
}

TEST_CASE("Files without a size are read to their end") {
  CHECK(read_file("/proc/self/status", 1U << 20U)->find("Name:") == 0);
  const test::Directory directory;
  const fs::path path = directory / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  std::thread writer([&path] { std::ofstream(path) << std::string(100000, 'p'); });
  const auto read = read_file(path, 1U << 20U);
  writer.join();
  REQUIRE(read);
  CHECK(read->size() == 100000);
}

TEST_CASE("What cannot be read names the path and the remedy") {
  const test::Directory directory;
  const fs::path missing = directory / "missing";
  CHECK(read_file(missing, 10).error().message ==
        "cannot read `" + missing.string() +
            "`: No such file or directory; check the path, or create it");
  CHECK(read_file(missing, 10).error().kind == ErrorKind::not_found);
  CHECK(read_file(directory.path(), 10).error().message ==
        "cannot read `" + directory.path().string() + "`: Is a directory; name a file");
}

TEST_CASE("A write that fails leaves the old file and nothing else") {
  const test::Directory directory;
  CHECK(write_file_durably(directory / "no" / "file", "x").error().kind == ErrorKind::not_found);
  // A directory in the way: the rename fails after the bytes were written beside it.
  const fs::path taken = directory / "taken";
  fs::create_directory(taken);
  const auto written = write_file_durably(taken, "x");
  REQUIRE_FALSE(written);
  CHECK(written.error().message.find("cannot write `" + taken.string() + "`: ") == 0);
  CHECK(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator{}) == 1);
}

TEST_CASE("Readers see the old bytes or the new ones while a file is replaced") {
  const test::Directory directory;
  const fs::path path = directory / "swap";
  const std::string old_bytes(20000, 'o'), new_bytes(30000, 'n');
  REQUIRE(write_file_durably(path, old_bytes));
  std::thread writer([&] {
    for (int i = 0; i < 20; ++i) (void)write_file_durably(path, i % 2 == 0 ? new_bytes : old_bytes);
  });
  int torn = 0;
  for (int i = 0; i < 200; ++i) {
    const auto read = read_file(path, 1U << 20U);
    torn += read && (*read == old_bytes || *read == new_bytes) ? 0 : 1;
  }
  writer.join();
  CHECK(torn == 0);
}

}  // namespace
}  // namespace retaind
