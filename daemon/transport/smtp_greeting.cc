#include "transport/smtp_greeting.h"

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "base/text.h"

namespace retaind::transport {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

void note_auth(std::string_view mechanisms, SmtpExtensions& out) {
  for (const std::string_view word : split(mechanisms, ' ')) {
    const std::string mechanism = lower_ascii(word);
    if (mechanism == "plain") out.auth_plain = true;
    if (mechanism == "login") out.auth_login = true;
  }
}

}  // namespace

Duration time_limit(SmtpWait wait, const SmtpPolicy& policy) {
  if (wait == SmtpWait::quit) return seconds{10};
  if (wait == SmtpWait::work) return policy.idle;
  if (policy.settings.timeout.count() > 0) return policy.settings.timeout;
  switch (wait) {
    case SmtpWait::connection: return seconds{30};
    case SmtpWait::handshake:
    case SmtpWait::data: return minutes{2};
    case SmtpWait::block: return minutes{3};
    case SmtpWait::end_of_data: return minutes{10};
    default: return minutes{5};
  }
}

SmtpExtensions parse_ehlo(std::string_view text) {
  SmtpExtensions out;
  const std::vector<std::string_view> lines = split(text, '\n');
  for (std::size_t i = 1; i < lines.size(); ++i) {  // the first line is the server's name
    const std::string_view line = trim(lines[i]);
    const std::size_t end = std::min(line.find_first_of(" ="), line.size());
    const std::string word = lower_ascii(line.substr(0, end));
    const std::string_view rest = trim(line.substr(std::min(end + 1, line.size())));
    if (word == "pipelining") out.pipelining = true;
    if (word == "starttls") out.starttls = true;
    if (word == "smtputf8") out.smtputf8 = true;
    if (word == "8bitmime") out.eight_bit_mime = true;
    if (word == "auth") note_auth(rest, out);  // also the old "AUTH=LOGIN"
    if (word == "size") {
      out.size = true;
      std::from_chars(rest.data(), rest.data() + rest.size(), out.size_limit);
    }
  }
  return out;
}

void SmtpGreeting::start(std::string_view local_address, bool peer_is_loopback) {
  local_address_ = local_address;
  loopback_ = peer_is_loopback;
  const SmtpSettings& settings = policy_.settings;
  if (settings.tls == TlsMode::implicit) state_ = State::wants_tls;
  if (settings.tls == TlsMode::none && !loopback_ && !settings.insecure) {
    fail(
        "mail to another machine does not travel in clear; write `tls: starttls` or `tls: "
        "implicit`, or "
        "`insecure: yes` if it may");
  }
}

void SmtpGreeting::secured() {
  secure_ = true;
  state_ = State::talking;
  extensions_ = {};  // RFC 3207 4.2: forget what was learnt in clear
  if (greeted_) hello(Step::ehlo);
}

SmtpWait SmtpGreeting::waiting() const {
  if (state_ == State::wants_tls) return SmtpWait::handshake;
  return step_ == Step::banner ? SmtpWait::banner : SmtpWait::command;
}

std::string SmtpGreeting::take_command() {
  std::string command;
  command.swap(command_);
  return command;
}

void SmtpGreeting::ask(Step step, std::string command) {
  step_ = step;
  command_ = std::move(command) + "\r\n";
}

void SmtpGreeting::fail(std::string why) {
  state_ = State::failed;
  failure_ = std::move(why);
}

void SmtpGreeting::hello(Step step) {
  const std::string& name = policy_.settings.helo;
  ask(step, (step == Step::ehlo ? "EHLO " : "HELO ") +
                (name.empty() ? '[' + local_address_ + ']' : name));
}

void SmtpGreeting::take(const SmtpReply& reply) {
  switch (step_) {
    case Step::banner:
      if (reply.code / 100 != 2) return fail("the server does not greet: " + describe(reply));
      greeted_ = true;
      return hello(Step::ehlo);
    case Step::ehlo:
    case Step::helo: return take_hello(reply);
    case Step::starttls:
      if (reply.code != 220) return fail("STARTTLS is refused: " + describe(reply));
      state_ = State::wants_tls;
      return;
    default: return take_auth(reply);
  }
}

void SmtpGreeting::take_hello(const SmtpReply& reply) {
  if (reply.code / 100 != 2) {
    // RFC 5321 3.2: a server without EHLO says 500 or 502; some say 501 or 550.
    if (step_ == Step::ehlo && reply.code / 100 == 5) return hello(Step::helo);
    return fail("our greeting is refused: " + describe(reply));
  }
  extensions_ = step_ == Step::ehlo ? parse_ehlo(reply.text) : SmtpExtensions{};
  if (policy_.settings.tls == TlsMode::starttls && !secure_) {
    if (extensions_.starttls) return ask(Step::starttls, "STARTTLS");
    if (!policy_.settings.insecure) {
      return fail(
          "the server does not offer STARTTLS, so nothing was sent; write `tls: none` for a server "
          "on this "
          "machine, or `insecure: yes` if mail may travel in clear");
    }
  }
  if (!policy_.settings.user.empty()) return authenticate();
  state_ = State::ready;
}

void SmtpGreeting::authenticate() {
  if (!secure_ && !loopback_) {
    return fail("the password is not sent without TLS; write `tls: starttls` or `tls: implicit`");
  }
  const std::string& user = policy_.settings.user;
  if (extensions_.auth_plain) {
    std::string identity = '\0' + user + '\0' + policy_.password;  // RFC 4616
    const std::string encoded = base64(identity);
    constexpr std::size_t longest_command =
        510;  // RFC 4954 4: a longer initial response waits for the 334
    if (encoded.size() + 11 <= longest_command)
      return ask(Step::auth_result, "AUTH PLAIN " + encoded);
    return ask(Step::auth_plain, "AUTH PLAIN");
  }
  if (extensions_.auth_login) return ask(Step::auth_login_user, "AUTH LOGIN");
  fail(
      "the server offers no way to sign in that we speak (PLAIN, LOGIN); remove `user` if it needs "
      "none");
}

void SmtpGreeting::take_auth(const SmtpReply& reply) {
  const bool asked_for_more = reply.code == 334;
  if (step_ == Step::auth_result && reply.code / 100 == 2) {
    state_ = State::ready;
  } else if (step_ == Step::auth_plain && asked_for_more) {
    ask(Step::auth_result, base64('\0' + policy_.settings.user + '\0' + policy_.password));
  } else if (step_ == Step::auth_login_user && asked_for_more) {
    ask(Step::auth_login_password, base64(policy_.settings.user));
  } else if (step_ == Step::auth_login_password && asked_for_more) {
    ask(Step::auth_result, base64(policy_.password));
  } else {
    fail("the server does not let us sign in: " + describe(reply) +
         "; check `user` and `password-file`");
  }
}

}  // namespace retaind::transport
