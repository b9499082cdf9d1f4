#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "transport/smtp_policy.h"
#include "transport/smtp_reply.h"

namespace retaind::transport {

/// What the server offered in its reply to EHLO.
struct SmtpExtensions {
  bool pipelining = false;       ///< RFC 2920
  bool starttls = false;         ///< RFC 3207
  bool smtputf8 = false;         ///< RFC 6531
  bool eight_bit_mime = false;   ///< RFC 6152
  bool size = false;             ///< RFC 1870
  std::uint64_t size_limit = 0;  ///< 0: none told
  bool auth_plain = false;       ///< RFC 4954
  bool auth_login = false;
};
/// `text`: the lines of the reply. Unknown and malformed lines are ignored.
SmtpExtensions parse_ehlo(std::string_view text);

/// The dialogue from the banner to the point where mail may flow: EHLO, STARTTLS and EHLO again,
/// AUTH. Does no I/O. Credentials are never offered in clear, except to a server on this machine.
class SmtpGreeting {
 public:
  enum class State : std::uint8_t { talking, wants_tls, ready, failed };

  explicit SmtpGreeting(const SmtpPolicy& policy) : policy_(policy) {}
  /// Connected. `local_address` is ours, as an address literal without brackets ("192.0.2.1",
  /// "IPv6:::1").
  void start(std::string_view local_address, bool peer_is_loopback);
  /// The handshake is done.
  void secured();
  /// The reply to what was last asked.
  void take(const SmtpReply& reply);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] SmtpWait waiting() const;
  /// What to write now, with CRLF; empty when there is nothing. Taken once.
  std::string take_command();
  [[nodiscard]] const SmtpExtensions& extensions() const { return extensions_; }
  /// Why it failed, with the remedy where there is one.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  enum class Step : std::uint8_t {
    banner,
    ehlo,
    helo,
    starttls,
    auth_plain,
    auth_login_user,
    auth_login_password,
    auth_result
  };

  void hello(Step step);
  void take_hello(const SmtpReply& reply);
  void authenticate();
  void take_auth(const SmtpReply& reply);
  void ask(Step step, std::string command);
  void fail(std::string why);

  const SmtpPolicy& policy_;
  State state_ = State::talking;
  Step step_ = Step::banner;
  bool secure_ = false;
  bool greeted_ = false;
  bool loopback_ = false;
  std::string local_address_;
  SmtpExtensions extensions_;
  std::string command_;
  std::string failure_;
};

}  // namespace retaind::transport
