#pragma once
#include <cstdint>
#include <string>

#include "model/site.h"

namespace retaind::transport {

/// What every connection to one SMTP host must know.
struct SmtpPolicy {
  SmtpSettings settings;
  std::string password;  ///< text of the credential file, without its line end; empty: no AUTH
  Duration idle{std::chrono::seconds{60}};  ///< how long an unused connection is kept
};

/// What a connection is waiting for; decides how long it may.
enum class SmtpWait : std::uint8_t {
  connection,  ///< TCP connect of one address
  handshake,   ///< TLS
  banner,
  command,  ///< EHLO, STARTTLS, AUTH, MAIL, RCPT, RSET
  data,     ///< the 354
  block,    ///< the peer to take more of the message
  end_of_data,
  quit,
  work,  ///< nothing is in flight: an idle connection
};

/// RFC 5321 4.5.3.2 unless `settings.timeout` says otherwise (not for `quit` and `work`, which are
/// ours).
Duration time_limit(SmtpWait wait, const SmtpPolicy& policy);

}  // namespace retaind::transport
