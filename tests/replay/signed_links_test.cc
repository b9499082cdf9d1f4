#include <catch2/catch.hpp>
#include <set>

#include "rules.h"
#include "support/read_mail.h"

// What a customer of a sent mail can follow: the survey's link and the way out, both signed with
// the site's secret.
using namespace retaind;
using namespace retaind::test;

namespace {

std::string asking(const std::string& kind, const std::string& purpose = "feedback") {
  return "rule: asking\npurpose: " + purpose +
         "\nstatus: live\nwhen:\n  event: order.completed\nthen:\n  - survey: " + kind +
         "\n  - email: welcome\n";
}

std::string between(const std::string& text, const std::string& before, const std::string& after) {
  INFO(text);
  const std::size_t at = text.find(before);
  REQUIRE(at != std::string::npos);
  const std::size_t from = at + before.size();
  return text.substr(from, text.find(after, from) - from);
}

/// The mails of one order a customer, in their order.
std::vector<std::string> mails(Shop& shop, const Lines& customers) {
  shop.templates["welcome"] =
      "---\nsubject: hello\n---\n<p>{% if survey %}ask [{{ survey.link }}]{% endif %} leave [{{ "
      "unsubscribe.link | default: 'never' }}]</p>\n";
  for (const std::string& key : customers) shop.customer(key);
  shop.start();
  shop.run_to("2026-03-02 11:00");
  for (const std::string& key : customers) shop.order("o-" + key, key);
  shop.run_to("2026-03-02 12:00");
  REQUIRE(shop.arrived.size() == customers.size());
  std::vector<std::string> bytes;
  for (const Shop::Arrived& each : shop.arrived) bytes.push_back(each.message.bytes);
  return bytes;
}

std::string survey_link(const std::string& bytes) {
  return between(part(bytes, "text/html"), "ask [", "]");
}

struct Token {
  std::string said, signature;
};
Token token_of(const std::string& link) {
  const std::string token = link.substr(link.find("?t=") + 3);
  const std::size_t dot = token.rfind('.');
  REQUIRE(dot != std::string::npos);
  return {token.substr(0, dot), token.substr(dot + 1)};
}

/// The first half of an HMAC-SHA256, as links show it.
std::string signature(const std::string& secret, const std::string& what) {
  return base64url(hmac_sha256(secret, what).substr(0, 16));
}

}  // namespace

TEST_CASE("survey.link is the site's page for the kind with a token that the secret signed",
          "[semantics][links]") {
  const std::string kind = GENERATE("nps", "csat");
  Shop shop;
  shop.rule(asking(kind));
  const auto bytes = mails(shop, {"anna", "bert"});
  std::set<std::string> tokens;
  for (const std::string& each : bytes) {
    const std::string link = survey_link(each);
    CHECK(link.starts_with("https://example.com/survey/" + kind + "?t="));
    CHECK(part(each, "text/plain").find(link) != std::string::npos);
    const Token token = token_of(link);
    CHECK(token.signature == signature(shop.secret, token.said));
    CHECK(token.signature != signature("another secret", token.said));
    CHECK(shop.ask("SELECT count(*) FROM survey WHERE token = '" + token.said + "." +
                   token.signature + "'") == "1");
    tokens.insert(token.said);
    tokens.insert(token.signature);
  }
  CHECK(tokens.size() == 4);  // another message, another token
}

TEST_CASE("a site with another secret signs the same link otherwise", "[semantics][links]") {
  const auto tokens = [](const std::string& secret) {
    Shop shop;
    shop.secret = secret;
    shop.rule(asking("nps", "marketing"));
    const std::string bytes = mails(shop, {"anna"}).front();
    const std::string way_out = between(header(bytes, "List-Unsubscribe"), "<", ">");
    return std::vector<Token>{token_of(survey_link(bytes)), token_of(way_out)};
  };
  const auto one = tokens("one secret");
  const auto other = tokens("other secret");
  for (const std::size_t i : {0U, 1U}) {
    CHECK(one[i].said == other[i].said);
    CHECK(one[i].signature != other[i].signature);
  }
  CHECK(other[0].signature == signature("other secret", other[0].said));
}

TEST_CASE("marketing and feedback mails carry the customer's own way out, in one click",
          "[semantics][links]") {
  const std::string purpose = GENERATE("marketing", "feedback");
  const std::string mailto = GENERATE("", "bye@example.com");
  CAPTURE(purpose, mailto);
  Shop shop;
  shop.site.unsubscribe_mailto = mailto;
  shop.rule(at_once("", "at-once", purpose));
  const Lines customers{"anna", "bert"};
  const auto bytes = mails(shop, customers);
  for (std::size_t i = 0; i < customers.size(); ++i) {
    const std::string token =
        base64url(customers[i]) + "." + signature(shop.secret, "unsubscribe " + customers[i]);
    const std::string link = "https://example.com/bye?t=" + token;
    const std::string field = header(bytes[i], "List-Unsubscribe");
    CHECK(field.starts_with("<" + link + ">"));
    CHECK((field.find("<mailto:" + mailto) != std::string::npos) == !mailto.empty());
    CHECK(header(bytes[i], "List-Unsubscribe-Post") == "List-Unsubscribe=One-Click");
    CHECK(header(bytes[i], "List-Id") == "<" + purpose + ".example.com>");
    CHECK(header(bytes[i], "Feedback-ID") == "at-once:" + purpose + ":example.com");
    CHECK(header(bytes[i], "Auto-Submitted") == "(none)");
    CHECK(between(part(bytes[i], "text/html"), "leave [", "]") == link);
  }
}

TEST_CASE("Gmail knows a sender by 5 to 15 characters of its domain", "[semantics][links]") {
  for (const auto& [domain, id] :
       std::map<std::string, std::string>{{"a.io", "shop.a.io"},
                                          {"mail.mybigshop.co.uk", "mybigshop.co.uk"},
                                          {"mail.bigshop.example.com", "hop.example.com"},
                                          {"bücher.example", "her-kva.example"}}) {
    Shop shop;
    shop.site.sender.address = "shop@" + domain;
    shop.rule(at_once("", "at-once", "marketing"));
    const std::string field = header(mails(shop, {"anna"}).front(), "Feedback-ID");
    CHECK(field.ends_with(":marketing:" + id));
    CHECK(id.size() <= 15);
  }
}

TEST_CASE("what is no bulk mail carries no way out", "[semantics][links]") {
  const auto none = [](const delivery::Outgoing& message) {
    CHECK(header(message.bytes, "List-Unsubscribe") == "(none)");
    CHECK(header(message.bytes, "List-Unsubscribe-Post") == "(none)");
    CHECK(header(message.bytes, "List-Id") == "(none)");
    CHECK(header(message.bytes, "Feedback-ID") == "(none)");
    CHECK(message.bytes.find("example.com/bye") == std::string::npos);
    CHECK(header(message.bytes, "Auto-Submitted") == "auto-generated");
  };
  Shop shop;
  shop.site.unsubscribe_mailto = "bye@example.com";
  shop.rule(at_once());
  CHECK(between(part(mails(shop, {"anna"}).front(), "text/html"), "leave [", "]") == "never");
  none(shop.arrived.front().message);
  Shop desk;
  desk.site.unsubscribe_mailto = "bye@example.com";
  desk.rule(unresolved());
  desk.start();
  desk.ticket("t1", "open", "", "2026-02-28 10:05");
  desk.run_to("2026-03-02 11:00");
  REQUIRE(desk.arrived.size() == 1);
  none(desk.arrived.front().message);
}
