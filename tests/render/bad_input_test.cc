// Templates and values that nobody should write: each is answered with a located error or a
// documented fall-back, quickly and without a crash.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "base/value.h"
#include "render/liquid.h"
#include "render/mime.h"

using namespace retaind;
using namespace retaind::render;

namespace {

Result<std::string> rendered(std::string text, const Value& data = Value::Object{},
                             const std::map<std::string, std::string>& partials = {}) {
  return Liquid("bad.liquid", std::move(text), Mode::mail, partials).render(data, true);
}

std::string error_of(std::string text, const Value& data = Value::Object{},
                     const std::map<std::string, std::string>& partials = {}) {
  const auto result = rendered(std::move(text), data, partials);
  return result ? "rendered: " + result->substr(0, 100) : result.error().message;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (; times > 0; --times) out += text;
  return out;
}

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

}  // namespace

TEST_CASE("an unclosed tag is told with its place and remedy", "[render]") {
  static constexpr std::pair<const char*, const char*> cases[] = {
      {"a\n{% if a", "bad.liquid:2:1: the tag is never closed; write %} at its end"},
      {"{{ a", "bad.liquid:1:1: the output is never closed; write }} at its end"},
      {"{% if a %}", "bad.liquid:1:4: `if` is never closed; write {% endif %}"},
      {"{% for a in b %}{% else %}", "bad.liquid:1:4: `for` is never closed; write {% endfor %}"},
      {"{% case a %}{% when 1 %}", "bad.liquid:1:4: `case` is never closed; write {% endcase %}"},
      {"{% capture a %}", "bad.liquid:1:4: `capture` is never closed; write {% endcapture %}"},
      {"{% raw %}{{ a }}", "bad.liquid:1:4: `raw` is never closed; write {% endraw %}"},
      {"{% comment %}", "bad.liquid:1:4: `comment` is never closed; write {% endcomment %}"},
      {"{% tablerow a in b %}", "bad.liquid:1:4: `tablerow` is never closed"},
      {"{% unless a %}{% endif %}", "bad.liquid:1:18: `endif` does not close `unless` of line 1"},
      {"{% liquid\nif a\n%}", "bad.liquid:2:1: `if` is never closed inside the liquid tag"},
      {"{{ 'a }}", "bad.liquid:1:4: expected a value, got `'a `"},
      {"{{ a[ }}", "bad.liquid:1:7: expected a value, got the end"},
      {"{{ (1..2 }}", "bad.liquid:1:4: the range is never closed; write `)`"},
      {"{%", "bad.liquid:1:1: the tag is never closed"},
      {"{% %}", "bad.liquid:1:3: a tag begins with its name"},
  };
  for (const auto& [text, wanted] : cases) CHECK_THAT(error_of(text), StartsWith(wanted));
}

TEST_CASE("100,000 nested blocks are refused at the hundredth", "[render]") {
  for (const char* const block :
       {"{% for a in b %}", "{% if a %}", "{% case a %}{% when 1 %}", "{% capture a %}",
        "{% tablerow a in b %}", "{% unless a %}", "{% ifchanged %}"}) {
    CHECK_THAT(error_of(repeated(block, 100'000)),
               Contains("nested deeper than 100 in each other; write the inner ones side by side"));
  }
  const std::string lines = "{% liquid\n" + repeated("liquid ", 100'000) + "\n%}";
  CHECK_THAT(error_of(lines), Contains("nested deeper than 100"));
  CHECK_THAT(error_of("{{ " + repeated("a[", 100'000) + "}}"),
             Contains("nested deeper than 100 in each other; assign a part of it first"));
  CHECK_THAT(error_of("{{ " + repeated("(1..", 100'000) + "}}"),
             Contains("nested deeper than 100 in each other; assign a part of it first"));
  CHECK_THAT(error_of(repeated("{% comment %}", 100'000)), Contains("never closed"));
  CHECK_THAT(error_of("{% if " + repeated("a and ", 100'000) + "%}"), Contains("expected a value"));
}

TEST_CASE("a loop of a thousand million ends at its limit", "[render]") {
  const std::string limit =
      "the loops of this template run more than 100,000 times; end them with `limit:`";
  CHECK_THAT(error_of("{% for i in (1..1000000000) %}{% endfor %}"), Contains(limit));
  CHECK_THAT(error_of("{% for i in (1..1000000000) reversed %}x{% endfor %}"), Contains(limit));
  CHECK_THAT(error_of("{% tablerow i in (1..1000000000) %}{% endtablerow %}"), Contains(limit));
  CHECK_THAT(error_of("{% render 'p' for (1..1000000000) %}", {}, {{"p", ""}}), Contains(limit));
  CHECK_THAT(error_of("{% for i in (1..1000) %}{% for j in (1..1000) %}{% endfor %}{% endfor %}"),
             Contains(limit));
  for (const char* const filter :
       {"join", "reverse", "sort", "map: 'a'", "uniq", "sum", "concat: x"})
    CHECK_THAT(
        error_of(std::string("{% assign x = (1..2) %}{{ (1..1000000000) | ") + filter + " }}"),
        Contains("more than 32 MB of memory"));
  const auto first = rendered("{{ (1..1000000000) | first }} {{ (1..1000000000) | size }}");
  REQUIRE(first);
  CHECK(*first == "1 1000000000");
  const auto few = rendered("{% for i in (1..9000000000000000000) limit: 2 %}{{ i }}{% endfor %}");
  REQUIRE(few);
  CHECK(*few == "12");
}

TEST_CASE("partials that use themselves or each other end at a hundred", "[render]") {
  for (const char* const tag : {"render", "include"}) {
    const std::string use = std::string("{% ") + tag;
    CHECK_THAT(error_of(use + " 'a' %}", {}, {{"a", use + " 'a' %}"}}),
               Contains("nested deeper than 100 in each other; does `a` include itself?"));
    CHECK_THAT(error_of(use + " 'a' %}", {}, {{"a", use + " 'b' %}"}, {"b", use + " 'a' %}"}}),
               Contains("nested deeper than 100"));
    // Two uses in each would be 2^100 renderings if only the depth were counted.
    CHECK_THAT(error_of(use + " 'a' %}", {}, {{"a", fmt::format("{0} 'a' %}}{0} 'a' %}}", use)}}),
               Contains("nested deeper than 100"));
  }
}

TEST_CASE("invalid UTF-8 in a template is an error, in a value U+FFFD", "[render]") {
  CHECK(error_of("ok\n\xC3(") ==
        "bad.liquid:2:1: invalid UTF-8; save the file as UTF-8\n"
        "  --> bad.liquid:2:1\n    2 | \xEF\xBF\xBD(\n      | ^");
  CHECK_THAT(error_of("{% render 'p' %}", {}, {{"p", "\xFF"}}), StartsWith("p:1:1: invalid UTF-8"));
  const Value data(Value::Object{{"a", "x\xED\xA0\x80y\xFF"}});
  for (const char* const filter :
       {"upcase", "capitalize", "truncate: 2", "slice: 1", "split: ''", "size", "escape",
        "strip_html", "truncate_graphemes: 1", "url_encode", "replace: 'x', 'y'", "reverse",
        "sort_natural", "truncatewords: 1", "base64_encode", "newline_to_br", "url_param"}) {
    INFO(filter);
    CHECK(rendered(std::string("{{ a | ") + filter + " }}", data));
  }
  CHECK(rendered("{% if a contains 'x' %}{{ a.size }}{% endif %}", data));
}

TEST_CASE("a value of 100 MB is refused where it is used", "[render]") {
  const Value data(Value::Object{{"big", std::string(100U << 20U, '<')}});
  CHECK_THAT(error_of("{{ big }}", data),
             StartsWith("bad.liquid:1:1: the mail grows beyond 4 MB here"));
  CHECK_THAT(error_of("{% capture x %}{{ big }}{% endcapture %}", data), Contains("beyond 4 MB"));
  for (const char* const filter : {"escape", "split: ''", "upcase", "append: big", "strip_html",
                                   "replace: '<', big", "base64_encode", "truncate: 3"}) {
    INFO(filter);
    CHECK_THAT(error_of(std::string("{{ big | ") + filter + " }}", data),
               Contains("gets a value of more than 32 MB; shorten it"));
  }
  CHECK_THAT(error_of("{{ 'a' | append: big }}", data), Contains("more than 32 MB"));
  const auto size = rendered("{{ big.size }}", data);
  REQUIRE(size);
  CHECK(*size == "104857600");
}

TEST_CASE("what takes too long ends at the same place on every machine", "[render]") {
  const Value data(Value::Object{{"text", std::string(1U << 20U, 'a')}});
  const std::string slow = "the template takes too long; shorten the values that its loops work on";
  CHECK_THAT(
      error_of("{% for i in (1..9999) %}{% if text contains 'b' %}{% endif %}{% endfor %}", data),
      Contains(slow));
  CHECK_THAT(error_of("{% for i in (1..9999) %}{% assign x = text | strip %}{% endfor %}", data),
             Contains(slow));
  CHECK_THAT(error_of("{% assign s = 'ab' %}{% for i in (1..40) %}{% assign s = s | append: s %}"
                      "{% endfor %}"),
             Contains("32 MB"));
  CHECK_THAT(error_of("{% for i in (1..40) %}{% capture s %}{{ s | default: 'ab' }}{{ s | default: "
                      "'ab' }}{% endcapture %}{% endfor %}"),
             Contains("4 MB"));
}

TEST_CASE("names with line breaks, NUL or bidi controls never change the headers", "[render]") {
  const auto built = [](std::string name, std::string address) {
    Mail mail;
    mail.from = {"Shop", "shop@example.com"};
    mail.to = {{std::move(name), std::move(address)}};
    mail.subject = "x";
    mail.text = "x";
    mail.message_id = "m@example.com";
    mail.date = from_ms(1772442000000);
    return build_mail(mail);
  };
  for (const char* const name : {"Eve\r\nBcc: x@y.example", "Eve\nX: 1", "Eve\rX: 1"}) {
    INFO(name);
    CHECK_FALSE(built(name, "a@b.example"));
  }
  CHECK_FALSE(built(std::string("E\0ve", 4), "a@b.example"));
  const auto bidi = built("\u202Egpj.exe\u202C \u2066x\u2069", "a@b.example");
  REQUIRE(bidi);
  CHECK_THAT(bidi->bytes, Contains("To: \"gpj.exe x\" <a@b.example>\r\n") ||
                              Contains("To: gpj.exe x <a@b.example>\r\n"));
  const auto nobody = built("", "a@b.example");
  REQUIRE(nobody);
  CHECK_THAT(nobody->bytes, Contains("To: a@b.example\r\n"));
  const auto long_name = built(repeated("山", 3000), "a@b.example");
  REQUIRE(long_name);
  for (std::size_t at = 0, end = 0; end != std::string::npos; at = end + 2) {
    end = long_name->bytes.find("\r\n", at);
    CHECK(std::min(end, long_name->bytes.size()) - at <= 76);
  }
}

TEST_CASE("a name's marks of direction turn nothing round that stands behind it", "[render]") {
  const Value data(Value::Object{{"name", "\u202Egpj.exe \u2066\u202Ax\u202C"},
                                 {"only", "\u202E\u2069"},
                                 {"names", Value::Array{"\u202Ea"}}});
  // Marks that stand alone, punctuation of the same block and what is asked for with `raw` stay.
  for (const auto& [shown, printed] : std::vector<std::pair<std::string, std::string>>{
           {"Dear {{ name }}, hello", "Dear gpj.exe x, hello"},
           {"{{ only }}.", "."},
           {"{{ names }}{% cycle name %}", "agpj.exe x"},
           {"{{ name | upcase }}", "GPJ.EXE X"},
           {"{{ '“a”… \u200Fb' }}", "“a”… \u200Fb"},
           {"{{ only | raw }}", "\u202E\u2069"}}) {
    INFO(shown);
    const auto text = rendered(shown, data);
    REQUIRE(text);
    CHECK(*text == printed);
  }
  const auto theirs = Liquid("t", "{{ name }}", Mode::conformance).render(data, false);
  REQUIRE(theirs);
  CHECK(*theirs == "\u202Egpj.exe \u2066\u202Ax\u202C");
}

TEST_CASE("an address of 10 KB is refused with what is wrong", "[render]") {
  for (const std::string& address :
       {repeated("a", 10'000) + "@b.example", "a@" + repeated("b.", 5'000) + "example",
        "\"" + repeated("a", 10'000) + "\"@b.example", repeated("a@", 5'000) + "b.example"}) {
    Mail mail;
    mail.from = {"Shop", "shop@example.com"};
    mail.to = {{"", address}};
    mail.subject = "x";
    mail.text = "x";
    mail.message_id = "m@example.com";
    const auto built = build_mail(mail);
    REQUIRE_FALSE(built);
    CHECK(built.error().message.size() < 12'000);
    CHECK_FALSE(read_mailbox("Name <" + address + ">"));
  }
}

TEST_CASE("a currency without minor units is shown without a point", "[render]") {
  const auto yen = rendered("{{ 1200 | money: 'JPY' }} {{ 1234 | money: 'KWD' }}");
  REQUIRE(yen);
  CHECK(*yen == "¥1,200 KWD\u00A01.234");
  CHECK_THAT(error_of("{{ 1200 | money: 'XXQ' }}"), Contains("is no currency"));
  CHECK_THAT(error_of("{{ 12.5 | money: 'EUR' }}"), Contains("minor units"));
}
