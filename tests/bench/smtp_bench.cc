// Our SMTP transport against smtp-source -d of Postfix, both into the same smtp-sink, in turn in
// each round.
#ifndef BOOST_ASIO_DISABLE_CO_AWAIT  // the awaitable header does not compile under g++ 12 in C++20
#define BOOST_ASIO_DISABLE_CO_AWAIT
#endif
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/delayed_sink.h"
#include "transport/smtp.h"

using namespace retaind;

namespace {

struct Cost {
  double seconds = 0;
  double cpu_seconds = 0;
};

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

int start(const std::vector<std::string>& command) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const int process = ::fork();
  if (process != 0) return process;
  ::execvp(words[0], words.data());
  ::_exit(127);
}

void stop(int process) {
  ::kill(process, SIGTERM);
  ::waitpid(process, nullptr, 0);
}

bool listens(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  for (int i = 0; i < 200; ++i) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const bool open =
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    if (open) return true;
    ::usleep(20000);
  }
  return false;
}

Cost run_smtp_source(int port, int connections, int messages, std::size_t size) {
  const SystemClock clock;
  const double before = cpu(RUSAGE_CHILDREN);
  const Duration from = clock.elapsed();
  const int process =
      start({"/usr/sbin/smtp-source", "-d", "-s", std::to_string(connections), "-m",
             std::to_string(messages), "-l", std::to_string(size), "-f", "a@example.test", "-t",
             "b@example.test", "127.0.0.1:" + std::to_string(port)});
  int status = 0;
  ::waitpid(process, &status, 0);
  if (status != 0) {
    fmt::print("smtp-source failed\n");
    std::exit(1);
  }
  return {static_cast<double>((clock.elapsed() - from).count()) / 1000,
          cpu(RUSAGE_CHILDREN) - before};
}

delivery::Outgoing mail(int id, const std::string& body) {
  delivery::Outgoing message;
  message.id = id;
  message.message_id = fmt::format("{}@example.test", id);
  message.envelope_from = "a@example.test";
  message.envelope_to = {"b@example.test"};
  message.bytes =
      fmt::format("Message-ID: <{}>\r\nSubject: {}\r\n\r\n", message.message_id, id) + body;
  return message;
}

Cost run_transport(int port, int connections, int messages, std::size_t size) {
  std::string body;
  while (body.size() + 80 < size)
    body += "A line of the length that people write, with a full stop at its end.\r\n";
  boost::asio::io_context loop;
  const SystemClock clock;
  SmtpSettings settings;
  settings.host = "127.0.0.1";
  settings.port = port;
  settings.tls = TlsMode::none;
  settings.connections = connections;
  const double cpu_before = cpu(RUSAGE_SELF);
  const Duration from = clock.elapsed();
  int handed = 0;
  int ended = 0;
  int failed = 0;
  transport::Smtp* sender = nullptr;
  const auto feed = [&] {
    sender->want(messages - handed);
    for (int free = sender->capacity(); free > 0 && handed < messages; --free) {
      sender->send(mail(++handed, body), [&](std::int64_t, const delivery::Outcome& outcome) {
        ++ended;
        failed += outcome.kind == delivery::OutcomeKind::sent ? 0 : 1;
      });
    }
  };
  transport::Smtp smtp(loop, settings, "", feed, clock);
  sender = &smtp;
  feed();
  while (ended < messages) loop.run_one();
  const Cost cost{static_cast<double>((clock.elapsed() - from).count()) / 1000,
                  cpu(RUSAGE_SELF) - cpu_before};
  if (failed > 0) {
    fmt::print("{} of {} messages were not sent\n", failed, messages);
    std::exit(1);
  }
  return cost;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void compare(int port, int connections, int messages, std::size_t size, int rounds) {
  std::vector<double> rates;
  std::vector<double> source_rates;
  std::vector<double> ratios;
  std::vector<double> cpu_us;
  std::vector<double> source_cpu_us;
  for (int round = 0; round < rounds; ++round) {
    const Cost source = run_smtp_source(port, connections, messages, size);
    const Cost ours = run_transport(port, connections, messages, size);
    rates.push_back(messages / ours.seconds);
    source_rates.push_back(messages / source.seconds);
    ratios.push_back(source.seconds / ours.seconds);
    cpu_us.push_back(ours.cpu_seconds * 1e6 / messages);
    source_cpu_us.push_back(source.cpu_seconds * 1e6 / messages);
  }
  const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
  fmt::print(
      "{:>5} B, {:>2} connections: smtp-source -d {:>7.0f}/s ({:.1f} us CPU), transport {:>7.0f}/s "
      "({:.1f} us CPU), "
      "rate ratio {:.2f} ({:.2f}-{:.2f}), CPU ratio {:.2f}\n",
      size, connections, median(source_rates), median(source_cpu_us), median(rates), median(cpu_us),
      median(ratios), *least, *most, median(cpu_us) / median(source_cpu_us));
}

}  // namespace

int main(int count, char** arguments) {
  const int rounds = 5;
  const int messages = count > 1 ? std::atoi(arguments[1]) : 20000;
  const int port = 21000 + ::getpid() % 10000;
  const int sink =
      start({"/usr/sbin/smtp-sink", "-u", "nobody", fmt::format("127.0.0.1:{}", port), "512"});
  if (!listens(port)) {
    fmt::print("skipped: no smtp-sink (package postfix)\n");
    return 0;
  }
  compare(port, 1, messages / 2, 4096, rounds);
  compare(port, 8, messages, 4096, rounds);
  compare(port, 32, messages, 4096, rounds);
  compare(port, 8, messages / 4, 30000, rounds);
  stop(sink);
  const int delayed = ::fork();
  if (delayed == 0) bench::DelayedSink(port + 1, Duration{5}).run();
  if (!listens(port + 1)) return 1;
  fmt::print("replies 5 ms late:\n");
  compare(port + 1, 8, messages / 20, 4096, rounds);
  compare(port + 1, 64, messages / 2, 4096, rounds);
  stop(delayed);
  return 0;
}
