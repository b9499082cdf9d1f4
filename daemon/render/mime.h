#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/zone.h"
#include "model/charset.h"
#include "render/transfer.h"

namespace retaind::render {

struct Mailbox {
  std::string name;     ///< UTF-8, may be empty
  std::string address;  ///< as parse_email accepts it
  bool operator==(const Mailbox&) const = default;
};

/// A mail, before it is bytes.
struct Mail {
  Mailbox from;
  std::vector<Mailbox> to;
  std::string reply_to;  ///< as read_mailbox reads it; may be empty
  std::string subject;
  std::string text;
  std::string html;  ///< empty: no multipart
  /// Of headers and bodies. A mail with one character that ISO-2022-JP lacks is UTF-8, all of it.
  Charset charset = Charset::utf_8;
  std::string message_id;   ///< without <>; stable over retries
  std::string in_reply_to;  ///< without <>; also becomes References
  Time date;
  Zone zone = Zone::utc();  ///< for the Date header
  std::string
      list_unsubscribe_url;  ///< RFC 2369; with an https URL also RFC 8058's one-click header
  std::string list_unsubscribe_mailto;  ///< address, without "mailto:"
  std::string list_id;                  ///< RFC 2919, "news.example.com"
  std::string feedback_id;
  bool auto_generated = false;  ///< Auto-Submitted: auto-generated (RFC 3834 5)
  std::vector<std::pair<std::string, std::string>> extra;  ///< "X-Retaind-…" headers, ASCII values
};

struct BuiltMail {
  std::string
      bytes;  ///< CRLF lines of at most 998 octets, 7-bit unless needs_smtputf8; not dot-stuffed
  bool needs_smtputf8 = false;
};

/// "Name <address>", "\"Last, First\" <address>" or an address alone, as templates and settings
/// write it; empty when the address is none.
std::optional<Mailbox> read_mailbox(std::string_view text);

/// RFC 5322, 2045-2047, 2231. CR, LF or NUL in anything that becomes a header is an error, never
/// stripped; bidi and control characters in display names are removed (UTS 39).
Result<BuiltMail> build_mail(const Mail& mail);

/// What one mail of a template leaves for the next; the bytes are the same without it.
struct MailMemo {
  BodyMemo text;
  BodyMemo html;
  Mailbox from;  ///< checked
  Charset from_charset = Charset::utf_8;
  std::string from_line;  ///< its header; empty: there was none yet
  bool from_needs_smtputf8 = false;
  std::string date_text;  ///< of `date` in `zone`; empty: there was none yet
  Time date;
  Zone zone = Zone::utc();
};
Result<BuiltMail> build_mail(const Mail& mail, MailMemo& memo);
/// The error with which build_mail() would refuse it.
Result<void> check_mail(const Mail& mail, MailMemo& memo);

}  // namespace retaind::render
