#include "render/mime.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/text.h"
#include "render/charset.h"
#include "render/header.h"
#include "render/lexer.h"
#include "render/transfer.h"

namespace retaind::render {
namespace {

// RFC 5322 2.1.1, less the name of the longest header.
constexpr std::size_t longest_token = 900;

Error invalid(std::string message) { return {ErrorKind::invalid, std::move(message)}; }

Result<void> refuse_breaks(std::string_view what, std::string_view text,
                           std::string_view part = {}) {
  const auto breaks = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  if (std::none_of(text.begin(), text.end(), breaks)) return {};
  return invalid(
      fmt::format("the {}{} holds a line break or NUL, which would forge headers; remove it from "
                  "the template or the data",
                  what, part));
}

bool is_graphic(char c) { return c > ' ' && c < 0x7F; }
bool is_graphic(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_graphic(c); });
}

struct Address {
  std::string name;
  EmailAddress address;
};

/// Everything that becomes a header, checked.
struct Checked {
  std::vector<Address> to;
  std::optional<Address> reply_to;
  std::string unsubscribe_mailto;
  bool needs_smtputf8 = false;
};

Result<Address> check_mailbox(std::string_view what, const Mailbox& mailbox) {
  if (auto fine = refuse_breaks(what, mailbox.name, " name"); !fine) return fine.error();
  if (auto fine = refuse_breaks(what, mailbox.address, " address"); !fine) return fine.error();
  const auto address = parse_email(mailbox.address);
  if (!address)
    return invalid(fmt::format("the {} address is no e-mail address; correct it", what));
  return Address{mailbox.name, *address};
}

/// Nearly always the sender of the mail before.
Result<void> check_from(const Mailbox& sender, Charset charset, MailMemo& memo) {
  if (!memo.from_line.empty() && memo.from == sender && memo.from_charset == charset) return {};
  memo.from_line.clear();
  const auto from = check_mailbox("from", sender);
  if (!from) return from.error();
  memo.from = sender;
  memo.from_charset = charset;
  memo.from_needs_smtputf8 = from->address.needs_smtputf8();
  HeaderWriter header(memo.from_line, charset);
  header.begin("From");
  header.mailbox(from->name, from->address, true);
  header.end();
  return {};
}

Result<void> check_addresses(const Mail& mail, Charset charset, Checked& checked, MailMemo& memo) {
  if (auto fine = check_from(mail.from, charset, memo); !fine) return fine;
  if (mail.to.empty()) return invalid("the mail has no recipient; give one");
  for (const Mailbox& one : mail.to) {
    auto to = check_mailbox("to", one);
    if (!to) return to.error();
    checked.to.push_back(std::move(*to));
  }
  if (!mail.reply_to.empty()) {
    if (auto fine = refuse_breaks("reply-to address", mail.reply_to); !fine) return fine;
    const auto mailbox = read_mailbox(mail.reply_to);
    if (!mailbox)
      return invalid("the reply-to address is no e-mail address; write `Name <address>`");
    auto reply_to = check_mailbox("reply-to", *mailbox);
    if (!reply_to) return reply_to.error();
    checked.reply_to = std::move(*reply_to);
  }
  const auto utf8 = [](const Address& one) { return one.address.needs_smtputf8(); };
  checked.needs_smtputf8 = memo.from_needs_smtputf8 ||
                           std::any_of(checked.to.begin(), checked.to.end(), utf8) ||
                           (checked.reply_to && utf8(*checked.reply_to));
  return {};
}

Result<void> check_message_id(std::string_view what, std::string_view id, bool may_be_empty) {
  if (id.empty() && may_be_empty) return {};
  const bool fine = is_graphic(id) && id.find_first_of("<>") == std::string_view::npos &&
                    id.size() <= longest_token && id.find('@') != std::string_view::npos &&
                    id.front() != '@' && id.back() != '@';
  if (fine) return {};
  return invalid(
      fmt::format("the {} is no message id; write left@right in ASCII, without <>", what));
}

bool is_list_url(std::string_view url) {
  return (starts_with_ignoring_case(url, "https://") ||
          starts_with_ignoring_case(url, "http://")) &&
         is_graphic(url) && url.find_first_of("<>\"") == std::string_view::npos &&
         url.size() <= longest_token;
}

// RFC 6068: what is no plain address character is percent-encoded.
Result<std::string> mailto_of(std::string_view text) {
  const std::size_t query = std::min(text.find('?'), text.size());
  const auto address = parse_email(text.substr(0, query));
  if (!address || address->needs_smtputf8() || !is_graphic(text.substr(query)) ||
      text.find_first_of("<>", query) != std::string_view::npos) {
    return invalid(
        "the unsubscribe address is no ASCII e-mail address; correct it in the settings");
  }
  std::string out = "mailto:";
  for (const char c : address->envelope()) {
    const bool plain =
        is_graphic(c) && std::string_view("\"%<>\\[]").find(c) == std::string_view::npos;
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out + std::string(text.substr(query));
}

Result<void> check_list(const Mail& mail, Checked& checked) {
  if (!mail.list_unsubscribe_url.empty() && !is_list_url(mail.list_unsubscribe_url)) {
    return invalid("the unsubscribe link is no http URL in ASCII; percent-encode what is not");
  }
  if (!mail.list_unsubscribe_mailto.empty()) {
    auto mailto = mailto_of(mail.list_unsubscribe_mailto);
    if (!mailto) return mailto.error();
    checked.unsubscribe_mailto = std::move(*mailto);
  }
  const bool dotted =
      is_graphic(mail.list_id) && mail.list_id.find_first_of("<>\"(),:;@[]\\") == std::string::npos;
  if (!dotted || mail.list_id.size() > 255)
    return invalid("the list id is no dotted name; write one such as news.example.com");
  // Gmail reads at most four fields.
  const bool fields = is_graphic(mail.feedback_id) &&
                      std::count(mail.feedback_id.begin(), mail.feedback_id.end(), ':') <= 3;
  if (!fields || mail.feedback_id.size() > 255)
    return invalid("the feedback id is not up to four ASCII fields with `:` between them");
  return {};
}

Result<void> check_extra(std::string_view name, std::string_view value) {
  static constexpr std::array<std::string_view, 22> ours = {"date",
                                                            "from",
                                                            "to",
                                                            "cc",
                                                            "bcc",
                                                            "sender",
                                                            "reply-to",
                                                            "subject",
                                                            "message-id",
                                                            "in-reply-to",
                                                            "references",
                                                            "list-unsubscribe",
                                                            "list-unsubscribe-post",
                                                            "list-id",
                                                            "feedback-id",
                                                            "auto-submitted",
                                                            "mime-version",
                                                            "content-type",
                                                            "content-transfer-encoding",
                                                            "return-path",
                                                            "received",
                                                            "dkim-signature"};
  const bool is_name = !name.empty() && name.size() <= 76 && is_graphic(name) &&
                       name.find(':') == std::string_view::npos;
  if (!is_name) return invalid("an extra header has no valid name; use letters and -");
  const auto is_this = [&](std::string_view one) {
    return one.size() == name.size() && starts_with_ignoring_case(name, one);
  };
  if (std::any_of(ours.begin(), ours.end(), is_this)) {
    return invalid(
        fmt::format("the header {} is the builder's own; it cannot be given twice", name));
  }
  std::size_t word = 0;
  for (const char c : value) {
    word = c == ' ' ? 0 : word + 1;
    if ((!is_graphic(c) && c != ' ') || word > longest_token)
      return invalid(fmt::format("the header {} is not printable ASCII; encode it", name));
  }
  if (value.empty() || value.front() == ' ' || value.back() == ' ')
    return invalid(fmt::format("the header {} has no value, or spaces around it", name));
  return {};
}

Result<Checked> check(const Mail& mail, Charset charset, MailMemo& memo) {
  Checked checked;
  if (auto fine = check_addresses(mail, charset, checked, memo); !fine) return fine.error();
  if (auto fine = refuse_breaks("subject", mail.subject); !fine) return fine.error();
  if (auto fine = check_message_id("message id", mail.message_id, false); !fine)
    return fine.error();
  if (auto fine = check_message_id("id of the mail it replies to", mail.in_reply_to, true); !fine)
    return fine.error();
  if (auto fine = check_list(mail, checked); !fine) return fine.error();
  for (const auto& [name, value] : mail.extra) {
    if (auto fine = check_extra(name, value); !fine) return fine.error();
  }
  return checked;
}

void token_header(HeaderWriter& header, std::string_view name, std::string_view token) {
  header.begin(name);
  header.token(token);
  header.end();
}

void list_headers(HeaderWriter& header, const Mail& mail, const Checked& checked) {
  const bool url = !mail.list_unsubscribe_url.empty();
  if (url || !checked.unsubscribe_mailto.empty()) {
    header.begin("List-Unsubscribe");
    if (url)
      header.token(fmt::format("<{}>{}", mail.list_unsubscribe_url,
                               checked.unsubscribe_mailto.empty() ? "" : ","));
    if (!checked.unsubscribe_mailto.empty()) header.token("<" + checked.unsubscribe_mailto + ">");
    header.end();
  }
  // RFC 8058 3.1: only with an https URI.
  if (starts_with_ignoring_case(mail.list_unsubscribe_url, "https://"))
    token_header(header, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
  if (!mail.list_id.empty()) token_header(header, "List-Id", "<" + mail.list_id + ">");
  if (!mail.feedback_id.empty()) token_header(header, "Feedback-ID", mail.feedback_id);
}

void headers(std::string& out, const Mail& mail, const Checked& checked, Charset charset,
             MailMemo& memo) {
  HeaderWriter header(out, charset);
  // Hundreds of mails leave in one second.
  if (memo.date_text.empty() || memo.date != mail.date || !(memo.zone == mail.zone)) {
    memo.date = mail.date;
    memo.zone = mail.zone;
    memo.date_text = to_rfc5322(mail.date, mail.zone);
  }
  token_header(header, "Date", memo.date_text);
  out += memo.from_line;
  header.begin("To");
  for (const Address& one : checked.to)
    header.mailbox(one.name, one.address, &one == &checked.to.back());
  header.end();
  if (checked.reply_to) {
    header.begin("Reply-To");
    header.mailbox(checked.reply_to->name, checked.reply_to->address, true);
    header.end();
  }
  header.text("Subject", to_valid_utf8(mail.subject));
  token_header(header, "Message-ID", "<" + mail.message_id + ">");
  if (!mail.in_reply_to.empty()) {
    token_header(header, "In-Reply-To", "<" + mail.in_reply_to + ">");
    token_header(header, "References", "<" + mail.in_reply_to + ">");
  }
  list_headers(header, mail, checked);
  if (mail.auto_generated) token_header(header, "Auto-Submitted", "auto-generated");
  for (const auto& [name, value] : mail.extra) header.text(name, value);
  out += "MIME-Version: 1.0\r\n";
}

/// What the parts say, in `charset`.
struct Bodies {
  Charset charset = Charset::utf_8;
  std::string_view text;
  std::string_view html;
};

void part(std::string& out, std::string_view type, std::string_view text, Charset charset,
          BodyMemo& memo) {
  std::string valid;
  std::optional<Transfer> transfer =
      charset == Charset::utf_8 ? memo.look_at(text) : std::optional(transfer_for_7bit(text));
  if (!transfer) {
    valid = to_valid_utf8(text);
    text = valid;
    transfer = memo.look_at(text);
  }
  out += "Content-Type: ";
  out += type;
  out += "; charset=";
  out += charset_name(charset);
  out += "\r\nContent-Transfer-Encoding: ";
  out += transfer_name(*transfer);
  out += "\r\n\r\n";
  if (charset == Charset::utf_8)
    memo.append(out, text, *transfer);
  else
    append_encoded(out, text, *transfer);
  // In a multipart the break in front of the boundary belongs to the boundary (RFC 2046 5.1.1).
  if (transfer != Transfer::base64) out += "\r\n";
}

void single(std::string& out, std::string_view type, std::string_view text, Charset charset,
            BodyMemo& memo) {
  std::string ended;
  if (text.empty() || (text.back() != '\n' && text.back() != '\r')) {
    ended = text;
    ended += '\n';
    text = ended;
  }
  const std::size_t begin = out.size();
  part(out, type, text, charset, memo);
  // The text ends its own last line here.
  if (out.size() >= begin + 4 && out.compare(out.size() - 4, 4, "\r\n\r\n") == 0)
    out.resize(out.size() - 2);
}

void bodies(std::string& out, const Mail& mail, const Bodies& made, MailMemo& memo) {
  if (made.html.empty()) return single(out, "text/plain", made.text, made.charset, memo.text);
  if (made.text.empty()) return single(out, "text/html", made.html, made.charset, memo.html);
  // No part can hold the boundary: neither "=_" nor "--=" comes out of an encoding, and a part
  // with such a line is encoded.
  const std::string boundary =
      fmt::format("=_{:016x}{:016x}", stable_hash(mail.message_id), stable_hash(mail.subject));
  out += "Content-Type: multipart/alternative;\r\n boundary=\"";
  out += boundary;
  out += "\"\r\n\r\n";
  const auto add = [&](std::string_view type, std::string_view text, BodyMemo& lines) {
    out += "--" + boundary + "\r\n";
    part(out, type, text, made.charset, lines);
  };
  add("text/plain", made.text, memo.text);
  add("text/html", made.html, memo.html);
  out += "--" + boundary + "--\r\n";
}

/// HTML whose `<meta … charset=…>` names what the part's header does: some programs go by the HTML.
std::string naming(Charset charset, std::string html) {
  constexpr std::string_view tag = "<meta", key = "charset";
  const std::string_view name = charset_name(charset);
  const auto find = [&html](std::string_view word, std::size_t from, std::size_t to) {
    while (from < to && !starts_with_ignoring_case(std::string_view(html).substr(from), word))
      ++from;
    return from;
  };
  for (std::size_t at = 0; (at = find(tag, at, html.size())) < html.size(); at += tag.size()) {
    std::size_t end = std::min(html.find('>', at), html.size());
    const auto skip_spaces = [&](std::size_t i) {
      while (i < end && is_space(html[i])) ++i;
      return i;
    };
    for (std::size_t i = at; (i = find(key, i, end)) < end;) {
      i = skip_spaces(i + key.size());
      if (i >= end || html[i] != '=') continue;
      i = skip_spaces(i + 1);
      if (i < end && (html[i] == '"' || html[i] == '\'')) ++i;
      const std::size_t behind = std::min(html.find_first_of("\"'; \t\r\n/>", i), end);
      if (behind <= i) continue;
      html.replace(i, behind - i, name);
      end += name.size() - (behind - i);
    }
  }
  return html;
}

struct Japanese {
  std::string text;
  std::string html;
};

/// The bodies in ISO-2022-JP; empty unless everything that is said in the mail has its place there.
std::optional<Japanese> in_iso_2022_jp(const Mail& mail) {
  const auto fits = [](const std::string& text) {
    return to_iso_2022_jp(to_valid_utf8(text)).has_value();
  };
  const auto name_fits = [](std::string_view name) {
    return to_iso_2022_jp(clean_name(name)).has_value();
  };
  if (!fits(mail.subject) || !name_fits(mail.from.name) || !name_fits(mail.reply_to) ||
      !std::all_of(mail.to.begin(), mail.to.end(),
                   [&](const Mailbox& one) { return name_fits(one.name); }))
    return std::nullopt;
  auto text = to_iso_2022_jp(to_valid_utf8(mail.text));
  auto html = to_iso_2022_jp(naming(Charset::iso_2022_jp, to_valid_utf8(mail.html)));
  if (!text || !html) return std::nullopt;
  return Japanese{std::move(*text), std::move(*html)};
}

}  // namespace

std::optional<Mailbox> read_mailbox(std::string_view text) {
  text = strip(text);
  Mailbox mailbox;
  if (text.empty() || text.back() != '>') {
    mailbox.address = std::string(text);
  } else {
    const std::size_t open = text.rfind('<');
    if (open == std::string_view::npos) return std::nullopt;
    mailbox.address = std::string(text.substr(open + 1, text.size() - open - 2));
    std::string_view name = strip(text.substr(0, open));
    const bool in_quotes = name.size() >= 2 && name.front() == '"' && name.back() == '"';
    if (in_quotes) name = name.substr(1, name.size() - 2);
    for (std::size_t i = 0; i < name.size(); ++i) {
      if (in_quotes && name[i] == '\\' && i + 1 < name.size()) ++i;
      mailbox.name += name[i];
    }
  }
  if (!parse_email(mailbox.address)) return std::nullopt;
  return mailbox;
}

Result<BuiltMail> build_mail(const Mail& mail) {
  MailMemo memo;
  return build_mail(mail, memo);
}

Result<BuiltMail> build_mail(const Mail& mail, MailMemo& memo) {
  const auto japanese = mail.charset == Charset::iso_2022_jp ? in_iso_2022_jp(mail) : std::nullopt;
  // A template for old programs may name their charset itself.
  const std::string fallen_back = mail.charset == Charset::iso_2022_jp && !japanese
                                      ? naming(Charset::utf_8, mail.html)
                                      : std::string();
  const Bodies made = japanese
                          ? Bodies{Charset::iso_2022_jp, japanese->text, japanese->html}
                          : Bodies{Charset::utf_8, mail.text,
                                   fallen_back.empty() ? std::string_view(mail.html) : fallen_back};
  const auto checked = check(mail, made.charset, memo);
  if (!checked) return checked.error();
  BuiltMail built;
  built.needs_smtputf8 = checked->needs_smtputf8;
  built.bytes.reserve(1024 + (mail.text.size() + mail.html.size()) * 3 / 2);
  headers(built.bytes, mail, *checked, made.charset, memo);
  bodies(built.bytes, mail, made, memo);
  return built;
}

Result<void> check_mail(const Mail& mail, MailMemo& memo) {
  const bool japanese = mail.charset == Charset::iso_2022_jp && in_iso_2022_jp(mail);
  const auto checked = check(mail, japanese ? Charset::iso_2022_jp : Charset::utf_8, memo);
  if (!checked) return checked.error();
  return {};
}

}  // namespace retaind::render
