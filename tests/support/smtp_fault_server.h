#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace retaind::testing {

/// What an SMTP server of the tests does wrong. By default nothing.
struct SmtpFaults {
  bool pipelining = true;
  bool smtputf8 = true;
  bool eight_bit_mime = true;
  bool ehlo = true;
  long size_limit = 0;      ///< 0: SIZE without a limit; -1: no SIZE
  std::string auth;         ///< mechanisms on the AUTH line; empty: none
  std::string credentials;  ///< "user password"
  std::string banner = "220 fault.test ESMTP";
  /// The reply to the n-th use (from 0) of a verb: "MAIL", "RCPT", "DATA", ".", …; empty: as usual;
  /// "-": none at all.
  std::function<std::string(std::string_view verb, int n)> answer;
  long drop_after_read = -1;     ///< closes once this many bytes came
  long drop_after_written = -1;  ///< closes once this many bytes were said

  // Only with sockets.
  bool starttls = false;  ///< offered
  bool implicit_tls = false;
  std::string certificate;  ///< PEM files
  std::string key;
  std::string injected;             ///< said in clear right behind the reply to STARTTLS
  bool reset = false;               ///< drops with RST rather than FIN
  int slow_banner_ms = 0;           ///< pause between the bytes of the banner
  bool stops_reading_data = false;  ///< reads nothing after its 354
  int most_connections = 1000;      ///< further ones get a 421
};

/// An SMTP server without a socket: bytes in, bytes out. Remembers what it took.
class SmtpScript {
 public:
  struct Taken {
    std::string from;
    std::vector<std::string> to;
    std::string bytes;  ///< without the stuffed dots
  };
  explicit SmtpScript(const SmtpFaults& faults, bool tls = false) : faults_(faults), tls_(tls) {}

  std::string banner();
  /// What it answers. Sets dropped() when it has had enough.
  std::string feed(std::string_view bytes);
  bool dropped() const { return dropped_; }
  bool wants_tls() const { return wants_tls_; }
  bool in_data() const { return data_; }
  void secured();
  const std::vector<Taken>& taken() const { return taken_; }
  const std::vector<std::string>& commands() const { return commands_; }

 private:
  void command(std::string_view line);
  void say(std::string_view verb, std::string_view usual);
  void say_line(std::string_view line);
  void hello();
  void authenticate(std::string_view line);
  void end_of_data();
  void check(std::string_view encoded, std::string_view expected);

  const SmtpFaults& faults_;
  bool tls_;
  std::string line_;
  std::string out_;
  std::map<std::string, int, std::less<>> used_;
  std::vector<std::string> commands_;
  std::vector<Taken> taken_;
  Taken current_;
  bool mail_ = false;
  bool data_ = false;
  bool wants_tls_ = false;
  bool dropped_ = false;
  bool silent_ = false;
  bool refuse_all_ = false;
  int login_step_ = 0;  ///< 1: user awaited, 2: password, 3: PLAIN
  long read_ = 0;
  long written_ = 0;
};

/// The same behind a socket on 127.0.0.1, a thread for each connection.
class SmtpFaultServer {
 public:
  explicit SmtpFaultServer(SmtpFaults faults);
  ~SmtpFaultServer();
  SmtpFaultServer(const SmtpFaultServer&) = delete;
  SmtpFaultServer& operator=(const SmtpFaultServer&) = delete;

  int port() const { return port_; }
  /// Of all connections so far, also those still open.
  std::vector<SmtpScript::Taken> taken() const;
  std::vector<std::string> commands() const;
  /// Reads that brought the end of a message together with the next envelope.
  int grouped_reads() const { return grouped_; }
  int connections() const { return accepted_; }
  int open_connections() const { return open_; }
  bool secured_once() const { return secured_; }

 private:
  void accept_all();
  void serve(int socket);

  SmtpFaults faults_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> accepted_ = 0;
  std::atomic<int> open_ = 0;
  std::atomic<int> grouped_ = 0;
  std::atomic<bool> secured_ = false;
  mutable std::mutex mutex_;
  std::vector<SmtpScript::Taken> taken_;
  std::vector<std::string> commands_;
  std::vector<std::thread> threads_;
  std::vector<int> sockets_;
  std::thread acceptor_;
};

}  // namespace retaind::testing
