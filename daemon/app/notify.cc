#include "app/notify.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <ctime>

namespace retaind::app {

Notify::Notify(std::string address) : address_(std::move(address)) {
  sockaddr_un probe{};
  const bool usable = !address_.empty() && (address_[0] == '/' || address_[0] == '@') &&
                      address_.size() < sizeof probe.sun_path;
  if (usable) descriptor_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

Notify::~Notify() {
  if (descriptor_ >= 0) close(descriptor_);
}

void Notify::send(const std::string& text) {
  if (descriptor_ < 0) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  // An abstract name begins with a zero byte and has no end but the length.
  const bool abstract = address_[0] == '@';
  if (abstract) to.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size() +
                                             (abstract ? 0 : 1));
  // sockaddr is how the socket interface spells every address.
  (void)sendto(descriptor_, text.data(), text.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&to), length);
}

void Notify::ready(std::string_view status) { send(fmt::format("READY=1\nSTATUS={}", status)); }

void Notify::reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  send(
      fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000LL + now.tv_nsec / 1000));
}

void Notify::watchdog() { send("WATCHDOG=1"); }

void Notify::stopping(std::string_view status) {
  send(fmt::format("STOPPING=1\nSTATUS={}", status));
}

void Notify::status(std::string_view line) { send(fmt::format("STATUS={}", line)); }

}  // namespace retaind::app
