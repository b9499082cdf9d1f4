#pragma once
#include <string>
#include <string_view>

#include "delivery/transport.h"

namespace retaind::transport {

/// RFC 3463 status ("5.1.1"); all zero when the reply carries none.
struct EnhancedStatus {
  int kind = 0;
  int subject = 0;
  int detail = 0;
  bool operator==(const EnhancedStatus&) const = default;
};
/// The status at the start of a reply's text; zeros when there is none.
EnhancedStatus parse_enhanced_status(std::string_view text);

/// A whole reply (RFC 5321 4.2). Of several lines the last one's code counts.
struct SmtpReply {
  int code = 0;
  EnhancedStatus status;  ///< of the first line
  std::string text;       ///< without the codes, lines separated by '\n'
};
/// "550 5.1.1 no such user", for people.
std::string describe(const SmtpReply& reply);

/// Puts replies together from whatever pieces the network brings.
class SmtpReplyReader {
 public:
  /// RFC 5321 4.5.3.1.5 allows 512 octets a line. Eight times that is still a reply; more is no
  /// SMTP.
  static constexpr std::size_t max_line = 4096;
  static constexpr std::size_t max_lines = 256;

  enum class Status { more, reply, garbage };
  /// Consumes from the front of `input`, up to the end of one reply.
  Status next(std::string_view& input);
  /// The reply just completed; valid until the next call.
  [[nodiscard]] const SmtpReply& reply() const { return reply_; }
  /// What was wrong, after `garbage`.
  [[nodiscard]] const std::string& complaint() const { return complaint_; }
  /// Forgets a half-read reply.
  void clear();

 private:
  Status take_line(std::string_view line);

  std::string line_;
  SmtpReply reply_;
  std::size_t lines_ = 0;
  std::string complaint_;
};

/// What a reply to MAIL, RCPT, DATA or the end of data means for the message.
struct SmtpVerdict {
  delivery::OutcomeKind kind = delivery::OutcomeKind::sent;
  /// The host or our use of it, not this message. With `deferred`: stop talking to the host for
  /// now. With `rejected`: final, but never to be held against the recipient.
  bool host_trouble = false;
};
/// One table, first match wins: code and enhanced status, then the code's first digit.
SmtpVerdict classify(const SmtpReply& reply);

}  // namespace retaind::transport
