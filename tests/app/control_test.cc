#include "app/control.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <thread>

using namespace retaind;
using app::ask_daemon;
using app::ControlServer;

namespace {

std::filesystem::path own_path(const char* what) {
  return std::filesystem::temp_directory_path() /
         ("retaind-control-" + std::string(what) + std::to_string(getpid()));
}

/// A daemon that answers with its request under "heard".
class Daemon {
 public:
  explicit Daemon(const std::filesystem::path& path) {
    auto opened = ControlServer::open(loop_, path, [](const Value& request) {
      Value reply;
      reply.set("heard", request);
      return reply;
    });
    REQUIRE(opened);
    server_ = std::move(*opened);
    thread_ = std::thread([this] { loop_.run(); });
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon() {
    loop_.stop();
    thread_.join();
  }

 private:
  boost::asio::io_context loop_;
  std::unique_ptr<ControlServer> server_;
  std::thread thread_;
};

Value request(const char* what) {
  Value value;
  value.set("do", Value(what));
  return value;
}

int connect_to(const std::filesystem::path& path) {
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path.c_str(), path.native().size() + 1);
  REQUIRE(connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  return descriptor;
}

}  // namespace

TEST_CASE("a question is answered, and the next one too") {
  const auto path = own_path("ask");
  Daemon daemon(path);
  for (const char* what : {"status", "reload"}) {
    const Result<Value> reply = ask_daemon(path, request(what), Duration{2000});
    REQUIRE(reply);
    REQUIRE(reply->find("heard") != nullptr);
    CHECK(*reply->find("heard") == request(what));
  }
}

TEST_CASE("only the daemon's own user can reach the socket") {
  const auto path = own_path("mode");
  Daemon daemon(path);
  struct stat found {};
  REQUIRE(stat(path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
}

TEST_CASE("where nobody listens the answer says how to start one") {
  const Result<Value> reply = ask_daemon(own_path("nobody"), request("status"), Duration{500});
  REQUIRE_FALSE(reply);
  CHECK(reply.error().kind == ErrorKind::not_found);
  CHECK(reply.error().message.find("start it with `retaind run`") != std::string::npos);
}

TEST_CASE("a socket left by a crash is replaced, one that answers is not") {
  const auto path = own_path("stale");
  {
    const int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, path.c_str(), path.native().size() + 1);
    REQUIRE(bind(left, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    close(left);
  }
  REQUIRE(std::filesystem::exists(path));
  Daemon daemon(path);
  boost::asio::io_context second_loop;
  const auto second = ControlServer::open(second_loop, path, [](const Value&) { return Value(); });
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == ErrorKind::conflict);
  CHECK(ask_daemon(path, request("status"), Duration{2000}));
}

TEST_CASE("a path too long for a socket is refused with the remedy") {
  boost::asio::io_context loop;
  const std::filesystem::path path = "/tmp/" + std::string(120, 'x');
  const auto opened = ControlServer::open(loop, path, [](const Value&) { return Value(); });
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.find("`socket:` in retaind.yaml") != std::string::npos);
  CHECK_FALSE(ask_daemon(path, request("status"), Duration{500}));
}

TEST_CASE("garbage is answered with an error, a flood is cut off, and the daemon goes on") {
  const auto path = own_path("garbage");
  Daemon daemon(path);
  const int garbage = connect_to(path);
  REQUIRE(write(garbage, "no json\n", 8) == 8);
  char text[256];
  const ssize_t length = read(garbage, text, sizeof text);
  REQUIRE(length > 0);
  CHECK(std::string(text, static_cast<std::size_t>(length)).find("not JSON") != std::string::npos);
  close(garbage);

  const int flood = connect_to(path);
  const std::string block(100'000, 'x');
  while (send(flood, block.data(), block.size(), MSG_NOSIGNAL) > 0) {
  }
  close(flood);
  CHECK(ask_daemon(path, request("status"), Duration{2000}));
}

TEST_CASE("a daemon that does not answer is not waited for longer than said") {
  const auto path = own_path("mute");
  const int mute = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::memcpy(at.sun_path, path.c_str(), path.native().size() + 1);
  REQUIRE(bind(mute, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  REQUIRE(listen(mute, 1) == 0);
  const Result<Value> reply = ask_daemon(path, request("status"), Duration{200});
  REQUIRE_FALSE(reply);
  CHECK(reply.error().kind == ErrorKind::unavailable);
  close(mute);
  std::filesystem::remove(path);
}
