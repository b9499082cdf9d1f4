#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/money.h"
#include "base/zone.h"
#include "model/charset.h"
#include "model/vocabulary.h"

namespace retaind {

enum class TlsMode { none, starttls, implicit };

/// Settings of retaind.yaml, read by language/site. Secrets are only ever names of files.
struct SmtpSettings {
  std::string host;
  int port = 0;
  TlsMode tls = TlsMode::starttls;
  bool insecure = false;          ///< `insecure: yes`: a remote host without TLS is accepted
  std::filesystem::path ca_file;  ///< empty: the system's
  std::string user;
  std::filesystem::path password_file;  ///< `password-file`
  std::string helo;  ///< empty: address literal of the local end (RFC 5321 4.1.4)
  int connections = 8;
  int messages_per_connection = 500;
  int pipeline = 48;    ///< at most so many messages a connection at once
  Duration timeout{0};  ///< 0: the RFC 5321 4.5.3.2 time-outs for each command
};

struct Endpoint {
  std::string url;
  std::filesystem::path
      secret_file;  ///< `secret-file`: whsec_… of Standard Webhooks; empty: unsigned
  std::filesystem::path token_file;  ///< `token-file`: sent as Authorization: Bearer
  bool allow_private = false;        ///< `allow-private: yes`: an on-premise target
};

struct Team {
  std::vector<std::string> to;
  std::string locale;  ///< empty: the site's
};

struct Cap {
  int messages = 2;
  Span within{0, 7, Duration{0}, false};
};

struct Site {
  std::filesystem::path directory;
  std::string name;              ///< of the shop
  std::filesystem::path store;   ///< SQLite file
  std::filesystem::path socket;  ///< control socket
  std::filesystem::path maildir;
  Zone zone = Zone::utc();
  std::string locale = "en";
  Currency currency;
  /// What rules can name; of vocabulary.yaml when there is one.
  std::shared_ptr<const Vocabulary> vocabulary = Vocabulary::shipped();
  bool deliver_live = false;         ///< `deliver: live`; otherwise every transport is the maildir
  std::vector<std::string> only_to;  ///< staging: addresses or "@domain"; empty: everyone

  struct Sender {
    std::string name;
    std::string address;
    std::string reply_to;
    std::string postal_address;
    Charset charset = Charset::utf_8;
  } sender;
  std::string unsubscribe_url;  ///< https; "{customer}" and "{token}" are filled in
  std::string unsubscribe_mailto;
  std::string survey_url;  ///< "{token}" and "{kind}" are filled in, else ?t=TOKEN is appended
  std::string ticket_url;  ///< "{number}" is filled in, when the ticket has no link of its own
  std::filesystem::path secret_file;  ///< key that signs survey and unsubscribe tokens

  std::optional<SmtpSettings> smtp;
  std::map<std::string, Endpoint, std::less<>> endpoints;
  std::map<std::string, Team, std::less<>> teams;
  std::map<std::string, Calendar, std::less<>> calendars;
  Cap cap;
  double holdout = 0;                  ///< site-wide share, 0 … 1
  bool feedback_needs_consent = true;  ///< `feedback-basis: consent` or `existing-customers`

  struct Retention {
    int changes_days = 30;
    int traces_days = 90;
    int bodies_days = 90;
  } retention;
};

}  // namespace retaind
