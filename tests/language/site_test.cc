#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "rule_text.h"

namespace lang = retaind::language;
namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

constexpr const char* base =
    "shop: Shop\ntime-zone: Asia/Tokyo\nsender: {address: shop@example.com}\n";

struct Directory {
  fs::path path =
      fs::temp_directory_path() / ("retaind-language-site-" + std::to_string(::getpid()));
  explicit Directory(std::string_view text) {
    fs::remove_all(path);
    fs::create_directories(path);
    std::ofstream(path / "retaind.yaml", std::ios::binary) << text;
  }
  ~Directory() { fs::remove_all(path); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
};

lang::CheckedSite read(std::string_view text) {
  const Directory directory(text);
  return lang::read_site(directory.path);
}

retaind::Site good(std::string_view lines) {
  auto checked = read(base + std::string(lines));
  INFO(lang::to_text(checked.diagnostics, lang::Format::human, false));
  REQUIRE(checked.site);
  return std::move(*checked.site);
}

std::string code(std::string_view lines) {
  const auto checked = read(base + std::string(lines));
  CHECK(checked.site.has_value() == checked.diagnostics.empty());
  CHECK(checked.diagnostics.size() <= 1);
  return checked.diagnostics.empty() ? "" : checked.diagnostics[0].code;
}

}  // namespace

TEST_CASE("a site needs little and has its defaults", "[language][site]") {
  const auto site = good("");
  CHECK(site.name == "Shop");
  CHECK(site.zone.name() == "Asia/Tokyo");
  CHECK(site.sender.address == "shop@example.com");
  CHECK(site.store == site.directory / "retaind.db");
  CHECK(site.maildir == site.directory / "mail");
  CHECK(site.socket == site.directory / "retaind.sock");
  CHECK(site.locale == "en");
  CHECK(site.currency.empty());
  CHECK_FALSE(site.deliver_live);
  CHECK_FALSE(site.smtp);
  CHECK(site.cap.messages == 2);
  CHECK(site.cap.within.days == 7);
  CHECK(site.feedback_needs_consent);
  CHECK(site.retention.changes_days == 30);
}

TEST_CASE("every setting arrives where it belongs", "[language][site]") {
  const auto site = good(R"(store: data/shop.db
socket: /run/retaind/control.sock
maildir: out
locale: pt-BR
currency: JPY
deliver: live
only-to: [me@example.com, "@test.example"]
unsubscribe: {url: "https://e.com/u?t={token}", mailto: bye@example.com}
survey-url: http://localhost/survey
ticket-url: https://desk/{number}
secret-file: secret.key
smtp:
  host: mail.example.com
  port: 2525
  tls: implicit
  ca-file: ca.pem
  user: shop
  password-file: /etc/retaind/smtp.password
  helo: shop.example.com
  connections: 4
  messages-per-connection: 10
  pipeline: 5
  timeout: 5 minutes
teams:
  support: {to: [a@example.com, b@example.com], locale: ja}
  lead: c@example.com
webhooks:
  desk: {url: "https://desk/hook", secret-file: s, token-file: t}
  local: {url: "http://10.0.0.1/hook", allow-private: yes}
calendars:
  daytime: 09:00-20:00
  hours: {hours: [mon-fri 09:00-18:00, sat 10:00-12:00], days-off: [2026-12-25]}
cap: {messages: 3, within: 1 month}
holdout: 5%
feedback-basis: existing-customers
retention: {changes: 10 days, traces: 2 weeks, bodies: 1 year}
)");
  CHECK(site.store == site.directory / "data/shop.db");
  CHECK(site.socket == "/run/retaind/control.sock");
  CHECK(site.maildir == site.directory / "out");
  CHECK(site.locale == "pt-BR");
  CHECK(site.currency.view() == "JPY");
  CHECK(site.deliver_live);
  CHECK(site.only_to == std::vector<std::string>{"me@example.com", "@test.example"});
  CHECK(site.unsubscribe_url == "https://e.com/u?t={token}");
  CHECK(site.unsubscribe_mailto == "bye@example.com");
  CHECK(site.survey_url == "http://localhost/survey");
  CHECK(site.ticket_url == "https://desk/{number}");
  CHECK(site.secret_file == site.directory / "secret.key");
  REQUIRE(site.smtp);
  CHECK(site.smtp->host == "mail.example.com");
  CHECK(site.smtp->port == 2525);
  CHECK(site.smtp->tls == retaind::TlsMode::implicit);
  CHECK(site.smtp->ca_file == site.directory / "ca.pem");
  CHECK(site.smtp->user == "shop");
  CHECK(site.smtp->password_file == "/etc/retaind/smtp.password");
  CHECK(site.smtp->helo == "shop.example.com");
  CHECK(site.smtp->connections == 4);
  CHECK(site.smtp->messages_per_connection == 10);
  CHECK(site.smtp->pipeline == 5);
  CHECK(site.smtp->timeout == minutes(5));
  REQUIRE(site.teams.size() == 2);
  CHECK(site.teams.at("support").to.size() == 2);
  CHECK(site.teams.at("support").locale == "ja");
  CHECK(site.teams.at("lead").to == std::vector<std::string>{"c@example.com"});
  CHECK(site.endpoints.at("desk").secret_file == site.directory / "s");
  CHECK(site.endpoints.at("desk").token_file == site.directory / "t");
  CHECK(site.endpoints.at("local").allow_private);
  CHECK(site.calendars.at("daytime").longest_gap() == hours(13));
  CHECK(site.calendars.at("hours").name() == "hours");
  CHECK_FALSE(site.calendars.at("hours").open_at(
      *retaind::parse_time("2026-12-25 10:00", site.zone), site.zone));
  CHECK(site.calendars.at("hours").open_at(*retaind::parse_time("2026-12-24 10:00", site.zone),
                                           site.zone));
  CHECK(site.cap.messages == 3);
  CHECK(site.cap.within.months == 1);
  CHECK(site.holdout == Approx(0.05));
  CHECK_FALSE(site.feedback_needs_consent);
  CHECK(site.retention.changes_days == 10);
  CHECK(site.retention.traces_days == 14);
  CHECK(site.retention.bodies_days == 365);
}

TEST_CASE("the port follows the kind of encryption", "[language][site]") {
  CHECK(good("smtp: {host: m.example.com}\n").smtp->port == 587);
  CHECK(good("smtp: {host: m.example.com, tls: implicit}\n").smtp->port == 465);
  CHECK(good("smtp: {host: localhost, tls: none}\n").smtp->port == 25);
}

TEST_CASE("mail leaves the machine encrypted, unless the operator insists", "[language][site]") {
  CHECK(code("smtp: {host: mail.example.com, tls: none}\n") == "R061");
  CHECK(code("smtp: {host: 10.0.0.1, tls: none}\n") == "R061");
  CHECK(code("smtp: {host: mail.example.com, tls: none, insecure: no}\n") == "R061");
  CHECK(code("smtp: {host: mail.example.com, tls: none, insecure: yes}\n").empty());
  CHECK(code("smtp: {host: mail.example.com, tls: none, insecure: yes, user: u, password-file: "
             "p}\n") == "R061");
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "\"::1\""})
    CHECK(code(fmt::format("smtp: {{host: {}, tls: none}}\n", host)).empty());
  CHECK(code("smtp: {host: 127.evil.example.com, tls: none}\n") == "R061");
}

TEST_CASE("secrets are only ever names of files", "[language][site]") {
  CHECK(code("smtp: {host: m.example.com, user: u, password: p}\n") == "R060");
  CHECK(code("webhooks: {desk: {url: \"https://d/h\", secret: whsec_x}}\n") == "R060");
  CHECK(code("webhooks: {desk: {url: \"https://d/h\", token: x}}\n") == "R060");
  CHECK(code("secret: abc\n") == "R060");
}

TEST_CASE("a setting that cannot be read is refused", "[language][site]") {
  CHECK(code("currency: EURO\n") == "R028");
  CHECK(code("currency: eur\n") == "R028");
  CHECK(code("locale: english please\n") == "R024");
  CHECK(code("deliver: yes\n") == "R023");
  CHECK(code("deliver: live\n") == "R040");
  CHECK(code("only-to: everyone\n") == "R027");
  CHECK(code("only-to: [\"@\"]\n") == "R027");
  CHECK(code("unsubscribe: https://e.com\n") == "R020");
  CHECK(code("unsubscribe: {url: \"http://e.com\"}\n") == "R061");
  CHECK(code("unsubscribe: {url: \"mailto:x@e.com\"}\n") == "R027");
  CHECK(code("unsubscribe: {url: \"https://e.com?t={token}\"}\n") == "R040");
  CHECK(code("unsubscribe: {url: \"https://e.com/bye\"}\n").empty());
  CHECK(code("survey-url: https://e.com\n") == "R040");
  CHECK(code("ticket-url: \"https://\"\n") == "R027");
  CHECK(code("smtp: {port: 25}\n") == "R040");
  CHECK(code("smtp: {host: \"mail.example.com:25\"}\n") == "R027");
  CHECK(code("smtp: {host: m.example.com, port: 70000}\n") == "R025");
  CHECK(code("smtp: {host: m.example.com, tls: ssl}\n") == "R023");
  CHECK(code("smtp: {host: m.example.com, user: u}\n") == "R040");
  CHECK(code("smtp: {host: m.example.com, timeout: 2 days}\n") == "R022");
  CHECK(code("smtp: {host: m.example.com, insecure: maybe}\n") == "R023");
  CHECK(code("teams: {support: []}\n") == "R020");
  CHECK(code("teams: {support: {locale: de}}\n") == "R040");
  CHECK(code("teams: {Support Team: a@example.com}\n") == "R024");
  CHECK(code("teams: {support: \"a@example.com, b@example.com\"}\n") == "R027");
  CHECK(code("webhooks: {desk: \"https://d/h\"}\n") == "R020");
  CHECK(code("webhooks: {desk: {url: \"http://d/h\"}}\n") == "R061");
  CHECK(code("calendars: {daytime: 25:00-26:00}\n") == "R064");
  CHECK(code("calendars: {daytime: []}\n") == "R020");
  CHECK(code("calendars: {d: {hours: 09:00-18:00, days-off: [2026-02-30]}}\n") == "R026");
  CHECK(code("cap: {messages: none}\n") == "R025");
  CHECK(code("cap: {within: 7}\n") == "R021");
  CHECK(code("retention: {bodies: 12 hours}\n") == "R022");
  CHECK(code("retention: {bodies: 0 hours}\n").empty());
  CHECK(code("retention: {traces: 0 days}\n") == "R022");
  CHECK(code("retention: {changes: 0 days}\n") == "R022");
  CHECK(code("feedback-basis: interest\n") == "R023");
  CHECK(code("holdout: 0.1\n") == "R021");
}

TEST_CASE("a site without its file, or with an empty one, is an error", "[language][site]") {
  const auto missing = lang::read_site(fs::temp_directory_path() / "retaind-no-such-site");
  CHECK_FALSE(missing.site);
  REQUIRE(missing.diagnostics.size() == 1);
  CHECK(missing.diagnostics[0].code == "R001");
  CHECK(read("").diagnostics.at(0).code == "R040");
  CHECK(read("- a\n").diagnostics.at(0).code == "R020");
}
