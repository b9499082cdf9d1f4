#include "base/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/file.h"

namespace retaind {
namespace {

/// Standard error of a child that runs `body`; with `journal` the child believes it to be the
/// journal's.
std::string stderr_of(bool journal, void (*body)()) {
  std::string path = (std::filesystem::temp_directory_path() / "retaind-log-XXXXXX").string();
  const int file = ::mkstemp(path.data());
  REQUIRE(file >= 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(file, STDERR_FILENO);
    struct stat status {};
    ::fstat(STDERR_FILENO, &status);
    const std::string stream = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a child of one thread
    ::setenv("JOURNAL_STREAM", journal ? stream.c_str() : "1:1", 1);
    body();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(file);
  CHECK(status == 0);
  const auto text = read_file(path, 1U << 20U);
  ::unlink(path.c_str());
  REQUIRE(text);
  return *text;
}

void every_level() {
  log::set_level(log::Level::debug);
  log::error("a");
  log::warning("b");
  log::info("c");
  log::debug("d");
}

TEST_CASE("Lines for the journal start with their priority") {
  CHECK(stderr_of(true, every_level) == "<3>a\n<4>b\n<6>c\n<7>d\n");
}

TEST_CASE("Addresses that somebody else put into a message do not reach the log") {
  const auto body = [] {
    log::info("421 <c0@example.com>: later, ann.e+x@b.example; 山田@例え.jp, 3 @ 2, at@, @home");
  };
  CHECK(stderr_of(true, body) ==
        "<6>421 <(address)>: later, (address); (address), 3 @ 2, at@, @home\n");
}

TEST_CASE("Lines for people carry time in UTC and level") {
  const std::string text = stderr_of(false, every_level);
  CHECK(text.find("Z error: a\n") == 19);
  CHECK(text.find("Z warning: b\n") != std::string::npos);
  CHECK(text.find("Z info: c\n") != std::string::npos);
  CHECK(text.find('<') == std::string::npos);
}

TEST_CASE("Lines below the level are left out") {
  CHECK(stderr_of(true, [] {
          log::debug("unseen by default");
          log::set_level(log::Level::warning);
          log::info("unseen");
          log::warning("seen");
        }) == "<4>seen\n");
}

TEST_CASE("Data cannot forge a line or be taken for a format") {
  CHECK(stderr_of(true, [] { log::info("x\n<0>fire\r\x1b[2J {} {0} %s"); }) ==
        "<6>x <0>fire  [2J {} {0} %s\n");
}

}  // namespace
}  // namespace retaind
