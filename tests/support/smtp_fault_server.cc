#include "support/smtp_fault_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <stdexcept>

#include "base/digest.h"

namespace retaind::testing {

std::string SmtpScript::banner() {
  out_.clear();
  say("banner", faults_.banner);
  return std::move(out_);
}

std::string SmtpScript::feed(std::string_view bytes) {
  out_.clear();
  for (const char c : bytes) {
    if (dropped_ || wants_tls_) break;
    ++read_;
    line_ += c;
    if (line_.ends_with("\r\n")) {
      const std::string line = line_.substr(0, line_.size() - 2);
      line_.clear();
      command(line);
    }
    if (faults_.drop_after_read >= 0 && read_ >= faults_.drop_after_read) dropped_ = true;
  }
  return std::move(out_);
}

void SmtpScript::secured() {
  tls_ = true;
  wants_tls_ = false;
  line_.clear();
}

void SmtpScript::say_line(std::string_view line) {
  for (const char c : std::string(line) + "\r\n") {
    if (dropped_) return;
    if (faults_.drop_after_written >= 0 && written_ >= faults_.drop_after_written) {
      dropped_ = true;
      return;
    }
    ++written_;
    out_ += c;
  }
}

void SmtpScript::say(std::string_view verb, std::string_view usual) {
  const int n = used_[std::string(verb)]++;
  std::string reply = faults_.answer ? faults_.answer(verb, n) : std::string();
  if (reply == "-") silent_ = true;
  if (silent_) return;
  if (reply.empty()) reply = usual;
  if (verb == "MAIL") mail_ = reply.starts_with('2');
  if (verb == "RCPT" && !reply.starts_with('2') && !current_.to.empty()) current_.to.pop_back();
  if (verb == "DATA") data_ = reply.starts_with('3');
  if (verb == "." && !reply.starts_with('2')) taken_.pop_back();
  if (verb == "STARTTLS") wants_tls_ = reply.starts_with('2');
  for (std::size_t at = 0; at <= reply.size();) {
    const std::size_t end = std::min(reply.find('\n', at), reply.size());
    say_line(std::string_view(reply).substr(at, end - at));
    at = end + 1;
  }
  if (reply.starts_with("421")) dropped_ = true;
}

void SmtpScript::hello() {
  std::string reply = "250-fault.test";
  if (faults_.pipelining) reply += "\n250-PIPELINING";
  if (faults_.size_limit == 0) reply += "\n250-SIZE";
  if (faults_.size_limit > 0) reply += "\n250-SIZE " + std::to_string(faults_.size_limit);
  if (faults_.starttls && !tls_) reply += "\n250-STARTTLS";
  if (!faults_.auth.empty()) reply += "\n250-AUTH " + faults_.auth;
  if (faults_.smtputf8) reply += "\n250-SMTPUTF8";
  if (faults_.eight_bit_mime) reply += "\n250-8BITMIME";
  say("EHLO", reply + "\n250 HELP");
}

void SmtpScript::command(std::string_view line) {
  if (data_) {
    if (line == ".") return end_of_data();
    if (line.starts_with('.')) line.remove_prefix(1);
    current_.bytes += std::string(line) + "\r\n";
    return;
  }
  commands_.emplace_back(line);
  if (login_step_ > 0) return authenticate(line);
  const std::string verb(line.substr(0, line.find(' ')));
  if (verb == "EHLO") {
    if (faults_.ehlo) return hello();
    return say("EHLO", "502 5.5.1 what?");
  }
  if (verb == "HELO") return say(verb, "250 fault.test");
  if (verb == "STARTTLS") return say(verb, faults_.starttls ? "220 go ahead" : "502 5.5.1 no");
  if (verb == "AUTH") return authenticate(line);
  if (verb == "RSET") {
    mail_ = false;
    current_ = {};
    return say(verb, "250 2.0.0 ok");
  }
  if (verb == "QUIT") {
    say(verb, "221 2.0.0 bye");
    dropped_ = true;
    return;
  }
  if (verb == "MAIL") {
    if (mail_) return say(verb, "503 5.5.1 nested MAIL");
    current_ = {};
    current_.from = line;
    return say(verb, "250 2.1.0 ok");
  }
  if (verb == "RCPT") {
    if (!mail_) return say(verb, "503 5.5.1 no MAIL");
    current_.to.emplace_back(line);
    return say(verb, "250 2.1.5 ok");
  }
  if (verb == "DATA") {
    if (!mail_) return say(verb, "503 5.5.1 no MAIL");
    if (current_.to.empty()) return say(verb, "554 5.5.1 no valid recipients");
    return say(verb, "354 go on");
  }
  say(verb, "502 5.5.2 what?");
}

void SmtpScript::end_of_data() {
  data_ = false;
  mail_ = false;
  const bool empty = current_.to.empty();
  taken_.push_back(std::move(current_));
  current_ = {};
  if (empty) {
    taken_.pop_back();
    return say_line("554 5.5.1 no valid recipients");
  }
  say(".", "250 2.0.0 taken");
}

void SmtpScript::check(std::string_view encoded, std::string_view expected) {
  std::string decoded;
  login_step_ = 0;
  if (!from_base64(encoded, decoded)) return say("AUTH", "501 5.5.2 not base64");
  say("AUTH", decoded == expected ? "235 2.7.0 welcome" : "535 5.7.8 wrong");
}

void SmtpScript::authenticate(std::string_view line) {
  const std::size_t blank = faults_.credentials.find(' ');
  const std::string user = faults_.credentials.substr(0, blank);
  const std::string password =
      blank == std::string::npos ? "" : faults_.credentials.substr(blank + 1);
  const std::string plain = '\0' + user + '\0' + password;
  switch (login_step_) {
    case 1: {
      std::string decoded;
      refuse_all_ = !from_base64(line, decoded) || decoded != user;
      login_step_ = 2;
      return say_line("334 UGFzc3dvcmQ6");
    }
    case 2: return check(line, refuse_all_ ? "\x01never" : password);
    case 3: return check(line, plain);
    default: break;
  }
  if (line == "AUTH LOGIN") {
    login_step_ = 1;
    return say_line("334 VXNlcm5hbWU6");
  }
  if (line == "AUTH PLAIN") {
    login_step_ = 3;
    return say_line("334 ");
  }
  if (line.starts_with("AUTH PLAIN ")) return check(line.substr(11), plain);
  say("AUTH", "504 5.5.4 unknown mechanism");
}

namespace {

/// A socket that may have become a TLS connection.
class Wire {
 public:
  explicit Wire(int socket) : socket_(socket) {}
  ~Wire() {
    if (ssl_ != nullptr) SSL_free(ssl_);
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  bool secure(SSL_CTX* context) {
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, socket_);
    return SSL_accept(ssl_) == 1;
  }
  long read(char* bytes, std::size_t size) {
    if (ssl_ != nullptr) return SSL_read(ssl_, bytes, static_cast<int>(size));
    return ::recv(socket_, bytes, size, 0);
  }
  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const long sent = ssl_ != nullptr
                            ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                            : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

 private:
  int socket_;
  SSL* ssl_ = nullptr;
};

}  // namespace

SmtpFaultServer::SmtpFaultServer(SmtpFaults faults) : faults_(std::move(faults)) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  if (faults_.stops_reading_data) {
    const int small = 4096;
    ::setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  }
  socklen_t size = sizeof address;
  if (::bind(listener_, plain, size) != 0 || ::listen(listener_, 128) != 0 ||
      ::getsockname(listener_, plain, &size) != 0) {
    throw std::runtime_error("the fault server cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

SmtpFaultServer::~SmtpFaultServer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
}

void SmtpFaultServer::accept_all() {
  while (!stopping_) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    ++accepted_;
    ++open_;
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] {
      serve(socket);
      --open_;
      const std::lock_guard forget(mutex_);
      std::erase(sockets_, socket);
      ::close(socket);
    });
  }
}

void SmtpFaultServer::serve(int socket) {
  SmtpScript script(faults_, faults_.implicit_tls);
  Wire wire(socket);
  SSL_CTX* context = nullptr;
  const auto secure = [&] {
    context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_chain_file(context, faults_.certificate.c_str());
    SSL_CTX_use_PrivateKey_file(context, faults_.key.c_str(), SSL_FILETYPE_PEM);
    const bool done = wire.secure(context);
    if (done) secured_ = true;
    return done;
  };
  bool alive = !faults_.implicit_tls || secure();
  if (alive && open_ > faults_.most_connections) {
    wire.write("421 4.7.0 too many connections\r\n");
    alive = false;
  }
  std::size_t commands_seen = 0;
  std::size_t taken_seen = 0;
  const auto note = [&] {
    const std::lock_guard lock(mutex_);
    for (; commands_seen < script.commands().size(); ++commands_seen) {
      commands_.push_back(script.commands()[commands_seen]);
    }
    for (; taken_seen < script.taken().size(); ++taken_seen)
      taken_.push_back(script.taken()[taken_seen]);
  };
  if (alive) {
    for (const char c : script.banner()) {
      if (faults_.slow_banner_ms > 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(faults_.slow_banner_ms));
      if (stopping_ || !wire.write({&c, 1})) alive = false;
    }
  }
  while (alive && !script.dropped() && !stopping_) {
    char bytes[16384];
    const long size = wire.read(bytes, sizeof bytes);
    if (size <= 0) break;
    const std::string_view read(bytes, static_cast<std::size_t>(size));
    if (read.find("\r\n.\r\nMAIL FROM") != std::string_view::npos) ++grouped_;
    std::string reply = script.feed(read);
    note();
    if (script.wants_tls()) reply += faults_.injected;
    if (!wire.write(reply)) break;
    if (script.wants_tls()) {
      if (!secure()) break;
      script.secured();
    }
    while (faults_.stops_reading_data && script.in_data() && !stopping_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  note();
  if (faults_.reset) {
    const linger hard{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  } else {
    ::shutdown(socket, SHUT_WR);
  }
  if (context != nullptr) SSL_CTX_free(context);
}

std::vector<SmtpScript::Taken> SmtpFaultServer::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

std::vector<std::string> SmtpFaultServer::commands() const {
  const std::lock_guard lock(mutex_);
  return commands_;
}

}  // namespace retaind::testing
