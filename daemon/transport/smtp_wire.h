#pragma once
#include <string>
#include <string_view>

#include "delivery/transport.h"
#include "transport/smtp_greeting.h"

namespace retaind::transport {

/// The message as it travels between DATA and the final ".CRLF": lines that begin with "." get
/// another one (RFC 5321 4.5.2), bare CR and bare LF become CRLF (a server that takes them for line
/// ends could be made to see another message), and it ends in CRLF. Copies nothing when there is
/// nothing to change.
std::string wire_form(std::string message);

/// An address may stand in an envelope: no control characters, nothing that ends the path outside
/// quotes.
bool is_safe_path(std::string_view address);
/// Bytes over 127 need SMTPUTF8 (RFC 6531) in an address and 8BITMIME (RFC 6152) in a message.
bool is_ascii(std::string_view bytes);

/// "MAIL FROM:<…> SIZE=… …" with the parameters that the server understands, CRLF at the end.
std::string mail_command(const delivery::Outgoing& message, const SmtpExtensions& offered);
std::string rcpt_command(std::string_view address);

/// Why this server cannot get this message at all, as "5.x.y words"; empty when it can.
std::string refuse_locally(const delivery::Outgoing& message, const SmtpExtensions& offered);

}  // namespace retaind::transport
