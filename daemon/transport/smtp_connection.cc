#include "transport/smtp_connection.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <optional>

namespace retaind::transport {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class SmtpTls {
 public:
  SmtpTls() : context(asio::ssl::context::tls_client) {}
  asio::ssl::context context;
};

std::shared_ptr<SmtpTls> make_smtp_tls(const SmtpSettings& settings, std::string& problem) {
  if (settings.tls == TlsMode::none)
    return nullptr;  // reading the system's authorities takes 50 ms
  auto tls = std::make_shared<SmtpTls>();
  error_code error;
  SSL_CTX_set_min_proto_version(tls->context.native_handle(), TLS1_2_VERSION);  // RFC 8996
  tls->context.set_verify_mode(asio::ssl::verify_peer, error);
  if (settings.ca_file.empty()) {
    tls->context.set_default_verify_paths(error);
  } else {
    tls->context.load_verify_file(settings.ca_file.string(), error);
  }
  if (error) {
    problem = "no certificate authority in " + settings.ca_file.string() + ": " + error.message() +
              "; `ca-file` names a readable PEM file";
  }
  return tls;
}

struct SmtpConnection::Io : std::enable_shared_from_this<SmtpConnection::Io> {
  Io(Loop& loop, const SmtpPolicy& the_policy, std::shared_ptr<SmtpTls> the_tls,
     const Clock& the_clock)
      : policy(the_policy),
        tls(std::move(the_tls)),
        clock(the_clock),
        resolver(loop),
        socket(loop),
        timer(loop),
        session(the_policy) {}

  void open();
  void connect();
  void connected();
  void handshake();
  void read();
  void flush();
  void write_plain();
  void write_tls();
  void watch();
  void expired();
  void lost(const std::string& why);
  void settle();
  void shut();

  const SmtpPolicy& policy;
  std::shared_ptr<SmtpTls> tls;
  const Clock& clock;
  std::function<void()> changed;
  tcp::resolver resolver;
  std::vector<tcp::endpoint> addresses;  ///< of the host; those before `address` did not answer
  std::size_t address = 0;
  tcp::socket socket;
  std::optional<asio::ssl::stream<tcp::socket&>> secure;
  asio::steady_timer timer;
  SmtpSession session;

  bool connecting = true;
  bool reading = false;
  bool writing = false;
  bool closed = false;
  std::string write_failure;  ///< the way out is broken; what the peer said before may still be
                              ///< there to read
  Duration deadline{0};       ///< on Clock::elapsed()
  Duration armed_until{
      0};  ///< the timer may ring early and is then set again: cheaper than setting it each time
  bool armed = false;
  std::uint64_t watched = 0;
  SmtpWait watched_for = SmtpWait::connection;
  std::array<char, 8192> in{};
  std::string record;  ///< what one TLS write carries
};

namespace {

std::string address_literal(const asio::ip::address& address) {
  return address.is_v6() ? "IPv6:" + address.to_string() : address.to_string();
}

std::string seconds_text(Duration time) {
  return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s"
                                  : std::to_string(time.count()) + " ms";
}

std::string waited_for(SmtpWait wait) {
  switch (wait) {
    case SmtpWait::connection: return "no connection";
    case SmtpWait::handshake: return "the TLS handshake did not end";
    case SmtpWait::banner: return "no greeting";
    case SmtpWait::block: return "the server does not read on";
    case SmtpWait::end_of_data: return "no answer to the end of the message";
    default: return "no answer";
  }
}

}  // namespace

void SmtpConnection::Io::open() {
  watch();
  const SmtpSettings& settings = policy.settings;
  error_code not_numeric;
  const asio::ip::address literal = asio::ip::make_address(settings.host, not_numeric);
  if (!not_numeric) {
    addresses.emplace_back(literal, static_cast<unsigned short>(settings.port));
    return connect();
  }
  const auto use = [self = shared_from_this()](const error_code& error,
                                               const tcp::resolver::results_type& found) {
    if (self->closed) return;
    if (error) return self->lost("the host is not found: " + error.message());
    for (const auto& entry : found) self->addresses.push_back(entry.endpoint());
    self->connect();
  };
  resolver.async_resolve(settings.host, std::to_string(settings.port),
                         tcp::resolver::numeric_service, use);
}

void SmtpConnection::Io::connect() {
  socket.async_connect(addresses[address], [self = shared_from_this()](const error_code& error) {
    if (self->closed) return;
    if (!error) return self->connected();
    if (++self->address == self->addresses.size())
      return self->lost("no connection: " + error.message());
    error_code ignored;
    self->socket.close(ignored);
    self->connect();
  });
}

void SmtpConnection::Io::connected() {
  error_code error;
  socket.set_option(tcp::no_delay(true), error);
  socket.non_blocking(true, error);
  const tcp::endpoint local = socket.local_endpoint(error);
  if (error) return lost("no connection: " + error.message());
  connecting = false;
  session.start(address_literal(local.address()), addresses[address].address().is_loopback());
  if (session.wants_tls()) {
    handshake();
  } else if (!session.ended()) {
    read();
  }
  settle();
}

void SmtpConnection::Io::handshake() {
  secure.emplace(socket, tls->context);
  SSL* const ssl = secure->native_handle();
  const std::string& host = policy.settings.host;
  error_code not_numeric;
  asio::ip::make_address(host, not_numeric);
  if (not_numeric) {
    SSL_set_tlsext_host_name(ssl, host.c_str());  // RFC 6066 3: only names
    SSL_set1_host(ssl, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
  }
  const auto use = [self = shared_from_this()](const error_code& error) {
    if (self->closed) return;
    if (error) {
      const long verdict = SSL_get_verify_result(self->secure->native_handle());
      if (verdict == X509_V_OK) return self->lost("the TLS handshake failed: " + error.message());
      return self->lost(std::string("the server's certificate is not accepted: ") +
                        X509_verify_cert_error_string(verdict) +
                        "; name its authority in `ca-file`, and the host as in the certificate");
    }
    self->session.secured();
    self->read();
    self->settle();
  };
  secure->async_handshake(asio::ssl::stream_base::client, use);
}

void SmtpConnection::Io::read() {
  if (reading || closed || session.ended()) return;
  reading = true;
  auto use = [self = shared_from_this()](const error_code& error, std::size_t size) {
    self->reading = false;
    if (self->closed) return;
    self->session.received({self->in.data(), size});
    if (error && !self->session.ended()) {
      if (!self->write_failure.empty()) return self->lost(self->write_failure);
      const bool orderly = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
      return self->lost(orderly ? "the server closed the connection"
                                : "the connection broke: " + error.message());
    }
    if (self->session.wants_tls()) {
      self->handshake();
    } else {
      self->read();
    }
    self->settle();
  };
  if (secure) {
    secure->async_read_some(asio::buffer(in), std::move(use));
  } else {
    socket.async_read_some(asio::buffer(in), std::move(use));
  }
}

void SmtpConnection::Io::flush() {
  if (!connecting && !closed && !writing && write_failure.empty() && session.has_output()) {
    if (secure) {
      write_tls();
    } else {
      write_plain();
    }
  }
  watch();
}

/// Written at once rather than through async_write: what the kernel took is known to the byte, and
/// one write carries the end of a message and the next envelope.
void SmtpConnection::Io::write_plain() {
  constexpr std::size_t most_pieces = 8;
  while (session.has_output()) {
    std::array<std::string_view, most_pieces> pieces;
    std::array<asio::const_buffer, most_pieces> buffers;
    const std::size_t count = session.output(pieces);
    for (std::size_t i = 0; i < count; ++i)
      buffers[i] = asio::buffer(pieces[i].data(), pieces[i].size());
    error_code error;
    const std::size_t size = socket.write_some(buffers, error);
    session.wrote(size);
    if (error == asio::error::would_block || error == asio::error::try_again) {
      writing = true;
      socket.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code&) {
        self->writing = false;
        if (!self->closed) self->flush();
      });
      return;
    }
    if (error) {
      write_failure = "the connection broke: " + error.message();
      return;
    }
  }
}

void SmtpConnection::Io::write_tls() {
  constexpr std::size_t largest_record = 16 * 1024;  // RFC 8446 5.1
  record.clear();
  std::array<std::string_view, 8> pieces;
  const std::size_t count = session.output(pieces);
  for (std::size_t i = 0; i < count && record.size() < largest_record; ++i) {
    record += pieces[i].substr(0, largest_record - record.size());
  }
  session.wrote(record.size());
  writing = true;
  const auto use = [self = shared_from_this()](const error_code& error, std::size_t) {
    self->writing = false;
    if (self->closed) return;
    if (error) self->write_failure = "the connection broke: " + error.message();
    self->flush();
  };
  asio::async_write(*secure, asio::buffer(record), use);
}

/// Sets the deadline for what is awaited now. After a broken write the answer is only read out, not
/// waited for.
void SmtpConnection::Io::watch() {
  if (closed || session.ended()) return;
  const bool broken = !write_failure.empty();
  const SmtpWait wait = connecting ? SmtpWait::connection : session.waiting();
  if (armed && !broken && watched == session.wait_number() && watched_for == wait) return;
  watched = session.wait_number();
  watched_for = wait;
  const Duration now = clock.elapsed();
  deadline = now + (broken ? std::chrono::seconds{1} : time_limit(wait, policy));
  if (armed && armed_until <= deadline) return;
  armed = true;
  armed_until = deadline;
  timer.expires_after(deadline - now);
  timer.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error && !self->closed) self->expired();
  });
}

void SmtpConnection::Io::expired() {
  const Duration now = clock.elapsed();
  if (now < deadline) {
    armed_until = deadline;
    timer.expires_after(deadline - now);
    timer.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error && !self->closed) self->expired();
    });
    return;
  }
  armed = false;
  if (!write_failure.empty()) return lost(write_failure);
  // What it rings for may have come, and nobody has flushed since.
  const SmtpWait wait = connecting ? SmtpWait::connection : session.waiting();
  if (watched != session.wait_number() || watched_for != wait) return watch();
  if (connecting && address + 1 < addresses.size()) {
    error_code ignored;
    socket.close(ignored);  // ends the attempt; its handler takes the next address
    return watch();
  }
  if (watched_for == SmtpWait::work) {
    session.quit();
    return settle();
  }
  if (watched_for == SmtpWait::quit) return lost("");
  const Duration limit = time_limit(watched_for, policy);
  lost(waited_for(watched_for) + " within " + seconds_text(limit));
}

void SmtpConnection::Io::lost(const std::string& why) {
  session.end(why);
  settle();
}

void SmtpConnection::Io::settle() {
  if (session.ended()) shut();
  if (changed) changed();
}

void SmtpConnection::Io::shut() {
  if (closed) return;
  closed = true;
  error_code ignored;
  timer.cancel();
  resolver.cancel();
  socket.shutdown(tcp::socket::shutdown_both, ignored);
  socket.close(ignored);
}

SmtpConnection::SmtpConnection(Loop& loop, const SmtpPolicy& policy, std::shared_ptr<SmtpTls> tls,
                               const Clock& clock, std::function<void()> changed)
    : io_(std::make_shared<Io>(loop, policy, std::move(tls), clock)) {
  io_->changed = std::move(changed);
}

SmtpConnection::~SmtpConnection() {
  io_->changed = nullptr;
  io_->shut();
}

void SmtpConnection::open() { io_->open(); }
SmtpSession& SmtpConnection::session() { return io_->session; }
const SmtpSession& SmtpConnection::session() const { return io_->session; }
void SmtpConnection::flush() { io_->flush(); }

}  // namespace retaind::transport
