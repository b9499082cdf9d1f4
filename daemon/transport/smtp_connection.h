#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "transport/loop.h"
#include "transport/smtp_session.h"

namespace retaind::transport {

/// The certificate check of one SMTP host, shared by its connections.
class SmtpTls;
/// Null without TLS. `problem` tells, with the remedy, why there is none (an unreadable `ca-file`);
/// empty when all is well.
std::shared_ptr<SmtpTls> make_smtp_tls(const SmtpSettings& settings, std::string& problem);

/// A session with its socket: resolves, connects, speaks TLS, keeps the time-outs. Destroying it
/// closes the socket.
class SmtpConnection {
 public:
  /// `changed` is called from the loop after anything happened: outcomes, readiness, the end.
  SmtpConnection(Loop& loop, const SmtpPolicy& policy, std::shared_ptr<SmtpTls> tls,
                 const Clock& clock, std::function<void()> changed);
  ~SmtpConnection();
  SmtpConnection(const SmtpConnection&) = delete;
  SmtpConnection& operator=(const SmtpConnection&) = delete;

  /// Starts to connect.
  void open();
  [[nodiscard]] SmtpSession& session();
  [[nodiscard]] const SmtpSession& session() const;
  /// Writes what the session has to say and watches for the answer.
  void flush();

 private:
  struct Io;
  std::shared_ptr<Io> io_;
};

}  // namespace retaind::transport
