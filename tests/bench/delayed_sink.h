#pragma once
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/text.h"

namespace retaind::bench {

/// An SMTP server that takes everything and says each reply `delay` after what it answers came: a
/// network in between. Offers PIPELINING. Never returns; for a process of its own.
class DelayedSink {
 public:
  DelayedSink(int port, Duration delay) : delay_(delay) {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    const int yes = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener, 512) != 0) {
      ::_exit(1);
    }
    polled_.push_back({listener, POLLIN, 0});
    peers_.emplace_back();
  }

  void run() {
    for (;;) {
      const Duration wait =
          due_.empty() ? Duration{1000} : std::max(due_.front().at - clock_.elapsed(), Duration{0});
      ::poll(polled_.data(), polled_.size(), static_cast<int>(wait.count()));
      for (std::size_t i = polled_.size(); i-- > 0;) {
        if (polled_[i].revents == 0) continue;
        if (i == 0) {
          accept();
        } else {
          read(i);
        }
      }
      while (!due_.empty() && due_.front().at <= clock_.elapsed()) {
        ::send(due_.front().socket, due_.front().reply.data(), due_.front().reply.size(),
               MSG_NOSIGNAL);
        due_.pop_front();
      }
    }
  }

 private:
  struct Peer {
    std::string line;
    bool in_data = false;
  };
  struct Due {
    Duration at;
    int socket;
    std::string reply;
  };

  void accept() {
    const int socket = ::accept(polled_[0].fd, nullptr, nullptr);
    if (socket < 0) return;
    polled_.push_back({socket, POLLIN, 0});
    peers_.emplace_back();
    due_.push_back({clock_.elapsed() + delay_, socket, "220 delayed\r\n"});
  }

  void read(std::size_t index) {
    char bytes[65536];
    const ssize_t size = ::recv(polled_[index].fd, bytes, sizeof bytes, 0);
    if (size <= 0) {
      // The next connection gets the same number, and is not to hear what this one did not.
      std::erase_if(due_, [&](const Due& due) { return due.socket == polled_[index].fd; });
      ::close(polled_[index].fd);
      polled_.erase(polled_.begin() + static_cast<std::ptrdiff_t>(index));
      peers_.erase(peers_.begin() + static_cast<std::ptrdiff_t>(index));
      return;
    }
    std::string reply;
    Peer& peer = peers_[index];
    std::string_view rest(bytes, static_cast<std::size_t>(size));
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      peer.line += rest.substr(0, end == std::string_view::npos ? end : end + 1);
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
      reply += answer(peer);
      peer.line.clear();
    }
    if (!reply.empty())
      due_.push_back({clock_.elapsed() + delay_, polled_[index].fd, std::move(reply)});
  }

  static std::string answer(Peer& peer) {
    if (peer.in_data) {
      peer.in_data = peer.line != ".\r\n";
      return peer.in_data ? "" : "250 2.0.0 taken\r\n";
    }
    if (starts_with_ignoring_case(peer.line, "EHLO")) return "250-delayed\r\n250 PIPELINING\r\n";
    peer.in_data = starts_with_ignoring_case(peer.line, "DATA");
    return peer.in_data ? "354 go on\r\n" : "250 2.1.0 ok\r\n";
  }

  SystemClock clock_;
  Duration delay_;
  std::vector<pollfd> polled_;
  std::vector<Peer> peers_;
  std::deque<Due> due_;
};

}  // namespace retaind::bench
