#pragma once
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/smtp_fault_server.h"
#include "transport/smtp_session.h"

namespace retaind::transport::testing {

using delivery::Outcome;
using delivery::OutcomeKind;
using retaind::testing::SmtpFaults;
using retaind::testing::SmtpScript;

inline SmtpPolicy plain_policy() {
  SmtpPolicy policy;
  policy.settings.host = "127.0.0.1";
  policy.settings.tls = TlsMode::none;
  return policy;
}

inline delivery::Outgoing mail(std::int64_t id, std::string to = "t@x.test") {
  delivery::Outgoing message;
  message.id = id;
  message.message_id = std::to_string(id) + "@x.test";
  message.envelope_from = "s@x.test";
  message.envelope_to = {std::move(to)};
  message.bytes = "Subject: " + std::to_string(id) + "\r\n\r\n.dot\r\nend\r\n";
  return message;
}

/// A session and a server with a wire between them that breaks where it is told to.
struct Line {
  explicit Line(SmtpPolicy the_policy = plain_policy(), SmtpFaults the_faults = {})
      : policy(std::move(the_policy)),
        faults(std::move(the_faults)),
        session(policy),
        server(faults) {}

  void start(bool loopback = true) {
    session.start("127.0.0.1", loopback);
    if (!session.wants_tls()) hear(server.banner());
    pump();
  }
  void add(delivery::Outgoing message) {
    session.add(std::move(message), [this](std::int64_t id, Outcome outcome) {
      outcomes[id].push_back(std::move(outcome));
    });
  }
  void hear(std::string_view bytes) {
    while (!bytes.empty() && !session.ended()) {
      const std::string_view part = bytes.substr(0, read_piece);
      bytes.remove_prefix(part.size());
      session.received(part);
      collect();
    }
  }
  /// One write of at most write_piece bytes, and what the server says to it.
  bool write_once() {
    std::array<std::string_view, 4> pieces;
    const std::size_t count = session.output(pieces);
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i) bytes += pieces[i];
    bytes.resize(std::min({bytes.size(), write_piece, cut_after - sent.size()}));
    if (bytes.empty()) return false;
    session.wrote(bytes.size());
    sent += bytes;
    writes.push_back(bytes);
    const std::string reply = server.feed(bytes);
    if (!deaf) {
      hear(reply);
    } else {
      unheard += reply;
    }
    return true;
  }
  void pump() {
    while (!session.ended() && write_once()) {
      if (server.dropped() || sent.size() >= cut_after) session.end("the wire broke");
    }
    if (server.dropped() && !session.ended()) session.end("the server closed");
    collect();
  }
  void collect() {
    for (auto& message : session.take_finished())
      message.done(message.id, std::move(message.outcome));
  }
  const Outcome& only(std::int64_t id) {
    REQUIRE(outcomes[id].size() == 1);
    return outcomes[id][0];
  }

  SmtpPolicy policy;
  SmtpFaults faults;
  SmtpSession session;
  SmtpScript server;
  std::size_t write_piece = 100000;
  std::size_t read_piece = 100000;
  std::size_t cut_after = 1000000;
  bool deaf = false;
  std::string unheard;
  std::string sent;
  std::vector<std::string> writes;
  std::map<std::int64_t, std::vector<Outcome>> outcomes;
};

}  // namespace retaind::transport::testing
