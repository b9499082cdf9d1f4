#include "app/notify.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <string>

using retaind::app::Notify;

namespace {

/// The manager's end.
class Manager {
 public:
  explicit Manager(const std::string& address)
      : descriptor_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, address.data(), address.size());
    const bool abstract = address[0] == '@';
    if (abstract) at.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size() +
                                               (abstract ? 0 : 1));
    REQUIRE(bind(descriptor_, reinterpret_cast<const sockaddr*>(&at), length) == 0);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager() { close(descriptor_); }

  std::string next() {
    pollfd waiting{descriptor_, POLLIN, 0};
    if (poll(&waiting, 1, 1000) != 1) return "nothing came";
    char text[512];
    const ssize_t length = recv(descriptor_, text, sizeof text, 0);
    return {text, static_cast<std::size_t>(length)};
  }

 private:
  int descriptor_;
};

std::string own_name(const char* what) {
  return "retaind-" + std::string(what) + std::to_string(getpid());
}

}  // namespace

TEST_CASE("the manager reads ready, watchdog, status and stopping as sd_notify spells them") {
  const std::string path = (std::filesystem::temp_directory_path() / own_name("notify")).string();
  {
    Manager manager(path);
    Notify notify(path);
    notify.ready("7 rules");
    CHECK(manager.next() == "READY=1\nSTATUS=7 rules");
    notify.watchdog();
    CHECK(manager.next() == "WATCHDOG=1");
    notify.status("held");
    CHECK(manager.next() == "STATUS=held");
    notify.stopping("draining");
    CHECK(manager.next() == "STOPPING=1\nSTATUS=draining");
  }
  std::filesystem::remove(path);
}

TEST_CASE("an abstract address reaches the manager") {
  const std::string address = "@" + own_name("abstract");
  Manager manager(address);
  Notify notify(address);
  notify.watchdog();
  CHECK(manager.next() == "WATCHDOG=1");
}

TEST_CASE("reloading carries the monotonic time in microseconds") {
  const std::string address = "@" + own_name("reload");
  Manager manager(address);
  Notify notify(address);
  const auto monotonic = [] {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000LL + now.tv_nsec / 1000;
  };
  const long long before = monotonic();
  notify.reloading();
  const std::string text = manager.next();
  const std::string head = "RELOADING=1\nMONOTONIC_USEC=";
  REQUIRE(text.substr(0, head.size()) == head);
  const long long said = std::stoll(text.substr(head.size()));
  CHECK(said >= before);
  CHECK(said <= monotonic());
}

TEST_CASE("without a manager nothing happens") {
  for (const char* address : {"", "/nowhere/at/all", "not-an-address"}) {
    Notify notify(address);
    notify.ready("fine");
    notify.watchdog();
  }
  SUCCEED("no crash and no signal");
}
