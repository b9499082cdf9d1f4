#include "language/site_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace retaind::language {
namespace {

constexpr int most_days = 36'500;

/// Whether a connection to it leaves the machine.
bool is_local(std::string_view host) {
  const std::string name = lower_ascii(host);
  return name == "localhost" || name.ends_with(".localhost") || name == "::1" || name == "[::1]" ||
         (name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string::npos);
}

bool has_space_or_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

class SmtpReader {
 public:
  SmtpReader(SiteContext& context, const YamlNode& node)
      : context_(context), report_(context.report), map_(context.report, node, Keys::smtp) {}

  void run() {
    if (const YamlNode* node = map_.need("host", "write `host: mail.example.com`"))
      read_host(*node);
    if (const YamlNode* node = map_.get("tls"))
      smtp_.tls = static_cast<TlsMode>(read_choice(report_, "tls", *node, words::tls).value_or(1));
    smtp_.port = smtp_.tls == TlsMode::none ? 25 : smtp_.tls == TlsMode::implicit ? 465 : 587;
    count("port", smtp_.port, wholes::port);
    count("connections", smtp_.connections, wholes::connections);
    count("messages-per-connection", smtp_.messages_per_connection,
          wholes::messages_per_connection);
    count("pipeline", smtp_.pipeline, wholes::pipeline);
    if (const YamlNode* node = map_.get("insecure"))
      smtp_.insecure = read_yes_no(report_, "insecure", *node).value_or(false);
    text("user", smtp_.user);
    text("helo", smtp_.helo);
    path("ca-file", smtp_.ca_file);
    path("password-file", smtp_.password_file);
    if (const YamlNode* node = map_.get("timeout")) read_timeout(*node);
    check_secrecy();
    context_.site.smtp = std::move(smtp_);
  }

 private:
  void count(std::string_view key, int& out, Whole range) {
    if (const YamlNode* node = map_.get(key))
      out = read_count(report_, key, *node, range).value_or(out);
  }
  void text(std::string_view key, std::string& out) {
    if (const YamlNode* node = map_.get(key)) out = read_text(report_, key, *node).value_or("");
  }
  void path(std::string_view key, std::filesystem::path& out) {
    const YamlNode* node = map_.get(key);
    if (node == nullptr) return;
    if (const auto value = read_text(report_, key, *node)) out = context_.path_of(*value);
  }

  void read_host(const YamlNode& node) {
    smtp_.host = read_text(report_, "host", node).value_or("");
    const bool with_port = std::count(smtp_.host.begin(), smtp_.host.end(), ':') == 1;
    if (!with_port && smtp_.host.find_first_of("/@ ") == std::string::npos) return;
    report_.error(Code::bad_address, node.at, fmt::format("`{}` is no host name", smtp_.host),
                  with_port ? "write the port on a line of its own: `port: 587`"
                            : "write a name such as `mail.example.com`");
  }

  void read_timeout(const YamlNode& node) {
    const auto span = read_positive(report_, "timeout", node);
    if (!span) return;
    if (span->months == 0 && span->days == 0 && span->elapsed <= std::chrono::hours(1)) {
      smtp_.timeout = span->elapsed;
      return;
    }
    report_.error(Code::bad_duration, node.at, "no server is worth waiting for so long",
                  "write at most `1 hour`");
  }

  void check_secrecy() {
    if (smtp_.user.empty() != smtp_.password_file.empty() && !map_.had_unknown_keys())
      report_.error(
          Code::missing_key, map_.key_at(smtp_.user.empty() ? "password-file" : "user"),
          smtp_.user.empty() ? "a password without a user" : "a user without a password",
          smtp_.user.empty() ? "write `user:` as well" : "write `password-file:` as well");
    if (smtp_.tls != TlsMode::none || is_local(smtp_.host) || smtp_.host.empty()) return;
    if (!smtp_.user.empty()) {
      report_.error(Code::clear_connection, map_.key_at("user"),
                    "the password would go over the network in clear",
                    "write `tls: starttls` or `tls: implicit`");
    } else if (!smtp_.insecure) {
      report_.error(Code::clear_connection, map_.get("tls")->at,
                    fmt::format("mails would go to `{}` in clear", smtp_.host),
                    "write `tls: starttls`, or `insecure: yes` if the network between is yours");
    }
  }

  SiteContext& context_;
  Report& report_;
  MapReader map_;
  SmtpSettings smtp_;
};

void read_team(SiteContext& context, const std::string& name, const YamlNode& node) {
  Report& report = context.report;
  Team team;
  const YamlNode* to = &node;
  if (node.kind == YamlNode::Kind::map) {
    MapReader map(report, node, Keys::team);
    to = map.need("to", "write `to: [support@example.com]`");
    if (const YamlNode* locale = map.get("locale"))
      team.locale = read_locale(report, "locale", *locale).value_or("");
  }
  if (to == nullptr) return;
  const auto addresses = one_or_more(*to);
  if (addresses.empty())
    report.error(Code::wrong_kind, to->at, fmt::format("the team `{}` has no address", name),
                 "write at least one");
  for (const YamlNode* address : addresses)
    if (auto text = read_address(report, name, *address)) team.to.push_back(std::move(*text));
  context.site.teams.insert_or_assign(name, std::move(team));
}

void read_webhook(SiteContext& context, const std::string& name, const YamlNode& node) {
  Report& report = context.report;
  if (!expect_map(report, name, node, "url: https://desk.example.com/hook")) return;
  MapReader map(report, node, Keys::webhook);
  Endpoint endpoint;
  if (const YamlNode* allow = map.get("allow-private"))
    endpoint.allow_private = read_yes_no(report, "allow-private", *allow).value_or(false);
  if (const YamlNode* url = map.need("url", ""))
    endpoint.url = read_url(report, "url", *url, !endpoint.allow_private).value_or("");
  if (const YamlNode* file = map.get("secret-file"))
    if (const auto text = read_text(report, "secret-file", *file))
      endpoint.secret_file = context.path_of(*text);
  if (const YamlNode* file = map.get("token-file"))
    if (const auto text = read_text(report, "token-file", *file))
      endpoint.token_file = context.path_of(*text);
  context.site.endpoints.insert_or_assign(name, std::move(endpoint));
}

void read_calendar(SiteContext& context, const std::string& name, const YamlNode& node) {
  Report& report = context.report;
  const YamlNode* hours = &node;
  std::vector<LocalDate> days_off;
  if (node.kind == YamlNode::Kind::map) {
    MapReader map(report, node, Keys::calendar);
    hours = map.need("hours", "write `hours: [mon-fri 09:00-18:00]`");
    if (const YamlNode* list = map.get("days-off")) {
      for (const YamlNode* entry : one_or_more(*list)) {
        const auto text = read_text(report, "days-off", *entry);
        if (!text) continue;
        if (const auto date = parse_date(*text)) {
          days_off.push_back(*date);
        } else {
          report.error(Code::bad_time, entry->at, fmt::format("`{}` is no date", *text),
                       "write year, month and day as `2026-12-25`");
        }
      }
    }
  }
  if (hours == nullptr) return;
  std::vector<Calendar::Window> windows;
  for (const YamlNode* entry : one_or_more(*hours)) {
    const auto text = read_text(report, name, *entry);
    if (!text) continue;
    auto line = Calendar::parse_line(*text);
    if (!line) {
      auto [message, remedy] = split_remedy(line.error(), "write `mon-fri 09:00-18:00`");
      report.error(Code::bad_calendar, entry->at, std::move(message), std::move(remedy));
      continue;
    }
    windows.insert(windows.end(), line->begin(), line->end());
  }
  if (windows.empty() && hours->kind == YamlNode::Kind::list && hours->children.empty())
    report.error(Code::wrong_kind, hours->at, fmt::format("the calendar `{}` has no hours", name),
                 "write at least one line, such as `mon-fri 09:00-18:00`");
  context.site.calendars.insert_or_assign(name,
                                          Calendar(name, std::move(windows), std::move(days_off)));
}

/// Teams, webhooks and calendars: names of the site's own, each with a value.
void read_named(SiteContext& context, std::string_view key, const YamlNode& node,
                std::string_view example,
                void (*read)(SiteContext&, const std::string&, const YamlNode&)) {
  if (!expect_map(context.report, key, node, example)) return;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    YamlNode name;
    name.kind = YamlNode::Kind::scalar;
    name.text = node.keys[i].text;
    name.at = node.keys[i].at;
    if (read_name(context.report, key, name)) read(context, name.text, node.children[i]);
  }
}

void read_days(SiteContext& context, const MapReader& map, std::string_view key, int least,
               int& out) {
  const YamlNode* node = map.get(key);
  if (node == nullptr) return;
  const auto span = least > 0 ? read_positive(context.report, key, *node)
                              : read_duration(context.report, key, *node);
  if (!span) return;
  const int days = span->days + 365 * (span->months / 12) + 30 * (span->months % 12);
  if (span->elapsed.count() == 0 && days >= least && days <= most_days) {
    out = days;
    return;
  }
  context.report.error(Code::bad_duration, node->at, "records are kept for whole days",
                       "write `90 days`");
}

/// RFC 3986 2 has no braces in an address, so that whatever they hold is meant to be filled in.
bool check_filled_in(Report& report, std::string_view url, const YamlNode& node,
                     const std::vector<std::string_view>& known) {
  for (std::size_t at = url.find_first_of("{}"); at != std::string_view::npos;) {
    const std::size_t end = std::min(url.find('}', at), url.size() - 1) + 1;
    const std::string_view mark = url.substr(at, end - at);
    if (std::find(known.begin(), known.end(), mark) == known.end()) {
      report.error(Code::bad_address, node.at, fmt::format("`{}` is filled in by nothing", mark),
                   known.empty() ? "write the address without braces" : suggestion(mark, known));
      return false;
    }
    at = url.find_first_of("{}", end);
  }
  return true;
}

}  // namespace

std::filesystem::path SiteContext::path_of(const std::string& text) const {
  return (site.directory / text).lexically_normal();
}

void read_sender(SiteContext& context, const YamlNode& node) {
  Report& report = context.report;
  if (!expect_map(report, "sender", node, "address: shop@example.com")) return;
  MapReader map(report, node, Keys::sender);
  auto& sender = context.site.sender;
  if (const YamlNode* value = map.need("address", "write `address: shop@example.com`"))
    sender.address = read_address(report, "address", *value).value_or("");
  if (const YamlNode* value = map.get("reply-to"))
    sender.reply_to = read_address(report, "reply-to", *value).value_or("");
  if (const YamlNode* value = map.get("name"))
    sender.name = read_text(report, "name", *value).value_or("");
  // In the order of Charset.
  if (const YamlNode* value = map.get("charset"))
    sender.charset =
        static_cast<Charset>(read_choice(report, "charset", *value, words::charsets).value_or(0));
  if (const YamlNode* value = map.get("postal-address"))
    sender.postal_address = read_text(report, "postal-address", *value).value_or("");
}

void read_unsubscribe(SiteContext& context, const YamlNode& node) {
  Report& report = context.report;
  if (!expect_map(report, "unsubscribe", node, "mailto: unsubscribe@example.com")) return;
  const MapReader map(report, node, Keys::unsubscribe);
  // RFC 8058 section 3.1: one-click unsubscription is an https address.
  if (const YamlNode* url = map.get("url"))
    context.site.unsubscribe_url =
        read_url(report, "url", *url, true, {"{token}", "{customer}"}).value_or("");
  if (const YamlNode* mailto = map.get("mailto"))
    context.site.unsubscribe_mailto = read_address(report, "mailto", *mailto).value_or("");
}

void read_smtp(SiteContext& context, const YamlNode& node) {
  if (expect_map(context.report, "smtp", node, "host: mail.example.com"))
    SmtpReader(context, node).run();
}

void read_teams(SiteContext& context, const YamlNode& node) {
  read_named(context, "teams", node, "support: support@example.com", read_team);
}

void read_webhooks(SiteContext& context, const YamlNode& node) {
  read_named(context, "webhooks", node, "support-desk: {url: …}", read_webhook);
}

void read_calendars(SiteContext& context, const YamlNode& node) {
  read_named(context, "calendars", node, "daytime: 09:00-20:00", read_calendar);
}

void read_cap(SiteContext& context, const YamlNode& node) {
  Report& report = context.report;
  if (!expect_map(report, "cap", node, "messages: 2")) return;
  const MapReader map(report, node, Keys::cap);
  Cap& cap = context.site.cap;
  if (const YamlNode* value = map.get("messages"))
    cap.messages = read_count(report, "messages", *value, wholes::cap).value_or(2);
  if (const YamlNode* value = map.get("within"))
    if (const auto span = read_positive(report, "within", *value)) cap.within = *span;
}

void read_retention(SiteContext& context, const YamlNode& node) {
  if (!expect_map(context.report, "retention", node, "traces: 90 days")) return;
  const MapReader map(context.report, node, Keys::retention);
  auto& retention = context.site.retention;
  read_days(context, map, "changes", 1, retention.changes_days);
  read_days(context, map, "traces", 1, retention.traces_days);
  read_days(context, map, "bodies", 0, retention.bodies_days);
}

std::optional<std::string> read_address(Report& report, std::string_view key,
                                        const YamlNode& node) {
  auto text = read_text(report, key, node);
  if (!text || parse_email(*text)) return text;
  report.error(Code::bad_address, node.at, fmt::format("`{}` is no e-mail address", *text),
               "write an address such as `support@example.com`");
  return std::nullopt;
}

std::optional<std::string> read_url(Report& report, std::string_view key, const YamlNode& node,
                                    bool secure, const std::vector<std::string_view>& filled_in) {
  auto text = read_text(report, key, node);
  if (!text) return std::nullopt;
  const bool https = starts_with_ignoring_case(*text, "https://");
  const bool http = starts_with_ignoring_case(*text, "http://");
  const std::size_t host = text->find("//") + 2;
  const bool complete = (http || https) && host < text->size() && (*text)[host] != '/' &&
                        !has_space_or_control(*text);
  // RFC 3986 2: it goes into headers as it is.
  if (complete && std::any_of(text->begin(), text->end(), [](char c) { return (c & 0x80) != 0; })) {
    report.error(Code::bad_address, node.at,
                 fmt::format("`{}` has letters that no web address has", *text),
                 "write them as the browser's address bar copies them, `%C3%BC` for `ü`, a host as "
                 "`xn--…`");
    return std::nullopt;
  }
  if (complete && !check_filled_in(report, *text, node, filled_in)) return std::nullopt;
  if (complete && (https || !secure)) return text;
  if (complete) {
    report.error(Code::clear_connection, node.at, "this address goes over the network in clear",
                 key == "url"
                     ? "write `https://`, or `allow-private: yes` for a webhook in your own network"
                     : "write `https://`");
  } else {
    report.error(Code::bad_address, node.at, fmt::format("`{}` is no web address", *text),
                 "write `https://` and the rest of the address");
  }
  return std::nullopt;
}

std::optional<std::string> read_locale(Report& report, std::string_view key, const YamlNode& node) {
  auto text = read_text(report, key, node);
  if (!text) return std::nullopt;
  const bool plain = text->size() >= 2 && text->size() <= 35 &&
                     std::all_of(text->begin(), text->end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-';
                     });
  if (plain) return text;
  report.error(Code::bad_name, node.at, fmt::format("`{}` is no language", *text),
               "write a tag such as `en`, `ja` or `pt-BR`");
  return std::nullopt;
}

}  // namespace retaind::language
