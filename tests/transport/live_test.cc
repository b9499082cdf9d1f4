// The awaitable header does not compile under g++ 12 in C++20.
#ifndef BOOST_ASIO_DISABLE_CO_AWAIT
#define BOOST_ASIO_DISABLE_CO_AWAIT
#endif
#include "live.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "support/directory.h"

namespace retaind::testing {

struct Live::State {
  boost::asio::io_context loop;
};

Live::Live() : state_(std::make_unique<State>()) {}
Live::~Live() = default;
transport::Loop& Live::loop() { return state_->loop; }

bool Live::run_until(const std::function<bool()>& done, std::chrono::milliseconds limit) {
  const Duration end = clock_.elapsed() + limit;
  while (!done()) {
    if (clock_.elapsed() >= end) return false;
    state_->loop.restart();
    state_->loop.run_one_for(std::chrono::milliseconds{10});
  }
  return true;
}

void Live::run_for(std::chrono::milliseconds time) {
  run_until([] { return false; }, time);
}

void Feed::run() {
  transport_->want(static_cast<int>(waiting_.size()));
  while (!waiting_.empty() && transport_->capacity() > 0) {
    delivery::Outgoing message = std::move(waiting_.front());
    waiting_.pop_front();
    transport_->send(std::move(message), [this](std::int64_t id, delivery::Outcome outcome) {
      outcomes[id].push_back(std::move(outcome));
    });
  }
}

int Feed::count(delivery::OutcomeKind kind) const {
  return static_cast<int>(
      std::count_if(outcomes.begin(), outcomes.end(), [kind](const auto& entry) {
        return entry.second.size() == 1 && entry.second[0].kind == kind;
      }));
}

SmtpSettings settings_for(int port, int connections) {
  SmtpSettings settings;
  settings.host = "127.0.0.1";
  settings.port = port;
  settings.tls = TlsMode::none;
  settings.connections = connections;
  settings.messages_per_connection = 1000;
  return settings;
}

delivery::Outgoing test_mail(std::int64_t id, std::size_t size) {
  delivery::Outgoing message;
  message.id = id;
  message.message_id = "m" + std::to_string(id) + "@shop.test";
  message.envelope_from = "shop@shop.test";
  message.envelope_to = {"customer" + std::to_string(id) + "@x.test"};
  message.bytes = "Message-ID: <" + message.message_id + ">\r\nSubject: number " +
                  std::to_string(id) + "\r\n\r\n.a line with a dot\r\nthe end\r\n";
  while (message.bytes.size() < size)
    message.bytes += "A line of the length that people write, with a full stop.\r\n";
  return message;
}

const Certificates* certificates() {
  static const test::Directory directory;
  static const Certificates made = [] {
    const std::string at = directory.path().string();
    const std::string quiet = " >/dev/null 2>&1";
    const std::string make = "cd " + at +
                             " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
                             "-nodes -days 2 -subj /CN=ca "
                             "-keyout ca.key -out ca.pem" +
                             quiet +
                             " && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                             "-subj /CN=localhost -keyout server.key "
                             "-out server.csr" +
                             quiet +
                             " && printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' >server.ext"
                             " && openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key "
                             "-CAcreateserial -days 2 -extfile server.ext "
                             "-out server.pem" +
                             quiet +
                             " && printf 'subjectAltName=DNS:other.test' >other.ext"
                             " && openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key "
                             "-CAcreateserial -days 2 -extfile other.ext "
                             "-out other.pem" +
                             quiet;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    if (std::system(make.c_str()) != 0) return Certificates{};
    return Certificates{at + "/ca.pem", at + "/server.pem", at + "/server.key", at + "/other.pem"};
  }();
  if (!made.authority.empty()) return &made;
  std::puts("skipped: no openssl(1) to make certificates with");
  return nullptr;
}

Peer::Peer(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  process_ = ::fork();
  if (process_ == 0) {
    const int nowhere = ::open("/dev/null", O_RDWR);
    ::dup2(nowhere, 0);
    ::dup2(nowhere, 1);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a child of one thread
    if (std::getenv("RETAIND_TEST_LOUD") == nullptr) ::dup2(nowhere, 2);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
}

Peer::~Peer() { stop(); }

bool Peer::running() {
  if (process_ < 0) return false;
  if (::waitpid(process_, nullptr, WNOHANG) == 0) return true;
  process_ = -1;
  return false;
}

void Peer::stop() {
  if (process_ < 0) return;
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

}  // namespace

bool Peer::listens(int port) {
  const sockaddr_in address = loopback(port);
  for (int i = 0; i < 400 && running(); ++i) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool open =
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    if (open) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{25});
  }
  return false;
}

namespace {

/// An abstract socket's name, which only one process can have and which goes when it ends. unix(7)
bool reserve(int port) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string text = "retaind-test-port-" + std::to_string(port);
  text.copy(name.sun_path + 1, text.size());
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&name), length) == 0) return true;
  const bool taken = errno == EADDRINUSE;
  ::close(socket);
  return !taken;
}

}  // namespace

int free_port() {
  static int next = 20000 + static_cast<int>(::getpid() % 10000);
  for (;; ++next) {
    if (next >= 32000) next = 20000;
    if (!reserve(next)) continue;
    const sockaddr_in address = loopback(next);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool free =
        ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    if (free) return next++;
  }
}

TEST_CASE("no two processes take the same port", "[transport]") {
  free_port();  // the child goes on from where we are
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const int child = ::fork();
  REQUIRE(child >= 0);
  std::vector<int> ports(100);
  for (int& port : ports) port = free_port();
  const auto size = static_cast<ssize_t>(ports.size() * sizeof(int));
  if (child == 0) {
    if (::write(ends[1], ports.data(), static_cast<std::size_t>(size)) != size) ::_exit(1);
    ::pause();
  }
  std::vector<int> others(ports.size());
  CHECK(::read(ends[0], others.data(), static_cast<std::size_t>(size)) == size);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  for (const int port : ports) CHECK(std::count(others.begin(), others.end(), port) == 0);
}

}  // namespace retaind::testing
